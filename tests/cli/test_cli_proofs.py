"""verify and check on real processes: exit codes are the answer, and the answer is right."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from browser import Browser
from memwhy_command import Done, environment, run_memwhy

LEAK = """
import time
kept = []
while True:
    kept.append(bytearray(256 << 10))
    time.sleep(0.1)
"""
TWO_LEAKS = LEAK.replace("kept = []", "import mmap\nkept = []").replace(
    "    time.sleep", "    kept.append(mmap.mmap(-1, 256 << 10))\n    kept[-1].write(bytes(256 << 10))\n    time.sleep"
)
"""The same, and as much again in memory that is shared."""
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
    for name, program in (("leak", LEAK), ("quiet", QUIET), ("two", TWO_LEAKS)):
        codes[name] = check(program, "-o", str(folder / f"{name}.memwhy")).code
    assert codes == {"leak": 1, "quiet": 0, "two": 1}
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


def test_growth_per_piece_of_work_is_held_against_a_count_and_a_file(recordings: dict[str, Path], tmp_path: Path):
    """The leak keeps 256 KiB ten times a second: some 80 pieces in eight seconds."""
    pieces = tmp_path / "pieces.csv"
    pieces.write_text("seconds,pieces\n0,0\n" + "".join(f"{second},{second * 10}\n" for second in range(1, 60)))
    for work in ("80", str(pieces)):
        codes = [
            run_memwhy("check", str(recordings[name]), "--max-growth", limit, "--work", work).code
            for name, limit in (("leak", "100k/piece"), ("leak", "1MiB/piece"), ("quiet", "100k/piece"))
        ]
        assert codes == [1, 0, 0]
    done = run_memwhy("verify", *(str(recordings[name]) for name in ("leak", "quiet")), "--work", str(pieces), "80")
    assert done.code == 0, done.out
    assert "RSS per piece" in done.out
    assert run_memwhy("check", str(recordings["leak"]), "--max-growth", "1k/request").code == 4


def test_nothing_is_proven_where_the_unfixed_build_does_not_leak_beside_the_fix(recordings: dict[str, Path]):
    leak, quiet = (str(recordings[name]) for name in ("leak", "quiet"))
    absent = run_memwhy("verify", leak, quiet, "--control", quiet, "--format", "json")
    assert (absent.code, json.loads(absent.out)["reason"]) == (1, "trigger-absent")
    for form in ("text", "markdown"):
        there = run_memwhy("verify", leak, quiet, "--control", leak, "--format", form)
        assert there.code == 0
        assert "unfixed, beside it" in there.out


def test_a_fix_for_one_leak_of_two_is_told_with_what_is_left(recordings: dict[str, Path]):
    done = run_memwhy("verify", str(recordings["two"]), str(recordings["leak"]), "--format", "json")
    answer = json.loads(done.out)
    assert (done.code, answer["reason"], answer["gone"]) == (1, "partly", ["shared memory"])
    assert [one["what"] for one in answer["left"]] == ["other anonymous"]
    assert "What is left: other anonymous." in answer["headline"]


SERVICE = """
import http.server, sys, threading, urllib.request
kept, served, size = [], 0, int(sys.argv[1])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global served
        body = b"ok"
        if self.path == "/metrics":
            body = b'# TYPE http_requests_total counter\\nhttp_requests_total{code="200"} %d\\n' % served
        elif self.path == "/debug/pprof/symbol":
            body = b"num_symbols: 1\\n"
        elif self.path == "/":
            served += 1
            kept.append(bytearray(size))
        self.send_response(200 if body != b"ok" or self.path == "/" else 404)
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
pause = threading.Event()
while True:
    urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/").read()
    pause.wait(0.005)
