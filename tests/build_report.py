"""Reports built by hand, rich enough to fill every corner of a view. Figures and names are made up."""

from dataclasses import replace
from typing import Any

from build_holders import shop

from memwhy.model.account import Check
from memwhy.model.case import Series, Target
from memwhy.model.inspection import (
    CgoCall,
    GoInside,
    GoroutineGroup,
    Inspection,
    InspectionCost,
    LedgerRow,
    Lost,
    LostGraph,
    Malloc,
    SizeClass,
    StackFrame,
)
from memwhy.model.report import (
    CAUSES,
    Conclusion,
    EvidenceRow,
    Finding,
    Holder,
    NextStep,
    Overhead,
    Report,
    Row,
    Suggestion,
    Verdict,
)
from memwhy.model.trend import Course, NotEnough, Trend
from memwhy.model.units import KIB, MIB

MINUTE = 60


def grows(mib_a_minute: float, low: float, high: float, *, first: float, last: float, shape: str = "growing") -> Trend:
    """A live course in MiB and MiB a minute, at 1 Hz for 41 s."""
    scale = MIB / MINUTE
    return Trend(
        n=42,
        span=41.0,
        per="s",
        first=first * MIB,
        last=last * MIB,
        slope=mib_a_minute * scale,
        low=low * scale,
        high=high * scale,
        shape=shape,  # type: ignore[arg-type]
        detectable=0.4 * scale,
    )


def rests(mib: float, *, spread: float = 0.0) -> Trend:
    """A live course that is flat; spread: half of its interval, MiB a minute."""
    return grows(0.0, -spread, spread, first=mib - spread / 2, last=mib, shape="flat")


def reads(*mib: int, slope: float, low: float, high: float, shape: str) -> Trend:
    """A course over readings in whole MiB that carry no times."""
    return Trend(
        n=len(mib),
        span=len(mib) - 1.0,
        per="sample",
        first=mib[0] * float(MIB),
        last=mib[-1] * float(MIB),
        slope=slope * MIB,
        low=low * MIB,
        high=high * MIB,
        shape=shape,  # type: ignore[arg-type]
        detectable=0.3 * MIB,
    )


def row(metric: str, label: str, mib: float, course: Course, **more: Any) -> Row:
    more.setdefault("share_of_growth", None)
    more.setdefault("source", "smaps")
    return Row(metric=metric, label=label, bytes=round(mib * MIB), course=course, **more)


def refuted(name: str, at_most_mib: float | None, because: str) -> Suggestion:
    at_most = None if at_most_mib is None else round(at_most_mib * MIB)
    return Suggestion(name=name, verdict=Verdict.REFUTED, could_explain_bytes=at_most, because=because)


def finding(cause: str, verdict: Verdict, probability: float, **more: Any) -> Finding:
    return Finding(cause=cause, verdict=verdict, probability=probability, **more)


def report(**parts: Any) -> Report:
    """A report in which only what a test is about has to be said."""
    bare: dict[str, Any] = {
        "target": Target(),
        "conclusion": Conclusion(cause="undetermined", confidence="low", probability=0.2, headline=""),
        "total": None,
        "unaccounted_bytes": None,
        "overhead": None,
        "span_s": None,
    }
    lists = "findings suggestions layers runtime_rows beside controls attribution evidence missing next_steps checks warnings facts"
    return Report(**{**bare, **dict.fromkeys(lists.split(), ()), **parts})


def others(
    probability: float, verdict: Verdict, because: dict[str, str], *, but: tuple[str, ...]
) -> tuple[Finding, ...]:
    """A finding for every cause but some, so that all of the contract's causes are there."""
    return tuple(
        finding(cause, verdict, probability, because=(because.get(cause, "nothing in the evidence speaks for it"),))
        for cause in CAUSES
        if cause not in but
    )


SUGGESTIONS = (
    refuted("Go heap leak", 0.6, "live heap 8.6 to 9.1 MiB, flat"),
    refuted("idle heap, FreeOSMemory", 4.4, "idle and not released 4.4 MiB, flat"),
    refuted("memory limit", 0.0, "GOMEMLIMIT bounds what Go holds, 24.1 MiB; what grows is not Go's"),
    refuted("goroutine leak, recursion", 0.2, "22 to 24 goroutines; StackInuse 0.9 MiB, flat"),
    refuted("unclosed response bodies", 0.2, "each holds two goroutines and its buffers; goroutines and heap are flat"),
    refuted("connection pool", 0.2, "9 sockets established, flat"),
    refuted("gzip readers", 0.0, "38 % of all ever allocated, 0 % of what is held: churn, not a leak"),
)


