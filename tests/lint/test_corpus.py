"""The corpus is whole and in balance, findings are held against it as its README says, and the open half's bar is kept."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from memwhy.lint.rules import RULES
from memwhy.model.report import CAUSES

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

import lint_said
from lint_score import KINDS, NOTHING, Corpus, Label, Said, Score, load, score

OPEN = Path(__file__).with_name("corpus")
HALVES = [half for half in (OPEN, *sorted(OPEN.parent.glob("sealed*"))) if half.exists()]
LEAK = Label("p", ("body", "file"), (("a.go", 7), ("a.go", 9)), "left open")
CORPUS = Corpus(Path("nowhere"), {"p": "body"}, (LEAK,), {}, frozenset({("p", "a.go", 30)}))
RIGHT = Said("p", "a.go", 7, 7, "body", "response-body")


@pytest.mark.parametrize("half", HALVES, ids=lambda half: half.name)
def test_half_of_each_kind_leaks_and_half_only_looks_so(half: Path) -> None:
    corpus = load(half)
    assert set(corpus.packages) == {folder.name for folder in half.iterdir() if folder.is_dir()}
    guilty = {label.package for label in corpus.labels}
    assert guilty | set(corpus.innocent) == set(corpus.packages)
    assert not guilty & set(corpus.innocent)
    for kind in KINDS:
        of_kind = {package for package, about in corpus.packages.items() if about == kind}
        leaks, looks = len(of_kind & guilty), len(of_kind - guilty)
        assert min(leaks, looks) >= 1, kind
        assert abs(leaks - looks) <= 3, kind


@pytest.mark.parametrize("half", HALVES, ids=lambda half: half.name)
def test_every_label_stands_at_a_line_of_code(half: Path) -> None:
    for label in load(half).labels:
        assert set(label.kinds) <= set(KINDS)
        assert label.why
        for file, line in label.places:
            text = (half / label.package / file).read_text().splitlines()[line - 1].strip()
            assert text, (label.package, file, line)
            assert not text.startswith("//"), (label.package, file, line)


def test_every_kind_of_the_issue_is_guilty_and_innocent_twice() -> None:
    corpora = [load(half) for half in HALVES]
    wanted = 2 if len(corpora) > 1 else 1
    for kind in KINDS:
        guilty = {one.package for corpus in corpora for one in corpus.labels if corpus.packages[one.package] == kind}
        innocent = {name for corpus in corpora for name in corpus.innocent if corpus.packages[name] == kind}
        assert min(len(guilty), len(innocent)) >= wanted, kind


def test_every_rule_has_its_kind_and_every_kind_its_causes() -> None:
    assert {rule.NAME for rule in RULES} == set(lint_said.RULES)
    assert set(lint_said.RULES.values()) == set(KINDS)
    assert set().union(*KINDS.values()) <= set(CAUSES)


def test_a_finding_at_a_labels_line_and_of_its_kind_is_right() -> None:
    assert score(CORPUS, [RIGHT]) == Score(((LEAK, RIGHT),), (), ())


def test_a_finding_whose_acquiring_line_is_the_labels_is_right() -> None:
    said = replace(RIGHT, line=12, acquired=9, kind="file")
    assert score(CORPUS, [said]) == Score(((LEAK, said),), (), ())


def test_two_findings_of_one_leak_count_once() -> None:
    counted = score(CORPUS, [RIGHT, replace(RIGHT, line=9, acquired=9)])
    assert (counted.precision, counted.recall) == (1.0, 1.0)
    assert len(counted.found) == 1


@pytest.mark.parametrize(
    "said",
    [replace(RIGHT, kind="rows"), replace(RIGHT, line=8, acquired=8), replace(RIGHT, file="b.go")],
    ids=["another kind", "another line", "another file"],
)
def test_a_finding_of_something_else_is_said_in_vain_and_misses_the_leak(said: Said) -> None:
    assert score(CORPUS, [said]) == Score((), (LEAK,), (said,))


def test_a_finding_at_a_line_of_neither_counts_on_no_side() -> None:
    assert score(CORPUS, [replace(RIGHT, line=30, acquired=30)]) == Score((), (LEAK,), ())


def test_nothing_said_has_no_precision_and_nothing_there_no_recall() -> None:
    assert (NOTHING.precision, NOTHING.recall) == (None, None)
    assert score(CORPUS, []).recall == 0.0


def test_a_cause_that_the_leak_does_not_have_is_told_apart() -> None:
    native = replace(RIGHT, cause="native-leak")
    assert score(CORPUS, [native]).wrong_causes() == (native,)
    assert score(CORPUS, [replace(RIGHT, cause="descriptor-leak")]).wrong_causes() == ()


def test_nine_of_ten_findings_are_right_and_eight_of_ten_leaks_are_found_on_the_open_half() -> None:
    run = lint_said.lint(OPEN)
    assert run.document, run.beside
    corpus = load(OPEN)
    counted = score(corpus, lint_said.said(corpus, run.document))
    assert counted.precision is not None
    assert counted.recall is not None
    assert counted.precision >= 0.9, [(one.package, one.file, one.line, one.name) for one in counted.false]
    assert counted.recall >= 0.8, [one.package for one in counted.missed]
    assert counted.wrong_causes() == ()
