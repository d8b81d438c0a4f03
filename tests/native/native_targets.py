"""The programs of tests/native/targets, and what an attach leaves in a process."""

import contextlib
import struct
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from c_programs import Answering, answering, compiled

from memwhy.native import layout
from memwhy.native.functions import NAMES

TARGETS = Path(__file__).parent / "targets"
_HOOKS_AT = 0x200


def built(name: str, *flags: str) -> Path:
    """The program, compiled with these flags; skipped where that cannot be done here."""
    return compiled(TARGETS / f"{name}.c", "-O2", *flags)


@contextlib.contextmanager
def odd(*peculiarities: str, user: int | None = None, env: Mapping[str, str] | None = None) -> Iterator[Answering]:
    """The program of odd.c."""
    with answering(built("odd"), *peculiarities, user=user, env=env) as target:
        assert target.first == "ready"
        yield target


@contextlib.contextmanager
def kept_asking(target: Answering) -> Iterator[None]:
    """The target allocates again and again, until the block ends."""
    stop = threading.Event()

    def ask_on() -> None:
        while not stop.is_set():
            target.ask("m")

    asking = threading.Thread(target=ask_on)
    asking.start()
    try:
        yield
    finally:
        stop.set()
        asking.join()


@contextlib.contextmanager
def loaded_server(clients: int = 4, signals: bool = True) -> Iterator[tuple[Answering, Answering]]:
    """The server of served.c and its clients; `answered` ends them."""
    program = built("served")
    with (
        answering(program, "serve", *(["signals"] if signals else [])) as server,
        answering(program, "ask", server.first.split()[1], str(clients)) as clients_of_it,
    ):
        yield server, clients_of_it


def answered(clients: Answering) -> tuple[int, int]:
    """(requests, failed ones), once the clients have come to their end."""
    text = clients.process.communicate(timeout=60)[0]
    words = text.split()
    return int(words[1]), int(words[3])


def counting_image() -> bytes:
    """A sampler that only counts: each hook adds 1 to a word of header.reserved, by enum mw_function, and goes on to the original."""
    code = b""
    head = layout.Image(magic=layout.IMAGE_MAGIC, version=layout.VERSION)
    for index in range(len(NAMES)):
        at = _HOOKS_AT + len(code)
        head.entries[index] = at
        counter = layout.CODE_BYTES + layout.Header.reserved.offset + 8 * index
        code += b"\xf0\x48\xff\x05" + struct.pack("<i", counter - (at + 8))  # lock inc qword [rip + …]
        at += 8
        code += b"\xe9" + struct.pack("<i", layout.TRAMPOLINES + index * layout.TRAMPOLINE_BYTES - (at + 5))
    head.bytes = _HOOKS_AT + len(code)
    return bytes(head).ljust(_HOOKS_AT, b"\0") + code


def sampler_mappings(pid: int) -> list[str]:
    """The anonymous code in a process: what an attach adds."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return [line for line in lines if " r-xp 00000000 00:00 0" in line and "[" not in line]


def foreign_code(pid: int) -> dict[str, int]:
    """Bytes of code in memory that are not those of the module's file, by module."""
    found: dict[str, int] = {}
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            fields = line.split(maxsplit=5)
            if len(fields) < 6 or fields[1] != "r-xp" or not fields[5].startswith("/"):
                continue
            start, end = (int(part, 16) for part in fields[0].split("-"))
            memory.seek(start)
            here = memory.read(end - start)
            with open(f"/proc/{pid}/root{fields[5]}", "rb") as file:
                file.seek(int(fields[2], 16))
                there = file.read(end - start).ljust(end - start, b"\0")
            if here != there:
                found[fields[5]] = sum(a != b for a, b in zip(here, there, strict=True))
    return found
