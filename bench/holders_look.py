"""One look at who holds a Go heap, in a process of its own, by phases: what it answers, its CPU, wall time and memory, as one line of JSON.

    python bench/holders_look.py PID [fast]

base: our memory when the process is open and nothing of its heap was read. Each phase's peak is the kernel's (VmHWM, set back between them).
"""

import json
import sys
import time
from dataclasses import asdict

from memwhy.inspect.inspector import Inspector


def main() -> int:
    """Look and print."""
    phases: list[dict[str, float | str]] = []

    def begin(name: str) -> None:
        end()
        phases.append({"name": name, "wall_s": time.monotonic(), "cpu_s": time.process_time()})

    def end() -> None:
        if phases:
            now = phases[-1]
            now["wall_s"] = time.monotonic() - float(now["wall_s"])
            now["cpu_s"] = time.process_time() - float(now["cpu_s"])
            now["peak_bytes"] = _own("VmHWM")
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")

    with Inspector.open(int(sys.argv[1])) as inspector:
        inspector.look(malloc=False)
        base = _own("VmRSS")
        begin("attach")
        holders = inspector.look(
            malloc=False, holders=True, fast="fast" in sys.argv[2:], most_bytes=1 << 40, progress=begin
        ).holders
        end()
    if holders is None:
        print(json.dumps({"error": "nobody knows who holds this heap"}))
        return 1
    print(json.dumps({"base_bytes": base, "phases": phases, "holders": asdict(holders)}))
    return 0


def _own(field: str) -> int:
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


if __name__ == "__main__":
    sys.exit(main())
