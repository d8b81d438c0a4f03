"""A wording finds what its pattern finds, and is not tried where no stem of it stands."""

import itertools
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_claims import CLAIMS, TRAPS
from test_figures import SAID

from memwhy.sources.words import claim_words, claims, cues, figures, moments, trials, vocabulary, wording
from memwhy.sources.words.wording import Wording, any_of, bits, head_letters, signs


@pytest.fixture(autouse=True)
def _from_the_first_text_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stems are asked for at once, not only after many texts."""
    monkeypatch.setattr(wording, "_asked", itertools.count(wording._FEW))
    signs.cache_clear()
    yield
    signs.cache_clear()


def every() -> list[Wording]:
    rooms = (claim_words, claims, cues, figures, moments, trials, vocabulary)
    found = [value for room in rooms for value in vars(room).values() if isinstance(value, Wording)]
    return [*dict.fromkeys([*found, *trials._TRIALS.values(), *(w for _, w in claim_words.RUNTIMES)])]


SENTENCES = [sentence for sentence, *_ in [*CLAIMS, *SAID]] + TRAPS


@pytest.mark.parametrize("one", every(), ids=lambda one: one.pattern[:40])
def test_no_match_is_lost(one: Wording) -> None:
    missed = [s for s in SENTENCES if one.regex.search(s) and not one.search(s)]
    missed += [s.upper() for s in SENTENCES if one.regex.search(s.upper()) and not one.search(s.upper())]
    assert missed == []


@given(st.lists(st.sampled_from(" ".join(SENTENCES).split()), max_size=12).map(" ".join))
def test_no_match_is_lost_in_words_thrown_together(text: str) -> None:
    assert [one.pattern for one in every() if one.regex.search(text) and not one.search(text)] == []


@pytest.mark.parametrize(
    ("pattern", "text", "tried"),
    [
        (r"\bgrows?\b", "it grows", True),
        (r"\bgrows?\b", "it shrinks", False),
        (r"\bif\b", "a gift", False),
        (r"\bif\b", "(if", True),
        (r"n't .{0,9}fall", "it does not fall", True),
        (r"n't .{0,9}fall", "it does not rise", False),
        (r"(?:not|never) (?:x )?(?:rise|fall)", "nothing", False),
        (r"内存|メモリ", "内存增长", True),
        (r"内存|メモリ", "memory", False),
        (r"\d", "abc", True),
        (r"x?", "abc", True),
        (r"[a-f]+", "zzz", True),
        (r"(?<!\w)C#", "in C# it", True),
        (r"(?<!\w)C#", "magic", False),
    ],
)
def test_a_pattern_is_tried_where_a_stem_of_it_stands(pattern: str, text: str, tried: bool) -> None:
    one = any_of(pattern)
    assert bool(signs(text) & one.bit) is tried


def test_bits_of_several_are_those_of_each() -> None:
    one, other = any_of("abcd"), any_of("efgh")
    assert bits([one, other]) == one.bit | other.bit


def test_head_letters_are_what_a_match_may_begin_with() -> None:
    pattern = head_letters(r"(?:memory|mem|heaps?) used|rss", 3)
    assert [word for word in ("memory", "hea", "rss", "used", "he") if re.match(pattern, word)] == [
        "memory",
        "hea",
        "rss",
    ]
    assert head_letters(r".*x", 3) == ""