def native_leak() -> Report:
    """A live process whose native heap grows: layers, intervals, holders, a limit."""
    why = (
        "the native heap grows 44.8 MiB/min (43.8 to 45.9): 99 % of what RSS gains",
        "Go's heap, stacks and metadata are flat: together they explain at most 0.8 MiB/min",
        "98 % of the blocks in use cannot be reached from any root: nothing in the process can still free them",
    )
    leak = finding(
        "native-leak",
        Verdict.SUPPORTED,
        0.97,
        bytes=round(30.8 * MIB),
        bytes_per_s=44.8 * MIB / MINUTE,
        because=why,
        remedy=(
            "call doc.Free() on every path of main.(*crawler).visit, also when a page has no title",
            "in new code: doc, err := feeds.Parse(page); if err != nil { return err }; defer doc.Free()",
        ),
        confirm_with="memwhy watch PID --for 5m -o after.memwhy && memwhy verify before.memwhy after.memwhy",
    )
    reasons = {
        "native-retained": "free chunks in malloc's arenas: 0.6 MiB, flat",
        "heap-leak": "Go's live heap is flat (-0.6 to 0.8 MiB/min)",
        "goroutine-leak": "22 to 24 goroutines",
        "thread-leak": "9 threads, constant",
        "descriptor-leak": "14 to 17 descriptors",
        "file-cache": "file pages 21 MiB, flat",
        "virtual-only": "it is resident: RSS itself grows",
        "steady": "RSS grows, and goes on growing in both halves of the watch",
    }
    holders = (
        Holder(
            layer="layer.native_heap_bytes",
            function="xmlNewDocNodeEatName",
            module="libxml2.so.2.9.14",
            bytes=round(28.6 * MIB),
            share=0.93,
            stack=(
                "xmlNewDocNodeEatName",
                "htmlParseStartTag",
                "htmlReadMemory",
                "_Cfunc_htmlReadMemory",
                "example.com/feeds.Parse (parse.go:88)",
                "main.(*crawler).visit (crawl.go:131)",
                "main.main.func1 (main.go:52)",
            ),
            method="native-stacks",
            modules=("", *["libxml2.so.2@2.9.14+dfsg-1.3"] * 4, *["example.com/feeds@v0.3.0"] * 2, "", ""),
            low_bytes=round(27.9 * MIB),
            high_bytes=round(32.1 * MIB),
            bytes_per_s=0.75 * MIB,
            note="in blocks of 8 s and older; of 78.8 MiB allocated 48.9 MiB were freed; what frees it: xmlFreeDoc",
        ),
        Holder(
            layer="layer.native_heap_bytes",
            function="xmlStrndup",
            module="libxml2.so.2.9.14",
            bytes=round(1.9 * MIB),
            share=0.06,
            stack=("xmlStrndup", "xmlSAX2TextNode", "xmlSAX2Characters", "htmlParseCharData"),
            method="native-stacks",
        ),
    )
    return report(
        target=Target(pid=4711, command="crawler", runtime="go", runtime_version="go1.27.3"),
        conclusion=Conclusion(
            cause="native-leak",
            confidence="high",
            probability=0.97,
            headline="Native memory behind cgo leaks 44.8 MiB/min; Go itself is flat.",
        ),
        findings=(leak, *others(0.002, Verdict.REFUTED, reasons, but=("native-leak",))),
        suggestions=SUGGESTIONS,
        total=row(
            "process.rss_bytes", "RSS", 612.4, grows(45.1, 44.0, 46.2, first=581.5, last=612.4), share_of_growth=1.0
        ),
        layers=(
            row(
                "layer.native_heap_bytes",
                "native heap [heap]",
                566.9,
                grows(44.8, 43.8, 45.9, first=536.1, last=566.9),
                share_of_growth=0.99,
            ),
            row(
                "layer.native_arenas_bytes",
                "native arenas",
                1.2,
                grows(0.1, 0.02, 0.2, first=1.1, last=1.2, shape="unclear"),
                weak=True,
            ),
            row("layer.go_heap_bytes", "Go heap", 13.5, rests(13.5, spread=0.7)),
            row("layer.go_other_bytes", "Go metadata", 8.2, rests(8.2)),
            row("layer.thread_stacks_bytes", "thread stacks", 0.3, rests(0.3)),
            row("layer.file_code_bytes", "program and libraries", 21.0, rests(21.0)),
            row("layer.file_data_bytes", "program data", 1.2, rests(1.2, spread=0.1)),
            row("layer.shared_memory_bytes", "shared memory", 0.0, rests(0.0)),
        ),
        unaccounted_bytes=round(0.1 * MIB),
        runtime_rows=(
            row("go.sys_bytes", "Go Sys", 24.1, rests(24.1)),
            row("go.heap_inuse_bytes", "Go heap, spans in use", 9.1, rests(8.9, spread=0.7)),
            row("go.heap_idle_bytes", "Go heap, idle spans", 4.4, rests(4.6, spread=0.7)),
            Row(
                metric="go.goroutines_count",
                label="goroutines",
                bytes=24,
                course=NotEnough(reason="3 profiles are too few for a trend", n=3, needed=20.0),
                share_of_growth=None,
                source="goroutine profile",
            ),
        ),
        attribution=holders,
        evidence=(
            EvidenceRow(source="proc/status", format="proc/status", where="live", samples=42),
            EvidenceRow(source="proc/smaps_rollup", format="proc/smaps_rollup", where="live", samples=42),
            EvidenceRow(source="proc/smaps", format="proc/smaps", where="live", samples=9),
            EvidenceRow(source="go/heap", format="go/heap", where="http://127.0.0.1:6060", samples=5),
            EvidenceRow(
                source="proc/cgroup",
                format="proc/cgroup",
                where="live",
                samples=0,
                problem="EACCES: Permission denied reading memory.stat",
            ),
        ),
        missing=("who calls malloc on the Go side: run under memwhy run --native",),
        next_steps=(
            NextStep(
                do="memwhy watch 4711 --native", decides="which C function allocates, and which Go function called it"
            ),
        ),
        checks=(
            Check(
                name="smaps sum",
                left="sum of mappings",
                left_bytes=642_000_000,
                right="smaps_rollup",
                right_bytes=642_100_000,
                agree=True,
                text="the mappings sum to smaps_rollup within one tick's growth",
            ),
        ),
        facts=(("go.version", "go1.27.3"), ("binary.libraries", "libxml2.so.2.9.14, libc.so.6")),
        overhead=Overhead(cpu_s=0.123, wall_s=41.0, target_paused_s=0.012, sampler_s=0.04),
        sampling=(
            "58 s since it was attached: older blocks are not counted",
            "it took 0.04 s of the target's CPU time",
        ),
        span_s=41.0,
        proof="memwhy watch PID --for 5m after the fix: growth above 0.8 MiB/min would show",
        limit="At this rate the cgroup limit of 1 GiB is reached in 9 min (8 to 10).",
    )


