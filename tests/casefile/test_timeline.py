"""The timeline: small however long it runs, honest about its newest point, one clock a track."""

from hypothesis import given
from hypothesis import strategies as st

from memwhy.casefile.timeline import MOST_POINTS, Timeline, Track
from memwhy.model.reading import Where

KEY = ("target", "process.rss_bytes", "proc/status")


@given(count=st.integers(1, 5 * MOST_POINTS))
def test_a_track_stays_small_and_keeps_its_first_and_newest_point(count: int) -> None:
    track = Track(clock="order")
    for i in range(count):
        track.add(i, 10 * i)
    points = track.points(0)
    assert len(points) <= MOST_POINTS + 1
    assert (points[0], points[-1]) == ((0.0, 0), (count - 1.0, 10 * (count - 1)))
    assert [x for x, _ in points] == sorted({x for x, _ in points})
    assert all(value == 10 * x for x, value in points)
    assert len(points) >= min(count, MOST_POINTS // 2)


def test_times_count_in_seconds_from_the_clocks_first_sample_of_any_track() -> None:
    timeline = Timeline()
    timeline.add(KEY, "monotonic", 7_000_000_000, 1)
    timeline.add(("target", "go.sys_bytes", "go/heap"), "monotonic", 5_000_000_000, 2)
    timeline.add(KEY, "monotonic", 9_500_000_000, 3)
    assert timeline.tracks[KEY].points(timeline.origin["monotonic"]) == ((2.0, 1), (4.5, 3))


def test_readings_without_a_time_join_an_order_but_never_a_clock() -> None:
    timeline = Timeline()
    timeline.add(KEY, "order", 0, 10)
    timeline.add(KEY, "wall", 1_700_000_000_000_000_000, 11)
    assert timeline.tracks[KEY].points(0) == ((0.0, 10), (1.0, 11))
    other = ("target", "process.rss_bytes", "pasted/x")
    timeline.add(other, "wall", 3_000_000_000, 10)
    timeline.add(other, "order", 1, 99)
    assert timeline.tracks[other].points(timeline.origin["wall"]) == ((0.0, 10),)


def test_the_coarsest_quantum_counts_and_places_are_bounded() -> None:
    timeline = Timeline()
    for i in range(1000):
        timeline.add(KEY, "order", i, i, quantum=1 + i % 7, where=Where(file="a", first_line=i, last_line=i))
    track = timeline.tracks[KEY]
    assert (track.quantum, len(track.where)) == (7, 256)


def test_of_two_witnesses_the_one_with_more_points_is_heard() -> None:
    timeline = Timeline()
    for i in range(3):
        timeline.add(KEY, "monotonic", i, i)
    timeline.add(("target", "process.rss_bytes", "proc/smaps_rollup"), "monotonic", 0, 5)
    found = timeline.best("target", "process.rss_bytes")
    assert found is not None and found[0] == "proc/status"
    assert timeline.best("target", "go.sys_bytes") is None
    assert timeline.subjects("process.rss_bytes") == ["target"]
    assert timeline.metrics() == ["process.rss_bytes"]
