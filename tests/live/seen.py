"""What a screen would know at the end of a kept recording, or after so many ticks of it."""

from pathlib import Path

from memwhy.diagnose import Casebook, picture
from memwhy.live.lines import Line
from memwhy.live.sight import Sight
from memwhy.recording import open_recording

CRAWLER = Path(__file__).parents[1] / "evidence" / "crawler"


def replayed(name: str, *, ticks: int | None = None, for_s: float = 60.0) -> Sight:
    """The sight after so many ticks of one of the recordings in tests/evidence/crawler."""
    book = Casebook(live=True)
    with open_recording(CRAWLER / f"{name}.memwhy") as recording:
        for snapshot in recording.snapshots():
            if ticks is not None and snapshot.tick >= ticks:
                break
            book.add_snapshot(snapshot)
    report, pictures = picture(book)
    elapsed_s = report.span_s or 0.0
    return Sight(
        pid=report.target.pid or 0,
        elapsed_s=elapsed_s,
        for_s=for_s,
        total_bytes=report.total.bytes if report.total is not None else None,
        report=report,
        judged_s=elapsed_s,
        timeline=pictures.timeline,
    )


def text_of(rows: list[Line]) -> str:
    """What a terminal without colours shows."""
    return "".join("".join(span.text for span in row).rstrip() + "\n" for row in rows)
