from array import array

def walk(
    fd: int,
    pid: int,
    segments: bytes,
    resident: array[int],
    start: int,
    begin: int,
    end: int,
    top: int,
    main_arena: bool,
    starts: memoryview,
    used: memoryview,
    /,
) -> tuple[int, int, int]:
    """Walk malloc's chunks from `begin`; sets one bit per chunk in `starts`, and in `used` where it is in use.

    fd, pid, segments: `memwhy.memory.space.Source`. resident: flat uint64 pairs; nothing outside is read.
    The bits are of start … end, zero from `begin` on.
    Returns where it ended, the chunks before that, and how (`memwhy.inspect.glibc.loops.Ending`).
    Twin: `memwhy.inspect.glibc.pure.Pure.walk`.
    """

def follow(
    fd: int,
    pid: int,
    segments: bytes,
    chains: bytes,
    heaps: array[int],
    starts: bytearray,
    used: bytearray,
    marked: bytearray,
    /,
) -> bytes:
    """Follow free lists through walked heaps; each chunk found loses its bit in `used` and gets one in `marked`.

    chains: uint64 rows head, size or 0, adjust, most, mangled. heaps: rows start, end, first byte in the maps.
    Returns uint64 rows count, bytes, whole. Twin: `memwhy.inspect.glibc.pure.Pure.follow`.
    """

def census(
    resident: array[int],
    start: int,
    end: int,
    top: int,
    starts: memoryview,
    used: memoryview,
    fast: memoryview,
    cached: memoryview,
    histogram: bytearray,
    /,
) -> bytes:
    """Sum the chunks of one walked heap: uint64 rows count, bytes, resident per kind, then the trimmable bytes.

    histogram: uint64 rows of four per size class, added to. Twin: `memwhy.inspect.glibc.pure.Pure.census`.
    """

def pick(start: int, end: int, starts: memoryview, used: memoryview, least: int, largest: int, most: int, /) -> bytes:
    """The headers' addresses (uint64) of chunks in use of `least` … `largest` bytes, at most `most`.

    Twin: `memwhy.inspect.glibc.pure.Pure.pick`.
    """
