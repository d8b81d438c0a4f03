"""Which Go module a function belongs to, by the build info that every program built with modules carries.

A function's full name begins with its package's import path, in which dots of the last element stand as %2e
(cmd/internal/objabi, PathToPrefix); a module holds the packages below its own path. What has no dot in its first element and
belongs to no module is the standard library's.
"""

from collections.abc import Mapping as Map

STANDARD = "std"
_UNVERSIONED = ("", "(devel)")


class GoModules:
    """The modules of one program, by the facts go.version, go.main_module and go.modules of its build info."""

    def __init__(self, facts: Map[str, str]) -> None:
        self._go = facts.get("go.version", "")
        self._main = facts.get("go.main_module", "")
        self._versions = {path: _built(version) for path, version in listed(facts).items()}

    @property
    def known(self) -> bool:
        """Whether the program says of which modules it was built."""
        return bool(self._versions)

    def of(self, function: str) -> tuple[str, str]:
        """(module path, version) of a function by its full name; ("", "") where that is not known."""
        package = package_of(function)
        if package == "main":
            return self._main, self._versions.get(self._main, "")
        path = package
        while path:
            if path in self._versions:
                return path, self._versions[path]
            path = path.rpartition("/")[0]
        return (STANDARD, self._go) if package and "." not in package.partition("/")[0] else ("", "")

    def named(self, function: str) -> str:
        """ "golang.org/x/net@v0.30.0", "std@go1.26.8"; without a version where it has none, "" where nothing is known."""
        path, version = self.of(function)
        return path if version in _UNVERSIONED else f"{path}@{version}"


def listed(facts: Map[str, str]) -> dict[str, str]:
    """Module path → version, the main one first; with what it was replaced by: "v1.0.0 => ../fork", "v1.0.0 => example.org/fork v1.0.1"."""
    rows = (line.partition(" ") for line in facts.get("go.modules", "").splitlines())
    return {path: version for path, _, version in rows if path}


def _built(version: str) -> str:
    """The version that was built: the replacement's own, where it has one."""
    return version.partition(" => ")[2].partition(" ")[2] or version


def package_of(function: str) -> str:
    """ "gopkg.in/yaml.v3" of "gopkg.in/yaml%2ev3.(*parser).peek"."""
    name = function.partition("[")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition('.')[0]}".replace("%2e", ".")
