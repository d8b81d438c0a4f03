"""Page faults tell which regions grow and whose large blocks they are, on real processes; they never rank small ones."""

import codecs
import errno
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memwhy_command import NOBODY, outcome, started_memwhy
from native_programs import built

from memwhy.account.claims import ANONYMOUS, FINE_LAYERS, NATIVE_HEAP
from memwhy.model.errors import NotPermitted, ParseError, TargetGone
from memwhy.native.fault_words import Naming, naming, sentences
from memwhy.native.faults import NOT_GLIBC, FaultReading, Faults, runs
from memwhy.native.perf_events import Fault, FaultEvents, parse_records, refusal
from memwhy.native.rows import ModuleRows
from memwhy.native.stack_piece import MOST_CALLERS, Piece, Walker

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "specimens" / "inside"), str(ROOT / "specimens")]

from programs import BuildFailed, NoGo, asked  # noqa: E402
from programs import built as built_inside  # noqa: E402

MIB = 1 << 20
JEMALLOC = Path("/usr/lib/x86_64-linux-gnu/libjemalloc.so.2")
FRAMES = ("-fno-omit-frame-pointer", "-fno-optimize-sibling-calls")
BLOCK_BYTES = MIB - 4096
"""Of a block of 1 MiB, what the program itself touches first: its first page has malloc's header."""


