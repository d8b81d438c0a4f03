"""Every example of every command, and of `memwhy --help`, is run for real, by a shell, on what its names stand for."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from memwhy_command import command, environment, run_memwhy

from memwhy.cli.examples import EXAMPLES

ROOT = Path(__file__).resolve().parents[2]
EVIDENCE = ROOT / "tests" / "evidence"
sys.path.insert(0, str(ROOT / "specimens"))
from run import SpecimenFailed, binary_of, ensure_built, first_line  # noqa: E402  (no package)

pytestmark = pytest.mark.specimen

LEAK = "import time\nkept = []\nwhile True:\n    kept.append(bytearray(256 << 10))\n    time.sleep(0.05)\n"
QUIET = "import time\nwhile True:\n    bytearray(256 << 10)\n    time.sleep(0.05)\n"
RECORDINGS = {"before": LEAK, "after": QUIET, "control": LEAK}
OTHERS = {"cloud": "before", "laptop": "after"}
CODES = {"check": {0, 1, 4}, "lint": {0, 1}, "deps": {0, 1}, "verify": {0, 1}}
"""Codes of an answer: a gate's depends on how it went, and the rest answer with 0."""
SHORT_S = 2
LEAKING_SOURCE = """\
package main

import "net/http"

func fetch(url string) error {
	answer, err := http.Get(url)
	if err != nil {
		return err
	}
	if answer.StatusCode != 200 {
		return nil
	}
	return answer.Body.Close()
}

func main() { _ = fetch("http://localhost") }
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody's own names are: files by name, a process that runs, and the port at which it listens."""

    folder: Path
    pid: int
    port: str


def examples() -> list[tuple[str, str]]:
    """(command, line) of them all, each once."""
    rows = [(name, line) for name, lines in EXAMPLES.items() for line, _ in lines]
    shown = re.findall(r"^  (memwhy (\w+) .*?)  +\S", run_memwhy("--help").out, re.MULTILINE)
    rows += [(name, line.strip()) for line, name in shown]
    return list(dict.fromkeys(rows))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A Go program called crawler that leaks through cgo and has a pprof endpoint, and files by every name."""
    folder = tmp_path_factory.mktemp("place")
    try:
        ensure_built("cgo-strings", binary_of("cgo-strings", "guilty")[0])
    except SpecimenFailed as problem:
        pytest.skip(str(problem))
    _write(folder)
    program = shutil.copy(binary_of("cgo-strings", "guilty")[0], folder / "bin" / "crawler")
    line = [program, "-attached", "-pprof", "127.0.0.1:0", "-for", "1h"]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as crawler:
        try:
            ready = first_line(crawler, 60)
            _record(folder, crawler.pid)
            yield Place(folder, crawler.pid, re.search(r"pprof=http://[^ ]*:(\d+)", ready)[1])  # type: ignore[index]
        finally:
            crawler.kill()


def _write(folder: Path) -> None:
    shutil.copy(EVIDENCE / "pasted" / "odds-page.txt", folder / "post.txt")
    shutil.copy(EVIDENCE / "pasted" / "heap.pb.gz", folder / "heap.pb.gz")
    shutil.copy(EVIDENCE / "dependencies" / "bills" / "module.cdx.json", folder / "bom.json")
    shutil.copytree(EVIDENCE / "smaps-go-1.26-cgo-pie", folder / "captures")
    (folder / "go.mod").write_text("module example.org/crawler\n\ngo 1.24\n")
    (folder / "main.go").write_text(LEAKING_SOURCE)
    for name in (".zfunc", ".config/fish/completions", "bin"):
        (folder / name).mkdir(parents=True)
    ours = folder / "bin" / "memwhy"
    ours.write_text(f'#!/bin/sh\nexec {" ".join(command([]))} "$@"\n')
    ours.chmod(0o755)


def _record(folder: Path, crawler: int) -> None:
    """All recordings at once, eight seconds of each: of the crawler, and of processes that leak or do not."""
    watch = ("--for", "8s", "-q")
    lines = [("record", "--native", *watch, "-o", str(folder / "crawler.memwhy"), str(crawler))]
    for name, program in RECORDINGS.items():
        outside = ("--no-inside", "--no-probe", "-o", str(folder / f"{name}.memwhy"))
        lines.append(("run", *watch, *outside, "--", sys.executable, "-c", program))
    started = [subprocess.Popen(command(line), stdout=subprocess.DEVNULL, env=environment()) for line in lines]
    assert [one.wait(120) for one in started] == [0] * len(started)
    for name, of in OTHERS.items():
        shutil.copy(folder / f"{of}.memwhy", folder / f"{name}.memwhy")


def meant(line: str, place: Place) -> str:
    """The line with the names of this place, and as short as a test may take."""
    line = re.sub(r"\b4711\b", str(place.pid), line).replace("localhost:6060", f"127.0.0.1:{place.port}")
    line = re.sub(r"--for \d+(?=[smh])[smh]", f"--for {SHORT_S}s", line)
    if "--for " not in line:
        line = re.sub(r"^memwhy (watch|bundle|record|check)\b", rf"memwhy \1 --for {SHORT_S}s", line)
        line = re.sub(r"^memwhy inspect\b", "memwhy inspect --for 300ms", line)
    line = re.sub(r"\./crawler( --fast)?$", f"./crawler -for {SHORT_S}s", line) if " -- " in line else line
    return line.replace("free -m -s 1", "free -m -s 0.1")


@pytest.mark.parametrize(("name", "line"), examples(), ids=lambda value: value)
def test_an_example_does_what_it_says(name: str, line: str, place: Place, tmp_path: Path):
    folder = tmp_path / "here"
    shutil.copytree(place.folder, folder, copy_function=os.link)
    made = re.search(r"(?:-o|>|--heap-profile|--retention) (\S+)", line)
    path = None if made is None else folder / made[1].replace("~", ".").lstrip("/")
    if path is not None:
        path.unlink(missing_ok=True)
    if "./crawler" in line:
        (folder / "crawler").hardlink_to(folder / "bin" / "crawler")
    if "core.4711" in line:
        _core(folder, place.pid)
    ours = environment({"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)})
    done = subprocess.run(
        ["/bin/sh", "-c", meant(line, place)],
        cwd=folder,
        env=ours,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode in CODES.get(name, {0}), f"{meant(line, place)}: {done.stderr}"
    answer = (
        done.stdout
        if path is None or name in ("watch", "run", "inspect")
        else path.read_bytes().decode(errors="replace")
    )
    if name == "bundle" and path is None:
        answer = "".join(one.name for one in folder.glob(f"memwhy-{place.pid}-*.memwhy"))
    assert answer.strip()
    assert path is None or path.stat().st_size
    if "json" in line.split("--format")[-1].split()[:1] or "--json" in line:
        json.loads(done.stdout)


def _core(folder: Path, pid: int) -> None:
    """A small core under the name that the example has: of the shell's sleep, for the crawler's own is large."""
    if shutil.which("gcore") is None:
        pytest.skip("needs gdb's gcore")
    with subprocess.Popen(["sleep", "600"]) as process:
        done = subprocess.run(["gcore", "-o", folder / "core", str(process.pid)], capture_output=True, check=False)
        process.kill()
    if done.returncode:
        pytest.skip("gcore may not attach here")
    (folder / f"core.{process.pid}").rename(folder / f"core.{pid}")
