"""Sizes and lengths of time as people write them; what no machine has is refused, and quickly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import UsageError
from memwhy.model.units import parse_duration, parse_rate, parse_size

NINES = "9" * 5000


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512k", 512 << 10),
        (" 1MiB ", 1 << 20),
        ("2.5G", 5 << 29),
        ("1 tb", 1 << 40),
        ("1048576", 1 << 20),
        ("8191T", 8191 << 40),
        ("0", 0),
    ],
)
def test_a_size_is_read_in_binary_units(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text",
    [
        NINES,
        f"{NINES}GiB",
        f"1.{NINES}G",
        "9223372036854775808",
        "8388608T",
        "1" + " " * 200_000 + "x",
        "1YiB",
        "-1",
        "1e9",
        "",
    ],
    ids=range(10),
)
def test_a_size_that_nothing_has_is_refused_in_a_short_message(text: str) -> None:
    with pytest.raises(UsageError, match="is not a size") as refused:
        parse_size(text)
    assert len(str(refused.value)) < 100
    with pytest.raises(UsageError, match="is not a size"):
        parse_rate(f"{text}/s")


@given(st.text(max_size=60) | st.from_regex(r"\d{1,40}(\.\d{1,40})? ?[kmgtKMGT]?(i?B)?", fullmatch=True))
def test_any_text_is_a_size_that_a_recording_holds_or_refused(text: str) -> None:
    try:
        assert 0 <= parse_size(text) < 1 << 63
    except UsageError:
        return


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30.0), ("1h30m", 5400.0), ("250ms", 0.25), ("7", 7.0), ("2d", 172800.0)]
)
def test_a_length_of_time_is_read_in_its_units(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", [NINES, f"{NINES}s", "1s" * 3000, "40000d", "1" + "0" * 400 + "h", "5y", ""], ids=range(7)
)
def test_a_length_of_time_that_nobody_lives_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a duration") as refused:
        parse_duration(text)
    assert len(str(refused.value)) < 100
