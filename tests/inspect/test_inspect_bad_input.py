"""Processes that are hard to look into: never a hang, a traceback or a byte written, and a word on what could not be read."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inspect_programs import (
    CHEAP,
    ONCE,
    check_sum,
    inspect,
    inspected_when_attached,
    program,
    resident_bytes,
    status,
)
from memwhy_command import NOBODY, command, environment, finished, process_of, python_for_anybody, run_memwhy

pytestmark = pytest.mark.specimen

ZOMBIE = """
import os
child = os.fork()
if child == 0:
    os._exit(0)
os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
print("ready", flush=True)
print(child, flush=True)
sys.stdin.read()
"""


def memory_digest(pid: int) -> str:
    """Of every private page that can be written and is there."""
    digest = hashlib.sha256()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            span, perms, *_ = line.split()
            if perms.startswith("rw-p"):
                start, end = (int(part, 16) for part in span.split("-"))
                digest.update(span.encode())
                memory.seek(start)
                digest.update(memory.read(end - start))
    return digest.hexdigest()


def test_not_one_byte_of_the_target_changes() -> None:
    with program("blocks", "-mib", "20", "-lost", "100") as running:
        while not Path(f"/proc/{running.pid}/syscall").read_text().startswith("0 0x0 "):  # it waits in read(0, …)
            os.sched_yield()
        before = memory_digest(running.pid)
        inspect(running.pid, *ONCE)
        assert memory_digest(running.pid) == before


def test_a_process_that_exits_while_it_is_read_gives_an_answer_or_says_so() -> None:
    with program("blocks", "-mib", "200", "-lost", "1000") as running:
        done = inspected_when_attached(running, "exit")
    assert done.code == 0 or str(running.pid) in done.err, done.err
    assert "moved" in done.out or done.code != 0


def test_a_process_that_becomes_another_program_while_it_is_read_gives_an_answer_or_says_so() -> None:
    with program("blocks", "-mib", "200", "-lost", "1000") as running:
        done = inspected_when_attached(running, "exec")
    assert done.code == 0 or str(running.pid) in done.err, done.err


def test_a_process_that_forks_while_it_is_read_is_read_to_the_end() -> None:
    with program("blocks", "-mib", "100", "-lost", "1000") as running:
        done = inspected_when_attached(running, "fork")
    check_sum(done.report["inspect"])


def test_pages_shared_with_a_child_since_fork_are_counted_and_read() -> None:
    with program("blocks", "-mib", "30", "-lost", "1000") as running:
        running.ask("fork")
        said = running.ask("malloc")
        found = inspect(running.pid, *ONCE)
        assert found["rss_bytes"] == resident_bytes(running.pid)
        assert found["malloc"]["in_use_bytes"] == said["uordblks"]
        assert found["unexplained_bytes"] <= found["rss_bytes"] // 100


def test_a_process_that_mutates_hard_is_read_without_a_stop() -> None:
    with program("blocks", "-mib", "30", "-threads", "8") as running:
        running.ask("mutate")
        found = inspect(running.pid, *ONCE)
        before = running.ask("malloc")
        assert found["malloc"] is not None, found["notes"]
        assert abs(found["malloc"]["system_bytes"] - before["arena"]) < 64 << 20
        assert found["malloc"]["approximate"] == [] or found["lost"] is None


def test_a_corrupt_heap_is_marked_and_what_it_holds_is_not_called_lost() -> None:
    with program("blocks", "-mib", "20", "-lost", "100", "-corrupt") as running:
        found = inspect(running.pid, *ONCE)
    assert found["malloc"]["approximate"] != []
    assert found["lost"] is None or found["lost"]["bytes"] <= 100 * 1008
    assert found["lost"] is None or found["lost"]["caveats"] != []
    assert "malloc.unread" in {row["category"] for row in found["ledger"]}


def test_a_static_binary_is_read_like_any_other() -> None:
    with program("blocks", "-mib", "20", "-lost", "1000", flavour="static") as running:
        said, truth = running.ask("malloc"), running.ask("truth")
        found = inspect(running.pid, *ONCE)
    assert found["rss_bytes"] > 20 << 20
    assert found["malloc"]["in_use_bytes"] == said["uordblks"]
    assert found["lost"]["bytes"] == pytest.approx(truth["lost_bytes"], rel=0.01)


def test_a_thousand_arenas_and_fifty_thousand_mappings_are_all_counted() -> None:
    mappings = str(min(50_000, int(Path("/proc/sys/vm/max_map_count").read_text()) - 8000))
    with program("blocks", "-arenas", "1000", "-mappings", mappings) as running:
        said = running.ask("malloc")
        found = inspect(running.pid)
    assert found["malloc"]["arenas"] == 1001
    assert (found["malloc"]["system_bytes"], found["malloc"]["in_use_bytes"]) == (said["arena"], said["uordblks"])


def test_a_hundred_thousand_goroutines_are_grouped() -> None:
    with program("goheap", "-live", "1", "-idle", "0", "-goroutines", "100000") as running:
        said = running.ask("memstats")
        found = inspect(running.pid)
    assert found["go"]["goroutines"] == said["NumGoroutine"]
    assert sum(group["count"] for group in found["go"]["groups"]) == said["NumGoroutine"]


def test_a_stopped_process_is_read_and_stays_stopped() -> None:
    with program("blocks", "-mib", "5") as running:
        os.kill(running.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, running.pid, os.WSTOPPED | os.WNOWAIT)
        found = inspect(running.pid, *ONCE)
        state = status(running.pid)["State"]
        os.kill(running.pid, signal.SIGCONT)
    assert found["malloc"]["in_use_bytes"] > 5 << 20
    assert state.startswith("T")


def test_a_zombie_has_no_memory_to_look_at() -> None:
    with process_of(ZOMBIE) as parent:
        assert parent.stdout is not None
        zombie = int(parent.stdout.readline())
        done = run_memwhy("inspect", str(zombie), *CHEAP)
    assert done.code != 0
    assert str(zombie) in done.err


def test_a_kernel_thread_has_no_memory_to_look_at() -> None:
    thread = next(kernel_threads(), None)
    if thread is None:
        pytest.skip("no kernel thread is to be seen from here")
    done = run_memwhy("inspect", str(thread), *CHEAP)
    assert done.code != 0
    assert str(thread) in done.err


def kernel_threads() -> Iterator[int]:
    """Children of kthreadd: no program, no memory."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != "1" and b"\nKthread:\t1" in (entry / "status").read_bytes():
            yield int(entry.name)
            return


