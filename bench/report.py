#!/usr/bin/env python3
"""What the page of a day costs: `python bench/report.py [--real REC] [--hours 24] [--write docs/report-measured.md]`.

A recording of minutes (made of a specimen, or the one given) becomes one of a day (bench/day.py); `memwhy report` is timed on both;
the pages are opened in a headless Chromium, until their charts are drawn, and scrolled from top to bottom.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "specimens"), str(ROOT / "tests"), str(ROOT / "bench")]

from browser import Browser, browsing, find_chromium  # noqa: E402
from day import make_day  # noqa: E402
from run import running  # noqa: E402

SPECIMEN, VARIANT = "cgo-strings", "guilty"
DRAWN = "document.querySelector('.chart canvas') && document.readyState === 'complete'"
SCROLL = """new Promise(done => {
  const frames = [], bottom = () => document.documentElement.scrollHeight - innerHeight;
  document.documentElement.style.scrollBehavior = 'auto';
  scrollTo(0, 0);
  let before = null;
  requestAnimationFrame(function step(now) {
    if (before !== null) frames.push(now - before);
    before = now;
    if (scrollY >= bottom() - 1 || frames.length > 2000) { done(frames); return; }
    scrollBy(0, 40);
    requestAnimationFrame(step);
  });
})"""
"""40 px a frame, 2400 px a second: as fast as a hand turns a wheel."""
SMOOTH_MS = 34.0
"""A frame that took longer has left out one of the 60 a second."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A page in the browser. drawn_ms: from the beginning of the navigation; frames_ms: between the frames of the scroll."""

    drawn_ms: float
    height_px: int
    frames_ms: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """One recording's page."""

    what: str
    snapshots: int
    recording_bytes: int
    evidence_bytes: int
    cpu_s: float
    wall_s: float
    rss_bytes: int
    page_bytes: int
    wide: Opened
    narrow: Opened


def record(path: Path, seconds: int) -> None:
    """A real recording of the specimen."""
    with running(SPECIMEN, VARIANT) as specimen:
        words = ["record", str(specimen.pid), "--for", f"{seconds}s", "-o", str(path), "-q"]
        subprocess.run([sys.executable, "-m", "memwhy", *words], check=True, timeout=seconds + 120)


def opened(browser: Browser, page_file: Path, **looks: Any) -> Opened:
    """Open it, wait for its charts, scroll it."""
    page = browser.page(None, **looks)
    page.open(page_file.resolve().as_uri())
    page.wait_until(DRAWN)
    drawn_ms = page.evaluate("performance.now()")
    assert not page.errors, page.errors
    assert page.requests == [page_file.resolve().as_uri()], page.requests
    found = Opened(
        drawn_ms=drawn_ms,
        height_px=page.evaluate("document.documentElement.scrollHeight"),
        frames_ms=tuple(page.evaluate(SCROLL)),
    )
    page.close()
    return found


def measure(browser: Browser, what: str, recording: Path, page_file: Path) -> Measured:
    """`memwhy report` on it, and its page."""
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "memwhy", "report", str(recording), "-o", str(page_file), "-q"],
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"memwhy report ended with {process.returncode}")
    snapshots, evidence_bytes = contents(recording)
    return Measured(
        what=what,
        snapshots=snapshots,
        recording_bytes=recording.stat().st_size,
        evidence_bytes=evidence_bytes,
        cpu_s=used.ru_utime + used.ru_stime,
        wall_s=wall_s,
        rss_bytes=used.ru_maxrss * 1024,
        page_bytes=page_file.stat().st_size,
        wide=opened(browser, page_file, width=1280),
        narrow=opened(browser, page_file, width=400),
    )


def contents(recording: Path) -> tuple[int, int]:
    """How many snapshots it has, and how many bytes of evidence they hold unpacked."""
    from memwhy.recording import open_recording

    with open_recording(str(recording)) as found:
        size = sum(place.raw_bytes for source in found.sources() for place in found.places(source.source))
        return sum(1 for _ in found.ticks()), size


