"""Known leaks to which a diagnosis points: same cause, affected version, and the code that grows is theirs.

The catalogue makes no verdict. It is asked only once a cause is supported by what was measured, and a component is named only where a
stack leads into it before it leads into the program's own code, where it alone could have done it, or, said so, where nothing
that was measured points to any code.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from memwhy.dependencies.catalogue import KnownLeak
from memwhy.dependencies.facts import build_of, components_of
from memwhy.dependencies.matching import match
from memwhy.model.case import Case
from memwhy.model.dependencies import Component, Known, Pointed
from memwhy.model.gomodules import STANDARD, GoModules, package_of
from memwhy.model.report import Holder

LEAST_SHARE = 0.1
"""A site with less of the growth than this accuses nobody."""
MOST_POINTED = 8
_CAUSES = {
    "lost": "native-leak",
    "census": "native-leak",
    "goroutines": "goroutine-leak",
    "threads": "thread-leak",
    "descriptors": "descriptor-leak",
}
_OF_STACKS = {"malloc": "native-leak", "mmap": "mmap-leak"}
_OF_CGO = re.compile(r"\._(?:cgo_|C2?func_)")
_WORD = re.compile(r"[A-Za-z_]\w*")
_ROOTS = ("runtime.goexit", "runtime.main", "runtime.mcall", "runtime.mstart")
_LEAST_TELLING = 5
"""Letters; Open, New, Get and their like stand in any text."""
_NATIVE = ("native-leak", "native-retained", "native-cache")
_SAID = ("leaks", "depends", "keeps", "cannot-say")


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a stack. component: its module or library as the build info or the loader names it, "" where nobody knows."""

    function: str
    component: str


def point(case: Case, cause: str, holders: Sequence[Holder], leaks: Sequence[KnownLeak]) -> tuple[Pointed, ...]:
    """What is known of the components that the growth points to, the heaviest holder first. cause: the verdict's, or "undetermined"."""
    components = components_of(case.facts)
    known = [one for one in match(components, build_of(case.facts), leaks, _as_stacks_tell) if one.standing in _SAID]
    modules = GoModules(case.facts)
    found: dict[tuple[str, str], Pointed] = {}
    growing = [holder for holder in holders if _grows(holder)]
    for holder in growing:
        of_cause = [one for one in known if one.cause in (_cause_of(holder, cause), cause)]
        frames = _below_own(_frames(holder, modules), case.facts.get("go.main_module", ""))
        for one in _by_stack(holder, frames, of_cause, components):
            found.setdefault((one.known.component.name, one.known.what), one)
    if not found and not any(_tells(holder, components, modules) for holder in holders):
        blamed = {frame.component for holder in holders for frame in _frames(holder, modules)}
        unsaid = [one for one in known if one.component.kind != "library" or not blamed & {*_libraries(components)}]
        found = {(one.known.component.name, one.known.what): one for one in _without_stacks(case, cause, unsaid)}
    return _telling(found.values())


def _telling(found: Iterable[Pointed]) -> tuple[Pointed, ...]:
    """Of one component only the entries whose own words name a function of the stack, where there are such."""
    rows = list(found)
    fitting = {one.known.component.name for one in rows if one.fits}
    kept = [one for one in rows if one.fits or one.known.component.name not in fitting]
    return tuple(sorted(kept, key=lambda one: (not one.fits, one.known.standing != "leaks")))[:MOST_POINTED]


def _as_stacks_tell(package: str) -> bool:
    """Whether a package is linked is asked of the stacks: an entry about one needs it on the stack that grows."""
    return True


def _grows(holder: Holder) -> bool:
    """Beyond what chance can feign, and not by the way."""
    return holder.share >= LEAST_SHARE and (holder.low_bytes is None or holder.low_bytes > 0)


def _cause_of(holder: Holder, cause: str) -> str:
    """What a holder's growth is, whatever the verdict says of the whole."""
    if cause == "undetermined":
        return ""
    if holder.method == "native-stacks":
        return _OF_STACKS.get(holder.stack[0], "") if holder.stack else ""
    return _CAUSES.get(holder.method, cause)


def _frames(holder: Holder, modules: GoModules) -> tuple[Frame, ...]:
    names = holder.modules if len(holder.modules) == len(holder.stack) else ("",) * len(holder.stack)
    frames = [
        Frame(function, name.partition("@")[0] or modules.of(function)[0])
        for function, name in zip(holder.stack, names, strict=True)
    ]
    if holder.method == "lost" and holder.module:  # a type of a library: no stack, but whose memory it is
        frames.append(Frame(holder.function, holder.module))
    return tuple(frames)


