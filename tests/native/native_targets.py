"""The programs of tests/native/targets: compiled on demand, spoken to, ended by their own pid."""

import atexit
import contextlib
import shutil
import struct
import subprocess
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from memwhy.native import layout
from memwhy.native.functions import NAMES

TARGETS = Path(__file__).parent / "targets"
_HOOKS_AT = 0x200


@cache
def built(name: str, *flags: str) -> Path:
    """The program, compiled with these flags, in a directory that every user may enter; skipped where that cannot be done here."""
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler")
    directory = Path(mkdtemp(prefix="memwhy-targets-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    directory.chmod(0o755)
    command = ["cc", "-O2", *flags, "-o", str(directory / name), str(TARGETS / f"{name}.c"), "-pthread"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"cannot be built here: {done.stderr[-300:]}")
    return directory / name


class Target:
    """A running program that answers a line with a line."""

    def __init__(self, process: "subprocess.Popen[str]", first: str) -> None:
        self.process = process
        self.pid = process.pid
        self.first = first

    def ask(self, line: str) -> str:
        """What it answers."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None


@contextlib.contextmanager
def started(*command: str | Path, env: Mapping[str, str] | None = None, user: int | None = None) -> Iterator[Target]:
    """A program that has said that it is ready, until the block ends."""
    extra = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    process = subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=None if env is None else dict(env),
        **extra,  # type: ignore[arg-type]
    )
    with process:
        try:
            assert process.stdout is not None
            yield Target(process, process.stdout.readline().strip())
        finally:
            process.kill()
            process.wait()


@contextlib.contextmanager
def odd(*peculiarities: str, user: int | None = None, env: Mapping[str, str] | None = None) -> Iterator[Target]:
    """The program of odd.c."""
    with started(built("odd"), *peculiarities, user=user, env=env) as target:
        assert target.first == "ready"
        yield target


@contextlib.contextmanager
def kept_asking(target: Target) -> Iterator[None]:
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
def loaded_server(clients: int = 4, signals: bool = True) -> Iterator[tuple[Target, Target]]:
    """The server of served.c and its clients; `answered` ends them."""
    program = built("served")
    with (
        started(program, "serve", *(["signals"] if signals else [])) as server,
        started(program, "ask", server.first.split()[1], str(clients)) as clients_of_it,
    ):
        yield server, clients_of_it


def answered(clients: Target) -> tuple[int, int]:
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
