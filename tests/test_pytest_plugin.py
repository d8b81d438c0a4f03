"""The pytest plugin, in pytest runs of their own: Python and C that leak, and functions that do not."""

import importlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from memwhy_command import PACKAGES, environment

pytest_plugins = ("pytester",)

ROOT = Path(__file__).resolve().parent.parent
PLUGIN = ("-p", "no:memwhy", "-p", "memwhy.pytest_plugin", "-p", "no:cacheprovider", "-p", "no:xdist")
"""By its module's name, whether or not the package is installed."""

LEAKS = """
import ctypes
import pytest

malloc = ctypes.CDLL(None).malloc
kept = []

def test_python(growth):
    growth(lambda: kept.append(bytes(2000)), calls=3000)

def test_c(growth):
    growth(lambda: malloc(2000), calls=3000)

@pytest.mark.memwhy(max_growth="1MiB/1000 calls", calls=1000)
def test_itself():
    kept.append(bytearray(5000))

@pytest.mark.memwhy(max_growth="100k/call", calls=1000)
def test_limit_of_the_mark_for_the_fixture(growth):
    growth(lambda: kept.append(bytearray(5000)))
"""
INNOCENT = """
import ctypes
import pytest

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, (ctypes.c_void_p,)

@pytest.fixture
def size():
    return 2000

def test_python(growth, size):
    growth(lambda: [bytes(size) for _ in range(20)], calls=3000)

def test_c(growth, size):
    growth(lambda: libc.free(libc.malloc(size)), calls=3000)

def test_cycles(growth):
    def call():
        one = [bytes(500)]
        one.append(one)
    growth(call, calls=3000)

@pytest.mark.memwhy("1MiB/1000 calls", calls=1000)
@pytest.mark.parametrize("count", [1, 7])
def test_itself(size, count, tmp_path):
    assert tmp_path.is_dir()
    bytearray(size * count)
"""
UNDECIDED = """
import pytest

@pytest.mark.memwhy(max_growth="1B/call", calls=9{more})
def test_few_calls():
    pass
"""


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(PACKAGES))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)


@pytest.mark.usefixtures("packages")
def test_what_leaks_fails_with_its_figures(pytester: pytest.Pytester):
    pytester.makepyfile(LEAKS)
    done = pytester.runpytest_subprocess(*PLUGIN, "--strict-markers", "-W", "error")
    done.assert_outcomes(failed=3, passed=1)
    done.stdout.fnmatch_lines(
        [
            "memwhy: Growth above +64 B/call is shown. RSS: +[12].? KiB/call, surely between *",
            "memwhy: Growth above +64 B/call is shown. RSS: +[12].? KiB/call, surely between *",
            "memwhy: Growth above +1.0 KiB/call is shown. RSS: +*",
        ]
    )


@pytest.mark.usefixtures("packages")
def test_what_keeps_nothing_passes(pytester: pytest.Pytester):
    pytester.makepyfile(INNOCENT)
    pytester.runpytest_subprocess(*PLUGIN, "--strict-markers", "-W", "error").assert_outcomes(passed=5)


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize(
    ("more", "ini", "outcome"),
    [
        ("", "skip", {"skipped": 1}),
        (', undecided="xfail"', "skip", {"xfailed": 1}),
        (', undecided="fail"', "skip", {"failed": 1}),
        ("", "xfail", {"xfailed": 1}),
        ("", "pass", {"passed": 1}),
    ],
)
def test_the_undecided_goes_the_way_that_was_chosen(
    pytester: pytest.Pytester, more: str, ini: str, outcome: dict[str, int]
):
    pytester.makepyfile(UNDECIDED.format(more=more))
    pytester.makeini(f"[pytest]\nmemwhy_undecided = {ini}\n")
    done = pytester.runpytest_subprocess(*PLUGIN, "-rsx")
    done.assert_outcomes(**outcome)
    if ini != "pass":
        done.stdout.fnmatch_lines(["*these data cannot decide*"])


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('"1MiB/min"', "is per time, and calls are what is counted"),
        ('"lots"', "is not a rate"),
        ('"64B/request"', "is not per call, and calls are what is counted"),
        ('calls="many"', "calls='many'"),
        ('undecided="never"', "one of skip, xfail, fail, pass"),
        ('limit="1k/call"', "memwhy takes max_growth, calls, seconds, undecided; not limit"),
    ],
)
def test_a_mark_that_makes_no_sense_fails_in_a_line(pytester: pytest.Pytester, given: str, said: str):
    pytester.makepyfile(f"import pytest\n@pytest.mark.memwhy({given})\ndef test_it(): pass\n")
    done = pytester.runpytest_subprocess(*PLUGIN)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines([f"*{said}*"])
    done.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.usefixtures("packages")
def test_what_the_test_itself_asserts_fails_as_ever(pytester: pytest.Pytester):
    pytester.makepyfile("import pytest\n@pytest.mark.memwhy\ndef test_it(): assert 1 == 2\n")
    done = pytester.runpytest_subprocess(*PLUGIN)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E*assert 1 == 2"])


UNMEASURED = """
import unittest
import pytest

kept = []

class TestOld(unittest.TestCase):
    @pytest.mark.memwhy(calls=100)
    def test_method(self):
        kept.append(bytes(100_000))

    @pytest.mark.memwhy
    def test_skips(self):
        self.skipTest("of its own")

@pytest.mark.memwhy
def test_fixture_that_is_not_called(growth):
    pass

async def forgets(): pass

def test_coroutine(growth):
    growth(forgets)

@pytest.mark.memwhy
async def test_async(): pass
"""


@pytest.mark.usefixtures("packages")
def test_what_cannot_be_measured_fails_and_never_passes(pytester: pytest.Pytester):
    pytester.makepyfile(UNMEASURED)
    done = pytester.runpytest_subprocess(*PLUGIN, "-p", "no:asyncio", "-p", "no:anyio")
    done.assert_outcomes(failed=4, skipped=1)
    done.stdout.fnmatch_lines(
        [
            "*the marker memwhy measured nothing: it takes plain test functions*",
            "*the marker memwhy measured nothing: it takes plain test functions*",
            "memwhy: the call returns a coroutine and runs nothing (*asyncio.run*)",
            "the marker memwhy cannot call an async test; *asyncio.run*",
        ]
    )


AGED = """
kept = []

def test_leaves_much_that_is_freed():
    aged = [bytes(200) for _ in range(60_000)]
    kept.extend(aged[::50])

def test_leaks(growth):
    growth(lambda: kept.append(bytes(200)), calls=800)

def test_keeps_nothing(growth):
    growth(lambda: bytes(200), calls=800)
"""


@pytest.mark.usefixtures("packages")
def test_a_leak_into_memory_that_an_earlier_test_freed_fails(pytester: pytest.Pytester):
    pytester.makepyfile(AGED)
    done = pytester.runpytest_subprocess(*PLUGIN, "-W", "error")
    done.assert_outcomes(failed=1, passed=2)
    done.stdout.fnmatch_lines(["*memwhy: Growth above +64 B/call is shown. *"])


def test_its_start_imports_nothing_of_memwhy_but_itself():
    code = "import sys, memwhy.pytest_plugin; print(sorted(m for m in sys.modules if m.startswith('memwhy')))"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['memwhy', 'memwhy.pytest_plugin']"


def test_the_package_names_it_to_pytest():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module = importlib.import_module(project["entry-points"]["pytest11"]["memwhy"])
    assert module.__name__ == "memwhy.pytest_plugin"
