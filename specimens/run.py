#!/usr/bin/env python3
"""Run a specimen, or its innocent twin, for as long as somebody looks at it. Standard library only.

    run.py NAME [guilty|twin|guilty-stripped|twin-stripped|pure] [FLAG …]

prints the specimen's READY line and its log file, and ends it on Ctrl-C or when this process's standard
output is closed. From Python: `with running("odds-scraper", "twin") as specimen: … specimen.pid …`.
"""

import os
import pwd
import select
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = HERE / "bin"
VARIANTS = ("guilty", "twin", "guilty-stripped", "twin-stripped", "pure")
SERVER_FLAGS = ("-cancelled", "-pages")
TERM_GRACE_S = 5.0


class SpecimenFailed(Exception):
    """A specimen could not be built, did not start, or was not ready in time. The message holds its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A specimen that is past its warm-up.

    log: what it writes to standard error. facts: the READY line's key=value pairs.
    """

    name: str
    variant: str
    pid: int
    log: Path
    directory: Path
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def pprof(self) -> str | None:
        """Base URL of net/http/pprof, without a slash at the end."""
        return self.facts.get("pprof")

    @property
    def server(self) -> str | None:
        """URL of the web server that it reads from, or that it is."""
        return self.facts.get("server")


def truth(name: str) -> dict[str, object]:
    """What is known of a specimen: its truth.toml."""
    path = HERE / name / "truth.toml"
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise SpecimenFailed(f"no such specimen: {name!r}; there are {', '.join(names())}") from None


def names() -> list[str]:
    """All specimens, by name."""
    return sorted(path.parent.name for path in HERE.glob("*/truth.toml"))


def binary_of(name: str, variant: str) -> tuple[Path, list[str]]:
    """The program of a variant and the flag that makes it a twin, if a flag does."""
    if variant not in VARIANTS:
        raise SpecimenFailed(f"no such variant: {variant!r}; there are {', '.join(VARIANTS)}")
    known = truth(name)
    twin = variant.startswith("twin")
    if twin and "twin" not in known:
        raise SpecimenFailed(f"{name} has no twin")
    built_apart = known.get("variants") == "binaries"
    suffix = ".twin" if twin and built_apart else ""
    if variant.endswith("-stripped"):
        if not built_apart:
            raise SpecimenFailed(f"{name} is not built stripped")
        suffix += ".stripped"
    if variant == "pure":
        if not built_apart:
            raise SpecimenFailed(f"{name} is not built without cgo")
        suffix = ".pure"
    return BIN / f"{name}{suffix}", ["-twin"] if twin and not built_apart else []


def ensure_built(name: str, binary: Path) -> None:
    """Build the specimen when its binary is missing or older than a source. Raises SpecimenFailed."""
    sources = [path for pattern in ("*.go", "*.c", "*.cpp", "*.h", "go.mod") for path in HERE.rglob(pattern)]
    newest = max(path.stat().st_mtime for path in sources)
    server = BIN / str(truth(name).get("server", binary.name))
    if all(file.exists() and file.stat().st_mtime >= newest for file in (binary, server)):
        return
    wanted = [name, *([server.name] if server.name != binary.name else [])]
    done = subprocess.run([sys.executable, str(HERE / "build.py"), *wanted], stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise SpecimenFailed(f"{name} could not be built; run {HERE / 'build.py'} {name}")


@contextmanager
def started(
    command: Sequence[str], log: Path, ready_within_s: float, user: str | None, env: Mapping[str, str] | None
) -> Iterator[dict[str, str]]:
    """Start one program, wait for its READY line, give its facts; end it by its pid whatever happens."""
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [*command, "-attached"],
            stdin=subprocess.PIPE,  # its other end dies with us, and the specimen with it
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=log.parent,
            env={**os.environ, **(env or {})},
            user=user,
            group=None if user is None else pwd.getpwnam(user).pw_gid,
            extra_groups=[] if user is not None else None,
            start_new_session=True,
        )
    try:
        line = first_line(process, ready_within_s)
        if not line.startswith("READY "):
            code = process.poll()
            why = (
                f"was not ready within {ready_within_s:g} s"
                if code is None
                else f"ended with exit code {code}, not ready"
            )
            tail = log.read_text(errors="replace")[-2000:].strip()
            raise SpecimenFailed(f"{Path(command[0]).name} {why}: {tail}")
        yield dict(pair.split("=", 1) for pair in line.split()[1:])
    finally:
        end(process)


