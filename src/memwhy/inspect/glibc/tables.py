"""How glibc's malloc lays out its structures, per version, as data. x86-64 only.

Source: `struct malloc_state`, `struct malloc_par`, `struct _heap_info`, `struct tcache_perthread_struct` of each
release's debug information (ptype /o); the versions in MEASURED were run and compared with mallinfo2 to the byte.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Offsets inside `mp_` (struct malloc_par)."""

    n_mmaps: int
    mmapped_mem: int
    sbrk_base: int
    tcache_count: int
    hp_pagesize: int | None
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tcache:
    """struct tcache_perthread_struct: `bins` counters of `width` bytes, then as many list heads.

    exact_bins: the first ones, whose chunks are of one size, 32 + 16 * i; the rest mix sizes.
    counts_left: counters say how many more fit (2.42 and newer), not how many there are.
    mangled: links are safe-linked (2.32 and newer). chunk_bytes: of the chunk that holds it.
    """

    chunk_bytes: int
    width: int
    bins: int
    exact_bins: int
    counts_left: bool
    mangled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One family of versions. Offsets inside struct malloc_state; fastbins: None where there are none.

    heap_header: sizeof(heap_info). mmap_header: what a mapped chunk's size leaves out of its mapping.
    """

    fastbins: int | None
    top: int
    bins: int
    next: int
    system_mem: int
    size: int
    heap_header: int
    mmap_header: int
    parameters: Parameters
    tcache: Tcache


FASTBINS = 10
BINS = 127
MAX_SYSTEM_MEM = 8
"""max_system_mem stands behind system_mem."""

_OLD = Parameters(n_mmaps=40, mmapped_mem=56, sbrk_base=72, tcache_count=96, hp_pagesize=None, size=112)
_HUGE = Parameters(n_mmaps=60, mmapped_mem=80, sbrk_base=96, tcache_count=120, hp_pagesize=48, size=136)
_THP = Parameters(n_mmaps=68, mmapped_mem=88, sbrk_base=104, tcache_count=128, hp_pagesize=56, size=144)

_V27 = Layout(
    fastbins=16,
    top=96,
    bins=112,
    next=2160,
    system_mem=2184,
    size=2200,
    heap_header=32,
    mmap_header=0,
    parameters=_OLD,
    tcache=Tcache(chunk_bytes=0x250, width=1, bins=64, exact_bins=64, counts_left=False, mangled=False),
)
_V30 = replace(
    _V27, tcache=Tcache(chunk_bytes=0x290, width=2, bins=64, exact_bins=64, counts_left=False, mangled=False)
)
_V32 = replace(_V30, tcache=replace(_V30.tcache, mangled=True))
_V35 = replace(_V32, heap_header=48, parameters=_HUGE)
_V42 = replace(_V35, tcache=Tcache(chunk_bytes=0x300, width=2, bins=76, exact_bins=64, counts_left=True, mangled=True))
_V43 = replace(
    _V42, fastbins=None, top=8, bins=24, next=2072, system_mem=2096, size=2112, mmap_header=16, parameters=_THP
)

LAYOUTS: dict[tuple[int, int], Layout] = {
    **{(2, minor): _V27 for minor in (27, 28, 29)},
    **{(2, minor): _V30 for minor in (30, 31)},
    **{(2, minor): _V32 for minor in (32, 33, 34)},
    **{(2, minor): _V35 for minor in range(35, 42)},
    (2, 42): _V42,
    (2, 43): _V43,
}
"""Layout by (major, minor)."""

MEASURED = frozenset((2, minor) for minor in (27, 31, 35, 36, 39, 41, 42, 43))

DISTINCT: tuple[Layout, ...] = (_V43, _V42, _V35, _V32, _V30, _V27)
"""Every layout once, newest first: what is tried when a version cannot be told."""


def version_text(version: tuple[int, int]) -> str:
    """2.36"""
    return f"{version[0]}.{version[1]}"
