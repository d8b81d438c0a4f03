"""A process that was started with the sampler does not show it: not to its children, not in its environment, not in its descriptors."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from native_programs import ALL, built, sampled

from memwhy.model.errors import MemwhyError
from memwhy.native.clock import IMAGE, PRELOAD
from memwhy.native.header import Settings
from memwhy.native.layout import State
from memwhy.native.preloaded import DESCRIPTOR, Preloaded

pytestmark = pytest.mark.skipif(not PRELOAD.exists(), reason="the sampler is not built here")


def output(command: list[str], *, base: dict[str, str] | None = None, settings: Settings = ALL) -> str:
    with Preloaded(settings) as tables:
        env = tables.environment(os.environ if base is None else base)
        done = subprocess.run(
            command, env=env, pass_fds=(tables.descriptor,), capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_environment_that_a_program_sees_is_the_one_it_was_given() -> None:
    given = {"PATH": os.environ["PATH"], "A": "1", "LD_LIBRARY_PATH": ""}
    assert sorted(output([shutil.which("env") or "env"], base=given).splitlines()) == sorted(
        f"{name}={value}" for name, value in given.items()
    )


def test_other_preloaded_libraries_stay_in_the_environment() -> None:
    shown = output([shutil.which("env") or "env"], base={"LD_PRELOAD": "libm.so.6 libdl.so.2"})
    assert shown == "LD_PRELOAD=libm.so.6 libdl.so.2\n"


def test_no_descriptor_of_the_sampler_is_left_open() -> None:
    program = "import os; print([os.readlink(f'/proc/self/fd/{fd}') for fd in os.listdir('/proc/self/fd') if fd > '2' and os.path.exists(f'/proc/self/fd/{fd}')])"
    assert "memwhy" not in output([sys.executable, "-c", program])


def test_a_child_is_started_without_the_sampler() -> None:
    program = "import subprocess, sys; print(subprocess.check_output(['cat', '/proc/self/maps'], text=True))"
    assert "sampler" not in output([sys.executable, "-c", program])


@pytest.mark.parametrize("number", ["", "x", "-1", "0", "2", "99999", "99999999999999999999", "5x"])
def test_a_descriptor_that_is_not_ours_leaves_the_program_alone(number: str) -> None:
    env = {**os.environ, "LD_PRELOAD": str(PRELOAD), DESCRIPTOR: number}
    done = subprocess.run(
        [built("rules"), "malloc"], env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"ready\n", b"")


@pytest.mark.parametrize("size", [0, 100, 1 << 24])
def test_a_file_that_is_not_the_samplers_leaves_the_program_alone(size: int, tmp_path: Path) -> None:
    with (tmp_path / "other").open("w+b") as other:
        other.truncate(size)
        env = {**os.environ, "LD_PRELOAD": str(PRELOAD), DESCRIPTOR: str(other.fileno())}
        done = subprocess.run(
            [built("rules"), "malloc"],
            env=env,
            stdin=subprocess.DEVNULL,
            pass_fds=(other.fileno(),),
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"ready\n", b"")
        other.seek(0)
        assert other.read() == bytes(size)


def test_real_programs_run_as_ever_with_every_block_sampled(tmp_path: Path) -> None:
    program = "import json, re, sqlite3, threading, ctypes, decimal; print(len(json.dumps(list(range(200000)))), sum(hash(str(i)) % 7 >= 0 for i in range(50000)))"
    assert output([sys.executable, "-c", program]) == "1488890 50000\n"
    (tmp_path / "lines").write_text("".join(f"{i * 7919 % 100003}\n" for i in range(100003)))
    assert output(["sort", "-n", str(tmp_path / "lines")]).split() == [str(i) for i in range(100003)]


def test_memory_of_another_allocator_is_sampled_too() -> None:
    library = next(
        (path for name in ("libjemalloc.so.2", "libtcmalloc_minimal.so.4") for path in Path("/usr/lib").rglob(name)),
        None,
    )
    if library is None:
        pytest.skip("needs jemalloc or tcmalloc")
    with Preloaded(ALL) as tables:
        env = tables.environment({**os.environ, "LD_PRELOAD": str(library)})
        done = subprocess.run(
            [built("rules"), "realloc_moved"],
            env=env,
            stdin=subprocess.DEVNULL,
            pass_fds=(tables.descriptor,),
            check=False,
        )
    assert done.returncode == 0


def test_a_sampler_that_is_off_counts_nothing() -> None:
    with Preloaded(ALL, state=State.OFF) as tables:
        env = tables.environment(os.environ)
        subprocess.run(
            [built("rules"), "malloc"], env=env, stdin=subprocess.DEVNULL, pass_fds=(tables.descriptor,), check=True
        )
        assert tables.read(1 << 17, 1 << 22) == bytes(1 << 22)


def test_a_missing_sampler_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import memwhy.native.preloaded as preloaded

    monkeypatch.setattr(preloaded, "PRELOAD", tmp_path / "sampler-preload.so")
    with pytest.raises(MemwhyError, match="not installed"):
        Preloaded()
    assert IMAGE.exists()


def test_tables_of_a_program_that_has_ended_can_still_be_read() -> None:
    with sampled([built("rules"), "malloc"]) as running:
        assert running.end() == 0
        assert running.snapshot().outstanding_bytes == 1000
