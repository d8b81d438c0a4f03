"""Descriptors (files, sockets) are opened and never closed; each holds buffers in the process and in the kernel.

What grows       The number of descriptors, mostly sockets; with Go's HTTP client two goroutines for each connection.
Speaks for       The count rises steadily.
Speaks against   The count is flat.
Remedy           Close on every path: response bodies, rows, files; read a body to its end so that its connection is reused.
References       net/http Response.Body "must close"; proc_pid_fd(5).
"""

from collections.abc import Iterator

from memwhy.causes import counted
from memwhy.causes.clue import DECISIVE, FAIR, STRONG, Clue, against, believed, denied, for_
from memwhy.model import levels, weigh
from memwhy.model.case import Case
from memwhy.model.report import Finding, Verdict

NAME = "descriptor-leak"


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    descriptors = counted.count(case, "process.descriptors_count")
    if descriptors is None:
        return counted.uncounted(
            case, NAME, "the descriptors were not counted", "ls /proc/PID/fd | wc -l   twice, some minutes apart"
        )
    if not counted.rising(descriptors):
        return counted.still(NAME, descriptors, "descriptors", 0)
    because = [counted.told(descriptors, "descriptors")]
    for metric, noun in (
        ("process.sockets_count", "sockets"),
        ("process.files_count", "files"),
        ("process.pipes_count", "pipes"),
    ):
        kind = counted.count(case, metric)
        if kind is not None and kind.last - kind.first >= 0.5 * (descriptors.last - descriptors.first):
            because.append(f"most of them are {noun}: {weigh.change_said(kind)}")
    held = weigh.part(case, "derived.go_held_bytes") or weigh.part(case, "derived.go_resident_bytes")
    second = counted.beside(case, descriptors)
    if second is None and weigh.grows(case) and held is not None and held.minor:
        second = "what grows is outside the runtime, where no buffers of connections are: this is a second problem"
    return Finding(
        cause=NAME,
        verdict=Verdict.CANNOT_SAY if second else Verdict.SUPPORTED,
        probability=0.1 if second else 0.9 if counted.piled(descriptors) else 0.55,
        headline="Descriptors pile up: files or connections are opened and not closed.",
        because=tuple(because),
        against=(second,) if second else (),
        remedy=(
            "close on every path: `defer resp.Body.Close()` after the error check, rows.Close(), file.Close()",
            "read the body to its end (io.Copy(io.Discard, resp.Body)) so that the connection is reused; one http.Client for all requests",
        ),
        confirm_with="ls -l /proc/PID/fd   (what they are), ss -tnp   (whom they talk to)",
    )


FEW, MANY, VERY_MANY = 256, 1_000, 4_000
"""Descriptors: the usual soft limit is 1,024; busy proxies have thousands. A quarter of the limit alarms nobody."""


def clues(case: Case) -> Iterator[Clue]:
    """What single readings and words say."""
    count = levels.level(case, "process.descriptors_count", "process.sockets_count")
    if count is not None:
        if count.rose and count.last >= 2 * count.first:
            yield from for_(DECISIVE if count.last >= 500 else STRONG, count.said)
        elif count.flat:
            yield from against(STRONG, count.said)
        elif count.last >= VERY_MANY:
            waits = levels.level(case, "go.goroutines_count")  # each of which may hold one of them
            yield from for_(FAIR if waits is not None and waits.last >= 2 * count.last else STRONG, count.said)
        elif count.last >= MANY:
            yield from for_(FAIR, count.said)
        elif count.last < FEW:
            yield from against(FAIR, f"{count.said}: few")
    closing = levels.level(case, "process.sockets_close_wait_count")
    if closing is not None and closing.last >= 50:
        grows = closing.n > 1 and closing.last > closing.first
        yield from for_(
            DECISIVE if grows or closing.last >= 500 else STRONG, f"{closing.said}: the other side has closed them"
        )
    established = levels.level(case, "process.sockets_established_count")
    if established is not None and established.rose and established.last >= 2 * established.first:
        yield from for_(STRONG, established.said)
    yield from for_(DECISIVE, case.facts.get("descriptors.exhausted"))
    yield from believed(STRONG, levels.said(case, "grows", "descriptors", "connections"))
    unclosed = case.facts.get("said.unreleased", "")
    if counted.OPENED.search(unclosed):
        yield from believed(STRONG, unclosed)
    yield from denied(STRONG, levels.said(case, "flat", "descriptors"))
