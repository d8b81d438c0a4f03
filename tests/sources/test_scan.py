"""Long documents: no trigger is missed, whatever the lines look like, and the search does not go word by word."""

import time
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.sources import scan
from memwhy.sources.page import READERS, read_page
from memwhy.sources.scan import Shapes, scan_hot, triggers_of

WORDS = triggers_of(READERS)
COLD = [
    b"2026-01-31T07:00:00Z INFO request 4711 handled\n",
    b"id 0123456789abcdef-0123 done\n",
    b"\n",
    b"x\n",
    b"------------\n",
]


@given(
    st.lists(
        st.lists(
            st.one_of(
                st.sampled_from(COLD),
                st.sampled_from(WORDS).map(lambda word: b"at 12:30 " + word + b" 77\n"),
                st.sampled_from(WORDS).map(lambda word: b"0123456789ab " + word + b"\n"),
                st.binary(max_size=30).map(lambda raw: raw.lower().replace(b"\r", b"") + b"\n"),
            ),
            max_size=30,
        ).map(b"".join),
        max_size=4,
    )
)
def test_every_word_of_a_block_is_found(blocks: list[bytes]) -> None:
    shapes = Shapes(WORDS)
    for block in blocks:
        assert {word for word in WORDS if word in block} <= set(shapes.words_in(block))


def test_shapes_that_were_forgotten_are_learnt_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_KNOWN_BYTES", 10)
    shapes = Shapes(WORDS)
    for _ in range(4):
        assert b"rss" in shapes.words_in(b"one rss 5\nanother line\n")
        assert shapes.words_in(b"a cold line that is long enough\n") == []


def test_a_line_in_a_cold_log_is_found_with_its_surroundings_and_true_number() -> None:
    cold = COLD[0] * 40_000
    pieces = list(scan_hot(iter([cold, b"HeapAlloc=12 HeapIdle=13\n" + cold]), 1 << 20, READERS))
    assert len(pieces) == 1
    before = pieces[0].raw[: pieces[0].raw.index(b"HeapAlloc")]
    assert pieces[0].first_line + before.count(b"\n") == 40_001


def test_the_cost_of_a_cold_log_does_not_grow_with_the_words() -> None:
    block = b"".join(
        b"2026-01-31T07:00:%02dZ INFO request %d handled in %dms\n" % (i % 60, i, i % 977) for i in range(20_000)
    )

    def seconds(words: int) -> float:
        shapes = Shapes([b"word-%c%c-%c" % (97 + i % 26, 97 + i // 26 % 26, 97 + i // 676) for i in range(words)])
        best = 9.0
        for _ in range(5):
            began = time.process_time()
            shapes.words_in(block)
            best = min(best, time.process_time() - began)
        return best

    assert seconds(2000) < 3 * seconds(10) + 0.005


def test_a_page_of_very_many_lines_is_shown_to_readers_whose_words_stand_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def watch(reader: ModuleType) -> None:
        find = reader.find
        monkeypatch.setattr(reader, "find", lambda lines: (asked.append(reader.NAME), find(lines))[1])

    triggered = {reader.NAME for reader in READERS if getattr(reader, "TRIGGERS", None)}
    for reader in READERS:
        watch(reader)
    read_page(["nothing 17"] * 9_000)
    assert triggered <= set(asked)
    asked.clear()
    read_page(["nothing 17"] * 11_000)
    assert not triggered & set(asked)
    assert {"words/table", "words/figure"} <= set(asked)
