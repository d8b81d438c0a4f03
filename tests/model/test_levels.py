"""What few readings say: rises, levels and shares."""

import pytest
from build_case import case, readings

from memwhy.model import levels
from memwhy.model.units import MIB


@pytest.mark.parametrize(
    ("values", "rose", "flat"),
    [
        ((100,), False, False),
        ((100, 130), True, False),
        ((100, 105), False, True),
        ((100, 300, 110), False, False),
        ((300, 100), False, False),
        ((1, 5), False, False),
        ((2, 52, 42, 50, 41), False, False),
        ((2, 52, 80, 110, 160), True, False),
    ],
)
def test_a_rise_is_large_and_stays(values: tuple[int, ...], rose: bool, flat: bool) -> None:
    one = levels.level(case(series={"process.rss_bytes": readings(*(v * MIB for v in values))}), "process.rss_bytes")
    assert one is not None
    assert (one.rose, one.flat) == (rose, flat or values == (1, 5))


def test_counts_rise_by_dozens() -> None:
    few = levels.level(case(series={"process.threads_count": readings(4, 12)}), "process.threads_count")
    many = levels.level(case(series={"process.threads_count": readings(4, 120)}), "process.threads_count")
    assert few is not None and many is not None
    assert (few.rose, few.said, many.rose, many.said) == (False, "threads 4 to 12", True, "threads 4 to 120")


def test_the_memory_in_question_is_the_process_s_before_its_container_s() -> None:
    one = case(series={"cgroup.working_set_bytes": readings(9 * MIB), "process.rss_bytes": readings(5 * MIB)})
    found = levels.resident(one)
    assert found is not None
    assert (found.metric, found.last, found.said) == ("process.rss_bytes", 5 * MIB, "RSS 5.0 MiB")


def test_a_share_needs_both_figures() -> None:
    one = case(series={"process.rss_bytes": readings(8 * MIB), "process.shared_bytes": readings(6 * MIB)})
    part, whole = levels.level(one, "process.shared_bytes"), levels.resident(one)
    assert (levels.share(part, whole), levels.share(None, whole), levels.share(part, None)) == (0.75, None, None)
