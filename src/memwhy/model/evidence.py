"""Evidence: raw bytes as they came in, with clock, cost and error.

An `Evidence` is one source read once; a `Snapshot` is all evidence of one tick. Nothing here is
parsed: a recording keeps these for ever, and everything else can be computed again from them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessIdentity:
    """What makes a process itself: a pid may be reused, this triple is not.

    start_ticks: field 22 of /proc/PID/stat, clock ticks after boot. boot_id: /proc/sys/kernel/random/boot_id.
    """

    pid: int
    start_ticks: int
    boot_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Raw bytes of one source, read once.

    source: the reader's name, such as "proc/status" or "go/heap".
    monotonic_ns: CLOCK_BOOTTIME when the read began; wall_ns: CLOCK_REALTIME then.
    cost_ns: how long the read took (elapsed).
    raw: the bytes, verbatim; empty when error is set and nothing was read.
    error: None, or what kept us from reading ("EACCES: Permission denied", "gone", "timeout after 2 s").
    """

    source: str
    monotonic_ns: int
    wall_ns: int
    cost_ns: int
    raw: bytes
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All evidence of one tick. cpu_ns is what the tick cost us; late_ns how long after its due time it began."""

    tick: int
    monotonic_ns: int
    wall_ns: int
    late_ns: int
    cpu_ns: int
    evidence: tuple[Evidence, ...]