"""


def test_a_service_is_held_against_a_limit_per_request_that_it_counts_itself(tmp_path: Path):
    """Its counter is asked beside profiles, and shows up with the first request only."""
    program = tmp_path / "service.py"
    program.write_text(SERVICE)
    watch = ("--for", "25s", "--after", "2s", "--quiet", "--no-inside", "--format", "json")
    command = ("--", sys.executable, str(program), "50000")
    done = run_memwhy("check", "--max-growth", "5k/request", *watch, *command)
    answer = json.loads(done.out)
    assert (done.code, answer["pace"]["per"], answer["pace"]["unit"]) == (1, "work", "request")
    assert 25_000 < answer["pace"]["slope"] < 75_000


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
        (("verify", "a", "b", "--work", "0", "3"), "that is no count of what was done"),
        (("verify", "a", "b", "--work", "9", "load.txt"), "neither a count nor a file"),
        (("verify", "a", "b", "--control-work", "9"), "there is none"),
        (("verify", "a", "b", "--work", __file__, "3"), "neither a count, nor lines"),
        (("verify", "a", "b", "--after", "soon"), "is not a duration"),
        (("check", "1", "--max-growth", "1MiB/0 calls"), "can never be proven"),
        (("check", "1", "--max-growth", "1MiB/s", "--work", "9"), "for a limit per piece of work"),
        (
            ("check", "--max-growth", "1k/call", "--work", "load.txt", "--", "/no/such/program"),
            "neither a count nor a file",
        ),
        (("check", "--max-growth", "1k/call", "--work", "/", "--", "/no/such/program"), "--work / cannot be read"),
        (("check", "1", "--max-growth", "1MiB/week"), "write the time as one of s, min, h, day"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_line(arguments: tuple[str, ...], said: str):
    done = run_memwhy(*arguments)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err


PAGE = Path(__file__).resolve().parents[2] / "docs" / "verify.md"


def lines_for_ci() -> str:
    """The shell lines that the page about proofs gives for CI."""
    return PAGE.read_text().split("```sh\n")[1].split("```")[0]


@pytest.mark.parametrize(("program", "passes"), [(LEAK, False), (QUIET, True)])
def test_the_documented_lines_for_ci_fail_a_build_that_grows(program: str, passes: bool, tmp_path: Path):
    (tmp_path / "service.py").write_text(program)
    command = tmp_path / "memwhy"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m memwhy "$@"\n')
    command.chmod(0o755)
    settings = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "SERVER": f"{sys.executable} service.py",
        "LIMIT": "20MiB/min",
        "WATCH": "20s",
        "START": "3s",
    }
    done = subprocess.run(
        ["bash", "-e", "-c", lines_for_ci()],
        env=environment(settings),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert (done.returncode == 0) is passes, done.stdout + done.stderr
    assert ("is excluded" if passes else "is shown") in done.stdout
    assert (tmp_path / "growth.memwhy").exists()


def test_the_documented_job_runs_the_same_lines():
    job = PAGE.read_text().split("```yaml\n")[1].split("```")[0]
    script = job.split("run: |\n")[1].split("      - if:")[0]
    assert textwrap.dedent(script) == lines_for_ci()


def test_a_page_says_what_the_text_says_and_the_exit_code_is_the_same(
    recordings: dict[str, Path], browser: Browser, tmp_path: Path
):
    leak, quiet, path = str(recordings["leak"]), str(recordings["quiet"]), tmp_path / "page.html"
    for command in (("verify", leak, quiet), ("compare", leak, quiet), ("check", leak, "--max-growth", "20MiB/min")):
        said = run_memwhy(*command, "--format", "json")
        drawn = run_memwhy(*command, "--format", "html", *(("-o", path) if command[0] != "check" else ()))
        assert (drawn.code, drawn.err) == (said.code, said.err)
        if drawn.out:
            path.write_text(drawn.out)
        page = browser.page(path)
        assert page.evaluate("document.querySelector('h1').textContent") == json.loads(said.out)["headline"]
        assert (page.errors, page.requests) == ([], [path.as_uri()])
        assert page.evaluate("document.querySelectorAll('#courses polyline').length") >= len(command) - 2
        page.close()


def test_a_redacted_page_of_a_comparison_names_no_private_thing(recordings: dict[str, Path], tmp_path: Path):
    secret = tmp_path / "ghp_0123456789abcdefghijABCDEFGHIJ012345.memwhy"
    secret.write_bytes(recordings["leak"].read_bytes())
    command = ("compare", secret, recordings["quiet"], "--format", "html")
    assert secret.name in run_memwhy(*command).out
    assert "ghp_" not in run_memwhy(*command, "--redact").out
