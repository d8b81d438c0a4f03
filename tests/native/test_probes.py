"""The probes that other profilers can use stand in the preloaded library, each at a nop, with its arguments told."""

import struct

from memwhy.memory.elf import open_elf
from memwhy.native.clock import PRELOAD

NOP = b"\x90"


def test_sampled_blocks_and_their_frees_are_usdt_probes() -> None:
    found = {}
    with open_elf(str(PRELOAD)) as elf:
        section = elf.section(".note.stapsdt")
        base = elf.section(".stapsdt.base")
        assert section is not None and base is not None
        raw = elf.image.read(section.offset, section.size)
        while raw:
            owner_bytes, size, kind = struct.unpack_from("<III", raw)
            start = 12 + (owner_bytes + 3 & ~3)
            assert (raw[12 : 12 + owner_bytes], kind) == (b"stapsdt\0", 3)
            place, told_base, semaphore = struct.unpack_from("<QQQ", raw, start)
            provider, name, arguments, _ = raw[start + 24 : start + size].split(b"\0")
            assert (told_base, semaphore, elf.read_at(place, 1)) == (base.address, 0, NOP)
            found[provider, name] = [argument.partition(b"@")[0] for argument in arguments.split()]
            raw = raw[start + (size + 3 & ~3) :]
    assert found == {(b"otel_memory", b"alloc"): [b"8", b"8", b"8"], (b"otel_memory", b"free"): [b"8"]}
