"""When a limit is reached."""

from memwhy.model.trend import NotEnough, Trend
from memwhy.trend import forecast


def growing(**changes: object) -> Trend:
    fields = {
        "n": 20, "span": 19.0, "per": "s", "first": 0.0, "last": 190.0, "slope": 10.0, "low": 8.0, "high": 20.0,
        "shape": "growing", "detectable": 4.0,
    }  # fmt: skip
    return Trend(**{**fields, **changes})  # type: ignore[arg-type]


def test_the_ends_of_the_interval_are_the_soonest_and_the_latest_time() -> None:
    assert forecast(growing(), 200, 1000) == (40.0, 80.0, 100.0)


def test_an_interval_that_reaches_zero_has_no_latest_time() -> None:
    assert forecast(growing(low=0.0), 200, 1000) == (40.0, 80.0, None)


def test_a_limit_passed_already_is_now() -> None:
    assert forecast(growing(), 1000, 1000) == (0.0, 0.0, 0.0)


def test_what_does_not_grow_steadily_has_no_date() -> None:
    courses = [growing(shape=shape) for shape in ("flat", "falling", "step", "warm-up", "unclear")]
    courses.append(growing(slope=-1.0))
    assert [forecast(course, 0, 10) for course in courses] == [None] * 6
    assert forecast(NotEnough(reason="only 2 readings", n=2), 0, 10) is None
