"""The door: help, what a bare TARGET means, output into anything, languages, and what is loaded."""

import os
import pty
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from memwhy_command import IDLE, command, environment, finished, process_of, run_memwhy

from memwhy.cli import COMMANDS, PLANNED

FREE = "".join(
    "              total        used        free      shared  buff/cache   available\n"
    f"Mem:           7821        {used}        4000          10        1000        5000\n"
    for used in range(2000, 2010)
)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "free.txt"
    path.write_text(FREE)
    return path


def test_memwhy_alone_shows_the_three_commands_that_matter_and_exits_as_a_usage_error_does():
    alone = run_memwhy()
    assert (alone.code, alone.err) == (2, "")
    assert re.findall(r"^  memwhy (\w+)", alone.out, re.MULTILINE) == ["watch", "explain", "verify"]
    assert alone.out.endswith("memwhy --help\n")


def test_help_lists_every_command():
    asked = run_memwhy("--help")
    assert (asked.code, asked.err) == (0, "")
    assert re.findall(r"^  ([a-z]+)  ", asked.out, re.MULTILINE) == list(COMMANDS)
    assert max(map(len, asked.out.splitlines())) <= 110


@pytest.mark.parametrize("columns", ["80", "40", "20"])
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_at_any_width(name: str, columns: str):
    done = run_memwhy(name, "--help", env={"COLUMNS": columns})
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"usage: memwhy {name}")


def test_the_version_is_told():
    assert run_memwhy("--version").out.startswith("memwhy ")


@pytest.mark.parametrize("name", PLANNED)
def test_a_planned_command_says_that_it_is_not_here_yet(name: str, tmp_path: Path):
    done = run_memwhy(name, "x", cwd=tmp_path)
    assert (done.code, done.err.splitlines()[0]) == (2, f"memwhy: memwhy {name} is not in this version")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("no-such-program-of-that-name",), 3, "no process is called 'no-such-program-of-that-name'"),
        (("999999999",), 3, "no process has pid 999999999"),
        (("watch", "0"), 3, "no process has pid 0"),
        (("http://127.0.0.1:1",), 3, "no process of this host that memwhy may see listens at http://127.0.0.1:1"),
        (("http://127.0.0.1:99999",), 2, "http://127.0.0.1:99999 is not a URL"),
        (("watch", "http://[::1"), 2, "http://[::1 is not a URL"),
        (("watch", ""), 2, "the target is empty"),
        (("watch", "²"), 3, "no process is called '²'"),
        (("http://example.invalid:80",), 3, "no process of this host that memwhy may see listens at"),
        (("gone.txt",), 2, "gone.txt: no such file or directory"),
        (("./gone",), 2, "./gone: no such file or directory"),
        (("--", "./gone"), 2, "./gone: No such file or directory"),
        (("run", "--"), 2, "no command was given"),
        (("run",), 2, "no command was given"),
        (("explain",), 2, "nothing to explain was given"),
        (("watch", "1", "--for", "soon"), 2, "soon"),
        (("watch", "1", "--tick", "1us"), 2, "1us"),
        (("watch", "1", "--tick", "0s"), 2, "--tick 0s is not between 100ms and 1h"),
        (("record", "1", "-o", "x.memwhy", "--max-size", "much"), 2, "much"),
        (("watch", "1", "--pprof", "ftp://x", "-o", "x.memwhy"), 2, "ftp://x"),
    ],
)
def test_what_cannot_be_meant_is_answered_in_one_line(arguments: tuple[str, ...], code: int, said: str, tmp_path: Path):
    done = run_memwhy(*arguments, cwd=tmp_path)
    assert (done.code, done.out) == (code, "")
    assert done.err.splitlines()[-2:][0].startswith("memwhy: ") or done.err.startswith("memwhy: ")
    assert said in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [("watch",), ("record", "1"), ("dump",)])
def test_a_command_line_that_lacks_something_shows_the_usage(arguments: tuple[str, ...]):
    done = run_memwhy(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"usage: memwhy {arguments[0]}")


