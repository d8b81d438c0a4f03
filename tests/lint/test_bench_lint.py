"""The lint bench reads other linters and strangers' labels as they are written, and its page says what was measured."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

import lint_page
import lint_peers
import lint_strangers
from lint_score import Label

EVIDENCE = Path(__file__).resolve().parents[1] / "evidence" / "lint-tools"
COUNTS = {"found": 3, "missed": 1, "false": 1, "precision": 0.75, "recall": 0.75}


def test_findings_of_vet_are_read_with_both_lines_of_lostcancel() -> None:
    read = list(lint_peers._vet((EVIDENCE / "vet.json").read_text()))
    assert [(check, line) for check, _, line, _ in read] == [("lostcancel", 23), ("lostcancel", 26)]
    assert [message.startswith(lint_peers.SECOND_LINE) for *_, message in read] == [False, True]


def test_a_package_that_vet_could_not_check_is_a_problem() -> None:
    text = '# a/b\n{"a/b": {"lostcancel": {"error": "a.go:3:1: undefined: x"}}}\n'
    assert list(lint_peers._vet(text)) == [("compile", "", 0, "a.go:3:1: undefined: x")]


def test_vet_that_breaks_off_is_a_problem_and_no_end() -> None:
    assert [one[0] for one in lint_peers._vet('{"a": {"lostcancel": [')] == ["compile"]


def test_findings_of_staticcheck_are_read_a_line_each() -> None:
    read = [(check, line) for check, _, line, _ in lint_peers._lines((EVIDENCE / "staticcheck.json").read_text())]
    assert read
    assert {check for check, _ in read} <= set(lint_peers.STATICCHECK)


def test_strangers_labels_are_the_comments_and_the_second_line_of_a_finding_is_none(tmp_path: Path) -> None:
    lost = next(source for source in lint_strangers.SOURCES if source.kind == "context")
    path = tmp_path / "a.go"
    path.write_text(
        "package a\n"
        'var cancel1 = f() // want "the cancel1 function is not used on all paths"\n'
        'func g() { return } // want "this return statement may be reached without using"\n'
    )
    labels: list[Label] = []
    neither: set[tuple[str, str, int]] = set()
    lint_strangers._read(lost, "p0", path, "a.go", labels, neither)
    assert labels == [
        Label("p0", ("context",), (("a.go", 2),), '"the cancel1 function is not used on all paths"'),
    ]
    assert neither == {("p0", "a.go", 3)}


def test_strangers_labels_of_other_findings_are_left_out(tmp_path: Path) -> None:
    body = next(source for source in lint_strangers.SOURCES if source.kind == "body")
    path = tmp_path / "a.go"
    path.write_text('package a\nvar x = f() // want "something else"\n')
    labels: list[Label] = []
    lint_strangers._read(body, "p0", path, "a.go", labels, set())
    assert labels == []


def test_the_page_counts_alarms_as_they_were_judged_and_what_nobody_read() -> None:
    alarms = [
        ["a.go", 1, "file-close", "true", "left open"],
        ["a.go", 2, "file-close", "false", "closed"],
        ["a.go", 3, "file-close", "unread", ""],
    ]
    one = {"answered": True, "bytes": 2_500_000, "files": 9, "cpu_s": 1.5, "peak_mib": 70.0, "told": False}
    text = lint_page.page({"code": {"m@v1": {**one, "alarms": alarms}}}, [])
    assert "| m@v1 | no | 2.50 | 9 | 1.5 | 70.0 | 3 | 1 | 0 | 1 | 1 |" in text
    assert "- false: a.go:2 `file-close`: closed\n" in text
    assert "- unread: a.go:3 `file-close`\n" in text


def test_a_run_without_an_answer_is_told_on_the_page() -> None:
    cost = {"answered": False, "written": 30_000_000, "bytes": 0, "cpu_s": 9.0, "peak_mib": 80.0, "load": 1.0}
    text = lint_page.page({"cost": {**cost, "beside": "RecursionError: too deep\n"}}, [])
    assert "| answer | none: RecursionError: too deep | an answer |" in text


def test_first_sight_stands_before_what_is_measured_now() -> None:
    first = {"name": "One", "how": "Once.", "halves": {"held out": COUNTS}, "wrong": "Four."}
    second = {**first, "name": "Two", "kinds": {"file": COUNTS}, "cases": ["missed: `p` a.go:1: why"]}
    half = {"packages": 4, "guilty": 2, **COUNTS, "missed_which": [], "false_which": [], "wrong_causes": []}
    kind = {"kinds": {"body": COUNTS}, "rules": {"body": ["response-body"]}, "silent_rules": []}
    text = lint_page.page({"corpus": {"halves": {"open": half}, "both": COUNTS, **kind}}, [first, second])
    places = [text.index(head) for head in ("## At first sight", "### One", "### Two", "## Now")]
    assert places == sorted(places)
    assert text.count("By kind: file 3 of 4 and 1 false.\n") == 1
    assert text.count("\n- missed: `p` a.go:1: why\n") == 1
    assert "| held out | 4 | 3 | 1 | 1 | 0.75 | 0.75 |" in text
    assert "| body | response-body | 3 | 1 | 1 | 0.75 | 0.75 |" in text
