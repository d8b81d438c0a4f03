"""GOGC and GOMEMLIMIT as the runtime reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.gosettings import gogc_percent, memory_limit_bytes
from memwhy.model.units import GIB, MIB


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        ("", 100), ("off", None), ("50", 50), ("x", 100), ("-1", None), ("-0", 0), ("0", 0), ("+50", 100), (" 200", 100),
        ("2147483647", 2147483647), ("2147483648", 100), ("9" * 5000, 100), ("²", 100),
    ],
)  # fmt: skip
def test_gogc_as_the_runtime_reads_it(text: str, percent: int | None) -> None:
    assert gogc_percent(text) == percent


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("", None), ("off", None), ("512MiB", 512 * MIB), ("2GiB", 2 * GIB), ("1000B", 1000), ("1000", 1000), ("0", 0),
        ("many", None), ("512M", None), ("512 MiB", None), ("512mib", None), ("1iB", None), ("9223372036854775807", None),
        ("9223372036854775806", (1 << 63) - 2), ("8388608TiB", None), ("9" * 5000 + "TiB", None), ("1" * 18 + "TiB", None),
    ],
)  # fmt: skip
def test_gomemlimit_as_the_runtime_reads_it(text: str, limit: int | None) -> None:
    assert memory_limit_bytes(text) == limit


@given(st.text())
def test_any_text_is_a_setting_or_none(text: str) -> None:
    assert (gogc_percent(text) or 0) >= 0
    assert 0 <= (memory_limit_bytes(text) or 0) < 1 << 63
