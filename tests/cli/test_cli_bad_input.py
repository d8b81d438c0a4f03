"""`memwhy explain` on what cannot be read: one clear line, exit code 2, bounded time and memory, never a traceback."""

import gzip
import os
import random
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from memwhy_command import IDLE, NOBODY, Done, process_of, python_for_anybody, run_memwhy

MIB = 1 << 20
MOST_BYTES = 512 * MIB
NOISE = random.Random(4711).randbytes(300_000)
LISTS = "  memwhy explain --formats lists what can be read\n"


def explain(*evidence: str | Path, **how: object) -> Done:
    return run_memwhy("explain", *evidence, most_bytes=MOST_BYTES, **how)  # type: ignore[arg-type]


def written(folder: Path, name: str, raw: bytes) -> Path:
    path = folder / name
    path.write_bytes(raw)
    return path


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of an idle process, by the command itself."""
    path = tmp_path_factory.mktemp("kept") / "idle.memwhy"
    with process_of(IDLE) as target:
        assert run_memwhy("record", str(target.pid), "--for", "500ms", "--tick", "100ms", "-o", path).code == 0
    return path


@pytest.mark.parametrize(
    ("name", "raw", "problem"),
    [
        ("empty.txt", b"", "an empty file"),
        ("noise.bin", NOISE, "binary data, and no pprof profile"),
        ("noise.txt", NOISE, "binary data, and no pprof profile"),
        ("prose.txt", "Nothing of use. 没有数字。\n".encode() * 50, "no figures in any format that memwhy knows"),
        ("broken.gz", b"\x1f\x8b\x08" + NOISE, "broken after 0 bytes"),
        ("cut.gz", gzip.compress(b"a line of text\n" * 9000)[:200], "truncated: it ends in the middle"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + NOISE, "paste the figures instead of a picture"),
        ("cut.memwhy", b"SQLite format 3\0", "recording"),
        ("noise.memwhy", b"SQLite format 3\0" + NOISE, "recording"),
    ],
)
def test_what_holds_no_evidence_is_named_with_its_problem(tmp_path: Path, name: str, raw: bytes, problem: str):
    done = explain(written(tmp_path, name, raw))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("memwhy: ")
    assert name in done.err
    assert problem in done.err
    assert len(done.err.splitlines()) == 2


def test_a_gzip_bomb_is_left_in_time_and_said(tmp_path: Path):
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=1) as packed:
        for _ in range(400):
            packed.write(bytes(MIB))
    done = explain(path, within_s=30)
    assert done.code == 2
    assert "a gzip bomb: " in done.err
    assert "the rest is not read" in done.err


def test_one_line_of_50_mb_is_cut_and_passed(tmp_path: Path):
    done = explain(written(tmp_path, "long.txt", b"x" * 50_000_000), within_s=30)
    assert (done.code, done.err) == (
        2,
        f"memwhy: nothing readable: {tmp_path}/long.txt: no figures in any format that memwhy knows\n{LISTS}",
    )


def test_figures_beside_a_line_of_50_mb_are_read_and_the_cut_is_said(tmp_path: Path):
    free = "".join(
        "              total        used        free      shared  buff/cache   available\n"
        f"Mem:           7821        {used}        4000          10        1000        5000\n"
        for used in range(2000, 2010)
    )
    done = explain(written(tmp_path, "long.txt", free.encode() + b"x" * 50_000_000 + b"\n"), "--format", "json")
    assert done.report["total"]["metric"] == "host.used_bytes"
    assert any("longer than 1 MiB" in warning for warning in done.report["warnings"])


@pytest.mark.parametrize("name", ["nothing-here", "nothing/here.txt"])
def test_a_file_that_is_not_there_is_said(tmp_path: Path, name: str):
    done = explain(name, cwd=tmp_path)
    assert (done.code, done.err) == (2, f"memwhy: nothing readable: {name}: No such file or directory\n{LISTS}")


def test_a_directory_is_walked_and_an_empty_one_is_said(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    written(tmp_path / "full", "a.txt", b"hello\n")
    assert explain("empty", cwd=tmp_path).err == f"memwhy: nothing readable: empty: an empty directory\n{LISTS}"
    done = explain("full", cwd=tmp_path)
    assert done.code == 2
    assert "full/a.txt: no figures in any format that memwhy knows" in done.err


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_not_read(device: str):
    done = explain(device, within_s=20)
    assert (done.code, done.err) == (2, f"memwhy: nothing readable: {device}: a device or socket, not a file\n{LISTS}")


def test_a_socket_is_not_read(tmp_path: Path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        done = explain("s", cwd=tmp_path)
    assert (done.code, done.err) == (2, f"memwhy: nothing readable: s: a device or socket, not a file\n{LISTS}")


def test_a_stream_without_end_on_standard_input_is_left_when_it_is_known_to_be_nothing():
    with open("/dev/zero", "rb") as zeros:
        head = subprocess.Popen(["head", "-c", "700M"], stdin=zeros, stdout=subprocess.PIPE)
        with head:
            assert head.stdout is not None
            done = explain("-", stdin=head.stdout.fileno())
            head.stdout.close()
    assert done.code == 2
    assert done.err.startswith("memwhy: nothing readable: -: ")


@pytest.mark.parametrize("arguments", [("explain", "-"), ("-",)])
def test_an_empty_standard_input_is_said(arguments: tuple[str, ...]):
    done = run_memwhy(*arguments, stdin=b"")
    assert (done.code, done.err) == (2, f"memwhy: nothing readable: -: an empty file\n{LISTS}")


def test_a_file_that_may_not_be_read_is_said(tmp_path: Path):
    path = written(tmp_path, "secret.txt", b"hello\n")
    path.chmod(0)
    if os.access(path, os.R_OK):  # root may read all: a user without rights is asked then
        python = python_for_anybody()
        if python is None:
            pytest.skip("no Python here that another user may run")
        for folder in (tmp_path, *tmp_path.parents[:-2]):
            folder.chmod(folder.stat().st_mode | 0o055)
        done = run_memwhy("explain", path, python=python, user=NOBODY, cwd=Path("/"))
    else:
        done = explain(path)
    assert (done.code, done.err) == (2, f"memwhy: nothing readable: {path}: Permission denied\n{LISTS}")


def test_a_recording_cut_in_the_middle_is_said_or_partly_read(recording: Path, tmp_path: Path):
    raw = recording.read_bytes()
    for share in (0.05, 0.5, 0.9):
        done = explain(written(tmp_path, f"{share}.memwhy", raw[: int(len(raw) * share)]))
        assert done.code in (0, 2)
        assert f"{share}.memwhy" in done.out + done.err
        assert "damage" in done.out + done.err or "malformed" in done.out + done.err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("PRAGMA user_version = 99", "written with schema 99, but this memwhy reads schemas up to"),
        ("PRAGMA application_id = 7", "a SQLite database, but not a recording of memwhy"),
    ],
)
def test_a_recording_that_is_newer_or_not_ours_is_said(recording: Path, tmp_path: Path, change: str, said: str):
    path = written(tmp_path, "changed.memwhy", recording.read_bytes())
    database = sqlite3.connect(path)
    database.execute(change)
    database.commit()
    database.close()
    done = explain("changed.memwhy", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"memwhy: changed.memwhy: {said}")


def test_a_good_file_among_bad_ones_is_diagnosed_and_the_bad_ones_are_listed(tmp_path: Path, good: bytes):
    for name, raw in (("good.txt", good), ("noise.bin", NOISE), ("empty.txt", b"")):
        written(tmp_path, name, raw)
    done = explain("good.txt", "noise.bin", "empty.txt", "gone.txt", "--format", "json", cwd=tmp_path)
    unread = {row["where"]: row["problem"] for row in done.report["evidence"] if row["source"] == "unread"}
    assert set(unread) == {"noise.bin", "empty.txt", "gone.txt"}
    assert unread["gone.txt"] == "No such file or directory"


@pytest.fixture
def good() -> bytes:
    rows: Callable[[int], str] = lambda used: (  # noqa: E731
        "              total        used        free      shared  buff/cache   available\n"
        f"Mem:           7821        {used}        4000          10        1000        5000\n"
    )
    return "".join(rows(used) for used in range(2000, 2010)).encode()


def test_a_pipe_with_a_name_is_read_while_somebody_writes(tmp_path: Path, good: bytes):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    source = written(tmp_path, "good.txt", good)
    with subprocess.Popen(["/bin/sh", "-c", f"cat '{source}' > '{fifo}'"]):
        assert explain(fifo, "--format", "json", within_s=30).report["total"]["metric"] == "host.used_bytes"


def test_a_pipe_with_a_name_that_nobody_writes_to_is_given_up(tmp_path: Path):
    os.mkfifo(tmp_path / "fifo")
    done = explain("fifo", cwd=tmp_path, within_s=30)
    assert done.code == 2
    assert done.err.startswith("memwhy: nothing readable: fifo: a pipe that nobody opened for writing within 10 s")


def test_a_broken_recording_among_others_is_listed_and_the_others_are_diagnosed(
    recording: Path, tmp_path: Path, good: bytes
):
    written(tmp_path, "good.txt", good)
    written(tmp_path, "noise.memwhy", b"SQLite format 3\0" + NOISE)
    written(tmp_path, "whole.memwhy", recording.read_bytes())
    for evidence in (("good.txt", "noise.memwhy"), ("noise.memwhy", "whole.memwhy")):
        answer = explain(*evidence, "--format", "json", cwd=tmp_path).report
        unread = {row["where"]: row["problem"] for row in answer["evidence"] if row["source"] == "unread"}
        assert list(unread) == ["noise.memwhy"]
        assert "recording" in unread["noise.memwhy"] or "database" in unread["noise.memwhy"]


def test_an_answer_is_never_written_over_its_own_evidence(tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_text("              total        used\nMem: 1 2\n")
    done = run_memwhy("explain", str(page), "-o", str(page))
    assert (done.code, page.read_text()) == (2, "              total        used\nMem: 1 2\n")
    assert "would be overwritten" in done.err


def test_a_page_of_words_alone_is_nothing_readable_unless_they_complain(tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_text("A memory limit in cgo programs is set with care.\n")
    done = run_memwhy("explain", str(page))
    assert (done.code, "no figures in any format that memwhy knows" in done.err) == (2, True)
    page.write_text("We see high RES and think about a memory limit in cgo.\n")
    assert run_memwhy("explain", str(page), "--format", "json").report["verdict"]["cause"] == "undetermined"
