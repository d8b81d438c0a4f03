"""Amounts: exact in integers, with the step of the last printed digit."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.sources.pasted.amounts import exact_bytes, unit_bytes


@pytest.mark.parametrize(
    ("number", "width", "expected"),
    [
        ("1.9", 1 << 30, (2_040_109_466, 107_374_182)),
        ("13582336", 1, (13_582_336, 1)),
        ("0.5", 1, (0, 1)),
        ("1.5", 1, (2, 1)),
        ("-2.5", 1, (-2, 1)),
        ("1e3", 1024, (1_024_000, 1024)),
        ("2.5e-1", 1024, (256, 10)),
    ],
)
def test_a_printed_decimal_is_rounded_half_to_even(number: str, width: int, expected: tuple[int, int]) -> None:
    assert exact_bytes(number, width) == expected


@given(st.integers(-(10**18), 10**18), st.integers(0, 18), st.sampled_from([1, 1000, 1 << 10, 1 << 20, 1 << 30]))
def test_any_decimal_is_what_exact_fractions_make_of_it(digits: int, places: int, width: int) -> None:
    text = f"{abs(digits):0{places + 1}d}"
    number = ("-" if digits < 0 else "") + (f"{text[:-places]}.{text[-places:]}" if places else text)
    assert exact_bytes(number, width)[0] == round(Fraction(number) * width)


@pytest.mark.parametrize("number", ["", "1.", ".5", "1e", "0x10", "1" * 21, "nan"])
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        exact_bytes(number, 1)


def test_units_are_binary_unless_they_are_called_decimal() -> None:
    assert (unit_bytes("kB"), unit_bytes("MB", decimal=True), unit_bytes("MiB", decimal=True), unit_bytes("furlongs")) == (1024, 1_000_000, 1 << 20, None)  # fmt: skip
