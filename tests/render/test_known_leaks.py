"""A known leak is told with what points there, what to do and where it stands; several of one module in one piece."""

from dataclasses import replace

from memwhy.model.dependencies import Component, Known, Pointed
from memwhy.render.known import plain, sentences

LEAK = Known(
    component=Component(kind="module", name="github.com/x/y", version="v1.2.0"),
    standing="leaks", why="v1.2.0 is affected", cause="native-leak", affected="<v1.2.3", fixed="v1.2.3", what="A handle is never freed.",
    trigger="every query", remedy="upgrade to v1.2.3", source=("x/y#1",), confidence="high", checked="made up",
)  # fmt: skip
ON_STACK = Pointed(
    known=LEAK, by="stack", because="what grows was asked for in y.Open", fits=True, function="y.Open", bytes=7
)


def test_a_leak_on_the_stack_is_told_with_its_fix_and_its_source() -> None:
    assert sentences([ON_STACK]) == (
        "What grows was asked for in y.Open. github.com/x/y v1.2.0 is known to leak, fixed in v1.2.3: A handle is never freed."
        " It takes: every query. Do: upgrade to v1.2.3. [x/y#1; high confidence]",
    )


def test_several_leaks_of_one_module_are_told_in_one_piece() -> None:
    other = replace(ON_STACK, known=replace(LEAK, what="A row is kept", trigger="every row", fixed=""))
    assert sentences([ON_STACK, other]) == (
        "What grows was asked for in y.Open. github.com/x/y v1.2.0 is known to leak in 2 ways, and nothing tells which it is:"
        " (1) every query, fixed in v1.2.3; (2) every row. memwhy deps tells more.",
    )


def test_what_is_only_linked_or_depends_on_callers_says_so() -> None:
    linked = replace(ON_STACK, by="linked", because="it is linked")
    assert sentences([linked])[0].startswith(
        "Also linked, though which code allocates was not measured: github.com/x/y v1.2.0. github.com/x/y v1.2.0 is known to leak"
    )
    usage = replace(ON_STACK, known=replace(LEAK, standing="depends", fixed=""))
    assert "github.com/x/y v1.2.0 leaks where callers do not release: A handle" in sentences([usage])[0]
    unsaid = replace(ON_STACK, known=replace(LEAK, standing="cannot-say", why="(devel) is no release"))
    assert "github.com/x/y has leaked in other versions ((devel) is no release): A handle" in sentences([unsaid])[0]


def test_json_has_every_word_and_null_for_what_is_not_known() -> None:
    row = plain([replace(ON_STACK, known=replace(LEAK, fixed=""), function="", bytes=None)])[0]
    assert (row["module"], row["fixed"], row["function"], row["bytes"], row["by"], row["fits"]) == (
        "github.com/x/y", None, None, None, "stack", True,
    )  # fmt: skip
