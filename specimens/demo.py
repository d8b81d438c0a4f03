#!/usr/bin/env python3
"""The main job, for real: a leaking service is watched from outside and named, with the code; then its fixed twin is
acquitted, and the fix is proven by holding the two recordings against each other.

Every figure below is measured while you wait. Nothing leaves the loopback interface; both programs end by themselves.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from run import Running, running

MEMWHY = Path(sys.executable).with_name("memwhy")
LEAKS = "A scraper whose memory grows. Its own MemStats and pprof say that almost nothing is allocated."
CODE = "Which code allocates it? Only when asked: a sampler is attached to the running process, and taken away again."
TWIN = (
    "The same scraper with the one missing call put in: it frees each document on every path. To acquit takes longer than "
    "to accuse: a minute leaves no room for a leak of 1 MiB a minute."
)
PROOF = "Does the fix work? The two recordings against each other."


def main() -> int:
    """Watch both, then hold them against each other; 0 when memwhy answered for all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--for", dest="for_", default="30s", help="how long the leak is watched (default: 30s)")
    parser.add_argument("--twin-for", default="60s", help="how long its twin is watched (default: 60s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="memwhy-demo-") as folder:
        before, after = (str(Path(folder) / f"{name}.memwhy") for name in ("before", "after"))
        with running("odds-scraper", "guilty") as specimen:
            codes = [_watch(LEAKS, specimen, "--for", options.for_, "-o", before)]
            codes.append(_watch(CODE, specimen, "--for", "20s", "--native"))
            _own_words(specimen)
        with running("odds-scraper", "twin") as specimen:
            codes.append(_watch(TWIN, specimen, "--for", options.twin_for, "-o", after))
            _own_words(specimen)
        codes.append(_memwhy(PROOF, "verify", before, after))
    return max(codes)


def _watch(words: str, specimen: Running, *options: str) -> int:
    parser = "" if specimen.facts.get("parser") == "libxml2" else " (without libxml2: a small C parser of our own)"
    return _memwhy(words + parser, "watch", str(specimen.pid), *options, "--no-until-sure")


def _memwhy(words: str, *arguments: str) -> int:
    print(f"\n=== {words}\n\n$ memwhy {' '.join(arguments)}\n", flush=True)
    return subprocess.run([MEMWHY, *arguments], check=False).returncode


def _own_words(specimen: Running) -> None:
    print("\n--- what the program itself logs about its memory (last lines)", flush=True)
    print("\n".join(specimen.log.read_text(errors="replace").splitlines()[-9:]), flush=True)


if __name__ == "__main__":
    sys.exit(main())
