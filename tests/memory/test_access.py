"""Why the kernel says no, told by the rule that says so: made to happen where this machine can, from captured forms of /proc elsewhere."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from memwhy_command import NOBODY, environment, python_for_anybody
from target_programs import Target, built, process_of, running

from memwhy.memory.access import why_denied

OPEN = """
import sys
from memwhy.memory.live import Live
from memwhy.model.errors import MemwhyError
try:
    with Live.open(int(sys.argv[1]), mappings=lambda: ()) as space:
        print("open", len(space.read(int(sys.argv[2]), 11)))
except MemwhyError as problem:
    print(type(problem).__name__, problem.message, problem.help, sep="\\n")
"""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="becomes other users, which only root may")


def opened_by_nobody(target: Target, *before: str) -> list[str]:
    """What a user without any rights is told when opening the target; before: a command that runs the rest."""
    return opened(*before, target=target, user=NOBODY, group=NOBODY, extra_groups=[])


def opened(*before: str, target: Target, **who: Any) -> list[str]:
    """What opening the target prints, as a user and below a command."""
    python = python_for_anybody()
    if python is None:
        pytest.skip("no Python here may be run by everybody")
    arguments = [*before, python, "-c", OPEN, str(target.pid), str(target.told.get("heap", 0))]
    done = subprocess.run(arguments, env=environment(), cwd="/", capture_output=True, text=True, check=False, **who)
    assert "Traceback" not in done.stderr
    return done.stdout.splitlines()


@needs_root
def test_a_process_of_the_same_user_may_be_read() -> None:
    yama = Path("/proc/sys/kernel/yama/ptrace_scope")
    if yama.exists() and yama.read_text().strip() != "0":
        pytest.skip("Yama allows ancestors only")
    with running(built("places"), user=NOBODY) as target:
        assert opened_by_nobody(target) == ["open 11"]


@needs_root
def test_another_users_process_takes_that_user_or_the_capability() -> None:
    with running(built("places")) as target:
        kind, message, advice = opened_by_nobody(target)
        assert kind == "NotPermitted"
        assert message == (
            f"the kernel does not let us read the memory of pid {target.pid}: it runs as uid 0 and memwhy as uid {NOBODY},"
            " without the capability CAP_SYS_PTRACE"
        )
        assert f"sudo memwhy inspect {target.pid}" in advice or "--cap-add" in advice


@needs_root
def test_a_program_that_its_user_may_not_read_is_not_dumpable(tmp_path_factory: pytest.TempPathFactory) -> None:
    program = built("places").with_name("unreadable")
    shutil.copy(built("places"), program)
    program.chmod(0o711)
    with running(program, user=NOBODY) as target:
        kind, message, advice = opened_by_nobody(target)
        assert kind == "NotPermitted"
        assert "it is not dumpable" in message
        assert "root" in advice


@needs_root
def test_another_group_is_named() -> None:
    with process_of(built("places"), group=1) as process:
        target = Target(process)
        kind, message, _ = opened("setpriv", "--bounding-set=-all", target=target)
        assert kind == "NotPermitted"
        assert "it runs with gid 1 and memwhy with gid 0" in message


@needs_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv")
def test_root_without_capabilities_is_told_how_a_container_gets_them() -> None:
    with running(built("places")) as target:
        kind, message, advice = opened("setpriv", "--bounding-set=-all", target=target)
        assert kind == "NotPermitted"
        assert "it holds capabilities that memwhy has not" in message
        assert "--cap-add=SYS_PTRACE" in advice


@needs_root
def test_a_user_namespace_is_named_where_its_root_has_no_power_outside() -> None:
    may = subprocess.run(
        ["unshare", "-Ur", "true"], user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, check=False
    )
    if may.returncode != 0:
        pytest.skip("users may not make user namespaces here")
    with running(built("places")) as target:
        kind, message, _ = opened_by_nobody(target, "unshare", "-Ur")
        assert kind == "NotPermitted"
        assert "memwhy runs in a user namespace" in message


@needs_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv")
@pytest.mark.parametrize("level", ["1", "2"])
def test_a_proc_that_hides_other_users_processes_is_named(level: str) -> None:
    hide = f'mount -t proc -o hidepid={level} proc /proc && exec "$@"'
    as_nobody = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    may = subprocess.run(["unshare", "-m", "sh", "-c", hide, "sh", "true"], capture_output=True, check=False)
    if may.returncode != 0:
        pytest.skip("no procfs can be mounted here")
    with running(built("places")) as target:
        kind, message, advice = opened("unshare", "-m", "sh", "-c", hide, "sh", *as_nobody, target=target)
        assert kind == "NotPermitted"
        assert "hides other users' processes (mounted with hidepid)" in message
        assert "as root" in advice


STATUS = "Name:\tx\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{uid}\t{uid}\t{uid}\t{uid}\nCapPrm:\t{caps}\nCapEff:\t{caps}\nCapBnd:\t000001ffffffffff\n"
NONE, ALL = "0000000000000000", "000001ffffffffff"


def proc(directory: Path, *, target: str | None = None, own: str, yama: str | None = None, uid_map: str = "") -> str:
    """A tree like /proc: the target is pid 7."""
    (directory / "self").mkdir()
    (directory / "self" / "status").write_text(own)
    (directory / "self" / "uid_map").write_text(uid_map or "         0          0 4294967295\n")
    if target is not None:
        (directory / "7").mkdir()
        (directory / "7" / "status").write_text(target)
        (directory / "7" / "mem").write_text("")
    if yama is not None:
        (directory / "sys" / "kernel" / "yama").mkdir(parents=True)
        (directory / "sys" / "kernel" / "yama" / "ptrace_scope").write_text(yama)
    return str(directory)


@pytest.mark.parametrize(
    ("scope", "caps", "reason", "advice"),
    [
        ("1\n", NONE, "kernel.yama.ptrace_scope is 1", "sudo sysctl kernel.yama.ptrace_scope=0"),
        ("2\n", NONE, "kernel.yama.ptrace_scope is 2", "sudo memwhy inspect 7"),
        ("3\n", NONE, "kernel.yama.ptrace_scope is 3", "boot with a lower"),
        ("3\n", ALL, "not even root", "boot with a lower"),
        ("0\n", NONE, "another security module", "sudo memwhy inspect 7"),
        ("x\n", ALL, "a security module must forbid it", "journalctl"),
    ],
)
def test_yama_is_named_with_its_value_and_the_way_around_it(
    scope: str, caps: str, reason: str, advice: str, tmp_path: Path
) -> None:
    own = STATUS.format(uid=os.getuid(), caps=caps)
    root = proc(tmp_path, target=STATUS.format(uid=os.getuid(), caps=NONE), own=own, yama=scope)
    why, what = why_denied(root, 7)
    assert reason in why
    assert advice in what


def test_a_label_of_a_security_module_is_shown(tmp_path: Path) -> None:
    root = proc(tmp_path, target=STATUS.format(uid=0, caps=NONE), own=STATUS.format(uid=0, caps=ALL))
    (tmp_path / "self" / "attr").mkdir()
    (tmp_path / "self" / "attr" / "current").write_text("docker-default (enforce)\n")
    assert "docker-default (enforce)" in why_denied(root, 7)[0]


def test_a_hidden_process_is_said_to_be_hidden(tmp_path: Path) -> None:
    root = proc(tmp_path, own=STATUS.format(uid=5, caps=NONE))
    assert "hidepid" in why_denied(root, 7)[0]


@pytest.mark.parametrize("text", ["", "Uid:\n", "Uid:\tx\nCapEff:\tzz\n", "\0\xff" * 1000])
def test_damaged_status_still_gives_words(text: str, tmp_path: Path) -> None:
    root = proc(tmp_path, target=text or "x", own=text)
    assert all(why_denied(root, 7))
