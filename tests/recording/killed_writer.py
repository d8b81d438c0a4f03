"""A writer to be killed: appends snapshots for ever and says on stdout which are safe. argv: path, bound in bytes or 0."""

import itertools
import random
import sys

from memwhy.model.evidence import Evidence, Snapshot
from memwhy.recording import Recorder


def make_snapshot(tick: int) -> Snapshot:
    """The same snapshot for the same tick, so that the reader can tell every byte."""
    draw = random.Random(tick)
    lines = [f"Line{n}: {draw.randrange(9) if n % 7 == 0 else n} kB" for n in range(60)]
    status = Evidence(
        source="proc/status",
        monotonic_ns=tick * 10**9 + draw.randrange(10**6),
        wall_ns=1_700_000_000_000_000_000 + tick * 10**9,
        cost_ns=draw.randrange(10**6),
        raw="\n".join(lines).encode(),
        error=None if tick % 50 else "EACCES: Permission denied",
    )
    heap = Evidence(
        source="go/heap", monotonic_ns=tick * 10**9, wall_ns=tick, cost_ns=7, raw=draw.randbytes(6000), error=None
    )
    return Snapshot(
        tick=tick,
        monotonic_ns=tick * 10**9,
        wall_ns=1_700_000_000_000_000_000 + tick * 10**9,
        late_ns=draw.randrange(10**6),
        cpu_ns=draw.randrange(10**6),
        evidence=(status, heap) if tick % 3 == 0 else (status,),
    )


def main() -> None:
    """Never returns; it is killed."""
    path, bound = sys.argv[1], int(sys.argv[2])
    recorder = Recorder.create(path, meta={"command": "cat"}, max_bytes=bound or None)
    for tick in itertools.count():
        recorder.append(make_snapshot(tick))
        print(tick, flush=True)


if __name__ == "__main__":
    main()
