"""When the growth meets a limit: the cgroup's, or the host's memory."""

from dataclasses import dataclass

from memwhy.model import weigh
from memwhy.model.case import Case
from memwhy.model.trend import Trend
from memwhy.model.units import human_bytes, human_duration

TOTALS = ("process.rss_bytes", "cgroup.current_bytes", "host.used_bytes")
"""What a limit on memory is about; address space, or what a runtime holds, meets none."""
YEAR_S = 365 * 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """When growth meets a limit, in seconds from now. latest_s: None where it may be never."""

    limit: str
    room_bytes: int
    soonest_s: float
    likely_s: float
    latest_s: float | None

    @property
    def interval(self) -> str:
        """`8 min to 10 min`, `8 min at the soonest`."""
        soonest = human_duration(self.soonest_s)
        return f"{soonest} to {human_duration(self.latest_s)}" if self.latest_s else f"{soonest} at the soonest"


def meeting(case: Case) -> Meeting | None:
    """None where nothing is shown to grow that has a limit, or where the limit is not known."""
    whole = weigh.total(case)
    course = whole.course if whole is not None and case.total in TOTALS else None
    if not isinstance(course, Trend) or course.per != "s" or course.slope <= 0 or not weigh.grows(case):
        return None
    room_bytes, name = room_of(case)
    if room_bytes is None or room_bytes <= 0:
        return None
    return Meeting(
        limit=name,
        room_bytes=room_bytes,
        soonest_s=room_bytes / course.high,
        likely_s=room_bytes / course.slope,
        latest_s=room_bytes / course.low if course.low > 0 else None,
    )


def limit_said(case: Case) -> str | None:
    """`At this rate the cgroup limit of 1.0 GiB is reached in 9 min (8 min to 10 min).`; None when there is none."""
    met = meeting(case)
    if met is None or met.likely_s > YEAR_S:
        return None
    return f"At this rate {met.limit} is reached in {human_duration(met.likely_s)} ({met.interval})."


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
