"""Shared memory: tmpfs, memfd, SysV or POSIX segments, which stay until they are removed.

What grows       RssShmem, layer shared memory, the host's Shmem, files in /dev/shm or a tmpfs.
Speaks for       Shared pages explain the growth.
Speaks against   The shared part is flat.
Remedy           Remove segments and files (shm_unlink, ipcrm, closing memfds); bound what is written to tmpfs.
References       proc_meminfo(5) Shmem; memfd_create(2); tmpfs(5).
"""

from memwhy.causes.elsewhere import judge_parts
from memwhy.model.case import Case
from memwhy.model.report import Finding

NAME = "shared-memory"
PARTS = ("layer.shared_memory_bytes", "process.rss_shmem_bytes", "cgroup.shmem_bytes", "host.shared_bytes")


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    return judge_parts(
        case,
        cause=NAME,
        metrics=PARTS,
        noun="shared memory",
        headline="Shared memory grows: tmpfs, memfd or SysV segments.",
        remedy=(
            "remove what is done with: shm_unlink, ipcrm, close memfds; look into /dev/shm and other tmpfs mounts",
        ),
        confirm_with="grep Shmem /proc/meminfo; ls -l /dev/shm; ls -l /proc/PID/fd | grep memfd",
    )