def pasted_page() -> Report:
    """A forum page: readings without times, two hosts, MemStats, profiles that cannot be compared."""
    used = reads(505, 506, 507, 508, 510, 510, 510, 513, 514, 516, slope=1.2, low=0.9, high=1.5, shape="growing")
    control = reads(4386, 4386, 4386, 4386, 4387, 4387, slope=0.2, low=-0.1, high=0.5, shape="flat")
    cache = reads(480, 481, 481, 481, 481, 481, 481, 481, 481, 481, slope=0.0, low=-0.1, high=0.1, shape="flat")
    shared = reads(*[14] * 10, slope=0.0, low=-0.1, high=0.1, shape="flat")
    few = NotEnough(reason="3 readings in 20 s", n=3, per="s", needed=60.0)

    def of_go(metric: str, label: str, *mib: int) -> Row:
        points = tuple((10.0 * index, value * MIB) for index, value in enumerate(mib))
        series = Series(metric=metric, subject="", clock="wall", points=points, quantum=MIB, course=few)
        return row(metric, label, mib[-1], few, source="page.txt:87-110", series=series)

    leak = finding(
        "native-leak",
        Verdict.SUPPORTED,
        0.78,
        bytes=11 * MIB,
        because=(
            "used memory of host tote grows by 11 MiB in 10 readings while buff/cache and shared stand still: anonymous or "
            "kernel memory",
            "Go holds at most 24 MiB (Sys), flat: it explains at most 1 MiB of the 11",
        ),
        against=("no RSS of the process: a neighbour on the host could hold it",),
        remedy=("find the C library behind cgo that allocates for each request, and free what it returns",),
    )
    neighbour = finding(
        "other-process", Verdict.CANNOT_SAY, 0.12, bytes=11 * MIB, because=("no process's RSS is in the evidence",)
    )
    kernel = finding(
        "kernel-memory", Verdict.CANNOT_SAY, 0.05, bytes=11 * MIB, because=("no /proc/meminfo is in the evidence",)
    )
    reasons = {
        "mmap-leak": "not told apart from malloc here",
        "heap-leak": "HeapInuse 11 to 13 MiB; the profile holds 2.5 MiB",
        "goroutine-leak": "StackInuse 3 MiB, flat",
        "file-cache": "buff/cache 480 to 481 MiB, flat",
        "shared-memory": "shared 14 MiB, flat",
        "virtual-only": "what grows is used memory, not address space",
        "steady": "used memory grows through all ten readings",
    }
    rest = others(0.005, Verdict.REFUTED, reasons, but=("native-leak", "other-process", "kernel-memory"))
    return report(
        target=Target(runtime="go"),
        conclusion=Conclusion(
            cause="native-leak",
            confidence="medium",
            probability=0.78,
            headline="Memory outside the Go runtime grows; Go itself is flat.",
        ),
        findings=(leak, neighbour, kernel, *rest),
        suggestions=(
            refuted("Go heap leak", 2.0, "in use 11 → 11 MiB; the profile holds 2.5 MiB"),
            refuted("idle heap, FreeOSMemory", 6.0, "idle 2 to 6 MiB, released 0"),
            refuted("memory limit", 0.0, "limits Go's 24 MiB, not what grows"),
            refuted("recursion, goroutines", 1.0, "StackInUse 3 MiB, flat"),
            refuted("bodies, connections", 2.0, "need goroutines and buffers: stacks and heap are flat"),
            refuted("gzip readers", 0.0, "38 % of all ever allocated, 0 % of what is held: churn, not a leak"),
        ),
        total=row("host.used_bytes", "used memory of tote", 516, used, source="page.txt:9-40"),
        layers=(),
        runtime_rows=(
            of_go("go.sys_bytes", "Go Sys", 23, 23, 24),
            of_go("go.heap_inuse_bytes", "Go heap, spans in use", 11, 13, 11),
            of_go("go.heap_idle_bytes", "Go heap, idle spans", 5, 2, 6),
            of_go("go.stack_inuse_bytes", "Go stacks", 3, 3, 3),
        ),
        controls=(
            row("host.buff_cache_bytes", "buff/cache of tote", 481, cache, source="page.txt:9-40"),
            row("host.shared_bytes", "shared of tote", 14, shared, source="page.txt:9-40"),
            row("host.used_bytes", "used memory of workbench-desktop", 4387, control, source="page.txt:44-63"),
        ),
        evidence=(
            EvidenceRow(source="pasted/free", format="free", where="page.txt:9-40", samples=10),
            EvidenceRow(source="pasted/free", format="free", where="page.txt:44-63", samples=6),
            EvidenceRow(source="pasted/pprof_top", format="pprof -top inuse_space", where="page.txt:70-81", samples=1),
            EvidenceRow(source="pasted/memstats_log", format="MemStats log", where="page.txt:87-110", samples=3),
            EvidenceRow(
                source="pasted/pprof_top", format="pprof -top alloc_space", where="page.txt:118-168", samples=2
            ),
            EvidenceRow(
                source="unread",
                format="image",
                where="page.txt:180",
                samples=0,
                problem="a link to a screenshot: memwhy reads text, not pictures",
            ),
        ),
        missing=("RSS of the process", "times of the free readings", "the number of goroutines"),
        next_steps=(
            NextStep(
                do="grep -E 'VmRSS|RssAnon' /proc/PID/status",
                decides="this process or another: run it twice, ten minutes apart",
            ),
            NextStep(do="memwhy watch PID --native", decides="the C function, and the Go function that called it"),
        ),
        warnings=(
            "The two alloc_space profiles are not comparable: builds 5cb3aeea and 6996cbd6 differ, and the second holds "
            "only the profile server's own work. “It does not happen locally” is not shown by them.",
            "The free readings carry no times: rates are per reading.",
            "Malloc and Frees in the log count the log's own lines; they are not Go's Mallocs and Frees.",
        ),
    )


