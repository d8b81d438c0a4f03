"""OCaml's heap, as its toplevel and Gc.print_stat print it. Written after gc.mli: no OCaml is installed where tests are made."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.sources.managed import ocaml
from memwhy.sources.span import Span

RECORD = """- : Gc.stat =
{Gc.minor_words = 5412003.; promoted_words = 803311.; major_words = 913001.;
 minor_collections = 31; major_collections = 7; heap_words = 4000000;
 heap_chunks = 12; live_words = 900000; live_blocks = 200000;
 free_words = 3100000; compactions = 0; top_heap_words = 4200000}
"""
PRINTED = """minor_collections:      31
major_collections:      7
compactions:            0

heap_words:    4000000
heap_chunks:   12
top_heap_words: 4200000
live_words:    900000
"""
SIZES = {"runtime.heap_committed_bytes": 32_000_000, "runtime.heap_used_bytes": 7_200_000}


@pytest.mark.parametrize("text", [RECORD, PRINTED, "> " + RECORD.replace("\n", "\n> "), RECORD.replace("\n", "\r\n")])
def test_words_are_of_eight_bytes_in_every_print(text: str) -> None:
    (reading,) = ocaml.parse(text)
    assert (reading.metrics, reading.facts) == (SIZES, {"said.runtime": "native"})


def test_quick_statistics_say_nothing_of_what_is_live() -> None:
    (reading,) = ocaml.parse(RECORD.replace("live_words = 900000", "live_words = 0"))
    assert reading.metrics == {"runtime.heap_committed_bytes": 32_000_000}


@pytest.mark.parametrize(("words", "outcome"), [(1_000_000, "fell"), (4_000_000, "same"), (8_000_000, "rose")])
def test_a_compaction_between_two_answers_is_a_trial(words: int, outcome: str) -> None:
    text = (
        f"{RECORD}# Gc.compact ();;\n- : unit = ()\n{RECORD.replace('heap_words = 4000000', f'heap_words = {words}')}"
    )
    first, second = ocaml.parse(text)
    assert "trial.forced_gc" not in first.facts
    assert second.facts["trial.forced_gc.outcome"] == outcome
    assert second.facts["trial.forced_gc.heap_after_bytes"] == str(8 * words)
    assert list(ocaml.find(text.split("\n"))) == [Span(first=2, last=11)]


def test_two_answers_without_a_compaction_are_two_blocks_and_no_trial() -> None:
    text = RECORD + RECORD
    assert len(list(ocaml.find(text.split("\n")))) == 2
    assert all("trial.forced_gc" not in reading.facts for reading in ocaml.parse(text))


def test_a_lone_word_of_it_is_no_statistic() -> None:
    with pytest.raises(ParseError):
        ocaml.parse("heap_words = 12 was low")


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(
        st.text(max_size=200),
        st.lists(st.sampled_from([*RECORD.split("\n"), *PRINTED.split("\n"), "Gc.compact ()"])).map("\n".join),
    )
)
def test_any_text_gives_readings_or_a_parse_error(text: str) -> None:
    try:
        readings = ocaml.parse(text)
    except ParseError:
        assert not list(ocaml.find(text.split("\n")))
    else:
        assert all(reading.metrics for reading in readings)
