"""Threads as they are seen from outside: their names, and where on their stacks the blocked ones stand."""

from pathlib import Path

from target_programs import built, looking_at, running, wait_until_at_rest

from memwhy.memory.threads import read_threads


def test_blocked_threads_stand_on_their_stacks_below_what_they_called_and_running_ones_nowhere() -> None:
    with running(built("places"), "spin") as target, looking_at(target.pid) as space:
        for tid, _, name in target.threads:
            if name != "spinner":
                wait_until_at_rest(f"/proc/{target.pid}/task/{tid}")
        threads = {thread.tid: thread for thread in space.threads()}
        assert list(threads) == sorted(threads)
        assert {tid: threads[tid].name for tid, _, _ in target.threads} == {t: n for t, _, n in target.threads}
        assert len(threads) == 4
        for tid, on_stack, name in target.threads:
            pointer = threads[tid].stack_pointer
            if name == "spinner":
                assert (pointer, threads[tid].program_counter, threads[tid].registers) == (None, None, ())
            else:
                assert pointer is not None
                assert 0 <= on_stack - pointer < 16384
        main = threads[target.pid]
        assert main.registers[0] == 0, "fgets reads descriptor 0"
        code = next(m for m in space.mappings if m.start <= (main.program_counter or 0) < m.end)
        assert "x" in code.perms


def test_threads_of_a_process_that_is_gone_are_none(tmp_path: Path) -> None:
    assert read_threads(str(tmp_path)) == ()


def test_a_thread_that_ended_meanwhile_is_left_out_and_an_unreadable_place_is_none(tmp_path: Path) -> None:
    for tid in (5, 40):
        (tmp_path / "task" / str(tid)).mkdir(parents=True)
    (tmp_path / "task" / "40" / "comm").write_bytes(b"odd \xff name\n")
    (threads,) = read_threads(str(tmp_path))
    assert (threads.tid, threads.name, threads.stack_pointer) == (40, "odd \ufffd name", None)
    for text in ("", "running\n", "1 2\n", "nonsense", "-1 0x0 0x0\n", "0 " * 5000):
        (tmp_path / "task" / "40" / "syscall").write_text(text)
        assert read_threads(str(tmp_path))[0].stack_pointer is None
    (tmp_path / "task" / "40" / "syscall").write_text("-1 0x7ffd00 0x401000\n")
    (thread,) = read_threads(str(tmp_path))
    assert (thread.stack_pointer, thread.program_counter, thread.registers) == (0x7FFD00, 0x401000, ())
