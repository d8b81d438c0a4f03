"""What is misspelt is answered with what was meant, in one line; what is like nothing is not guessed at."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memwhy_command import Done, run_memwhy
from process_names import called

from memwhy.cli import COMMANDS
from memwhy.cli.parsing import Parser, refuse_mistakes
from memwhy.cli.suggesting import near_path, nearest
from memwhy.model.errors import UsageError

NAME = "crawler-of-suggestions"


@pytest.fixture(scope="module")
def crawler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with called(NAME, tmp_path_factory.mktemp("programs")) as pid:
        yield pid


def answered(done: Done) -> tuple[int, str, list[str]]:
    return done.code, done.out, done.err.splitlines()


@pytest.mark.parametrize(
    ("line", "said", "meant"),
    [
        ("watc 1", "'watc' is no command, file or process", "memwhy watch"),
        ("exlpain --fast", "'exlpain' is no command, file or process", "memwhy explain"),
        ("watch 1 --fro 5s", "memwhy watch has no option --fro", "--for"),
        ("record 1 --max-sise=4k", "memwhy record has no option --max-sise", "--max-size"),
        ("explain --json x", "memwhy explain has no option --json", "--format json"),
        ("explain x --format jsno", "--format jsno is not known: one of ", "--format json"),
        ("lint . --fail-on=cretain", "--fail-on cretain is not known: one of suspect, certain, never", "--fail-on certain"),
    ],
)  # fmt: skip
def test_a_misspelt_command_option_or_choice_is_answered_with_the_one_that_was_meant(
    line: str, said: str, meant: str, tmp_path: Path
):
    code, out, err = answered(run_memwhy(*line.split(), cwd=tmp_path))
    assert (code, out) == (2, "")
    assert len(err) == 2
    assert err[0].startswith(f"memwhy: {said}")
    assert err[1] == f"  did you mean {meant}?"


@pytest.mark.parametrize(
    "line",
    [
        "explain {}",
        "explain here.txt {}",
        "{}",
        "inspect {}",
        "check {} --max-growth 1MiB/min",
        "verify here.txt {}",
        "compare {} here.txt",
        "dump {}",
        "deps ./{}",
        "lint . --diagnosis={}",
    ],
)
def test_a_file_that_nearly_exists_is_named(line: str, tmp_path: Path):
    (tmp_path / "before.memwhy").write_bytes(b"")
    (tmp_path / "here.txt").write_text("VmRSS:  1000 kB\nVmRSS:  2000 kB\n")
    (tmp_path / "go.mod").write_text("module example.org/m\n")
    code, out, err = answered(run_memwhy(*line.format("befroe.memwhy").split(), cwd=tmp_path))
    if line == "explain here.txt {}":
        assert "befroe.memwhy" in out + "\n".join(err)
        return
    assert (code in (2, 3), out) == (True, "")
    assert err[-1] == f"  did you mean {'./' if './' in line else ''}before.memwhy?"
    assert len(err) == 2


@pytest.mark.parametrize("command", ["watch", "record -o x.memwhy", "inspect", "bundle", "deps"])
def test_a_process_whose_name_is_nearly_right_is_named_with_its_pid(command: str, crawler: int, tmp_path: Path):
    done = run_memwhy(*command.split(), "crawlre-of-sugestions", cwd=tmp_path)
    assert answered(done) == (
        3,
        "",
        [
            "memwhy: no process is called 'crawlre-of-sugestions'",
            f"  did you mean {NAME} (pid {crawler})?",
        ],
    )


def test_what_is_like_nothing_is_not_guessed_at(tmp_path: Path):
    done = run_memwhy("watch", "no-such-program-of-that-name", cwd=tmp_path)
    assert done.err.splitlines()[1] == "  ps -e lists them; a pid works too"
    done = run_memwhy("explain", "zzz.txt", cwd=tmp_path)
    assert done.err.splitlines()[1] == "  memwhy explain --formats lists what can be read"
    done = run_memwhy("watch", "1", "--colour", cwd=tmp_path)
    assert done.err.splitlines()[1] == "  memwhy watch --help lists its options"


def test_what_belongs_to_a_started_command_is_not_ours_to_judge(tmp_path: Path):
    done = run_memwhy("run", "-q", "--for", "300ms", "--format", "json", "--", "sleep", "--fro", cwd=tmp_path)
    assert "has no option" not in done.err


@given(st.lists(st.text(alphabet="-=abforn ", max_size=8), max_size=6))
def test_any_words_are_options_known_or_refused_in_one_line(words: list[str]):
    parser = Parser(prog="memwhy any")
    parser.add_argument("--for", dest="for_")
    parser.add_argument("--form", choices=("a", "b"))
    parser.add_argument("-o", nargs=2)
    try:
        refuse_mistakes(parser, words)
    except UsageError as error:
        assert "\n" not in error.message
        assert error.help


def test_an_option_with_two_values_does_not_hide_the_next_one():
    parser = Parser(prog="memwhy any")
    parser.add_argument("--work", nargs=2)
    parser.add_argument("rest", nargs=argparse.REMAINDER)
    with pytest.raises(UsageError, match="has no option --wrok"):
        refuse_mistakes(parser, ["--work", "--wrok", "2", "--wrok", "3"])
    refuse_mistakes(parser, ["--work", "--wrok", "2", "cmd", "--wrok"])


@pytest.mark.parametrize(
    ("word", "found"), [("WATCH", "watch"), ("wtach", "watch"), ("watch", None), ("postgres", None), ("", None)]
)
def test_the_nearest_name_is_found_whatever_its_case(word: str, found: str | None):
    assert nearest(word, COMMANDS) == found


def test_the_nearest_path_is_in_the_same_folder(tmp_path: Path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "crawler.log").touch()
    assert near_path(f"{tmp_path}/logs/crawlre.log") == f"{tmp_path}/logs/crawler.log"
    assert near_path(f"{tmp_path}/crawlre.log") is None
    assert near_path(f"{tmp_path}/none/crawler.log") is None


@pytest.mark.parametrize("line", ["{} --for 300ms --tick 100ms --no-probe", "inspect {} --for 0"])
def test_a_process_is_meant_though_its_program_lies_in_this_folder(line: str, tmp_path: Path):
    with called("crawler-of-this-folder", tmp_path) as pid:
        done = run_memwhy(*line.format("crawler-of-this-folder").split(), "-q", "--format", "json", cwd=tmp_path)
        assert done.report["target"]["pid"] == pid
        gate = ("check", "crawler-of-this-folder", "--max-growth", "1GiB/s", "--for", "300ms", "-q", "--no-probe")
        assert run_memwhy(*gate, cwd=tmp_path).code in (0, 4)
        by_path = run_memwhy("inspect", "./crawler-of-this-folder", cwd=tmp_path)
    assert (by_path.code, by_path.err.split(":")[:2]) == (2, ["memwhy", " ./crawler-of-this-folder"])