def first_line(process: subprocess.Popen[bytes], within_s: float) -> str:
    """The first line of standard output; "" when there was none in time, or the program ended."""
    assert process.stdout is not None
    deadline = time.monotonic() + within_s
    text = b""
    while not text.endswith(b"\n"):
        readable, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        if not readable:
            return ""
        chunk = os.read(process.stdout.fileno(), 4096)
        if not chunk:
            process.wait(TERM_GRACE_S)
            return ""
        text += chunk
    return text.decode("utf-8", "replace").splitlines()[0]


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, then SIGKILL. Returns when the process is gone."""
    process.terminate()
    try:
        process.wait(TERM_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


@contextmanager
def running(
    name: str,
    variant: str = "guilty",
    *flags: str,
    pprof: bool = True,
    ready_within_s: float = 60.0,
    user: str | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """Run a specimen until the block ends. Raises SpecimenFailed.

    flags: as its README says; -cancelled and -pages go to its server. pprof=False: no endpoint.
    user: run it as that user (root only). env: added to the environment (GOGC, GODEBUG, …).
    """
    binary, twin = binary_of(name, variant)
    ensure_built(name, binary)
    with ExitStack() as stack:
        directory = stack.enter_context(scratch(f"{name}-"))
        directory.chmod(0o777 if user is not None else 0o700)
        server_flags, own_flags = split(flags)
        command = [str(binary), *twin]
        if pprof:
            command += ["-pprof", "127.0.0.1:0"]
        if "server" in truth(name):
            server = [str(BIN / str(truth(name)["server"])), "-for", "1h", *server_flags]
            facts = stack.enter_context(started(server, directory / "server.log", ready_within_s, user, env))
            command += ["-server", facts["server"]]
        elif server_flags:
            raise SpecimenFailed(f"{name} has no server to give {server_flags[0]} to")
        if name == "file-reader":
            command += ["-dir", str(directory)]
        log = directory / f"{name}.log"
        facts = stack.enter_context(started([*command, *own_flags], log, ready_within_s, user, env))
        yield Running(name=name, variant=variant, pid=int(facts["pid"]), log=log, directory=directory, facts=facts)


@contextmanager
def scratch(prefix: str) -> Iterator[Path]:
    """A directory that goes when the block ends, and when this process does, by SIGKILL too.

    A shell in a session of its own removes it at the end of a pipe whose other end is ours alone. It tries again for some
    seconds: a specimen notices our end no sooner than the shell does, and may write another file meanwhile.
    """
    directory = tempfile.mkdtemp(prefix=prefix, dir=on_disk())
    remover = subprocess.Popen(
        ["sh", "-c", 'read -r _; for _ in 1 2 3 4 5; do rm -rf -- "$1" && break; sleep 1; done', "sh", directory],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
    try:
        yield Path(directory)
    finally:
        assert remover.stdin is not None
        remover.stdin.close()
        remover.wait()


def split(flags: Sequence[str]) -> tuple[list[str], list[str]]:
    """The server's flags, and the specimen's own. Values stand apart (-rate 5) or not (-rate=5)."""
    server: list[str] = []
    own: list[str] = []
    into = own
    for flag in flags:
        if flag.startswith("-"):
            into = server if flag.split("=")[0].replace("--", "-") in SERVER_FLAGS else own
        into.append(flag)
    return server, own


def on_disk() -> str | None:
    """A directory for temporary files that is no tmpfs, if there is one: mapped tmpfs files are shared memory."""
    return "/var/tmp" if os.access("/var/tmp", os.W_OK) else None


def main(arguments: Sequence[str]) -> int:
    """Run one specimen in the foreground."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(f"{(__doc__ or '').strip()}\n\nspecimens: {', '.join(names())}")
        return 0 if arguments else 2
    name, *flags = arguments
    variant = flags.pop(0) if flags and not flags[0].startswith("-") else "guilty"
    try:
        with running(name, variant, *flags) as specimen:
            facts = " ".join(f"{key}={value}" for key, value in specimen.facts.items())
            print(f"READY {facts} log={specimen.log}", flush=True)
            hold(specimen.pid)
    except SpecimenFailed as error:
        print(f"run: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def hold(pid: int) -> None:
    """Return when the process has ended or nobody reads our standard output any more."""
    watched = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(watched, select.POLLIN)
    poll.register(sys.stdout.fileno(), 0)  # only POLLERR and POLLHUP: the reader has gone
    poll.poll()
    os.close(watched)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