def table(rows: list[Measured]) -> str:
    """The rows as Markdown, one column each."""
    lines = [
        ("", [row.what for row in rows]),
        ("snapshots", [f"{row.snapshots:,}" for row in rows]),
        ("evidence, unpacked", [_mb(row.evidence_bytes) for row in rows]),
        ("recording", [_mb(row.recording_bytes) for row in rows]),
        ("`memwhy report`, CPU", [f"{row.cpu_s:.1f} s" for row in rows]),
        ("`memwhy report`, wall", [f"{row.wall_s:.1f} s" for row in rows]),
        ("`memwhy report`, resident at most", [_mb(row.rss_bytes) for row in rows]),
        ("page", [_mb(row.page_bytes) for row in rows]),
        ("charts drawn after, 1280 px", [f"{row.wide.drawn_ms:.0f} ms" for row in rows]),
        ("charts drawn after, 400 px", [f"{row.narrow.drawn_ms:.0f} ms" for row in rows]),
        ("height of the page, 1280 px", [f"{row.wide.height_px:,} px" for row in rows]),
        ("scroll, 1280 px", [_frames(row.wide) for row in rows]),
        ("scroll, 400 px", [_frames(row.narrow) for row in rows]),
    ]
    head, *rest = [f"| {name} | {' | '.join(cells)} |" for name, cells in lines]
    return "\n".join([head, f"|---|{'---:|' * len(rows)}", *rest])


def _mb(count: float) -> str:
    return f"{count / 1e6:,.2f} MB"


def _frames(found: Opened) -> str:
    """Frames, the median between two, the longest, and how many were late."""
    late = sum(1 for frame in found.frames_ms if frame > SMOOTH_MS)
    return (
        f"{len(found.frames_ms)} frames, median {median(found.frames_ms):.1f} ms, longest {max(found.frames_ms):.0f} ms, "
        f"{late} late"
    )


def page_text(rows: list[Measured], chromium: str, hours: float) -> str:
    """The document."""
    load = os.getloadavg()[0]
    said = subprocess.run([chromium, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return f"""# The report page, measured

Written by `make bench-report`. A real recording of the specimen {SPECIMEN} that leaks is slowed down until it lasts {hours:g} h:
one snapshot a second, each source as often as it was read in reality and with its real bytes, and between two real reads every
number of a text on the line between them. Numbers that go so evenly pack better than real ones: a real recording of a day is
larger, its evidence is not. Sources that were read some seconds apart stand some minutes apart here: a cliff in a course may be frayed.

{table(rows)}

{said} without a GPU, {os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, load {load:.1f} at the end: CPU time
depends little on that, wall time is what it was beside other work. Nearly all of the time of `memwhy report` goes into reading the
evidence, as in `memwhy explain`; the page itself is a fraction of a second. "Drawn" counts from the beginning of the
navigation until the stacked chart is on its canvas. The scroll goes 40 px a frame from top to bottom; a frame is late after {SMOOTH_MS:.0f} ms,
when one of 60 a second was left out. Every page asked for nothing but itself and had no error in its console.
"""


def main() -> int:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", type=Path, help="a recording to begin with, instead of one that is made")
    parser.add_argument("--seconds", type=int, default=120, help="how long the made one lasts")
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("no Chromium: `make browser` brings one")
    with tempfile.TemporaryDirectory(prefix="memwhy-bench-") as folder, browsing(chromium) as browser:
        real, day, page_file = (Path(folder) / name for name in ("real.memwhy", "day.memwhy", "page.html"))
        if options.real:
            real = options.real
        else:
            record(real, options.seconds)
        make_day(str(real), day, hours=options.hours)
        rows = [
            measure(browser, what, recording, page_file)
            for what, recording in (("as it was recorded", real), (f"{options.hours:g} h", day))
        ]
    text = page_text(rows, chromium, options.hours)
    if options.write:
        options.write.write_text(text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
