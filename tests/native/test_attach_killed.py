"""memwhy is killed after each of its writes: the target serves on, and the next memwhy takes away what there is."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from native_targets import answered, foreign_code, loaded_server, sampler_mappings

import memwhy
from memwhy.native.attach import attach
from memwhy.native.errors import Occupied

pytest.importorskip("memwhy._core._stops")

SOURCE = Path(memwhy.__file__).resolve().parents[1]
MOST_WRITES = 80

KILLED_AFTER = """
import os, signal, sys
from memwhy.native import stops
from memwhy.native.attach import attach
left = int(sys.argv[2])
write, store = stops.Stopper.write, stops.Stopper.store

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def counted_write(self, writes, ranges=(), **others):
    global left
    if len(writes) >= left:
        write(self, writes[:left], ranges, **others)
        die()
    left -= len(writes)
    write(self, writes, ranges, **others)

def counted_store(self, address, content):
    global left
    store(self, address, content)
    left -= 1
    if left == 0:
        die()

stops.Stopper.write, stops.Stopper.store = counted_write, counted_store
done = attach(int(sys.argv[1])).detach()
sys.exit(1 if done.left else 0)
"""


def killed_after(pid: int, writes: int) -> int:
    """The exit code of a memwhy that dies at that write: 0 when it was through before."""
    command = [sys.executable, "-c", KILLED_AFTER, str(pid), str(writes)]
    return subprocess.run(command, env={"PYTHONPATH": str(SOURCE)}, check=False).returncode


def test_a_memwhy_that_is_killed_after_any_write_leaves_a_target_that_serves_on() -> None:
    predecessors = []
    with loaded_server(clients=2) as (server, clients):
        for writes in range(1, MOST_WRITES):
            code = killed_after(server.pid, writes)
            assert server.is_alive, f"after write {writes}"
            if code == 0:
                break
            assert code == -signal.SIGKILL
            attachment = attach(server.pid)
            predecessors.append(attachment.predecessor)
            assert attachment.detach().left == (), f"after write {writes}"
            assert (foreign_code(server.pid), sampler_mappings(server.pid)) == ({}, []), f"after write {writes}"
        else:
            pytest.fail(f"{MOST_WRITES} writes and no end")
        requests, failed = answered(clients)
    assert failed == 0
    assert requests > 100
    cleaned = [done for done in predecessors if done is not None]
    assert len(cleaned) > 20
    assert all(done.left == () for done in cleaned)


def test_a_memwhy_that_lives_is_not_disturbed() -> None:
    watching = (
        "import sys; from memwhy.native.attach import attach\n"
        "with attach(int(sys.argv[1])): print('attached', flush=True); sys.stdin.read()\n"
    )
    with loaded_server(clients=2) as (server, clients):
        command = [sys.executable, "-c", watching, str(server.pid)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(SOURCE)}
        ) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == "attached\n"
            with pytest.raises(Occupied, match=rf"another memwhy \(pid {other.pid}\) watches"):
                attach(server.pid)
            other.kill()
        with attach(server.pid) as attachment:
            assert attachment.predecessor is not None
            assert attachment.predecessor.left == ()
        assert answered(clients)[1] == 0


def test_of_two_that_come_at_once_one_is_told_so() -> None:
    attaching = (
        "import sys; from memwhy.native.attach import attach; from memwhy.native.errors import Occupied\n"
        "try: attachment = attach(int(sys.argv[1]))\n"
        "except Occupied as error: print('occupied', error.message); sys.exit()\n"
        "print('attached', flush=True); sys.stdin.read(); print(attachment.detach().left)\n"
    )
    with loaded_server(clients=2) as (server, clients):
        for _ in range(5):
            command = [sys.executable, "-c", attaching, str(server.pid)]
            both = [
                subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(SOURCE)}
                )
                for _ in range(2)
            ]
            first = [process.stdout.readline().split()[0] for process in both if process.stdout is not None]
            assert sorted(first) == ["attached", "occupied"]
            texts = [process.communicate(timeout=60)[0] for process in both]
            assert [text for text, said in zip(texts, first, strict=True) if said == "attached"] == ["()\n"]
        assert (foreign_code(server.pid), sampler_mappings(server.pid)) == ({}, [])
        assert answered(clients)[1] == 0
