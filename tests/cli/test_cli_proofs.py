"""verify and check on real processes: exit codes are the answer, and the answer is right."""

import json
import sys
from pathlib import Path

import pytest
from memwhy_command import Done, run_memwhy

LEAK = """
import time
kept = []
while True:
    kept.append(bytearray(256 << 10))
    time.sleep(0.1)
"""
QUIET = """
import time
while True:
    bytearray(256 << 10)
    time.sleep(0.1)
"""


def check(program: str, *options: str) -> Done:
    watch = ("--for", "8s", "--after", "1s", "--quiet", "--no-inside", "--no-probe")
    return run_memwhy("check", "--max-growth", "20MiB/min", *watch, *options, "--", sys.executable, "-c", program)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each program's recording, and what the gate said while it was made."""
    folder = tmp_path_factory.mktemp("proofs")
    codes = {}
    for name, program in (("leak", LEAK), ("quiet", QUIET)):
        codes[name] = check(program, "-o", str(folder / f"{name}.memwhy")).code
    assert codes == {"leak": 1, "quiet": 0}
    return {name: folder / f"{name}.memwhy" for name in codes}


def test_the_fix_is_proven_and_the_unfixed_is_not(recordings: dict[str, Path]):
    leak, quiet = (str(recordings[name]) for name in ("leak", "quiet"))
    assert [run_memwhy("verify", leak, other).code for other in (quiet, leak)] == [0, 1]
    assert run_memwhy("verify", quiet, leak).code == 1


def test_a_recording_can_be_checked_again_in_every_format(recordings: dict[str, Path]):
    for form in ("text", "markdown", "json"):
        done = run_memwhy("check", str(recordings["leak"]), "--max-growth", "20MiB/min", "--format", form)
        assert (done.code, done.err) == (1, "")
        assert "+20.0 MiB/min is shown." in done.out


def test_the_answer_in_json_has_both_paces(recordings: dict[str, Path]):
    done = run_memwhy("verify", str(recordings["leak"]), str(recordings["quiet"]), "--format", "json")
    answer = json.loads(done.out)
    assert (answer["schema"], answer["outcome"], answer["reason"]) == ("memwhy/verification/1", "proven", "stopped")
    assert answer["total"]["before"]["low"] > answer["total"]["after"]["high"]


def test_too_short_a_look_is_undecided():
    done = run_memwhy(
        "check", "--max-growth", "1k/h", "--for", "3s", "-q", "--", sys.executable, "-c", LEAK.replace("0.1", "9")
    )
    assert done.code == 4, done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "1", "--max-growth", "1MiB"), "is not a rate"),
        (("check", "1", "--max-growth", "0/s"), "can never be proven"),
        (("check", "--max-growth", "1MiB/s"), "nothing to check was given"),
        (("check", "no-such", "program", "--max-growth", "1MiB/s"), "a process is one word"),
        (("check", "--max-growth", "1MiB/s", "--", "/no/such/program"), "No such file or directory"),
        (("verify", "/no/such", "/no/such"), "No such file or directory"),
        (("verify", "a", "b", "--residue", "200"), "no percentage"),
        (("verify", "a", "b", "--work", "0", "3"), "two counts"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_line(arguments: tuple[str, ...], said: str):
    done = run_memwhy(*arguments)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err