def test_it_can_look_at_itself() -> None:
    line = " ".join(f"'{part}'" for part in command(["inspect", "$$", *ONCE]))
    raw = subprocess.run(
        ["/bin/sh", "-c", "exec " + line.replace("'$$'", "$$")],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=90,
        check=False,
    )
    done = finished(raw.returncode, raw.stdout, raw.stderr)
    assert done.code == 0, done.err
    check_sum(done.report["inspect"])


def test_without_permission_it_says_what_is_missing() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    python = python_for_anybody()
    if python is None:
        pytest.skip("no Python that anybody may run")
    with program("blocks", "-mib", "5") as running:
        done = run_memwhy("inspect", str(running.pid), *CHEAP, python=python, user=NOBODY, cwd=Path("/"))
    assert done.code != 0
    assert str(running.pid) in done.err
    assert any(word in done.err for word in ("root", "user", "CAP_SYS_PTRACE"))


def test_a_pid_that_is_not_there_is_said() -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    done = run_memwhy("inspect", gone.stdout.decode().strip(), *CHEAP)
    assert done.code != 0
    assert gone.stdout.decode().strip() in done.err


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A core of a small process, made by gdb."""
    if shutil.which("gdb") is None:
        pytest.skip("gdb is not installed")
    path = tmp_path_factory.mktemp("core") / "core"
    with program("blocks", "-mib", "4", "-lost", "1000", "-threads", "2") as running:
        line = ["gdb", "-nx", "-p", str(running.pid), "-batch", "-ex", f"generate-core-file {path}"]
        subprocess.run(line, capture_output=True, timeout=120, check=False)
    if not path.exists():
        pytest.skip("gdb could not write a core here")
    return path


def test_a_whole_core_is_read(core: Path) -> None:
    found = run_memwhy("inspect", core, *ONCE).report["inspect"]
    check_sum(found)
    assert found["malloc"]["in_use_bytes"] > 4 << 20
    assert 1_000_000 <= found["lost"]["bytes"] <= 1_020_000


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.3, 0.6, 0.99])
def test_a_truncated_core_is_said_to_be_short(core: Path, tmp_path: Path, share: float) -> None:
    short = tmp_path / "core"
    raw = core.read_bytes()
    short.write_bytes(raw[: int(len(raw) * share)])
    done = run_memwhy("inspect", short, *ONCE)
    words = done.err if done.code != 0 else " ".join(done.report["inspect"]["notes"])
    assert any(word in words for word in ("truncated", "ends", "short", "cut", "missing")), words


def elf_header(bits: int, big_endian: bool, machine: int, kind: int = 4) -> bytes:
    """An ELF header alone: /usr/include/elf.h, Elf64_Ehdr and Elf32_Ehdr."""
    order = "big" if big_endian else "little"
    ident = b"\x7fELF" + bytes([bits // 32, 2 if big_endian else 1, 1]) + bytes(9)
    word = bits // 8
    fields = [(kind, 2), (machine, 2), (1, 4), (0, word), (64, word), (0, word), (0, 4)]
    fields += [(64 if bits == 64 else 52, 2), (56, 2), (1, 2), (0, 2), (0, 2), (0, 2)]
    return ident + b"".join(value.to_bytes(size, order) for value, size in fields) + bytes(256)


@pytest.mark.parametrize(
    ("bits", "big_endian", "machine"),
    [(64, False, 183), (32, False, 3), (64, True, 21), (64, False, 243), (32, True, 8)],
    ids=["aarch64", "i386", "ppc64", "riscv", "mips"],
)
def test_a_core_of_another_machine_is_refused_by_name(
    tmp_path: Path, bits: int, big_endian: bool, machine: int
) -> None:
    path = tmp_path / "core"
    path.write_bytes(elf_header(bits, big_endian, machine))
    done = run_memwhy("inspect", path, *ONCE)
    assert done.code != 0
    assert "core" in done.err
    assert any(word in done.err for word in ("x86-64", "machine", "bit", "endian", "architecture")), done.err


@pytest.mark.parametrize("content", [b"", b"\x7fELF", bytes(4096), b"not a core\n" * 99, elf_header(64, False, 62, 2)])
def test_what_is_no_core_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "core"
    path.write_bytes(content)
    done = run_memwhy("inspect", path, *ONCE)
    assert done.code != 0
    assert str(path) in done.err or "core" in done.err


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=4096), st.binary(max_size=512).map(lambda tail: elf_header(64, False, 62)[:64] + tail)
    )
)
def test_any_bytes_as_a_core_give_an_answer_or_a_refusal(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "core"
    path.write_bytes(content)
    done = run_memwhy("inspect", path, *ONCE)
    assert done.code == 0 or "core" in done.err
