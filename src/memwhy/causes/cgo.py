"""cgo: who calls C in this program, and what its authors have to change."""

import re

from memwhy.model.case import Case

C_RUNTIME = frozenset(("libc", "libm", "libpthread", "libdl", "librt", "libgcc_s", "libresolv", "linux-vdso"))
STANDARD_CGO = frozenset(("net", "os/user", "runtime/cgo", "plugin", "crypto/x509"))
CGO_HELPERS = frozenset(("C.GoString", "C.GoStringN", "C.GoBytes"))
"""They copy into Go memory and allocate nothing in C."""
_ALLOCATORS = re.compile(r"\blib((?:je|tc|mi)malloc)")
_IN_THIS_PROCESS = re.compile(
    r"the allocator is ([\w, ]{1,60}), which|^([\w, ]{1,60}) is in this process", re.MULTILINE
)


def no_c_heap(case: Case) -> bool:
    """A Go program without cgo and without any C library mapped has no malloc to leak from."""
    return case.facts.get("go.cgo") == "0" and case.facts.get("binary.static") == "1"


def other_allocator(case: Case) -> str | None:
    """The malloc that takes glibc's place, by the libraries that are mapped or by what a look found."""
    loaded = _ALLOCATORS.search(case.facts.get("binary.libraries", ""))
    looked = _IN_THIS_PROCESS.search(case.facts.get("look.notes", ""))
    return loaded[1] if loaded else looked[1] or looked[2] if looked else None


def words_on_cgo(case: Case) -> list[str]:
    words = []
    if functions := case.facts.get("go.in_cgo"):
        words.append("Go functions inside C calls when looked at: " + "; ".join(functions.splitlines()[:3]))
    modules = [name for name in case.facts.get("go.cgo_modules", "").splitlines() if name != "std"]
    if modules:
        words.append("Go modules that call C: " + ", ".join(modules[:6]))
    if libraries := c_libraries(case):
        words.append("C libraries that the program links: " + ", ".join(libraries[:6]))
    named = sorted(
        name.removeprefix("prose.")
        for name in case.facts
        if name.startswith("prose.") and not name.startswith("prose.suggests")
    )
    if named:
        words.append("the page itself names " + ", ".join(named) + " (a hint, no proof)")
    return words


def c_libraries(case: Case) -> list[str]:
    """Libraries the binary itself asks for, the C runtime's own left out; with the version that is mapped."""
    mapped = case.facts.get("binary.libraries", "").split()
    out = []
    for name in case.facts.get("binary.needed", "").split():
        stem = name.split(".so")[0]
        if stem not in C_RUNTIME and not stem.startswith("ld-linux"):
            out.append(next((one for one in mapped if one.split(".so")[0] == stem), name))
    return out


def own_cgo_functions(case: Case) -> list[str]:
    """C functions that Go code outside the standard library calls: `C.htmlReadMemory (package main)`, in the binary's order."""
    out = []
    for line in case.facts.get("go.cgo_functions", "").splitlines():
        package, _, function = line.partition(" ")
        if package not in STANDARD_CGO and function not in CGO_HELPERS:
            out.append(f"{function} (package {package})")
    return out


def remedies(case: Case) -> tuple[str, ...]:
    """What to change, in the runtime's own words."""
    if case.target.runtime == "go":
        first = "call the release function on every path, early returns and errors included: `defer doc.Free()` right after the call that allocates"
        if functions := own_cgo_functions(case):
            first += f"; C functions that this binary calls: {', '.join(functions[:8])}"
        return (
            first,
            "`C.CString`, `C.CBytes` and `C.malloc` each want a `C.free`; a finalizer is no release: the collector does not feel C memory",
        )
    return ("call the release function that belongs to each allocation on every path, errors included",)