def test_a_file_directory_or_dash_is_explained(page: Path):
    by_name = run_memwhy("--format", "json", page).report
    assert by_name["total"]["metric"] == "host.used_bytes"
    assert run_memwhy(page.parent, "--format", "json").report["verdict"] == by_name["verdict"]
    assert run_memwhy("-", "--format", "json", stdin=FREE.encode()).report["verdict"] == by_name["verdict"]


def test_a_pid_a_name_or_an_address_is_watched(tmp_path: Path):
    named = tmp_path / "idle-of-its-own"
    named.symlink_to(sys.executable)
    code = (
        "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen();"
        "sys.stderr.write(str(s.getsockname()[1]) + '\\n'); sys.stderr.flush(); print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [named, "-I", "-S", "-c", f"import sys\n{code}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as target:
        assert target.stderr is not None
        port = int(target.stderr.readline())
        watch = ("--for", "300ms", "--tick", "100ms", "--format", "json", "-q", "--no-probe")
        for spelling in (str(target.pid), named.name):
            assert run_memwhy(spelling, *watch).report["target"]["pid"] == target.pid
        done = run_memwhy(f"http://127.0.0.1:{port}", *watch[:-1])
        assert done.report["target"]["pid"] == target.pid
        target.kill()


def test_two_processes_of_one_name_are_listed_by_pid(tmp_path: Path):
    named = tmp_path / "twice-there"
    named.symlink_to(sys.executable)
    line = [str(named), "-I", "-S", "-c", "import sys; print('ready', flush=True); sys.stdin.read()"]
    with (
        subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as one,
        subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other,
    ):
        for process in (one, other):
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        done = run_memwhy("watch", "twice-there")
        for process in (one, other):
            process.kill()
    assert (done.code, done.out) == (2, "")
    first, second = sorted((one.pid, other.pid))
    assert done.err.startswith("memwhy: 2 processes are called 'twice-there': ")
    assert done.err.index(str(first)) < done.err.index(str(second))


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
@pytest.mark.parametrize("env", [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}])
def test_any_language_of_the_terminal_gets_every_figure(page: Path, form: str, env: dict[str, str]):
    page.write_text("开始 ■■■\n" + FREE)
    done = run_memwhy("explain", page, "--format", form, env=env)
    assert (done.code, done.err) == (0, "")
    assert "2009" in done.out or "2.0" in done.out or str(2009 << 20) in done.out


def test_the_answer_is_the_same_bytes_twice(page: Path):
    for form in ("text", "json", "markdown"):
        assert run_memwhy("explain", page, "--format", form) == run_memwhy("explain", page, "--format", form)


def test_the_answer_goes_into_a_file(page: Path, tmp_path: Path):
    out = tmp_path / "answer.md"
    done = run_memwhy("explain", page, "--format", "markdown", "-o", out)
    assert (done.code, done.out) == (0, "")
    assert out.read_text() == run_memwhy("explain", page, "--format", "markdown").out
    done = run_memwhy("explain", page, "-o", tmp_path / "no" / "such")
    assert (done.code, done.err.splitlines()[0]) == (2, f"memwhy: {tmp_path}/no/such: No such file or directory")


@pytest.mark.parametrize("what", ["--help", "explain --help", "explain --formats", "explain -v {page}"])
def test_a_reader_that_has_gone_is_no_error(page: Path, what: str):
    reading, writing = os.pipe()
    os.close(reading)
    arguments = [word.format(page=page) for word in what.split()]
    done = subprocess.run(
        command(arguments), stdout=writing, stderr=subprocess.PIPE, env=environment(), check=False, timeout=30
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("what", ["--help", "explain -v {page}", "explain --help"])
def test_a_full_disk_behind_standard_output_is_said(page: Path, what: str):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    arguments = [word.format(page=page) for word in what.split()]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command(arguments), stdout=full, stderr=subprocess.PIPE, env=environment(), check=False, timeout=30
        )
    assert finished(done.returncode, b"", done.stderr).err == (
        "memwhy: the answer could not be written: No space left on device\n"
    )
    assert done.returncode == 2


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("what", ["explain {page}", "explain -", "--help", "watch {pid} --for 100ms --tick 100ms"])
def test_closed_standard_streams_end_in_no_traceback(page: Path, closed: str, what: str):
    with process_of(IDLE) as target:
        arguments = what.format(page=page, pid=target.pid).split()
        line = ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *command(arguments)]
        done = subprocess.run(
            line, capture_output=True, stdin=subprocess.DEVNULL, env=environment(), check=False, timeout=30
        )
    outcome = finished(done.returncode, done.stdout, done.stderr)
    assert outcome.code == (2 if what == "explain -" else 0)


