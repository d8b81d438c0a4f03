"""Growth over work: counts on the run's own clock, restarts of counters, and a limit per request."""

import pytest
from build_case import Points, case, flat, line, ticks
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.case import Case
from memwhy.model.errors import UsageError
from memwhy.model.proof import Gate, Limit, WorkLog
from memwhy.model.units import KIB, MIB
from memwhy.proof import gate, placed
from memwhy.proof.work import over_work, rising, work_of

PER_REQUEST = Limit(bytes=64, per="work", unit="request")


def served(memory: Points, requests: Points, **more: object) -> Case:
    series = {"process.rss_bytes": memory, "work.requests_count": requests}
    return case(
        total="process.rss_bytes",
        series=series,
        facts={"work.requests": "http_requests_total"},
        **more,  # type: ignore[arg-type]
    )


def bursts(x: float) -> float:
    """Requests until then: 500 a second in every second ten seconds, else none."""
    return 500 * (10 * (x // 20) + min(x % 20, 10))


def held(made: Case, limit: Limit = PER_REQUEST) -> Gate:
    return gate(made, limit)


def test_growth_that_goes_by_bursts_of_work_is_a_straight_line_over_the_work():
    leak = served(ticks(lambda x: 100 * MIB + 256 * bursts(x), seconds=120), ticks(bursts, seconds=120))
    found = held(leak)
    assert found.outcome == "exceeded"
    assert found.pace is not None and (found.pace.per, found.pace.unit) == ("work", "request")
    assert found.pace.slope == pytest.approx(256, rel=0.02)
    assert found.headline == "Growth above +64 B/request is shown."


def test_a_service_that_keeps_nothing_of_its_requests_is_within_the_limit():
    assert held(served(flat(100 * MIB, noise=8 * KIB), line(0, 500))).outcome == "within"


def test_the_endpoint_must_count_what_the_limit_is_about():
    found = held(served(line(100 * MIB, MIB), line(0, 500)), Limit(bytes=64, per="work", unit="job"))
    assert (found.outcome, found.headline) == (
        "undecided",
        "How many jobs were done is not known: its endpoint counts requests.",
    )


def test_too_little_work_is_undecided_and_says_how_much_more_would_do():
    found = held(served(flat(100 * MIB, noise=512 * KIB), line(0, 20)))
    assert (found.outcome, found.needed_s) == ("undecided", None)
    assert found.needed_work is not None and found.needed_work > 0
    assert found.next_step is not None and "requests instead of 1,200" in found.next_step


def test_a_counter_that_begins_anew_goes_on_from_where_it_was():
    assert rising(((0.0, 100), (1.0, 150), (2.0, 30), (3.0, 40))) == ((0.0, 0), (1.0, 50), (2.0, 80), (3.0, 90))


def test_a_service_without_a_request_has_no_work():
    assert work_of(served(flat(MIB), flat(7))) is None


def test_a_plain_count_is_spread_evenly():
    series = served(line(100 * MIB, MIB), line(0, 1)).series["process.rss_bytes"]
    work = placed(WorkLog(source="--work 600", total=600), series, begun_s=None)
    assert (work.points, work.even, work.unit) == (((0.0, 0.0), (60.0, 600)), True, "unit of work")
    assert getattr(over_work(series, work).course, "slope", 0) == pytest.approx(MIB / 10)


def test_times_of_a_log_are_put_on_the_runs_own_clock():
    series = served(line(100 * MIB, MIB), line(0, 1)).series["process.rss_bytes"]
    log = WorkLog(source="load.csv", unit="request", points=((1000.0, 50), (1030.0, 350), (1100.0, 1050)))
    work = placed(log, series, begun_s=1010.0)
    assert work.points == ((-10.0, 0.0), (20.0, 300), (90.0, 1000))
    over = over_work(series, work)
    assert over.clock == "work"
    assert (over.points[0], over.points[-1]) == ((100, 100 * MIB), (700, 160 * MIB))


@pytest.mark.parametrize(
    ("log", "begun_s", "said"),
    [
        (WorkLog(source="a", points=((0.0, 0), (900.0, 9))), 1000.0, "it ends 100 s too early"),
        (WorkLog(source="a", points=((2000.0, 0), (2900.0, 9))), 1000.0, "begins 940 s too late"),
        (WorkLog(source="a", points=((1000.0, 0), (1009.0, 9))), 1000.0, "covers only 9 s of the 60 s"),
        (WorkLog(source="a", points=((1000.0, 0), (1009.0, 9))), None, "when the run began is not known"),
    ],
)
def test_counts_of_another_time_are_refused(log: WorkLog, begun_s: float | None, said: str):
    series = served(line(100 * MIB, MIB), line(0, 1)).series["process.rss_bytes"]
    with pytest.raises(UsageError, match=said):
        placed(log, series, begun_s=begun_s)


def test_counts_of_another_unit_are_refused():
    series = served(line(100 * MIB, MIB), line(0, 1)).series["process.rss_bytes"]
    with pytest.raises(UsageError, match="a counts jobs, and the limit is per request"):
        placed(WorkLog(source="a", unit="job", total=5), series, begun_s=None, unit="request")


@settings(deadline=None)  # a trend takes milliseconds, on a busy machine more
@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 10**12)), min_size=2, max_size=40))
def test_over_work_never_invents_a_reading(counts: list[tuple[float, int]]):
    series = served(line(100 * MIB, MIB), line(0, 1)).series["process.rss_bytes"]
    log = WorkLog(source="a", clock="elapsed", points=tuple(sorted(counts)))
    try:
        over = over_work(series, placed(log, series, begun_s=None))
    except UsageError:
        return
    assert {value for _, value in over.points} <= {value for _, value in series.points}
    xs = [x for x, _ in over.points]
    assert xs == sorted(xs)
