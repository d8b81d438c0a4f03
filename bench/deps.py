"""What `memwhy deps` costs on a large program: the tests' own one with a file embedded, and any that are named.

python bench/deps.py [PROGRAM…] prints wall and CPU time of ten runs each, Python's start included, and the load beside it.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
SHOP = ROOT / "tests" / "dependencies" / "shop"
RUNS = 10
EMBEDDED_BYTES = 95_000_000


def large_program(folder: Path) -> Path:
    """The shop with a file of random bytes in it: some 98 MB."""
    source = Path(shutil.copytree(SHOP, folder / "shop"))
    (source / "blob").write_bytes(os.urandom(EMBEDDED_BYTES))
    (source / "blob.go").write_text(
        'package main\n\nimport _ "embed"\n\n//go:embed blob\nvar blob []byte\n\nfunc init() {\n\tprintln(len(blob))\n}\n'
    )
    target = folder / "large"
    environment = {**os.environ, "GOFLAGS": "-mod=vendor", "GOTOOLCHAIN": "local"}
    subprocess.run(["go", "build", "-o", target, "."], cwd=source, env=environment, check=True)
    return target


def measured(program: Path) -> str:
    """One line: size, the least and the middle of wall and CPU time."""
    walls, cpus = [], []
    for _ in range(RUNS):
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run([sys.executable, "-m", "memwhy", "deps", program], capture_output=True, check=False)
        walls.append(time.monotonic() - begun)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        if done.returncode not in (0, 1):
            sys.exit(done.stderr.decode())
    size = program.stat().st_size / 1e6
    return (
        f"{program.name}: {size:.0f} MB, {RUNS} runs: wall {min(walls):.2f} s at least, {median(walls):.2f} s in the middle;"
        f" CPU {min(cpus):.2f} s, {median(cpus):.2f} s; load {os.getloadavg()[0]:.1f}"
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for program in (large_program(Path(folder)), *map(Path, sys.argv[1:])):
            print(measured(program))


if __name__ == "__main__":
    main()
