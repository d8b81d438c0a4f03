"""What a program is made of, and what is known of that: modules, libraries, memory outside the Go heap, known leaks."""

from dataclasses import dataclass
from typing import Literal

SCHEMA = "memwhy/dependencies/1"

Standing = Literal["leaks", "depends", "keeps", "fixed", "cannot-say"]
"""leaks: this version is known to leak. depends: callers that do not release leak, in every version. keeps: it keeps memory on
purpose or by how it is made. fixed: an earlier version leaked, this one has the fix. cannot-say: the version does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One module, Go's toolchain, or a shared library. name: a module's path, "std", a library's file name.

    version: "" where nothing tells it; version_by: what told it, where that is not plain. replaced_by, its_version: what a replace
    directive put in the module's place (a path on disk without a version). found: in which file a manifest names it; where: a
    library's path. asked: a library that the program file asks for (DT_NEEDED); False: loaded by others, or while it ran.
    """

    kind: Literal["module", "toolchain", "library"]
    name: str
    version: str = ""
    version_by: str = ""
    main: bool = False
    indirect: bool = False
    vendored: bool = False
    replaced_by: str = ""
    its_version: str = ""
    found: str = ""
    where: str = ""
    soname: str = ""
    build_id: str = ""
    asked: bool = False

    @property
    def judged(self) -> tuple[str, str]:
        """(name, version) of the code that really stands there."""
        return (self.replaced_by, self.its_version) if self.replaced_by else (self.name, self.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """How a program was built, as far as anything tells; None and "" where nothing does.

    go_directive: of the main module's go.mod. tags: build tags. calls: C functions that Go code calls, by module ("std" for Go's own).
    allocators: C functions that allocate and that the program asks its libraries for. maps_itself: Go code that maps memory is linked;
    runtime_cgo: Go's package for calling C is, whoever uses it.
    """

    go_version: str = ""
    go_directive: str = ""
    goos: str = ""
    cgo: bool | None = None
    tags: tuple[str, ...] | None = None
    static: bool | None = None
    calls: tuple[tuple[str, int], ...] | None = None
    allocators: tuple[str, ...] = ()
    maps_itself: bool | None = None
    runtime_cgo: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An entry of the catalogue that is about a component, and how the component stands to it. cause: what such a leak looks like.

    why: in words, why it stands so. affected: the range; fixed: the first version with the fix, "" where there is none.
    """

    component: Component
    standing: Standing
    why: str
    cause: str
    affected: str
    fixed: str
    what: str
    trigger: str
    remedy: str
    source: tuple[str, ...]
    confidence: str
    checked: str
    packages: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OffHeap:
    """A component that uses memory outside the Go heap. how: malloc, mmap, both, or "" where it calls C and nobody looked at how.

    calls: how many C functions its code in this program calls; None where the program was not looked at. brings: C libraries
    that it links in; uses: libraries that it links or loads. note: what more is known.
    """

    component: Component
    how: Literal["malloc", "mmap", "both", ""]
    calls: int | None = None
    brings: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    note: str = ""
    source: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """The answer. name: what was given; form: what it turned out to be; notes: what was left out or cannot be told.

    mended: of each component that is known to leak, the first version that has all the fixes; "" where a leak has none.
    """

    name: str
    form: str
    build: Build
    components: tuple[Component, ...]
    known: tuple[Known, ...]
    off_heap: tuple[OffHeap, ...]
    mended: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def leaking(self) -> tuple[Known, ...]:
        """What is known to leak in the version that is there."""
        return tuple(one for one in self.known if one.standing == "leaks")


By = Literal["stack", "only", "linked"]
"""stack: what grows was asked for, or waits, in this component's code. only: of all that is linked it alone could do it. linked: it is
part of the program, and nothing that was measured points to any code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointed:
    """A known leak to which a diagnosis points. It makes no verdict: the growth and its cause were found without it.

    because: in words, what points there. fits: the entry's own words name a function of the stack. function, bytes, bytes_per_s: of the holder that does, "" and None otherwise.
    """

    known: Known
    by: By
    because: str
    fits: bool = False
    function: str = ""
    bytes: int | None = None
    bytes_per_s: float | None = None
