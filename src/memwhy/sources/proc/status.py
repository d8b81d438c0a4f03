"""/proc/PID/status: the process's totals, for a few microseconds.

The kernel's counters behind VmRSS and RssAnon are per CPU and may lag by some pages; smaps_rollup
walks the pages and is exact. Source: proc_pid_status(5); Documentation/filesystems/proc.rst.
"""

from collections.abc import Iterable, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.proc.fields import count, fields, find_fields, quanta, size_bytes
from memwhy.sources.proc.files import printable, process_path, read_file
from memwhy.sources.span import Span

NAME = "proc/status"

_SIZES = {
    "VmSize": "process.virtual_bytes",
    "VmLck": "process.locked_bytes",
    "VmHWM": "process.rss_peak_bytes",
    "VmRSS": "process.rss_bytes",
    "RssAnon": "process.rss_anon_bytes",
    "RssFile": "process.rss_file_bytes",
    "RssShmem": "process.rss_shmem_bytes",
    "VmPTE": "process.page_tables_bytes",
    "VmSwap": "process.swap_bytes",
}
_FACTS = {
    "Name": "process.comm",
    "State": "process.state",
    "Pid": "process.pid",
    "PPid": "process.ppid",
    "NSpid": "process.nspid",
}
_STRONG = ("VmPeak", "VmData", "VmStk", "VmExe", "VmLib", "VmPin", *_SIZES)
_MEMBERS_TEXT = """
    Name Umask State Tgid Ngid Pid PPid TracerPid Uid Gid FDSize Groups NStgid NSpid NSpgid NSsid Kthread
    HugetlbPages CoreDumping THP_enabled untag_mask Threads SigQ SigPnd ShdPnd SigBlk SigIgn SigCgt CapInh
    CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp Seccomp_filters Speculation_Store_Bypass
    SpeculationIndirectBranch Cpus_allowed Cpus_allowed_list Mems_allowed Mems_allowed_list
    x86_Thread_features x86_Thread_features_locked voluntary_ctxt_switches nonvoluntary_ctxt_switches
"""
_MEMBERS = tuple(_MEMBERS_TEXT.split())


def read(root: str, pid: int) -> bytes:
    """The file, verbatim."""
    return read_file(process_path(root, pid, "status"))


def parse(raw: bytes) -> Reading:
    """Totals, as far as the lines are there: zombies and kernel threads have none, a grep has some."""
    metrics: dict[str, int] = {}
    facts: dict[str, str] = {}
    known = False
    for field in fields(raw):
        known = known or field.key in _STRONG or field.key in _MEMBERS
        if field.key in _SIZES:
            metrics[_SIZES[field.key]] = size_bytes(NAME, field)
        elif field.key == "Threads":
            metrics["process.threads_count"] = count(NAME, field)
        elif field.key in _FACTS:
            text = " ".join(printable(field.value.replace("\t", " ")).split())
            facts[_FACTS[field.key]] = text[:1] if field.key == "State" else text  # one letter, as stat has it
    if not known:
        raise ParseError(NAME, None, raw[:80], "has no line of /proc/PID/status" if raw else "is empty")
    pid = facts.get("process.pid")
    return Reading(metrics=metrics, quanta=quanta(metrics), facts=facts, subject=f"pid {pid}" if pid else None)


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Blocks of status lines, even one line of a `grep VmRSS`."""
    return find_fields(lines, _STRONG, _MEMBERS, "/status")