def steady_twin() -> Report:
    """The innocent twin: nothing grows, and what could have been missed is said."""
    calm = finding(
        "steady",
        Verdict.SUPPORTED,
        0.95,
        because=(
            "RSS is flat: -0.3 to 0.5 MiB/min, and all layers with it",
            "the smallest growth that these 60 s could have shown is 0.6 MiB/min",
            "it warmed up by 12 MiB in the first 8 s, then no more",
        ),
        confirm_with="memwhy watch 4802 --for 30m",
    )
    reasons = {"gc-headroom": "the saw-tooth of the heap returns to 5.2 MiB after every collection"}
    return report(
        target=Target(pid=4802, command="crawler-twin", runtime="go", runtime_version="go1.27.3"),
        conclusion=Conclusion(
            cause="steady", confidence="high", probability=0.95, headline="Nothing grows: RSS is flat after warming up."
        ),
        findings=(calm, *others(0.003, Verdict.REFUTED, reasons, but=("steady",))),
        suggestions=(refuted("Go heap leak", 0.3, "live heap 5.2 MiB after each of 14 collections"),),
        total=row("process.rss_bytes", "RSS", 41.6, grows(0.1, -0.3, 0.5, first=41.5, last=41.6, shape="flat")),
        layers=(
            row("layer.go_heap_bytes", "Go heap", 11.9, grows(0.1, -0.4, 0.6, first=11.4, last=11.9, shape="flat")),
            row(
                "layer.native_heap_bytes",
                "native heap [heap]",
                4.1,
                grows(0.3, 0.1, 0.5, first=0.4, last=4.1, shape="warm-up"),
            ),
            row("layer.go_other_bytes", "Go metadata", 6.0, rests(6.0)),
            row("layer.file_code_bytes", "program and libraries", 19.6, rests(19.6)),
        ),
        unaccounted_bytes=-4 * KIB,
        evidence=(EvidenceRow(source="proc/status", format="proc/status", where="live", samples=60),),
        overhead=Overhead(cpu_s=0.18, wall_s=60.0, target_paused_s=0.0),
        span_s=60.0,
    )


