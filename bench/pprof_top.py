"""`memwhy dump PROFILE` beside `go tool pprof -top` on the same real heap profiles: every line, wall time, peak memory.

Run by `make bench-explain`. Sizes are of the profile inflated. Each command is run three times in turn; medians.
"""

import argparse
import gzip
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import profiles

RUNS = 3
PATHS = {"1 MB": 21_000, "20 MB": 400_000, "100 MB": 2_000_000}


_PROBE = """import os, sys
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(pid, 0)
os.write(int(sys.argv[1]), b"%d %d" % (os.waitstatus_to_exitcode(status), used.ru_maxrss))
"""
"""A process's peak counts what its parent had when it was started: a bare interpreter, which is smaller than either."""


def timed(command: list[str]) -> tuple[bytes, float, int]:
    """(output, wall seconds, peak RSS in bytes) of one run."""
    told, tell = os.pipe()
    begun = time.monotonic()
    probe = [sys.executable, "-I", "-S", "-c", _PROBE, str(tell), *command]
    with subprocess.Popen(probe, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=(tell,)) as process:
        assert process.stdout is not None
        out = process.stdout.read()
    seconds = time.monotonic() - begun
    os.close(tell)
    with open(told, "rb") as file:
        code, peak = map(int, file.read().split())
    if code:
        sys.exit(f"{' '.join(command)} ended with {code}")
    return out, seconds, peak * 1024


def main() -> int:
    """Print the table; 1 when a line differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="*", default=list(PATHS), choices=list(PATHS))
    options = parser.parse_args()
    go = shutil.which("go") or next(map(str, Path(".toolchain").glob("*/bin/go")), None)
    if go is None:
        sys.exit("no Go: make specimens installs one")
    same = True
    with tempfile.TemporaryDirectory() as folder:
        program = profiles.build(go, Path(folder))
        print("| profile | samples' table | go s | ours s | times as fast | go MiB | ours MiB | share |")
        print("|---|---|---|---|---|---|---|---|")
        for name in options.sizes:
            packed, plain = Path(folder, "heap.pb.gz"), Path(folder, "heap.pb")
            profiles.write_profile(program, PATHS[name], packed)
            with gzip.open(packed) as source, plain.open("wb") as target:
                shutil.copyfileobj(source, target)
            same &= _compare(go, name, plain)
    return 0 if same else 1


def _compare(go: str, name: str, profile: Path) -> bool:
    theirs = [go, "tool", "pprof", "-top", "-symbolize=none", str(profile)]
    ours = [sys.executable, "-m", "memwhy", "dump", str(profile)]
    rows = [(timed(theirs), timed(ours)) for _ in range(RUNS)]
    (their_out, _, _), (our_out, _, _) = rows[0]
    their_s, our_s = (statistics.median(row[side][1] for row in rows) for side in (0, 1))
    their_bytes, our_bytes = (statistics.median(row[side][2] for row in rows) for side in (0, 1))
    ratio = statistics.median(row[0][1] / row[1][1] for row in rows)
    lines = "every line the same" if their_out == our_out else "LINES DIFFER"
    print(
        f"| {name}: {profile.stat().st_size / 1e6:.1f} MB | {len(our_out.splitlines())} lines, {lines} | {their_s:.2f} | {our_s:.2f}"
        f" | {ratio:.0f} | {their_bytes / (1 << 20):.0f} | {our_bytes / (1 << 20):.0f} | {our_bytes / their_bytes:.2f} |",
        flush=True,
    )
    return their_out == our_out


if __name__ == "__main__":
    sys.exit(main())