@pytest.mark.parametrize(
    ("env", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
    ],
)
def test_a_terminal_gets_colour_unless_it_says_no(page: Path, env: dict[str, str], coloured: bool):
    ours, theirs = pty.openpty()
    done = subprocess.Popen(command(["explain", "-q", str(page)]), stdout=theirs, stderr=theirs, env=environment(env))
    os.close(theirs)
    seen = b""
    while chunk := _read(ours):
        seen += chunk
    os.close(ours)
    assert done.wait(30) == 0
    assert b"undetermined" in seen or b"leak" in seen
    assert (b"\x1b[" in seen) is coloured


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # EIO: the other side is closed
        return b""


def test_help_loads_nothing_that_is_dear():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "memwhy", "--help"],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert {name for name in loaded if name.partition(".")[0] in ("sqlite3", "google", "ssl", "subprocess")} == set()
    assert {name for name in loaded if name.startswith("memwhy")} == {
        "memwhy",
        "memwhy.cli",
        "memwhy.model",
        "memwhy.model.errors",
    }


def test_inspect_loads_nothing_that_this_look_does_not_need():
    """Half of what a look at a small process costs is Python's start: classes made and expressions compiled."""
    code = "import sys; from memwhy.cli import main; code = main(sys.argv[1:]); print(code, *sys.modules)"
    with process_of(IDLE) as target:
        done = subprocess.run(
            [sys.executable, "-c", code, "inspect", str(target.pid), "--for=0", "--no-lost", "-q", "-o", "/dev/null"],
            capture_output=True,
            text=True,
            env=environment(),
            check=True,
        )
    code, *loaded = done.stdout.split()
    assert code == "0"
    assert DEAR & set(loaded) == set()


DEAR = {
    *("asyncio", "concurrent", "ctypes", "decimal", "email", "fractions", "gzip", "http", "importlib.resources"),
    *("logging", "multiprocessing", "pathlib", "random", "socket", "sqlite3", "ssl", "statistics", "subprocess"),
    *("tempfile", "unittest", "urllib", "uuid", "xml", "zipfile", "google.protobuf"),
    *("memwhy.inspect.fingerprints", "memwhy.inspect.graph", "memwhy.inspect.lost", "memwhy.inspect.samples"),
    *("memwhy.memory.core", "memwhy.recording", "memwhy.sources.documents", "memwhy.sources.go.endpoint"),
    *("memwhy.runtimes.go.cgo_calls", "memwhy.runtimes.go.dwarf", "memwhy.runtimes.go.tabulation"),
}
"""Modules that `memwhy inspect --no-lost` has no use for."""


def test_record_loads_the_standard_library_alone(tmp_path: Path):
    code = (
        "import sys; from memwhy.cli import main; code = main(sys.argv[1:])\n"
        "print(code, *sorted({name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)))"
    )
    with socket.socket() as listener, process_of(IDLE) as target:
        listener.listen()
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                code,
                "record",
                str(target.pid),
                *f"--for 300ms --tick 100ms -o {tmp_path}/x".split(),
            ],
            capture_output=True,
            text=True,
            env=environment(),
            check=True,
        )
    code_and_names = done.stdout.split()
    assert code_and_names[0] == "0"
    assert {name for name in code_and_names[1:] if name.isidentifier() and not name.startswith("_")} == {"memwhy"}