class Program:
    """tests/native/programs/faulting.c, READY."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.pid = process.pid

    def do(self, command: str) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == b"done\n"


@contextmanager
def program(*options: str, preload: str = "", frames: Sequence[str] = FRAMES) -> Iterator[Program]:
    """As long as the block lasts. frames: how it keeps frame pointers."""
    env = {**os.environ, "LD_PRELOAD": preload} if preload else None
    command = [built("faulting", *frames, *options)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"READY\n"
            yield Program(process)
        finally:
            process.kill()


@contextmanager
def watched(target: Program) -> Iterator[Faults]:
    """Its page faults; the test is skipped where this user may not see them."""
    try:
        faults = Faults.open(target.pid, time.monotonic())
    except NotPermitted as error:
        pytest.skip(f"{error.message}: {error.help}")
    with faults:
        yield faults


def read(faults: Faults) -> FaultReading:
    with naming(faults.pid) as names:
        return faults.read(time.monotonic(), names.functions, names.no_callers)


def by_layer(reading: FaultReading, layer: str) -> tuple[int, int]:
    """(faults, growth in bytes)."""
    return next(((one.faults, one.grown_bytes) for one in reading.classes if one.layer == layer), (0, 0))


def sizes(reading: FaultReading) -> dict[str, int]:
    """Resident bytes of callers, by the function that `fill`, which touches the pages, is inlined into."""
    return {caller.functions[1]: caller.resident_bytes for caller in reading.callers}


def test_large_blocks_that_stay_are_told_to_the_byte_and_those_that_went_are_not() -> None:
    with program() as target, watched(target) as faults:
        for command in ("keep 2", *["pass 4"] * 10, "keep 3", "pass 3"):
            target.do(command)
            faults.look(time.monotonic())
        reading = read(faults)
    assert sizes(reading) == {"keep_blocks": 5 * BLOCK_BYTES}
    assert {caller.functions[:3] for caller in reading.callers} == {("fill", "keep_blocks", "main")}
    touched, grown = by_layer(reading, ANONYMOUS)
    assert touched >= 48 * 256
    assert 5 * MIB <= grown <= 5 * MIB + (64 << 10)
    assert (reading.lost, reading.no_callers) == (0, "")


def test_without_frame_pointers_callers_are_found_by_unwind_rules() -> None:
    with program(frames=("-fomit-frame-pointer",)) as target, naming(target.pid) as names, watched(target) as faults:
        faults.follow(names.rules)
        target.do("keep 2")
        reading = faults.read(time.monotonic(), names.functions, names.no_callers)
    assert [caller.functions[:4] for caller in reading.callers] == [
        ("fill", "keep_blocks", "main", "__libc_start_call_main")
    ]
    assert reading.callers[0].resident_bytes == 2 * BLOCK_BYTES


@pytest.mark.specimen
@pytest.mark.parametrize("flavour", ["", "stripped"])
def test_large_blocks_of_cgo_calls_lead_from_c_to_the_goroutines_first_function(flavour: str) -> None:
    try:
        binary = built_inside("cgochurn", flavour)
    except (BuildFailed, NoGo) as error:
        pytest.skip(str(error))
    assert binary.exists()
    with asked("cgochurn", flavour=flavour) as target, naming(target.pid) as names:
        target.ask("work 10000 0")
        try:
            faults = Faults.open(target.pid, time.monotonic(), go_version="go")
        except NotPermitted as error:
            pytest.skip(error.message)
        with faults:
            faults.follow(names.rules)
            target.ask(f"leak {4 * MIB}")
            target.ask("work 100000 0")
            reading = faults.read(time.monotonic(), names.functions, names.no_callers)
    (caller,) = reading.callers
    assert caller.resident_bytes == 4 * MIB
    assert [name for name in caller.functions if name.startswith(("main.", "runtime.goexit"))] == [
        "main._Cfunc_decode_image",
        "main.handleImage",
        "main.leak.func1",
        *(name for name in caller.functions if name == "main.leak.gowrap1"),
        "runtime.goexit",
    ]
    assert ("decode_image" in caller.functions) == (not flavour)
    assert caller.functions[1].startswith("cgochurn.stripped+0x" if flavour else "decode_image")


def test_small_blocks_are_a_region_that_grows_and_nobody_is_accused() -> None:
    with program() as target, watched(target) as faults:
        target.do("nodes 4096")
        reading = read(faults)
    touched, grown = by_layer(reading, NATIVE_HEAP)
    assert grown >= 4 * MIB
    assert touched >= 1024
    assert reading.callers == ()
    assert any("not who leaks small blocks" in sentence for sentence in sentences(reading))


def test_threads_that_come_later_are_seen() -> None:
    with program() as target, watched(target) as faults:
        target.do("thread 3")
        reading = read(faults)
    assert sizes(reading) == {"keep_blocks": 3 * BLOCK_BYTES}
    assert reading.callers[0].functions[2] == "in_thread"


def test_what_a_child_touches_is_the_childs() -> None:
    with program() as target, watched(target) as faults:
        target.do("fork 3")
        reading = read(faults)
    assert reading.callers == ()
    assert reading.grown_bytes < MIB
    assert reading.faults < 200  # copies of pages that the parent writes while the child is there


def test_with_another_malloc_no_caller_is_told() -> None:
    if not JEMALLOC.exists():
        pytest.skip("needs jemalloc")
    with program(preload=str(JEMALLOC)) as target, watched(target) as faults:
        target.do("keep 3")
        reading = read(faults)
    assert reading.callers == ()
    assert reading.no_callers == "its malloc is that of jemalloc, whose small blocks lie in mapped memory too"
    assert sentences(reading)[-1] == f"Whose mapped memory it is cannot be told: {reading.no_callers}."


def test_what_the_names_of_files_tell_of_the_malloc_is_used_where_no_more_may_be_read() -> None:
    if not JEMALLOC.exists():
        pytest.skip("needs jemalloc")
    with program(preload=str(JEMALLOC)) as target, watched(target) as faults:
        reading = faults.read(time.monotonic(), lambda pcs: ())
        assert "libjemalloc.so.2" in reading.no_callers
    with program() as target, watched(target) as faults:
        target.do("keep 1")
        reading = faults.read(time.monotonic(), Naming(()).functions)
    assert reading.no_callers == ""
    assert {name[:2] for caller in reading.callers for name in caller.functions} == {"0x"}


def test_a_static_program_has_glibcs_malloc_too() -> None:
    with program("-static") as target, watched(target) as faults:
        target.do("keep 3")
        reading = read(faults)
    assert sizes(reading) == {"keep_blocks": 3 * BLOCK_BYTES}


def test_callers_are_left_out_where_the_malloc_is_not_glibcs() -> None:
    with program() as target, watched(target) as faults:
        target.do("keep 3")
        reading = faults.read(time.monotonic(), lambda pcs: (), NOT_GLIBC)
    assert (reading.callers, reading.no_callers) == ((), NOT_GLIBC)
    assert sentences(reading)[-1] == f"Whose mapped memory it is cannot be told: {NOT_GLIBC}."


def test_growth_of_all_regions_is_that_of_rss() -> None:
    with program() as target, watched(target) as faults:
        target.do("keep 4")
        target.do("nodes 1024")
        reading = read(faults)
    assert sum(one.grown_bytes for one in reading.classes) == reading.grown_bytes
    assert reading.grown_bytes >= 5 * MIB
    assert {one.layer for one in reading.classes} <= set(FINE_LAYERS)


def test_above_its_budget_it_pauses_and_says_so() -> None:
    """100,000 faults at once are allowed, then 5,000 a second; a look's clock is the caller's."""
    with program() as target, watched(target) as faults:
        began_s = time.monotonic()
        target.do("keep 1")
        for _ in range(100):
            target.do("pass 4")
            faults.look(began_s)
        target.do("keep 2")  # unseen
        faults.look(began_s + 15)
        target.do("keep 4")
        with naming(faults.pid) as names:
            reading = faults.read(began_s + 60, names.functions, names.no_callers)
    assert sizes(reading) == {"keep_blocks": 4 * BLOCK_BYTES}
    assert by_layer(reading, ANONYMOUS)[1] >= 7 * MIB
    assert (
        "page faults came so fast that they were recorded 75% of the time: callers hold more than is told"
        in reading.notes
    )


def test_memory_that_was_given_back_makes_room_for_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memwhy.native.faults.MOST_PAGES", 1024)
    with program() as target, watched(target) as faults:
        target.do("pass 4")
        faults.look(time.monotonic())
        target.do("keep 3")
        reading = read(faults)
    assert sizes(reading) == {"keep_blocks": 3 * BLOCK_BYTES}
    assert not any("not kept" in note for note in reading.notes)


def test_what_is_more_than_it_remembers_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memwhy.native.faults.MOST_PAGES", 512)
    with program() as target, watched(target) as faults:
        target.do("keep 4")
        reading = read(faults)
    assert sum(sizes(reading).values()) <= 2 * MIB
    assert "who touched 2 MiB of mapped memory is not kept: it is more than memwhy remembers" in reading.notes


def test_a_process_that_ended_is_said_to_be_gone() -> None:
    with program() as target, watched(target) as faults:
        target.do("keep 1")
        target.process.kill()
        target.process.wait()
        with pytest.raises(TargetGone):
            faults.read(time.monotonic(), lambda pcs: ())
    with pytest.raises(TargetGone):
        FaultEvents.open(target.pid)


def test_watching_leaves_no_descriptor_behind() -> None:
    with program() as target:
        before = len(os.listdir("/proc/self/fd"))
        with watched(target) as faults:
            target.do("keep 1")
            faults.look(time.monotonic())
        assert len(os.listdir("/proc/self/fd")) == before


def test_a_refusal_names_the_rule(tmp_path: Path) -> None:
    kernel = tmp_path / "sys" / "kernel"
    kernel.mkdir(parents=True)
    (kernel / "perf_event_paranoid").write_text("4\n")
    error = refusal(errno.EACCES, 7, str(tmp_path))
    assert isinstance(error, NotPermitted)
    assert "kernel.perf_event_paranoid is 4, above 2" in error.message
    assert "CAP_PERFMON" in error.help
    (kernel / "perf_event_paranoid").write_text("2\n")
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "maps").write_text("00400000-00401000 r-xp 00000000 00:00 0\n")
    assert "a seccomp filter" in refusal(errno.EPERM, 7, str(tmp_path)).message
    assert "does not record page faults" in refusal(errno.ENOSYS, 7, str(tmp_path)).message


def record(tid: int, address: int, pcs: Sequence[int]) -> bytes:
    """One fault as the kernel writes it: PERF_RECORD_SAMPLE of IP, TID, ADDR, CALLCHAIN."""
    chain = [2**64 - 512, *pcs]
    body = struct.pack(f"<QIIQQ{len(chain)}Q", pcs[0] if pcs else 0, 1, tid, address, len(chain), *chain)
    return struct.pack("<IHH", 9, 2, 8 + len(body)) + body


@given(st.binary(max_size=400))
def test_any_bytes_are_faults_or_an_error(raw: bytes) -> None:
    try:
        faults, lost = parse_records(raw)
    except ParseError:
        return
    assert lost >= 0
    assert len(faults) <= len(raw) // 8


@given(
    st.lists(
        st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1), st.lists(st.integers(1, 2**63), max_size=20))
    )
)
def test_records_are_read_as_they_were_written(rows: list[tuple[int, int, list[int]]]) -> None:
    lost = struct.pack("<IHHQQ", 2, 0, 24, 5, 7)
    raw = lost.join(record(tid, address, pcs) for tid, address, pcs in rows)
    faults, missing = parse_records(raw)
    assert faults == [Fault(1, tid, address, tuple(pcs)) for tid, address, pcs in rows]
    assert missing == 7 * max(0, len(rows) - 1)


ROWS = st.lists(
    st.tuples(st.integers(0, 4095), st.integers(-(2**15), 2**15 - 1), st.integers(-128, 127), st.integers(0, 255)),
    max_size=20,
).map(sorted)


@given(
    rows=ROWS,
    registers=st.tuples(*[st.integers(0, 2**64 - 1)] * 3),
    stack=st.binary(max_size=256),
    chain=st.lists(st.integers(1, 2**63), max_size=5),
)
def test_any_rules_and_any_piece_of_a_stack_give_a_bounded_chain(
    rows: list[tuple[int, int, int, int]], registers: tuple[int, int, int], stack: bytes, chain: list[int]
) -> None:
    raw = b"".join(struct.pack("<IhbB", *row) for row in rows)
    module = ModuleRows(name="m", lo=0x1000, hi=0x2000, rows=raw, functions=1, broken=0)
    ip, sp, bp = 0x1000 + registers[0] % 0x1800, registers[1], registers[2]
    found = Walker([module]).chain(Piece(ip, sp, bp, stack), chain)
    assert len(found) <= MOST_CALLERS + len(chain)


def test_callers_of_a_piece_go_on_where_frame_pointers_know_them_too() -> None:
    """A leaf without a frame at 0x1010, called from 0x1110, whose frame of three words is left to 0x1210; the chain knows that and more."""
    rows = struct.pack("<IhbB", 0x10, 1, 0, 1) + struct.pack("<IhbB", 0x100, 3, 0, 1)
    module = ModuleRows(name="m", lo=0x1000, hi=0x1200, rows=rows, functions=2, broken=0)
    stack = struct.pack("<4Q", 0x1110, 7, 7, 0x1210)
    walker = Walker([module])
    piece = Piece(0x1010, 0x7000, 0x9000, stack)
    assert walker.callers(piece) == [0x1110, 0x1210]
    assert walker.chain(piece, [0x1210, 0x1310]) == [0x1110, 0x1210, 0x1310]
    assert walker.chain(piece, [0x1310]) == [0x1110, 0x1210, 0x1310]
    assert Walker().chain(piece, [0x1310]) == [0x1310]


@given(st.dictionaries(st.integers(0, 200), st.sampled_from(["a", "b"]), max_size=60))
def test_runs_have_every_page_once(pages: dict[int, str]) -> None:
    found = list(runs((page, (who,)) for page, who in sorted(pages.items())))
    assert sum(count for _, count in found) == len(pages)
    for who in ("a", "b"):
        assert sum(count for (one,), count in found if one == who) == sum(name == who for name in pages.values())


def test_watch_native_of_a_program_that_cannot_be_attached_to_tells_of_its_page_faults() -> None:
    with program("-static") as target:
        with watched(target):
            pass  # or the test is skipped
        with started_memwhy("watch", str(target.pid), "--native", "--for", "6s", "--no-until-sure") as command:
            assert command.stderr is not None
            while b"page faults are watched in their place" not in (line := command.stderr.readline()):
                assert line
            target.do("keep 4")
            done = outcome(command)
    assert done.code == 0
    text = " ".join(done.out.split())
    assert "The native stacks are missing: the program of pid" in text
    assert "By page faults, in " in text
    assert "Large blocks, touched since then and resident, 4.0 MiB: fill ← keep_blocks ← main" in text
    assert "target never stopped" in text


def as_nobody(work: Callable[[], str]) -> str:
    """What it says in a process of another user's; only root may become one."""
    if os.getuid() != 0:
        pytest.skip("needs to become another user")
    for name in ("ascii", "utf-8"):
        codecs.lookup(name)  # that user may not be allowed to import anything from here
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        try:
            os.write(write_end, work().encode())
        finally:
            os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return said


