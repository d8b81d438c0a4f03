"""`memwhy compare` on real pairs: a service that leaks behind cgo and the same one built without, profiles, pages."""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from memwhy_command import IDLE, process_of, run_memwhy

sys.path.insert(0, str(Path(__file__).parents[2] / "specimens"))
from run import SpecimenFailed, running

EVIDENCE = Path(__file__).parents[1] / "evidence"
ODDS = ("-rate", "120", "-cancelled", "0.15")
PAGE = """root@{host}:~# free -m
              total        used        free      shared  buff/cache   available
Mem:           7821        {used}        4000          10        1000        5000
"""


def record(variant: str, path: Path, env: dict[str, str] | None = None) -> None:
    """Record a variant of the scraper for some seconds."""
    with running("odds-scraper", variant, *ODDS, env=env) as specimen:
        done = run_memwhy("record", str(specimen.pid), "--for", "10s", "-o", path, "-q")
    assert done.code == 0, done.err


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The scraper with libxml2 behind cgo, and the scraper built with CGO_ENABLED=0."""
    folder = tmp_path_factory.mktemp("pair")
    paths = folder / "cloud.memwhy", folder / "laptop.memwhy"
    try:
        with ThreadPoolExecutor(2) as pool:
            for done in [
                pool.submit(record, variant, path) for variant, path in zip(("guilty", "pure"), paths, strict=True)
            ]:
                done.result()
    except SpecimenFailed as problem:
        pytest.skip(str(problem))
    return paths


def compared(*arguments: str | Path) -> dict[str, Any]:
    done = run_memwhy("compare", *arguments, "--format", "json", "-q")
    assert done.code == 0, done.err
    answer: dict[str, Any] = json.loads(done.out)
    assert answer["schema"] == "memwhy/comparison/1"
    return answer


@pytest.mark.specimen
def test_the_two_hosts_are_told_that_cgo_is_what_differs_and_the_host_is_not(pair: tuple[Path, Path]) -> None:
    answer = compared(*pair)
    assert answer["heavier"] == "A"
    assert answer["total"]["pace_gap"]["low"] > 0
    assert answer["layers"][0]["metric"] == "layer.native_arenas_bytes"
    ranked = [row["kind"] for row in answer["differences"] if row["bytes"]]
    assert ranked[:2] == ["cgo", "libraries.one"]
    native = sum(row["a"] - row["b"] for row in answer["layers"] if row["metric"].startswith("layer.native"))
    assert answer["differences"][0]["bytes"] >= native > 0
    assert not {"kernel", "thp", "os", "go", "gomaxprocs", "libc"} & {row["kind"] for row in answer["differences"]}
    assert any(word.startswith("kernel ") for word in answer["same"])
    assert "What could explain most of it: cgo, on in A against off in B." in answer["headline"]


@pytest.mark.specimen
def test_every_format_says_the_same_and_text_fits_a_terminal(pair: tuple[Path, Path]) -> None:
    text, markdown = (run_memwhy("compare", *pair, "-v", "-q", "--format", form).out for form in ("text", "markdown"))
    assert max(map(len, text.splitlines())) <= 80
    for answer in (text, markdown):
        assert "cgo" in answer and "libxml2" in answer and "GOMAXPROCS" in answer
    swapped = compared(*reversed(pair))
    assert (swapped["heavier"], next(row["kind"] for row in swapped["differences"])) == ("B", "cgo")


@pytest.mark.specimen
def test_settings_of_the_environment_are_told_and_a_smaller_one_explains_nothing(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    tuned = tmp_path / "tuned.memwhy"
    record("guilty", tuned, env={"MALLOC_ARENA_MAX": "2", "GOGC": "400", "GOMAXPROCS": "1"})
    rows = {row["kind"]: row for row in compared(pair[0], tuned)["differences"]}
    assert rows.keys() == {"arenas", "gogc", "gomaxprocs"}
    assert (rows["gogc"]["a"], rows["gogc"]["b"]) == ("not set", "400")
    assert rows["arenas"]["b"] == "at most 2 (MALLOC_ARENA_MAX)"


@pytest.mark.specimen
def test_a_recording_and_itself_do_not_differ(pair: tuple[Path, Path]) -> None:
    answer = compared(pair[0], pair[0])
    assert (answer["differences"], answer["total"]["a"]) == ([], answer["total"]["b"])
    assert not any(row["proven"] for row in answer["profiles"])


def test_bundles_tell_libraries_and_cpus(tmp_path: Path) -> None:
    bundle = tmp_path / "one.memwhy"
    with process_of(IDLE) as target:
        assert run_memwhy("bundle", str(target.pid), "--for", "1s", "-q", "-o", bundle).code == 0
    for source in ("proc/libraries", "proc/cpus"):
        assert run_memwhy("dump", bundle, "--source", source).out
    same = compared(bundle, bundle)["same"]
    assert any(word.startswith("CPUs ") for word in same)


def test_profiles_and_pages_are_compared_and_several_inputs_make_one_side(tmp_path: Path) -> None:
    heap = EVIDENCE / "go-1.26" / "heap.pb.gz"
    kinds = {one["kind"]: one["proven"] for one in compared(heap, EVIDENCE / "go-1.26" / "heap.txt")["profiles"]}
    assert kinds == {"inuse_space": 0}
    for host, used in (("cloud", (500, 504, 508, 512)), ("desk", (4386, 4386, 4386, 4386))):
        (tmp_path / host).write_text("".join(PAGE.format(host=host, used=one) for one in used))
    answer = compared(f"{tmp_path / 'cloud'},{heap}", tmp_path / "desk")
    assert answer["headline"].startswith("A grows 4.0 MiB a reading faster than B.")
    assert [(one["weight"], one["about"]) for one in answer["cautions"]] == [("refused", "sizes")]


def test_a_redacted_comparison_names_no_host(tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_text(
        "".join(PAGE.format(host="db7", used=one) for one in (500, 504, 508)) + PAGE.format(host="db8", used=900)
    )
    plain, masked = (run_memwhy("compare", page, page, "-q", *more).out for more in ((), ("--redact",)))
    assert "compared is host db8" in " ".join(plain.split())
    assert "db8" not in masked and "host-1" in masked


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("/no/such", "/no/such"), "No such file or directory"),
        (("-", "/no/such"), "compare wants two files"),
        ((",", "/no/such"), "compare wants two files"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_line(arguments: tuple[str, ...], said: str) -> None:
    done = run_memwhy("compare", *arguments)
    assert (done.code, "Traceback" in done.err) == (2, False)
    assert said in done.err


def test_random_bytes_are_no_evidence(tmp_path: Path) -> None:
    noise = tmp_path / "noise"
    noise.write_bytes(bytes(range(256)) * 16)
    done = run_memwhy("compare", noise, EVIDENCE / "go-1.26" / "heap.txt")
    assert (done.code, done.out) == (2, "")


KEEPING = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define BLOCKS 60000
static char *kept[BLOCKS];
int main(void) {
    for (int i = 0; i < BLOCKS; i++) memset(kept[i] = malloc(400), 1, 400);
    for (int i = 0; i < BLOCKS; i++) if (i % 8) free(kept[i]);
    puts("ready");
    fflush(stdout);
    return getchar() == 'x';
}
"""


