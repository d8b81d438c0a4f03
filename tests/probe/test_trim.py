"""malloc_trim in running programs: what it gives back, what it leaves, and when it is refused."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from build_case import flat, watched
from memwhy_command import environment
from trim_programs import freed

from memwhy.inspect import look
from memwhy.model.case import Case, Target
from memwhy.model.errors import MemwhyError, TargetGone
from memwhy.model.inspection import Inspection
from memwhy.model.units import MIB
from memwhy.native.attach import check_image
from memwhy.native.errors import Idle, Unsuited
from memwhy.native.trim import Trimmer, handlers, make_image, trim
from memwhy.probe.collection import CannotProbe
from memwhy.probe.measuring import measured, measured_later
from memwhy.probe.trimming import not_ruled_out, state_trim, trim_target
from memwhy.sources.proc import process_identity

sys.path.insert(0, str(Path(__file__).parents[1] / "native"))
from native_targets import answered, foreign_code, loaded_server, sampler_mappings

pytest.importorskip("memwhy._core._stops")
NO_ROOM_FOR_ERROR = 2 * MIB


def case(runtime: str = "native") -> Case:
    return Case(target=Target(runtime=runtime), total=None, series={})


def rss_bytes(root: str, pid: int) -> int:
    return measured(root, pid, "now", case()).rss_bytes


def case_of(pid: int) -> Case:
    """With the RSS that a prediction is stated of."""
    size = rss_bytes("/proc", pid)
    return watched(given={"layer.native_heap_bytes": flat(size)}, noise=0, runtime="native")


@pytest.mark.parametrize("commands", [("k 5", "f 40"), ("g 60",), ("a 6",)])
def test_what_was_counted_as_trimmable_is_given_back_and_nothing_else_changes(commands: tuple[str, ...]) -> None:
    with freed(*commands) as program:
        counted = look(program.pid).malloc
        assert counted is not None
        assert counted.trimmable_bytes > 15 * MIB
        assert program.ask("w") == "ok"
        before: list[int] = []
        after: list[int] = []
        done = trim(
            program.pid,
            just_before=lambda: before.append(rss_bytes("/proc", program.pid)),
            just_after=lambda: after.append(rss_bytes("/proc", program.pid)),
        )
        assert program.ask("").split()[0] == "working"  # errno was what it was, in every call
        assert abs(before[-1] - after[-1] - counted.trimmable_bytes) < NO_ROOM_FOR_ERROR
        assert done.gave
        assert 0 < done.took_s < 20
        assert 0 < done.stop_s < 20
        assert (done.left, foreign_code(program.pid), sampler_mappings(program.pid)) == ((), {}, [])
        assert program.ask("f 4") == "ok"


def test_a_program_that_calls_no_malloc_is_left_as_it_was() -> None:
    with freed("f 10") as program:
        with pytest.raises(Idle):
            trim(program.pid, wait_s=0.3)
        assert (foreign_code(program.pid), sampler_mappings(program.pid)) == ({}, [])
        assert rss_bytes("/proc", program.pid) > 10 * MIB
        assert program.ask("f 1") == "ok"


def test_it_can_be_done_again_and_again() -> None:
    with freed() as program:
        for _ in range(3):
            assert program.ask("f 10") == "ok"
            assert program.ask("w") == "ok"
            assert trim(program.pid).gave
            assert program.ask("").split()[0] == "working"
            assert rss_bytes("/proc", program.pid) < 6 * MIB


def test_a_static_program_is_refused() -> None:
    with freed("f 4", flags=("-static",)) as program:
        with pytest.raises(Unsuited, match="linked statically"):
            trim(program.pid)
        assert program.is_alive


def test_more_than_the_bound_is_refused_before_anything_is_done() -> None:
    with freed("f 20") as program:
        with pytest.raises(CannotProbe, match="malloc_trim would take about") as refused:
            state_trim(case(), "/proc", program.pid, 0.001)
        assert refused.value.help == "raise it with --probe-max if the program may wait so long"
        assert rss_bytes("/proc", program.pid) > 20 * MIB
        assert foreign_code(program.pid) == {}


def test_what_cannot_be_ruled_out_is_said_by_the_signals_that_are_handled() -> None:
    with freed() as program:
        assert handlers("/proc", program.pid) == ()
    assert not_ruled_out(case(), ()) == (
        "nothing is left that could make it wait for itself: the program handles no signals"
    )
    assert not_ruled_out(case(), (10, 15)).startswith("not ruled out: a handler of signals 10, 15 that calls malloc")
    assert not_ruled_out(case("go"), (10, 15)).startswith("its 2 signal handlers are the runtime's")


def test_handlers_are_read_from_the_mask_without_those_of_the_c_library(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "status").write_text("Name:\tx\nSigCgt:\t0000000180004200\n")
    assert handlers(str(tmp_path), 7) == (10, 15)
    (tmp_path / "9").mkdir()
    (tmp_path / "9" / "status").write_text("Name:\tx\n")
    assert handlers(str(tmp_path), 8) is handlers(str(tmp_path), 9) is None
    assert "which signals the program handles could not be read" in not_ruled_out(case(), None)


def test_another_process_that_has_the_pid_now_is_not_touched() -> None:
    with freed("f 20") as program:
        assert program.ask("w") == "ok"
        stated = state_trim(case_of(program.pid), "/proc", program.pid, 10.0)
        mine = process_identity("/proc", program.pid)
        with pytest.raises(TargetGone, match="is another process now"):
            trim_target(stated, case(), "/proc", replace(mine, start_ticks=mine.start_ticks - 1))
        assert rss_bytes("/proc", program.pid) > 20 * MIB
        assert (foreign_code(program.pid), sampler_mappings(program.pid)) == ({}, [])


def test_a_look_that_finds_more_than_the_bound_refuses_whichever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The heap grows between the first look and the second."""
    with freed("f 4") as program:
        looks = []

        def looked(pid: int, *, root: str, depth: str) -> Inspection:
            looks.append(look(pid, root=root, depth=depth))  # type: ignore[arg-type]
            assert program.ask("g 40") == "ok"
            return looks[-1]

        monkeypatch.setattr("memwhy.probe.trimming.look", looked)
        with pytest.raises(CannotProbe, match="malloc_trim would take about"):
            state_trim(case_of(program.pid), "/proc", program.pid, 0.005)
        assert len(looks) > 1


