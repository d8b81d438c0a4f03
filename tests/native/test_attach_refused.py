"""Where an attach cannot be: it says why, and the target is as it was."""

import ctypes
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from c_programs import Answering, answering
from native_targets import built, counting_image, foreign_code, kept_asking, odd, sampler_mappings

import memwhy
from memwhy.model.errors import MemwhyError, NotPermitted, TargetGone
from memwhy.native import permission
from memwhy.native.attach import attach
from memwhy.native.errors import Idle, NoRoom, Occupied, SeccompForbids, Unsuited

pytest.importorskip("memwhy._core._stops")

SOURCE = Path(memwhy.__file__).resolve().parents[1]
ROOT = pytest.mark.skipif(os.getuid() != 0, reason="needs root")


def refused(target: Answering, kind: type[MemwhyError], *, wait_s: float = 10.0) -> str:
    """The message and the advice of the refusal; nothing of ours may be in the target, and it may have no tracer."""
    with pytest.raises(kind) as caught:
        attach(target.pid, image=counting_image(), wait_s=wait_s)
    assert target.is_alive
    assert foreign_code(target.pid) == {}
    assert sampler_mappings(target.pid) == []
    return f"{caught.value.message} / {caught.value.help}"


def test_a_program_that_does_not_allocate_is_let_be() -> None:
    with odd() as target:
        text = refused(target, Idle, wait_s=0.2)
        assert "called malloc or its like (malloc, free, calloc, realloc) within 0.2 s" in text
        assert target.ask("m") == "ok"
        assert target.ask("b") == "ok"
        attach(target.pid, image=counting_image()).detach()
        assert target.ask("m") == "ok"


def test_a_static_program() -> None:
    with answering(built("odd", "-static"), "busy") as target:
        assert "is linked statically" in refused(target, Unsuited)


def test_a_program_of_musl(tmp_path: Path) -> None:
    # musl itself is seldom at hand; what tells it is the name of its loader, which is its libc
    musl = tmp_path / "ld-musl-x86_64.so.1"
    source = tmp_path / "empty.c"
    source.write_text("int empty;\n")
    subprocess.run(["cc", "-shared", "-o", musl, source], check=True)
    with odd("busy", env={**os.environ, "LD_PRELOAD": str(musl)}) as target:
        assert "runs with musl" in refused(target, Unsuited)


@pytest.mark.parametrize(
    ("width", "machine", "said"), [(1, 3, "32-bit x86"), (2, 183, "arm64"), (1, 62, "x32"), (2, 243, "machine 243")]
)
def test_programs_of_other_machines(tmp_path: Path, width: int, machine: int, said: str) -> None:
    directory = tmp_path / "7"
    (directory / "task" / "7").mkdir(parents=True)
    (directory / "status").write_text("Name:\tx\nState:\tS (sleeping)\nTgid:\t7\nVmSize:\t 100 kB\n")
    (directory / "exe").write_bytes(b"\x7fELF" + bytes([width, 1]) + bytes(12) + struct.pack("<H", machine))
    with pytest.raises(Unsuited, match=said):
        permission.check(str(tmp_path), 7)


@pytest.mark.parametrize("release", ["4.16.3-generic", "3.10.0-1160.el7.x86_64"])
def test_kernels_that_are_too_old(release: str) -> None:
    with pytest.raises(Unsuited, match=r"needs 4\.17 or newer"):
        permission.check_kernel(release)


@pytest.mark.parametrize("release", ["4.17.0", "6.1.0-13-amd64", "5", "", "next.generation"])
def test_kernels_that_are_new_enough_or_tell_nothing(release: str) -> None:
    permission.check_kernel(release)


