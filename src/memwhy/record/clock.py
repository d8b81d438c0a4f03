"""Reading once, with clock and cost."""

import time
from collections.abc import Callable

from memwhy.model.evidence import Evidence


def timed(source: str, read: Callable[[], bytes]) -> Evidence:
    """Read once; what fails is evidence with an error."""
    monotonic_ns, wall_ns = boot_ns(), time.time_ns()
    raw, error = b"", None
    try:
        raw = read()
    except OSError as problem:
        error = reason(problem)
    return Evidence(
        source=source,
        monotonic_ns=monotonic_ns,
        wall_ns=wall_ns,
        cost_ns=boot_ns() - monotonic_ns,
        raw=raw,
        error=error,
    )


def reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


def boot_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
