"""Real processes, looked at while they live: this one, a stopped child, a vanished one, another user's."""

import ctypes
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import NotPermitted, TargetGone
from memwhy.model.reading import Reading
from memwhy.sources.proc import READERS, environ, fd, find_pids, process_identity, smaps, smaps_rollup, status

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a Linux /proc")

CHILD = "import sys; block = bytearray(5_000_000); print('READY', flush=True); sys.stdin.read()"


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A Python that waits for the end of its stdin, with a secret in its environment."""
    environment = {"GOGC": "50", "SECRET_TOKEN": "hunter2", "PATH": os.environ.get("PATH", "")}
    with subprocess.Popen(
        [sys.executable, "-I", "-c", CHILD, "--password=hunter2"], stdin=-1, stdout=-1, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"READY\n"
        yield process
        process.kill()


@pytest.mark.parametrize("name", READERS)
def test_every_reader_reads_this_very_process(name: str) -> None:
    try:
        raw = READERS[name].read("/proc", os.getpid())
    except FileNotFoundError:
        pytest.skip("this kernel does not have it")
    assert isinstance(READERS[name].parse(raw), Reading)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in READERS
        if name not in ("proc/meminfo", "proc/vmstat", "proc/thp", "proc/host", "proc/neighbours")
    ],
)
def test_a_process_that_is_gone_is_an_oserror(name: str) -> None:
    done = subprocess.Popen(["true"])
    done.wait()
    with pytest.raises(OSError):
        READERS[name].read("/proc", done.pid)


def test_a_zombie_gives_what_the_kernel_still_says(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    reading = status.parse(status.read("/proc", child.pid))
    assert reading.facts["process.state"] == "Z"
    assert "process.rss_bytes" not in reading.metrics


def test_smaps_of_a_stopped_child_sums_to_its_rollup_exactly(child: subprocess.Popen[bytes]) -> None:
    os.kill(child.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, child.pid, os.WSTOPPED)
    mappings = smaps.parse(smaps.read("/proc", child.pid))
    rollup = smaps_rollup.parse(smaps_rollup.read("/proc", child.pid))
    assert mappings.metrics["process.rss_bytes"] == rollup.metrics["process.rss_bytes"]
    assert mappings.metrics["process.private_dirty_bytes"] == rollup.metrics["process.private_dirty_bytes"]
    assert rollup.metrics["process.rss_bytes"] > 5_000_000


def test_the_child_is_seen_as_ours_with_its_rss(child: subprocess.Popen[bytes]) -> None:
    lines = READERS["proc/children"].read("/proc", os.getpid()).decode().splitlines()
    rows = {int(row.split()[0]): row.split() for row in lines}
    assert rows[child.pid][1] == str(os.getpid())
    assert int(rows[child.pid][2]) > 5_000_000 // 1024


def test_the_scan_by_parents_finds_the_same_children(child: subprocess.Popen[bytes]) -> None:
    from memwhy.sources.proc import children

    assert child.pid in children._by_parent("/proc")[os.getpid()]


def test_nothing_secret_of_the_child_is_ever_read(child: subprocess.Popen[bytes]) -> None:
    for name, reader in READERS.items():
        try:
            raw = reader.read("/proc", child.pid)
        except FileNotFoundError:
            continue
        assert b"hunter2" not in raw, name
    assert environ.read("/proc", child.pid) == b"GOGC=50\0"


ENTRIES = st.lists(
    st.tuples(st.one_of(st.sampled_from([b"GOGC", b"MALLOC_ARENA_MAX", b"MALLOC_", b"XGOGC", b"GOGC2"]), st.binary(max_size=12)), st.binary(max_size=12))
)  # fmt: skip


@given(ENTRIES)
def test_no_variable_outside_the_list_leaves_any_environment(entries: list[tuple[bytes, bytes]]) -> None:
    block = b"\0".join(name + b"=" + value for name, value in entries)
    for entry in environ.allowed_only(block).split(b"\0")[:-1]:
        name = entry.partition(b"=")[0]
        assert name in environ.ALLOWED or name.startswith(b"MALLOC_")
        assert entry in block.split(b"\0")


def test_open_sockets_and_threads_of_this_process_are_seen() -> None:
    gate = threading.Event()
    thread = threading.Thread(target=gate.wait)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        thread.start()
        try:
            sockets = READERS["proc/sockets"].parse(READERS["proc/sockets"].read("/proc", os.getpid()))
            threads = READERS["proc/threads"].parse(READERS["proc/threads"].read("/proc", os.getpid()))
        finally:
            gate.set()
            thread.join()
        assert client.fileno() >= 0
        assert f"127.0.0.1:{server.getsockname()[1]}" in sockets.facts["process.listening"].split("\n")
        assert sockets.metrics["process.sockets_established_count"] >= 1
        assert threads.metrics["process.threads_count"] >= 2


def test_bytes_that_nobody_reads_wait_in_the_queues() -> None:
    def queued_bytes() -> int:
        return (
            READERS["proc/sockets"]
            .parse(READERS["proc/sockets"].read("/proc", os.getpid()))
            .metrics["process.sockets_queued_bytes"]
        )

    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        with accepted:
            before = queued_bytes()
            client.sendall(b"x" * 5000)
            after = queued_bytes()
    assert 5000 <= after - before <= 10_000  # what has come and is not yet acknowledged stands in both queues


def test_a_process_without_sockets_costs_no_walk_of_the_tables(child: subprocess.Popen[bytes]) -> None:
    raw = READERS["proc/sockets"].read("/proc", child.pid)
    assert raw == b"==> net/tcp <==\n"
    assert set(READERS["proc/sockets"].parse(raw).metrics.values()) == {0}


def test_past_twenty_thousand_descriptors_only_their_number_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fd, "MOST", 3)
    with open(os.devnull) as one, open(os.devnull) as two:
        assert one.fileno() != two.fileno()
        raw = fd.read("/proc", os.getpid())
    reading = fd.parse(raw)
    assert list(reading.metrics) == ["process.descriptors_count"]
    assert reading.metrics["process.descriptors_count"] > 3
    assert reading.notes == (
        f"{reading.metrics['process.descriptors_count']} descriptors: counted, not looked at one by one",
    )


def test_a_listing_of_many_descriptors_is_complete() -> None:
    most = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 100, 2000)
    null = os.open(os.devnull, os.O_RDONLY)
    copies = [os.dup(null) for _ in range(most)]
    try:
        reading = fd.parse(fd.read("/proc", os.getpid()))
    finally:
        for number in [null, *copies]:
            os.close(number)
    assert reading.metrics["process.descriptors_count"] >= most


def unprivileged(look: Callable[[], str]) -> str:
    """What `look` returns in a child of ours that gave its rights away (pid 1 is root's in any case)."""
    reading_end, writing_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            os.write(writing_end, look().encode())
        finally:
            os._exit(0)
    os.close(writing_end)
    with open(reading_end) as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return said


def test_what_may_not_be_read_is_a_permission_error() -> None:
    def look() -> str:
        denied = []
        for name, reader in READERS.items():
            try:
                reader.read("/proc", 1)
            except PermissionError:
                denied.append(name.removeprefix("proc/"))
        return " ".join(denied)

    assert unprivileged(look) == "smaps_rollup smaps maps fd sockets environ libraries namespaces"


def test_an_unprivileged_user_still_learns_the_name_of_anothers_process() -> None:
    said = unprivileged(lambda: READERS["proc/exe"].read("/proc", 1).decode())
    assert said.startswith("==> comm <==\n")
    assert "==> exe <==" not in said


def test_a_process_has_an_identity_that_its_pid_alone_is_not(child: subprocess.Popen[bytes]) -> None:
    identity = process_identity("/proc", child.pid)
    assert identity == process_identity("/proc", child.pid)
    assert identity.start_ticks >= process_identity("/proc", os.getpid()).start_ticks
    with open("/proc/sys/kernel/random/boot_id") as file:
        assert identity.boot_id == file.read().strip()


def test_no_such_pid_is_target_gone() -> None:
    with pytest.raises(TargetGone, match="no process has pid 4194999"):
        process_identity("/proc", 4194999)


def test_no_procfs_is_said(tmp_path: os.PathLike[str]) -> None:
    with pytest.raises(TargetGone, match="is no procfs"):
        process_identity(os.path.join(tmp_path, "absent"), 1)


def test_a_hidden_process_is_not_permitted() -> None:
    with tempfile.TemporaryDirectory() as root:
        (Path(root) / "7").mkdir()
        (Path(root) / "7" / "stat").touch(mode=0)
        Path(root).chmod(0o755)

        def look() -> str:
            try:
                process_identity(root, 7)
            except NotPermitted as error:
                return str(error)
            return ""

        assert unprivileged(look) == "the kernel does not let us look at pid 7"


def test_processes_are_found_by_comm_and_by_the_executables_name(child: subprocess.Popen[bytes]) -> None:
    name = os.path.basename(os.path.realpath(sys.executable))
    found = find_pids("/proc", name)
    assert child.pid in [pid for pid, _, _ in found]
    assert os.getpid() not in [pid for pid, _, _ in found]
    comm = READERS["proc/status"].parse(status.read("/proc", child.pid)).facts["process.comm"]
    assert child.pid in [pid for pid, _, _ in find_pids("/proc", comm)]
    assert find_pids("/proc", name + "-that-is-not") == []


def test_a_thread_named_with_escape_codes_cannot_reach_the_terminal() -> None:
    libc = ctypes.CDLL(None)
    with open("/proc/self/comm", "rb") as file:
        before = file.read().strip()
    assert libc.prctl(15, b"\x1b[2J\nx", 0, 0, 0) == 0  # PR_SET_NAME
    try:
        raw = READERS["proc/threads"].read("/proc", os.getpid())
    finally:
        libc.prctl(15, before, 0, 0, 0)
    assert all(character.isprintable() or character == "\n" for value in READERS["proc/threads"].parse(raw).facts.values() for character in value)  # fmt: skip


def test_a_host_with_very_many_connections_costs_little_and_only_own_rows_are_kept(tmp_path: Path) -> None:
    head = b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    row = b"%4d: 0100007F:%04X 0500000A:01BB 01 00000000:00000000 00:00000000 00000000     0        0 %d 1 0 20 4 30 10 -1\n"
    net, descriptors = tmp_path / "7" / "net", tmp_path / "7" / "fd"
    net.mkdir(parents=True)
    descriptors.mkdir()
    (net / "tcp").write_bytes(head + b"".join(row % (n, n % 65536, 1_000_000 + n) for n in range(100_000)))
    for number, inode in enumerate((1_000_000, 1_050_000, 1_099_999)):
        (descriptors / str(number)).symlink_to(f"socket:[{inode}]")
    began_ns = time.thread_time_ns()
    raw = READERS["proc/sockets"].read(str(tmp_path), 7)
    assert time.thread_time_ns() - began_ns < 1_000_000_000  # 60 ms where nothing else runs
    assert raw.count(b"\n") == 5
    (profile,) = READERS["proc/sockets"].parse(raw).profiles
    assert [(one.frames, one.value) for one in profile.stacks] == [(("tcp established", "to 10.0.0.5:443"), 3)]