def test_no_process_a_thread_ourselves_and_a_zombie() -> None:
    with pytest.raises(TargetGone, match="no process has pid"):
        attach(2**22 + 1, image=counting_image())
    with pytest.raises(Unsuited, match="cannot attach to itself"):
        attach(os.getpid(), image=counting_image())
    with odd("busy") as target:
        thread = next(int(name) for name in os.listdir(f"/proc/{target.pid}/task") if int(name) != target.pid)
        with pytest.raises(Unsuited, match=f"is a thread of process {target.pid}"):
            attach(thread, image=counting_image())
        target.process.kill()
        os.waitid(os.P_PID, target.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(TargetGone, match="waits for its parent to notice"):
            attach(target.pid, image=counting_image())


def test_a_halted_process() -> None:
    with odd("busy") as target:
        os.kill(target.pid, 19)
        os.waitid(os.P_PID, target.pid, os.WSTOPPED | os.WNOWAIT)
        assert "kill -CONT" in refused(target, Unsuited)


def test_a_process_that_is_traced() -> None:
    with odd("traced", "busy") as target:
        assert "one tracer at a time" in refused(target, Occupied)


def test_a_breakpoint_on_malloc_is_not_overwritten() -> None:
    with odd() as target:
        libc = ctypes.CDLL("libc.so.6")
        ours = next(line for line in Path("/proc/self/maps").read_text().splitlines() if "libc.so.6" in line)
        theirs = next(line for line in Path(f"/proc/{target.pid}/maps").read_text().splitlines() if "libc.so.6" in line)
        address = ctypes.cast(libc.free, ctypes.c_void_p).value or 0
        address += int(theirs.split("-")[0], 16) - int(ours.split("-")[0], 16)
        with open(f"/proc/{target.pid}/mem", "r+b", buffering=0) as memory:
            memory.seek(address)
            original = memory.read(1)
            memory.seek(address)
            memory.write(b"\xcc")
            with pytest.raises(Occupied, match="a breakpoint stands on free") as caught:
                attach(target.pid, image=counting_image())
            assert "end what set it" in caught.value.help
            memory.seek(address)
            memory.write(b"\x90")
            with pytest.raises(Occupied, match="another tool has hooked it"):
                attach(target.pid, image=counting_image())
            memory.seek(address)
            memory.write(original)
        assert target.ask("m") == "ok"


def test_an_address_space_that_is_limited() -> None:
    with odd("narrow") as target:
        with pytest.raises(NoRoom, match="RLIMIT_AS"), kept_asking(target):
            attach(target.pid, image=counting_image())
        assert foreign_code(target.pid) == {}
        assert target.ask("m") == "ok"


def test_room_for_the_code_and_none_for_the_data() -> None:
    with odd("busy") as target:
        status = Path(f"/proc/{target.pid}/status").read_text()
        used = int(status.split("VmSize:")[1].split()[0]) * 1024
        resource.prlimit(target.pid, resource.RLIMIT_AS, (used + (1 << 20), used + (1 << 20)))
        text = refused(target, NoRoom)
        assert f"its address space is limited to {used + (1 << 20) >> 20} MiB (RLIMIT_AS)" in text
        assert target.ask("m") == "ok"


def test_seccomps_strict_mode() -> None:
    with odd("strict") as target:
        assert "strict mode" in refused(target, SeccompForbids)


@ROOT
def test_a_filter_that_would_kill_is_not_tried() -> None:
    with odd("killed-for-code", "busy") as target:
        text = refused(target, SeccompForbids)
        assert "would kill it for the mmap" in text
        assert target.ask("m") == "ok"


@ROOT
def test_a_filter_that_answers_with_an_error_says_which_call() -> None:
    with odd("busy", "no-madvise") as target:
        assert "answers madvise as memwhy needs it with: Operation not permitted" in refused(target, SeccompForbids)


@ROOT
def test_a_filter_that_lets_us_pass_is_passed() -> None:
    with odd("no-mount", "busy") as target, attach(target.pid, image=counting_image()):
        assert target.ask("m") == "ok"


AS_USER = """
import sys
sys.path.insert(0, sys.argv[1])
from memwhy.native.attach import attach
from memwhy.model.errors import MemwhyError
try:
    attach(int(sys.argv[2]), image=open(sys.argv[1] + "/image", "rb").read()).detach()
    print("attached")
except MemwhyError as error:
    print(type(error).__name__, error.message, "/", error.help)
"""


def as_user(uid: int, pid: int) -> str:
    """What an attach by that user says; what it takes is copied to where everybody may read."""
    import iced_x86

    place = Path(tempfile.mkdtemp(prefix="memwhy-user-", dir="/var/tmp"))
    try:
        shutil.copytree(SOURCE / "memwhy", place / "memwhy", ignore=shutil.ignore_patterns("__pycache__", "*.c"))
        shutil.copytree(Path(iced_x86.__file__).parent, place / "iced_x86")
        (place / "image").write_bytes(counting_image())
        subprocess.run(["chmod", "-R", "a+rX", place], check=True)
        command = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--inh-caps=-all"]
        script = [sys.executable, "-I", "-c", AS_USER, str(place), str(pid)]
        done = subprocess.run([*command, *script], capture_output=True, text=True, check=False, cwd="/")
        return done.stdout + done.stderr
    finally:
        shutil.rmtree(place, ignore_errors=True)


NOBODY = 65534


@ROOT
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv")
def test_another_users_process() -> None:
    with odd("busy") as target:
        text = as_user(NOBODY, target.pid)
        assert text.startswith("NotPermitted the kernel does not let us write to the memory of pid")
        assert "it runs as uid 0 and memwhy as uid 65534" in text


@ROOT
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv")
def test_a_process_that_is_not_dumpable() -> None:
    with odd("undumpable", "busy", user=NOBODY) as target:
        text = as_user(NOBODY, target.pid)
        assert "NotPermitted" in text
        assert "it is not dumpable" in text


@ROOT
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv")
def test_filters_that_a_user_may_not_read_are_not_risked() -> None:
    with odd("no-mount", "no-madvise", "busy", user=NOBODY) as target:
        text = as_user(NOBODY, target.pid)
        if "kernel.yama" in text:
            pytest.skip("Yama lets nobody trace here")
        assert text.startswith("SeccompForbids"), text
        assert "2 seccomp filters, which this memwhy may not read" in text


@ROOT
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv")
def test_a_user_attaches_to_a_process_of_his_own() -> None:
    with odd("busy", user=NOBODY) as target:
        text = as_user(NOBODY, target.pid)
        if "kernel.yama" in text:
            pytest.skip("Yama lets nobody trace here")
        assert text == "attached\n"
        assert target.ask("m") == "ok"


def test_not_permitted_is_the_model_s() -> None:
    assert issubclass(SeccompForbids, MemwhyError)
    assert NotPermitted.exit_code == SeccompForbids.exit_code == 3
