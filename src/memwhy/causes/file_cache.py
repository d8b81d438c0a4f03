"""Mapped files or the page cache are counted in; the kernel takes them back when it is short.

What grows       RssFile, layer mapped files; in a cgroup or on a host the file part or buff/cache.
Speaks for       File pages explain the growth, or most of the size.
Speaks against   File pages are flat; anonymous memory grows.
Remedy           None needed as a rule: alarm on anonymous memory or the working set; drop mappings that are read once.
References       proc_pid_status(5) RssFile; cgroup-v2.rst memory.stat file, inactive_file.
"""

from memwhy.causes.elsewhere import judge_parts
from memwhy.model.case import Case
from memwhy.model.report import Finding

NAME = "file-cache"
PARTS = (
    "layer.file_mapped_bytes",
    "process.rss_file_bytes",
    "cgroup.file_bytes",
    "host.buff_cache_bytes",
)


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    return judge_parts(
        case,
        cause=NAME,
        metrics=PARTS,
        noun="file pages",
        headline="The growth is file pages: mapped files or page cache, which the kernel can take back.",
        remedy=("alarm on anonymous memory (RssAnon, memory.stat anon) instead of RSS or memory.current",),
        confirm_with="grep -E 'RssAnon|RssFile' /proc/PID/status; memory.stat of the cgroup",
    )
