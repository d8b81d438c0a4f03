"""What was not seen and matters, and the cheapest measurement that would decide next."""

from memwhy.model import inside
from memwhy.model.case import Case
from memwhy.model.report import Conclusion, Finding, NextStep, Verdict
from memwhy.model.trend import NotEnough, Trend
from memwhy.model.units import flag_duration, human_rate


def missing(case: Case) -> tuple[str, ...]:
    """Evidence that this case lacks, most telling first."""
    out = []
    if "process.rss_bytes" not in case.series:
        out.append("no RSS of the process")
    elif case.account is None or not case.account.fine:
        out.append("no layers (smaps): native heap, mappings and stacks cannot be told apart")
    if case.total and case.series[case.total].clock == "order":
        out.append("no times: rates are per reading")
    if case.target.runtime in ("go", "unknown") and "go.sys_bytes" not in case.series:
        out.append("no MemStats: Go's own share cannot be told")
    if case.target.runtime == "go" and "go.goroutines_count" not in case.series:
        out.append("no goroutine count")
    if (why := _not_looked(case)) is not None:
        out.append(f"malloc's blocks were not counted ({why}): in use, freed but kept and lost cannot be told apart")
    if case.total is None:
        out.append("no total (RSS, cgroup or host memory) over time")
    return tuple(out)


def _not_looked(case: Case) -> str | None:
    """Why a look into the process's memory that was tried says nothing of malloc; None when it does, or nobody tried."""
    return None if inside.HELD in case.series else case.facts.get("look.error") or inside.not_looked(case)


NATIVE = ("native-leak", "native-retained", "native-cache", "mmap-leak")
"""Causes that a look at malloc's blocks decides between."""


def _inspect(case: Case, findings: tuple[Finding, ...], pid: str) -> list[NextStep]:
    """The look into the process's memory, where it was not taken and would decide."""
    open_ones = {finding.cause for finding in findings[:3] if finding.verdict is not Verdict.REFUTED}
    if not case.live or case.ended or inside.HELD in case.series or not open_ones & set(NATIVE):
        return []
    error = case.facts.get("look.error", "")
    if not error and inside.not_looked(case) is not None:
        return []  # it was tried, and there is no malloc that could be counted
    sudo = "sudo " if error.startswith("not permitted") else ""
    return [NextStep(do=f"{sudo}memwhy inspect {pid}", decides="lost, held, or freed but kept by malloc")]


def _stacks(case: Case, findings: tuple[Finding, ...], pid: str) -> list[NextStep]:
    """The sampler, where native memory is accused and nobody sampled: it names the code."""
    first = findings[0]
    accused = first.cause in ("native-leak", "mmap-leak") and first.verdict is Verdict.SUPPORTED
    if not case.live or case.ended or case.stacks is not None or not accused:
        return []
    if case.target.runtime not in ("go", "native"):
        return []
    return [
        NextStep(do=f"memwhy watch {pid} --native", decides="which code, in C and in Go, allocates what is not freed")
    ]


def next_steps(case: Case, findings: tuple[Finding, ...], conclusion: Conclusion) -> tuple[NextStep, ...]:
    """The cheapest deciding measurement first; each step once."""
    pid = str(case.target.pid) if case.target.pid is not None and not case.ended else "PID"
    steps: list[NextStep] = []
    if case.total is None or "process.rss_bytes" not in case.series:
        steps.append(
            NextStep(
                do=f"grep -E 'VmRSS|RssAnon' /proc/{pid}/status   twice, ten minutes apart",
                decides="this process or another one",
            )
        )
        steps.append(NextStep(do=f"memwhy watch {pid}", decides="which layer of the process grows, and by how much"))
    steps += _longer(case, pid)
    steps += _inspect(case, findings, pid)
    steps += _stacks(case, findings, pid)
    if conclusion.cause != "steady":
        rivals = [finding for finding in findings if finding.verdict is not Verdict.REFUTED and finding.confirm_with]
        steps += [
            NextStep(do=finding.confirm_with.replace("PID", pid), decides=f"whether it is {finding.cause}")
            for finding in rivals[:3]
            if finding.confirm_with
        ]
    elif findings[0].confirm_with:
        steps.append(
            NextStep(do=findings[0].confirm_with.replace("PID", pid), decides="whether something slower grows")
        )
    seen: set[str] = set()
    return tuple(step for step in steps if not (_key(step.do) in seen or seen.add(_key(step.do))))[:4]  # type: ignore[func-returns-value]


def _key(command: str) -> str:
    return command.split("   ")[0]


def _longer(case: Case, pid: str) -> list[NextStep]:
    if case.total is None:
        return []
    course = case.series[case.total].course
    if not isinstance(course, NotEnough):
        return []
    if course.per == "sample":
        return [
            NextStep(
                do="take the same reading several times, with `date` before each", decides="whether it grows at all"
            )
        ]
    needed = flag_duration(max(60.0, course.needed or 0.0))
    return [NextStep(do=f"memwhy watch {pid} --for {needed}", decides="whether it grows at all")]


def proof(case: Case, conclusion: Conclusion) -> str | None:
    """How to see that a fix works: the same watch again, and what growth it would show."""
    if conclusion.cause in ("undetermined", "steady") or case.total is None:
        return None
    course = case.series[case.total].course
    if not isinstance(course, Trend) or not course.growing:
        return None
    least_s = 60.0 if course.per == "sample" else max(60.0, course.span)
    was = human_rate(course.slope, course.per)
    watch = f"memwhy watch PID --for {flag_duration(least_s)} -o after.memwhy"
    return f"{watch}   after the fix, under the same load; memwhy verify BEFORE after.memwhy holds it against {was}"