def undetermined() -> Report:
    """One capture of one file: everything is missing, and the report says what."""
    one = NotEnough(reason="one reading: growth needs at least four", n=1, per="sample", needed=3.0)
    reasons = dict.fromkeys(CAUSES, "one look shows no growth")
    reasons |= dict.fromkeys(("heap-leak", "heap-retained", "gc-headroom"), "no figures from the runtime itself")
    reasons |= {"kernel-memory": "no /proc/meminfo", "other-process": "no other process was looked at"}
    return report(
        conclusion=Conclusion(cause="undetermined", confidence="low", probability=0.14, headline=""),
        findings=others(0.0625, Verdict.CANNOT_SAY, reasons, but=()),
        suggestions=(
            Suggestion(
                name="idle heap, FreeOSMemory",
                verdict=Verdict.CANNOT_SAY,
                could_explain_bytes=210 * MIB,
                because="no HeapIdle: at most all anonymous memory",
            ),
        ),
        total=row("process.rss_bytes", "RSS", 231.5, one, source="status:22"),
        layers=(
            row("layer.all_anonymous_bytes", "anonymous", 210.0, one, source="status:23"),
            row("layer.all_files_bytes", "files", 21.5, one, source="status:24"),
            row("layer.all_shared_bytes", "shared memory", 0.0, one, source="status:25"),
        ),
        unaccounted_bytes=0,
        evidence=(
            EvidenceRow(source="proc/status", format="proc/status", where="status", samples=1),
            EvidenceRow(
                source="unread", format="pprof", where="heap.pb.gz", samples=0, problem="gzip: ends in the middle"
            ),
        ),
        missing=("a second reading", "smaps: what the anonymous memory is made of", "figures of the runtime"),
        next_steps=(NextStep(do="memwhy watch PID --for 60s", decides="whether it grows, and in which layer"),),
        warnings=("The file has no time in it: rates cannot be given.",),
    )


