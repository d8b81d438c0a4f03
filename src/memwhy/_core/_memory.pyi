def gather(fd: int, pid: int, segments: bytes, addresses: bytes, size: int, /) -> bytes:
    """`size` bytes from each uint64 address, one after another; zeros where they cannot be read.

    fd, pid, segments: `memwhy.memory.space.Source`. Twin: `memwhy.memory.reading.gather_pure`.
    """
