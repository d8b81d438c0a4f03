"""When the growth meets a limit: the cgroup's, or the host's memory."""

from memwhy.model.case import Case
from memwhy.model.trend import Trend
from memwhy.model.units import human_bytes, human_duration


def limit_said(case: Case) -> str | None:
    """`At this rate the cgroup limit of 1.0 GiB is reached in 9 min (8 min to 10 min).`; None when there is none."""
    if case.total not in ("process.rss_bytes", "cgroup.current_bytes", "host.used_bytes"):
        return None
    course = case.series[case.total].course
    if not isinstance(course, Trend) or not course.growing or course.per != "s" or course.slope <= 0:
        return None
    room, name = room_of(case)
    if room is None or room <= 0:
        return None
    soonest, likely = room / course.high, room / course.slope
    latest = room / course.low if course.low > 0 else None
    if likely > 365 * 86400:
        return None
    interval = (
        f"({human_duration(soonest)} to {human_duration(latest)})"
        if latest
        else f"(in {human_duration(soonest)} at the soonest)"
    )
    return f"At this rate {name} is reached in {human_duration(likely)} {interval}."


def room_of(case: Case) -> tuple[int | None, str]:
    """Bytes left until the nearest limit, and its name. In a cgroup, what file pages it holds can be taken back."""
    rooms: list[tuple[int, str]] = []
    limit, current = case.series.get("cgroup.limit_bytes"), case.series.get("cgroup.current_bytes")
    if limit is not None and current is not None:
        cache = case.series.get("cgroup.inactive_file_bytes")
        rooms.append(
            (limit.last - current.last + (cache.last if cache else 0), f"the cgroup limit of {human_bytes(limit.last)}")
        )
    available, size = case.series.get("host.available_bytes"), case.series.get("host.total_bytes")
    if available is not None and size is not None:
        rooms.append((available.last, f"the end of the host's {human_bytes(size.last)}"))
    return min(rooms) if rooms else (None, "")