HOSTILE = "evil\x1b[2J\x1b]0;owned\x07\nroot# rm\t\u202egnp.exe | `x` <img src=x> @everyone #1 \udcff\x9b31m"


def hostile() -> Report:
    """A target that wants the terminal, the table and the issue tracker."""
    long_name = "example.com/" + "very/" * 40 + "deep.(*Type[go.shape.struct { F func() }]).Method"
    wins = finding(
        "descriptor-leak",
        Verdict.SUPPORTED,
        0.65,
        because=(HOSTILE, "界" * 60, "a\u0301\u0301\u0301\u0301\u0301\u0301zalgo", "- 1. # = nested"),
        against=("| a | b |\n|---|---|",),
        remedy=("</details><script>alert(1)</script>",),
        confirm_with="ls /proc/PID/fd | wc -l; echo `date`",
    )
    rival = finding(
        "heap-leak", Verdict.SUPPORTED, 0.2, because=("https://evil.example/?q=1 www.evil.example a@b.example",)
    )
    return report(
        target=Target(pid=666, command=HOSTILE, runtime="unknown", runtime_version="\x00\x00"),
        conclusion=Conclusion(
            cause="descriptor-leak", confidence="medium", probability=0.65, headline="Descriptors grow in " + HOSTILE
        ),
        findings=(
            wins,
            rival,
            *others(0.01, Verdict.REFUTED, {"steady": HOSTILE}, but=("descriptor-leak", "heap-leak")),
        ),
        suggestions=(refuted(HOSTILE, 1.0, long_name),),
        total=row("process.rss_bytes", "RSS", 64.0, grows(2.0, 1.0, 3.0, first=62.0, last=64.0), share_of_growth=1.0),
        layers=(row("layer.nobody_knows", long_name, 64.0, grows(2.0, 1.0, 3.0, first=62.0, last=64.0)),),
        unaccounted_bytes=0,
        attribution=(
            Holder(
                layer="layer.nobody_knows",
                function=long_name,
                module="/tmp/\x1b[31m|`lib`.so (deleted)",
                bytes=2 * MIB,
                share=1.0,
                stack=(HOSTILE, long_name, *("frame" for _ in range(20))),
                method="descriptors",
            ),
        ),
        evidence=(
            EvidenceRow(source="proc/fd", format="proc/fd", where="/tmp/a\nb|c`d.txt", samples=3, problem=HOSTILE),
        ),
        missing=(HOSTILE,),
        next_steps=(NextStep(do="echo '\x1b[31m' | cat -v", decides="<b>nothing</b>"),),
        checks=(
            Check(name="sum", left="a|b", left_bytes=2 * MIB, right="c", right_bytes=MIB, agree=False, text=""),
            Check(
                name="other", left="x", left_bytes=0, right="y", right_bytes=0, agree=None, text="_not_ *comparable*"
            ),
        ),
        warnings=("\u2028\u2029\u200b\ufeff", HOSTILE),
        facts=(("process.comm", HOSTILE),),
        span_s=1e30,
        proof="again " + HOSTILE,
        limit="[click](javascript:alert(1)) " + HOSTILE,
        inspection=replace(looked(HOSTILE), holders=shop(HOSTILE)),
    )


