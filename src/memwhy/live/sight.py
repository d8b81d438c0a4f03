"""What the screen knows at one moment: all that its pages are drawn from."""

from dataclasses import dataclass

from memwhy.model.pictures import Timeline
from memwhy.model.report import Report

SURE = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A watch so far. for_s: 0 for no end. report, timeline: as last judged, judged_s after the beginning; the timeline goes on
    after that. file, file_bytes: of the recording that was asked for. notes: what went wrong meanwhile; events: what happened.
    """

    pid: int
    elapsed_s: float
    for_s: float
    total_bytes: int | None = None
    report: Report | None = None
    judged_s: float = 0.0
    timeline: Timeline | None = None
    file: str | None = None
    file_bytes: int | None = None
    notes: tuple[str, ...] = ()
    events: tuple[str, ...] = ()

    @property
    def sure(self) -> bool:
        return self.report is not None and self.report.conclusion.confidence == SURE
