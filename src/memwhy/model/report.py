"""The report: the frozen result, all that a renderer may see."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from memwhy.model.account import Check
from memwhy.model.case import Series, Target
from memwhy.model.dependencies import Pointed
from memwhy.model.inspection import Inspection
from memwhy.model.linted import Found
from memwhy.model.probe import Tested
from memwhy.model.trend import Course

SCHEMA = "memwhy/diagnosis/1"

CAUSES = (
    "native-leak", "native-retained", "native-cache", "mmap-leak", "heap-leak", "heap-retained", "gc-headroom",
    "goroutine-leak", "thread-leak", "descriptor-leak", "file-cache", "shared-memory", "kernel-memory",
    "virtual-only", "other-process", "steady",
)  # fmt: skip
"""Every cause id of the contract. `undetermined` is a verdict, never a cause."""


class Verdict(StrEnum):
    """A cause put to a case."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    CANNOT_SAY = "cannot-say"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one cause says about the case.

    probability: that this cause is the answer, 0 to 1. bytes: the most it could hold or have added, as `because`
    says; bytes_per_s: the growth it explains. confirm_with: one command or measurement that would decide.
    headline: the verdict line, if this cause wins. span_bytes: growth it explains where there is no time.
    """

    cause: str
    verdict: Verdict
    probability: float
    headline: str = ""
    bytes: int | None = None
    bytes_per_s: float | None = None
    because: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    remedy: tuple[str, ...] = ()
    confirm_with: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A common guess of forum answers, answered with the most bytes that it could explain (None: cannot be said)."""

    name: str
    verdict: Verdict
    could_explain_bytes: int | None
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table of layers or of the runtime's own numbers. bytes: at the last look."""

    metric: str
    label: str
    bytes: int
    course: Course
    share_of_growth: float | None
    source: str
    series: Series | None = None
    weak: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """One source of evidence: how much of it was read, where it stands, and what was wrong with it."""

    source: str
    format: str
    where: str
    samples: int
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """Something to run, and what it decides."""

    do: str
    decides: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A share of one layer's growth or size put down to code. stack: leaf first.

    Where it was measured more than once, or drawn: modules, "name@version" of each frame, "" for unknown; low_bytes,
    high_bytes: a 95 % interval of `bytes`; bytes_per_s: its pace, None where it is not shown to grow; low_per_s, high_per_s:
    the pace's interval; note: what more is known, and what would free it. count, low_count, high_count, count_per_s: the same of
    what is counted (goroutines, descriptors, threads): how many more they are, or how many, without an interval. places: "file:line"
    of each frame, "" for unknown, as the program's debug information names the file. askers: functions of the program that ask for
    it where none of them is on the stack, most first.
    """

    layer: str
    function: str
    module: str | None
    bytes: int
    share: float
    stack: tuple[str, ...]
    method: Literal["pprof", "goroutines", "native-stacks", "census", "lost", "descriptors", "threads", "holders"]
    modules: tuple[str, ...] = ()
    low_bytes: int | None = None
    high_bytes: int | None = None
    bytes_per_s: float | None = None
    note: str = ""
    low_per_s: float | None = None
    high_per_s: float | None = None
    count: int | None = None
    low_count: int | None = None
    high_count: int | None = None
    count_per_s: float | None = None
    places: tuple[str, ...] = ()
    askers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Something to set or to watch, computed from what was measured.

    arithmetic: the sum behind `bytes`, a line each. bytes: the value of a limit, None where none helps. soonest_s, likely_s,
    latest_s: until the limit; None where it is not met at that end of the interval. rules: YAML for Prometheus.
    """

    kind: Literal["memory-limit", "time-to-limit", "alert"]
    text: str
    arithmetic: tuple[str, ...] = ()
    bytes: int | None = None
    soonest_s: float | None = None
    likely_s: float | None = None
    latest_s: float | None = None
    rules: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """What the watching cost. target_paused_s: how long the target was stopped by us (reading /proc: 0).

    sampler_s: CPU time of the target that the sampler in it took; None where there was none. holders_s: of cpu_s, what looks at who holds
    the heap took, in processes of their own; None where none was made.
    """

    cpu_s: float
    wall_s: float
    target_paused_s: float
    sampler_s: float | None = None
    holders_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """The verdict: a cause id or "undetermined"."""

    cause: str
    confidence: Literal["high", "medium", "low"]
    probability: float
    headline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The frozen result; same evidence, same report.

    runtime_rows: the runtime's own numbers, virtual; malloc_rows: what of the layers malloc's blocks take up, by looks
    inside, resident; beside: what grows in number or in other processes.
    """

    target: Target
    conclusion: Conclusion
    findings: tuple[Finding, ...]
    suggestions: tuple[Suggestion, ...]
    total: Row | None
    layers: tuple[Row, ...]
    unaccounted_bytes: int | None
    runtime_rows: tuple[Row, ...]
    beside: tuple[Row, ...]
    controls: tuple[Row, ...]
    attribution: tuple[Holder, ...]
    evidence: tuple[EvidenceRow, ...]
    missing: tuple[str, ...]
    next_steps: tuple[NextStep, ...]
    checks: tuple[Check, ...]
    warnings: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    overhead: Overhead | None
    span_s: float | None
    limit: str | None = None
    proof: str | None = None
    """How to see that the remedy worked; None when nothing has to be mended."""
    malloc_rows: tuple[Row, ...] = ()
    inspection: Inspection | None = None
    """The last look from outside, when there was one."""
    experiments: tuple[Tested, ...] = ()
    """What was tried on the target, and what each result changed."""
    sampling: tuple[str, ...] = ()
    """What the sampler in the process saw, in sentences; nothing where there was none."""
    advice: tuple[Advice, ...] = ()
    known_leaks: tuple[Pointed, ...] = ()
    """Known leaks of dependencies to which the growth points; no verdict rests on them."""
    source: tuple[Found, ...] = ()
    """Lines of the program's source that the attribution leads to, where the source was at hand."""
    source_notes: tuple[str, ...] = ()
    """What of the attribution could not be found in that source."""