def test_a_target_that_ends_while_it_is_waited_for_has_no_later_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memwhy.probe.measuring.LATER_S", 0.0)
    with freed() as program:
        assert [one.when for one in measured_later("/proc", program.pid, case())] == ["0 ms later"]
    assert measured_later("/proc", program.pid, case()) == []


def test_a_process_that_is_gone_is_told_as_such() -> None:
    with freed() as program:
        pass
    with pytest.raises(MemwhyError):
        trim(program.pid)


def test_the_image_is_one_that_attach_takes_with_a_hook_for_each_way_in() -> None:
    head = check_image(make_image(Trimmer(malloc_trim=1, errno_location=2, main_arena=3, next_at=2160)))
    assert [index for index, entry in enumerate(head.entries) if entry] == [0, 1, 2, 3]


def test_every_instruction_of_the_hook_is_one_and_every_jump_lands_on_another() -> None:
    iced = pytest.importorskip("iced_x86")
    raw = make_image(Trimmer(malloc_trim=1 << 46, errno_location=1 << 45, main_arena=1 << 44, next_at=2160))
    head = check_image(raw)
    code = list(iced.Decoder(64, raw[head.entries[0] :], ip=head.entries[0]))
    starts = {one.ip for one in code}
    assert not any(one.is_invalid for one in code)
    inner = [one.near_branch_target for one in code if one.near_branch_target]
    trampolines = [target for target in inner if target >= 0xF000]
    assert trampolines == [0xF000 + 64 * index for index in range(4)]
    assert {target for target in inner if target < 0xF000} <= starts | {len(raw)}


def test_a_loaded_server_fails_no_request_while_it_is_trimmed() -> None:
    """Eight threads allocate, and a signal interrupts them a thousand times a second."""
    with loaded_server() as (server, clients):
        trimmed = [trim(server.pid) for _ in range(10)]
        requests, failed = answered(clients)
        assert (failed, server.is_alive) == (0, True)
        assert requests > 50
        assert [one.left for one in trimmed] == [()] * 10
        assert (foreign_code(server.pid), sampler_mappings(server.pid)) == ({}, [])


def test_a_memwhy_that_is_killed_in_the_midst_leaves_what_the_next_one_takes_away() -> None:
    code = (
        "import sys, time; from memwhy.native.trim import trim\n"
        "def stop():\n    print('placed', flush=True); time.sleep(600)\n"
        "trim(int(sys.argv[1]), {}=stop)\n"
    )
    for moment in ("just_before", "just_after"):
        with freed("f 20") as program:
            assert program.ask("w") == "ok"
            command = [sys.executable, "-c", code.format(moment), str(program.pid)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment()) as memwhy:
                assert memwhy.stdout is not None
                assert memwhy.stdout.readline() == b"placed\n"
                memwhy.kill()
            assert len(sampler_mappings(program.pid)) == 1
            assert trim(program.pid).left == ()
            assert program.ask("").split()[0] == "working"
            assert (foreign_code(program.pid), sampler_mappings(program.pid)) == ({}, [])