def _below_own(frames: Sequence[Frame], main: str) -> Sequence[Frame]:
    """The frames between what was asked for and the program's own code; all of them where that is not on the stack."""
    own = (
        i
        for i, frame in enumerate(frames)
        if package_of(frame.function) == "main" or (main and frame.component == main)
    )
    return frames[: next(own, len(frames))]


def _by_stack(
    holder: Holder, below: Sequence[Frame], known: Iterable[Known], components: Sequence[Component]
) -> Iterator[Pointed]:
    """Those whose code stands among these frames."""
    names = {_last_name(frame.function) for frame in below} - {""}
    for one in known:
        reach = _std_only(below) if one.component.kind == "toolchain" else below
        its = [i for i, frame in enumerate(reach) if _is_of(frame, one)]
        if not its:
            continue
        first = next((i for i in its if not _OF_CGO.search(below[i].function)), its[0])
        others = [frame.component for frame in below[: its[0]] if _is_foreign(frame.component, one, components)]
        nearer = f", through {others[-1]}" if others else ""
        verb = "waits" if one.cause == "goroutine-leak" else "was asked for"
        yield Pointed(
            known=one,
            by="stack",
            because=f"what grows {verb} in {below[first].function}{nearer}",
            fits=bool(names & set(_WORD.findall(f"{one.what} {one.trigger}"))),
            function=below[first].function,
            bytes=holder.bytes,
            bytes_per_s=holder.bytes_per_s,
        )


def _std_only(below: Sequence[Frame]) -> Sequence[Frame]:
    """Up to the first frame that is not Go's own: Go stands at the root of every stack, and is not at fault for it."""
    others = (i for i, frame in enumerate(below) if frame.component not in ("", STANDARD) or frame.function in _ROOTS)
    return below[: next(others, len(below))]


def _last_name(function: str) -> str:
    """ "GetFilename" of "github.com/x/y.(*Conn).GetFilename.func1 (y.go:12)"; "" of names that are not exported, or say little."""
    parts = _bare(function).rpartition("/")[2].split(".")
    exported = [part for part in parts[1:] if part[:1].isupper() and len(part) >= _LEAST_TELLING]
    return exported[-1] if exported else ""


def _is_foreign(component: str, known: Known, components: Iterable[Component]) -> bool:
    return component not in (STANDARD, known.component.name) and any(one.name == component for one in components)


def _is_of(frame: Frame, known: Known) -> bool:
    """Is it a function of the component, and of that part of it that the entry is about?"""
    if any(_bare(frame.function).startswith(symbol) for symbol in known.symbols):
        return True
    one = known.component
    if one.kind == "library":
        return bool(frame.component) and frame.component in (one.name, one.soname)
    if frame.component != one.name:
        return False
    if known.packages:
        return any(_is_inside(_bare(frame.function), part) for part in known.packages)
    return one.kind != "toolchain"


def _is_inside(function: str, part: str) -> bool:
    """Does a function's full name begin with that package ("net/http", and packages below it), or with "net." (that one alone)?"""
    name = function.replace("%2e", ".")
    return name.startswith(part) and (part.endswith((".", "/")) or name[len(part) : len(part) + 1] in ("", ".", "/"))


def _bare(function: str) -> str:
    """A C function's name without a place behind it."""
    return function.partition(" (")[0]


def _tells(holder: Holder, components: Sequence[Component], modules: GoModules) -> bool:
    """Does its stack lead into Go code of the program or of a module? A library's function says not who called it."""
    names = {one.name for one in components if one.kind == "module"}
    return any(frame.component in names or package_of(frame.function) == "main" for frame in _frames(holder, modules))


def _libraries(components: Iterable[Component]) -> Iterator[str]:
    return (one.name for one in components if one.kind == "library")


def _without_stacks(case: Case, cause: str, known: Iterable[Known]) -> Iterator[Pointed]:
    """Where nothing that was measured points to any code: what is linked, leaks by itself and in this way."""
    if cause not in (*_NATIVE, "mmap-leak"):
        return
    leaking = [one for one in known if one.cause == cause and one.standing == "leaks" and not one.packages]
    callers = [name for name in case.facts.get("go.cgo_modules", "").splitlines() if name != STANDARD]
    for one in leaking:
        name = one.component.name
        if cause in _NATIVE and one.component.kind == "module" and callers and name not in callers:
            continue  # its C is not in this program
        if cause in _NATIVE and callers == [name]:
            yield Pointed(known=one, by="only", because="of all modules of this program it alone calls C")
        else:
            yield Pointed(known=one, by="linked", because="it is linked; which Go code allocates was not measured")
