"""Components held against the catalogue: which entries are about one of them, and how it stands to each."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from memwhy.dependencies.catalogue import KnownLeak, Only
from memwhy.dependencies.goversion import parse_range, parse_version
from memwhy.model.dependencies import Build, Component, Known, Standing

Linked = Callable[[str], bool | None]
"""Is that Go package in the program? None where nobody can tell."""

_ORDER: tuple[Standing, ...] = ("leaks", "cannot-say", "depends", "keeps", "fixed")
_MOST_MAJOR_DIGITS = 6
_VERSION_BEHIND = re.compile(r"-\d[\d.]*$")


def nobody_can_tell(package: str) -> None:
    """Of manifests: which packages are linked is not known."""


def match(
    components: Iterable[Component], build: Build, leaks: Sequence[KnownLeak], linked: Linked = nobody_can_tell
) -> tuple[Known, ...]:
    """What is known of the components, worst first; entries about other builds or about packages that are not linked are left out."""
    by_name: dict[str, list[KnownLeak]] = {}
    sonames = []
    for leak in leaks:
        if leak.match == "soname":
            sonames.append(leak)
        else:
            by_name.setdefault(leak.module.casefold(), []).append(leak)
    found: list[Known] = []
    for one in components:
        about = _of_library(one, sonames) if one.kind == "library" else _of_module(one, by_name)
        for leak in about:
            known = _stand(one, leak, build, linked)
            if known is not None:
                found.append(known)
    return tuple(sorted(found, key=lambda one: (_ORDER.index(one.standing), one.component.name, one.cause, one.what)))


def _of_module(one: Component, by_name: dict[str, list[KnownLeak]]) -> Iterator[KnownLeak]:
    """Entries of the module as it is imported, and of what replaces it. Bills of materials may write paths in lower case."""
    if one.main and one.version in ("", "(devel)"):
        return  # the user's own
    for name in dict.fromkeys((one.name, one.judged[0])):
        path = name.casefold()
        yield from by_name.get(path, ())
        yield from (
            leak
            for leak in by_name.get(without_major(path), ())
            if leak.match == "major" and without_major(path) != path
        )


def without_major(path: str) -> str:
    """ "github.com/x/y" of "github.com/x/y/v2"; paths of gopkg.in keep their `.v2`."""
    head, _, last = path.rpartition("/")
    is_major = last[:1] == "v" and last[1:].isdecimal() and len(last) <= _MOST_MAJOR_DIGITS
    return head if is_major else path


def _of_library(one: Component, leaks: Iterable[KnownLeak]) -> Iterator[KnownLeak]:
    """libvips.so is libvips.so.42.12.1, libvips-8.9.so and the package libvips, and not libvips-cpp.so.42."""
    stems = {_VERSION_BEHIND.sub("", name.partition(".so")[0]) for name in (one.soname, one.name)}
    for leak in leaks:
        if leak.module.partition(".so")[0] in stems:
            yield leak


def _stand(one: Component, leak: KnownLeak, build: Build, linked: Linked) -> Known | None:
    """None where the entry is about another build, or about packages that are not there."""
    is_meant, doubt = _is_meant(leak.only, build)
    parts = [linked(package) for package in leak.packages]
    if not is_meant or (parts and not any(part is not False for part in parts)):
        return None
    if parts and True not in parts and not doubt:
        doubt = f"whether {leak.packages[0].rstrip('.')} is linked"
    standing, why = _standing(one, leak, doubt)
    if standing == "fixed" and leak.kind != "defect":
        return None
    return Known(
        component=one,
        standing=standing,
        why=why,
        cause=leak.cause,
        affected=leak.affected,
        fixed=leak.fixed or "",
        what=leak.what,
        trigger=leak.trigger,
        remedy=leak.remedy,
        source=leak.source,
        confidence=leak.confidence,
        checked=leak.checked,
        packages=leak.packages,
        symbols=leak.symbols,
    )


def _is_meant(only: Only, build: Build) -> tuple[bool, str]:
    """(could the entry be about this build, what would have to be known to be sure)."""
    if only.goos and (build.goos or "linux") not in only.goos:
        return False, ""
    if only.cgo is not None and build.cgo is not None and build.cgo != only.cgo:
        return False, ""
    if only.tags and build.tags is not None and not set(only.tags) & set(build.tags):
        return False, ""
    directive = parse_range(only.go).holds(f"go{build.go_directive}") if only.go and build.go_directive else None
    if directive is False:
        return False, ""
    doubts = []
    if only.cgo is not None and build.cgo is None:
        doubts.append(f"whether it is built with{'' if only.cgo else 'out'} cgo")
    if only.tags and build.tags is None:
        doubts.append(f"whether it is built with the tag {' or '.join(only.tags)}")
    if only.go and directive is None:
        doubts.append(f"whether the main module's go.mod says go {only.go.replace('go', '')}")
    return True, ", and ".join(doubts)


def _standing(one: Component, leak: KnownLeak, doubt: str) -> tuple[Standing, str]:
    name, version = one.judged
    shown = version or "a version that nothing tells"
    if one.replaced_by and name.casefold() != one.name.casefold() and not _is_about(leak, name):
        where = f"{name} {version}" if version else f"the folder {name}"
        return "cannot-say", f"{one.name} {one.version} is replaced by {where}, which may differ"
    holds = parse_range(leak.affected).holds(version)
    if holds is None:
        return "cannot-say", _why_unsaid(version, leak)
    if holds is False:
        return "fixed", _why_fixed(shown, leak, version)
    if doubt:
        return "cannot-say", f"nothing here tells {doubt}"
    if leak.kind == "defect":
        until = f"; fixed in {leak.fixed}" if leak.fixed else "; no release has a fix"
        return "leaks", f"{shown} is affected ({leak.affected}){until}"
    versions = "in every version" if leak.affected == "all" else f"in versions {leak.affected}"
    if leak.kind == "usage":
        return "depends", f"leaks where callers do not release, {versions}"
    return "keeps", f"on purpose or by how it is made, {versions}"


def _is_about(leak: KnownLeak, path: str) -> bool:
    name = leak.module.casefold()
    return name == path.casefold() or (leak.match == "major" and name == without_major(path.casefold()))


def _why_unsaid(version: str, leak: KnownLeak) -> str:
    about = f"affected: {leak.affected}" + (f"; fixed in {leak.fixed}" if leak.fixed else "")
    parsed = parse_version(version)
    if parsed is not None and parsed.pseudo:
        return f"{version} is a commit between releases, which may have the fix ({about})"
    if not version:
        return f"nothing tells its version ({about})"
    if parsed is None:
        return f"{version} is no release ({about})"
    return f"{version} is not numbered as the entry is ({about})"


def _why_fixed(shown: str, leak: KnownLeak, version: str) -> str:
    if not leak.fixed:
        return f"{shown} is not among the affected ({leak.affected})"
    return (
        f"{shown} has the fix of {leak.fixed}"
        if _has(version, leak.fixed)
        else f"{shown} is older than the fault ({leak.affected})"
    )


def _has(version: str, fixed: str) -> bool:
    return parse_range(f">={fixed}").holds(version) is not False
