#!/usr/bin/env python3
"""The main job, for real: a leaking service is watched from outside and named, then its innocent twin is acquitted.

Every figure below is measured while you wait. Nothing leaves the loopback interface; both programs end by themselves.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from run import running

MEMWHY = Path(sys.executable).with_name("memwhy")
ACTS = (
    ("guilty", "A scraper whose memory grows. Its own MemStats and pprof say that almost nothing is allocated."),
    ("twin", "The same scraper with the one missing call put in: it frees each document on every path."),
)


def main() -> int:
    """Watch both; 0 when memwhy answered for both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--for", dest="for_", default="30s", help="how long each is watched (default: 30s)")
    options = parser.parse_args()
    worst = 0
    for variant, words in ACTS:
        with running("odds-scraper", variant) as specimen:
            parser_said = (
                "" if specimen.facts.get("parser") == "libxml2" else " (without libxml2: a small C parser of our own)"
            )
            print(f"\n=== {words}{parser_said}\n\n$ memwhy watch {specimen.pid} --for {options.for_}\n", flush=True)
            done = subprocess.run(
                [MEMWHY, "watch", str(specimen.pid), "--for", options.for_, "--no-until-sure"], check=False
            )
            worst = max(worst, done.returncode)
            print("\n--- what the program itself logs about its memory (last lines)", flush=True)
            print("\n".join(specimen.log.read_text(errors="replace").splitlines()[-9:]), flush=True)
    return worst


if __name__ == "__main__":
    sys.exit(main())
