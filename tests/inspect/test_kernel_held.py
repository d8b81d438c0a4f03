"""What the kernel says of a process's pointers, in trees made by hand: whole rows, junk, far too much, and nothing at all."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.inspect.kernel_held import read_kernel_held
from memwhy.inspect.roots import HeldElsewhere
from memwhy.memory.live import Live
from memwhy.model.mapping import Mapping

PID = os.getpid()
EVENTS = b"""pos:\t0
flags:\t02000002
mnt_id:\t15
ino:\t39
tfd:        5 events:       19 data:     55d0a1b2c3d0  pos:0 ino:27 sdev:f
tfd:        7 events: 8000001d data: ffffffffffffffff  pos:0 ino:27 sdev:f
tfd:        9 events:       19 data:                0  pos:0 ino:27 sdev:f
"""
TIMERS = b"""ID: 1
signal: 34/000055d0a1b2d000
notify: signal/pid.4711
ClockID: 1
ID: 0
signal: 60/0000000000000000
notify: none/pid.4711
ClockID: 0
"""
MOST = 200_000


def told(root: Path, *paths: str) -> HeldElsewhere:
    """Of this process, by another procfs. paths: of what it maps."""
    mappings = tuple(
        Mapping(start=at << 12, end=(at + 1) << 12, perms="rw-s", inode=1, path=path)
        for at, path in enumerate(paths, 1)
    )
    with Live.open(PID, mappings=lambda: mappings) as space:
        return read_kernel_held(space, str(root))


def tree(root: Path, events: dict[int, bytes], timers: bytes | None = b"") -> Path:
    """A procfs with one process, its epoll descriptors and its timers."""
    process = root / str(PID)
    for name in ("fd", "fdinfo"):
        (process / name).mkdir(parents=True)
    (process / "fd" / "0").symlink_to("/dev/null")
    for number, raw in events.items():
        (process / "fd" / str(number)).symlink_to("anon_inode:[eventpoll]")
        (process / "fdinfo" / str(number)).write_bytes(raw)
    if timers is not None:
        (process / "timers").write_bytes(timers)
    return root


def test_the_data_of_entries_and_the_values_of_timers_are_taken(tmp_path: Path) -> None:
    held = told(tree(tmp_path, {3: EVENTS}, TIMERS))
    assert list(held.words) == [0x55D0A1B2C3D0, 2**64 - 1, 0, 0x55D0A1B2D000, 0]
    assert held.missing == ()


junk = st.one_of(
    st.binary(max_size=300),
    st.lists(st.sampled_from([*EVENTS.splitlines(True), *TIMERS.splitlines(True), b"tfd:", b" data: ", b"\xff", b"\n"]))
    .map(b"".join),
)  # fmt: skip


@settings(deadline=None)
@given(junk, junk, junk)
def test_any_bytes_give_words_and_never_an_error(one: bytes, other: bytes, timers: bytes) -> None:
    with tempfile.TemporaryDirectory() as root:
        held = told(tree(Path(root), {3: one, 4: other}, timers))
    assert len(held.words) <= one.count(b"data:") + other.count(b"data:") + timers.count(b"signal:")
    assert held.missing == ()


def test_far_too_many_entries_are_cut_off_and_it_is_said(tmp_path: Path) -> None:
    row = b"tfd:        5 events:       19 data:     55d0a1b2c3d0  pos:0 ino:27 sdev:f\n"
    held = told(tree(tmp_path, {3: row * MOST, 4: row}, b"signal: 34/000055d0a1b2d000\n" * (MOST + 1)))
    assert len(held.words) == 2 * MOST
    assert held.missing == (
        "roots are missing: of epoll's entries only the first 200,000 were read",
        "roots are missing: of timers only the first 200,000 were read",
    )


def test_a_row_without_an_end_is_read_no_further_than_a_row_can_be_long(tmp_path: Path) -> None:
    held = told(tree(tmp_path, {3: b"tfd: " + b" " * (8 << 20) + b"data: 55d0a1b2c3d0"}))
    assert (list(held.words), held.missing) == ([], ())


def test_what_is_gone_meanwhile_is_no_root_and_what_cannot_be_read_is_a_missing_one(tmp_path: Path) -> None:
    tree(tmp_path, {3: EVENTS, 4: EVENTS}, None)
    (tmp_path / str(PID) / "fdinfo" / "3").unlink()
    held = told(tmp_path)
    assert (list(held.words), held.missing) == ([0x55D0A1B2C3D0, 2**64 - 1, 0], ())
    (tmp_path / str(PID) / "fdinfo" / "4").unlink()
    (tmp_path / str(PID) / "fdinfo" / "4").mkdir()
    assert told(tmp_path).missing == ("roots are missing: epoll's entries cannot be read: Is a directory",)


def test_descriptors_that_cannot_be_listed_are_missing_roots(tmp_path: Path) -> None:
    (tmp_path / str(PID)).mkdir()
    assert told(tmp_path).missing == ("roots are missing: the descriptors cannot be listed: No such file or directory",)


@pytest.mark.parametrize(("path", "what"), [("/[aio] (deleted)", "Linux aio"), ("anon_inode:[io_uring]", "io_uring")])
def test_rings_of_the_kernel_that_are_mapped_are_missing_roots(tmp_path: Path, path: str, what: str) -> None:
    """The paths as /proc/PID/maps of a program with a ring shows them."""
    assert told(tree(tmp_path, {}), "/some/file", path).missing == (
        f"roots are missing: {what} keeps pointers in the kernel that are not shown",
    )


def test_a_ring_that_is_not_mapped_is_known_by_its_descriptor(tmp_path: Path) -> None:
    tree(tmp_path, {})
    (tmp_path / str(PID) / "fd" / "8").symlink_to("anon_inode:[io_uring]")
    assert told(tmp_path).missing == ("roots are missing: io_uring keeps pointers in the kernel that are not shown",)
