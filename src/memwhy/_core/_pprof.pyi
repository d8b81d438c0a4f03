def pprof(
    raw: bytes, most_stacks: int, fraction: float, /
) -> tuple[bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes]:
    """A profile's bytes, inflated, summed up. All integers are native-endian and of 64 bits but those of `inlined`.

    head: fault (enum pprof_fault; 0 is fine), the byte where reading stopped, sample types T, samples, stacks cut, period
    type and unit (strings), period, time in ns, default type (string), drop_frames (string), the first mapping's file
    and build id (strings; -1 without one). types: T pairs of strings. totals: T sums of absolute values. strings: offset
    and length of each. nodes: N of offset, length, file; offset -1 has no name: file is its mapping's string, or -1.
    flat, cum: N rows of T. inlined: N rows of T bytes; 1 some callers inline it, 2 some do not.
    stacks: the most_stacks largest samples of each type: type, value, depth, then that many nodes, leaf first.
    fraction: nodes of less than this share are passed over in telling callers; negative: callers are not told.
    """