def bundled(command: list[str | Path], path: Path, env: dict[str, str] | None = None) -> Path:
    """A bundle of a program that has said that it is ready."""
    started = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "env": {**os.environ, **(env or {})}}
    with subprocess.Popen(command, **started) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == b"ready\n"
            done = run_memwhy("bundle", str(process.pid), "--for", "3s", "-q", "-o", path)
        finally:
            process.kill()
    assert done.code == 0, done.err
    return path


def compiled(compiler: str, folder: Path) -> Path:
    program = folder / f"keeping-{compiler}"
    if shutil.which(compiler) is None:
        pytest.skip(f"needs {compiler}")
    command = [compiler, "-O1", "-xc", "-", "-o", program]
    subprocess.run(command, input=KEEPING.encode(), check=True, capture_output=True)
    return program


def test_glibc_against_musl_is_bounded_by_what_malloc_keeps(tmp_path: Path) -> None:
    a, b = (bundled([compiled(compiler, tmp_path)], tmp_path / f"{compiler}.memwhy") for compiler in ("cc", "musl-gcc"))
    answer = compared(a, b)
    rows = {row["kind"]: row for row in answer["differences"]}
    assert rows["libc"]["a"].startswith("glibc 2.") and rows["libc"]["b"].startswith("musl 1.")
    native = ("native_heap", "native_arenas", "anonymous")
    gap = sum(row["a"] - row["b"] for row in answer["layers"] if row["metric"][6:-6] in native)
    assert rows["libc"]["bytes"] <= abs(gap)  # what one has in [heap] and the other mapped is one thing
    if answer["heavier"] == "A":
        assert rows["libc"]["because"][-1].startswith("malloc keeps ")


def test_another_allocator_is_told_by_its_library(tmp_path: Path) -> None:
    jemalloc = next((name for name in ("libjemalloc.so.2", "libjemalloc.so") if _loads(name)), None)
    if jemalloc is None:
        pytest.skip("needs libjemalloc")
    program = compiled("cc", tmp_path)
    a = bundled([program], tmp_path / "glibc.memwhy")
    b = bundled([program], tmp_path / "jemalloc.memwhy", {"LD_PRELOAD": jemalloc})
    rows = {row["kind"]: row for row in compared(a, b)["differences"]}
    assert (rows["allocator"]["a"], rows["allocator"]["b"]) == ("that of the C library", "jemalloc")
    assert (rows["preload"]["a"], rows["preload"]["b"]) == ("not set", jemalloc)
    assert "arenas" not in rows and "libc" not in rows


def _loads(name: str) -> bool:
    """Whether the loader finds it; it complains on standard error where it does not."""
    done = subprocess.run(["/bin/true"], env={"LD_PRELOAD": name}, capture_output=True, check=False)
    return not done.stderr