def looked(text: str = "") -> Inspection:
    """A look from outside with every part in it; text: put wherever a target's own words stand."""
    visit = (StackFrame(function="main.fetch", file="main.go", line=9), StackFrame(function=f"main.visit{text}"))
    return Inspection(
        rss_bytes=612 * MIB,
        ledger=(
            LedgerRow(category="malloc.in_use", bytes=566 * MIB, virtual_bytes=570 * MIB),
            LedgerRow(category="malloc.free", bytes=600 * KIB, virtual_bytes=MIB),
            LedgerRow(category="heap.in_use", bytes=9 * MIB, virtual_bytes=9 * MIB),
            LedgerRow(category="heap.idle", bytes=15 * MIB, virtual_bytes=55 * MIB),
            LedgerRow(category="files.clean", bytes=21 * MIB, virtual_bytes=30 * MIB),
            LedgerRow(category="kernel", bytes=4 * KIB, virtual_bytes=8 * KIB),
            LedgerRow(category="anonymous", bytes=408 * KIB, virtual_bytes=64 * MIB),
        ),
        unexplained_bytes=420 * KIB,
        moved_bytes=12 * KIB,
        go=GoInside(
            version="go1.27.3",
            goroutines=2014,
            memstats={"Sys": 41 * MIB, "HeapAlloc": 8 * MIB, "HeapIdle": 15 * MIB, "NumGC": 12},
            groups=(
                GoroutineGroup(
                    count=2000, state="IO wait", stack=visit, waiting_s=7300.0, created_by=f"main.main{text}"
                ),
                *(GoroutineGroup(count=1, state="select", stack=(visit[0],) * n) for n in range(13, 0, -1)),
                GoroutineGroup(count=1, state="running", stack=()),
            ),
            cgo_calls=(CgoCall(stack=visit, seen=140, looks=145, goroutines=3),),
            cgo_calls_ever=70_123,
            threads=9,
            modules=("example.com/crawler v1.2.0",),
        ),
        malloc=Malloc(
            version="2.36",
            system_bytes=570 * MIB,
            in_use_bytes=567 * MIB,
            free_bytes=3 * MIB,
            fastbin_bytes=64 * KIB,
            mmapped_count=2,
            mmapped_bytes=2 * MIB,
            arenas=8,
            heaps=12,
            tcache_bytes=100 * KIB,
            top_bytes=MIB,
            trimmable_bytes=700 * KIB,
            in_use_chunks=4_400_000,
            free_chunks=900,
            in_use_resident_bytes=566 * MIB,
            free_resident_bytes=600 * KIB,
            mmapped_resident_bytes=MIB,
            classes=(
                SizeClass(
                    chunk_bytes=128,
                    up_to_bytes=128,
                    in_use_count=4_000_000,
                    in_use_bytes=512_000_000,
                    grown_count=282_140,
                    grown_bytes=36_113_920,
                ),
                SizeClass(
                    chunk_bytes=64, up_to_bytes=64, in_use_count=7, in_use_bytes=448, grown_count=-1, grown_bytes=-64
                ),
                SizeClass(
                    chunk_bytes=MIB,
                    up_to_bytes=2 * MIB,
                    in_use_count=3,
                    in_use_bytes=4 * MIB,
                    grown_count=0,
                    grown_bytes=0,
                ),
            ),
            approximate=(f"the heap at 0x7f0000000000 could not be walked to its end{text}",),
        ),
        lost=Lost(
            bytes=540 * MIB,
            chunks=4_200_000,
            resident_bytes=530 * MIB,
            searched=f"4 times: the target moved{text}",
            maybe_bytes=64 * KIB,
            held_bytes=26 * MIB,
            roots_bytes=40 * MIB,
            graphs=(
                LostGraph(
                    count=16_342,
                    chunks=257,
                    bytes=500 * MIB,
                    library=f"libxml2.so.2.9.14{text}",
                    type="xmlDoc",
                    samples=(f"Customer number 49{text}",),
                ),
                *(LostGraph(count=n, chunks=1, bytes=5 * MIB) for n in range(9, 1, -1)),
            ),
            caveats=(f"blocks made while it was searched are not counted{text}",),
        ),
        notes=(f"the thread 4712 ended meanwhile{text}",),
        cost=InspectionCost(cpu_s=0.61, wall_s=5.9, attach_s=0.031, rss_bytes=92 * MIB),
        apart_s=5.02,
    )


def inspected() -> Report:
    """A leak whose process was looked into twice from outside."""
    return replace(native_leak(), inspection=looked())


def held() -> Report:
    """The same with who holds Go's heap, at two moments."""
    return replace(inspected(), inspection=replace(looked(), holders=shop()))


GOLDEN = {
    "native-leak": native_leak,
    "pasted-page": pasted_page,
    "steady-twin": steady_twin,
    "undetermined": undetermined,
    "hostile": hostile,
    "inspected": inspected,
    "held": held,
}
