"""Comments that ask not to be told."""

from hypothesis import given
from hypothesis import strategies as st

from memwhy.lint.silencing import comments, silence
from memwhy.model.suspect import Place, Suspect

RULES = ("response-body", "unbounded-map", "defer-in-loop", "context-cancel")


def suspect(line: int, rule: str = "response-body") -> Suspect:
    return Suspect(
        rule=rule, cause="goroutine-leak", file="a.go", line=line, column=1, function="main.f", message="m",
        acquired=Place(line, 1, "x"), missing="", remedy="", weight=0.9,
    )  # fmt: skip


def left(code: str, *suspects: Suspect) -> list[int]:
    return [one.line for one in silence(suspects, {"a.go": comments(code.encode())}, RULES)[0]]


def test_a_comment_at_the_end_of_a_line_silences_that_line_only() -> None:
    code = "package a\nx := f() //memwhy:ignore response-body read by the caller\ny := f()\n"
    assert left(code, suspect(2), suspect(3)) == [3]


def test_a_comment_above_silences_the_statement_below_to_its_last_bracket() -> None:
    code = "package a\nfunc f() {\n\t//memwhy:ignore response-body a stream\n\tx := g(\n\t\th(),\n\t)\n\ty := h()\n}\n"
    assert left(code, suspect(4), suspect(5), suspect(6), suspect(7)) == [7]


def test_a_comment_in_a_functions_documentation_silences_the_whole_function() -> None:
    code = "package a\n\n// F does.\n//memwhy:ignore response-body a stream\nfunc F() {\n\tif x {\n\t}\n\ty()\n}\nfunc G() {}\n"
    assert left(code, suspect(5), suspect(8), suspect(10)) == [10]


def test_only_the_named_rules_are_silenced() -> None:
    code = "x() //memwhy:ignore unbounded-map,defer-in-loop few keys\n"
    assert left(code, suspect(1, "unbounded-map"), suspect(1, "defer-in-loop"), suspect(1)) == [1]


def test_without_a_reason_a_comment_of_ours_counts_for_nothing_and_is_told() -> None:
    _, silenced, unused = silence([suspect(1)], {"a.go": comments(b"x() //memwhy:ignore response-body")}, RULES)
    assert silenced == ()
    assert [one.why for one in unused] == ["it gives no reason, and counts with one only"]


def test_a_comment_that_silences_nothing_is_told_with_the_reason() -> None:
    code = b"x() //memwhy:ignore response-body gone since\ny() //memwhy:ignore no-such-rule what\nz() //memwhy:ignore\n"
    unused = silence([], {"a.go": comments(code)}, RULES)[2]
    assert [(one.line, one.why) for one in unused] == [
        (1, "nothing is suspected there"),
        (2, "there is no rule no-such-rule, or it was not asked"),
        (3, "it names no rule: //memwhy:ignore RULE reason"),
    ]


def test_the_comments_of_other_linters_count_where_they_mean_the_same() -> None:
    assert left("x() //nolint:bodyclose // read elsewhere\n", suspect(1)) == []
    assert left("x() //nolint:errcheck\n", suspect(1)) == [1]
    assert left("x() //nolint\n", suspect(1), suspect(1, "unbounded-map")) == []
    assert left("//lint:ignore SA9001 short\ndefer f()\n", suspect(2, "defer-in-loop"), suspect(2)) == [2]


def test_what_only_looks_like_a_comment_silences_nothing() -> None:
    for code in (
        'x("//memwhy:ignore response-body no")\n',
        "x(`\n//memwhy:ignore response-body no`)\n",
        "/*\n//memwhy:ignore response-body no\n*/ x()\n",
    ):
        assert comments(code.encode()) == ()


@given(
    st.binary(max_size=300),
    st.sampled_from([b"//memwhy:ignore response-body r", b"//nolint", b"//lint:ignore SA1015 x"]),
)
def test_any_bytes_give_comments_whose_lines_lie_in_the_file(noise: bytes, mark: bytes) -> None:
    code = noise + mark + noise
    last = code.count(b"\n") + 1
    assert all(1 <= one.first <= one.last <= last for one in comments(code))
