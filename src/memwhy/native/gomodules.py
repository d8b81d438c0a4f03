"""Which Go module a function belongs to, by the build info that every program built with modules carries.

A function's full name begins with its package's import path, in which dots of the last element stand as %2e
(cmd/internal/objabi, PathToPrefix); a module holds the packages below its own path. What has no dot in its first element and
belongs to no module is the standard library's.
"""

from memwhy.model.errors import ParseError
from memwhy.sources.go import buildinfo

_STANDARD = "std"


class GoModules:
    """The modules of one program. settings: its build info's module text; "" when it has none."""

    def __init__(self, version: str, settings: str) -> None:
        self._go = version
        self._versions: dict[str, str] = {}
        self._main = ""
        try:
            facts = buildinfo.parse(buildinfo.render("", version, settings).encode()).facts
        except ParseError:
            return
        self._main = facts.get("go.main_module", "")
        for line in facts.get("go.modules", "").splitlines():
            module, _, replaced = line.partition(" => ")
            path, _, its_version = module.partition(" ")
            other = replaced.partition(" ")[2]
            self._versions[path] = (
                f"{its_version} => {replaced}".strip() if replaced and not other else other or its_version
            )

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
        return (_STANDARD, self._go) if package and "." not in package.partition("/")[0] else ("", "")


def package_of(function: str) -> str:
    """ "gopkg.in/yaml.v3" of "gopkg.in/yaml%2ev3.(*parser).peek"."""
    name = function.partition("[")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition('.')[0]}".replace("%2e", ".")
