"""Hostile text is made harmless in one place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.render.plain import clean, elide, width, wrap

ANY = st.text(alphabet=st.characters(), max_size=200)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("main.(*Odds).Odd", "main.(*Odds).Odd"),
        ("a\x1b[31mred", "a\\x1b[31mred"),
        ("\x9b31m", "\\x9b31m"),
        ("one\ntwo\r\n\tthree", "one two three"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\udcff\ud800", "\\xff\\ud800"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("e\u0301te\u0301", "e\u0301te\u0301"),
        ("\u0301lone", "\\u0301lone"),
        ("Z\u0301\u0301\u0301", "Z\u0301\u0301\\u0301"),
        ("内存\u3000泄漏", "内存 泄漏"),
        ("\U000e0041tag", "\\U000e0041tag"),
        ("", ""),
    ],
)
def test_what_cannot_be_seen_is_shown_as_an_escape(raw, shown):
    assert clean(raw) == shown


@given(ANY)
def test_clean_text_is_printable_and_stays_as_it_is(raw):
    once = clean(raw)
    assert once.isprintable()
    assert clean(once) == once
    once.encode()


def test_a_megabyte_is_cut_in_its_middle():
    shown = clean("a" * 1_000_000 + "z")
    assert len(shown) < 2100
    assert shown.startswith("aaa")
    assert shown.endswith("aaz")


@given(ANY.map(clean), st.integers(2, 100))
def test_wrapped_lines_fit_and_lose_nothing(text, columns):
    lines = wrap(text, columns)
    assert all(width(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(ANY.map(clean), st.integers(0, 100))
def test_an_elided_text_fits(text, columns):
    assert width(elide(text, columns)) <= columns


def test_an_elided_name_keeps_its_end():
    assert elide("bitbucket.org/someone/project/brain/data.newChain", 24) == "bitbuck…in/data.newChain"


def test_wide_characters_take_two_columns():
    assert (width("内存 abc"), width("e\u0301")) == (8, 1)