def refused(pid: int) -> str:
    """Why its faults may not be seen."""
    try:
        FaultEvents.open(pid).close()
    except NotPermitted as error:
        return error.message
    return "allowed"


def test_another_users_process_is_refused_by_name_of_the_rule() -> None:
    with program() as target:
        said = as_nobody(lambda: refused(target.pid))
    assert said.startswith("page faults")
    assert f"it runs as uid 0 and memwhy as uid {NOBODY}" in said or "perf_event_paranoid" in said


def faults_of_a_child() -> str:
    """What an ordinary user sees of a process of its own."""
    with subprocess.Popen(["sort"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            with FaultEvents.open(process.pid) as events:
                process.stdin.write(b"some line\n" * 50_000)
                process.stdin.close()
                process.stdout.read()
                process.wait()
                return f"{len(events.drain()) > 0} {events.notes}"
        except NotPermitted as error:
            process.kill()
            return error.message


def test_an_ordinary_user_sees_a_process_of_its_own_and_is_told_what_is_missing() -> None:
    said = as_nobody(faults_of_a_child)
    if "cannot be recorded" in said:
        pytest.skip(said)
    level = int(Path("/proc/sys/kernel/perf_event_paranoid").read_text())
    assert said.startswith("True")
    assert ("page faults inside system calls" in said) == (level > 1)
