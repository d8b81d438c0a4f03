"""Kernel memory: slab, socket buffers, page tables, kernel stacks; no process owns it in its RSS.

What grows       SUnreclaim, KernelStack, PageTables, Percpu on the host; kernel, slab, sock in the cgroup; VmPTE.
Speaks for       The kernel's part explains the growth.
Speaks against   It is flat; the process's own RSS explains the growth.
Remedy           Follow the growing slab cache (slabtop), the sockets' queues (ss -m), or the mappings behind the page tables.
References       proc_meminfo(5); cgroup-v2.rst memory.stat; slabinfo(5).
"""

from memwhy.causes.elsewhere import judge_parts
from memwhy.model.case import Case
from memwhy.model.report import Finding

NAME = "kernel-memory"
PARTS = ("cgroup.kernel_bytes", "cgroup.sock_bytes", "derived.kernel_bytes", "process.page_tables_bytes")


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    return judge_parts(
        case,
        cause=NAME,
        metrics=PARTS,
        noun="kernel memory",
        headline="The kernel's own memory grows: slab, sockets, page tables or per-cpu data.",
        remedy=("find the cache: slabtop -s c; sockets' queues: ss -tm; then the program that makes them",),
        confirm_with="grep -E 'SUnreclaim|KernelStack|PageTables|Percpu' /proc/meminfo   twice, some minutes apart",
    )
