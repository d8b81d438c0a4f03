"""What the kernel says about a process, a file per source.

Each module of READERS has NAME, `read(root, pid) -> bytes` (root is "/proc" or a captured tree of the same
shape; raises OSError) and a pure `parse(raw) -> Reading` (raises ParseError). Those that people paste have
`find(lines)` too. Standard library only: this runs on the sick machine.
"""

from types import ModuleType

from memwhy.sources.proc import (
    blocked,
    cgroup,
    children,
    cmdline,
    cpus,
    environ,
    exe,
    fd,
    fd_count,
    host,
    libraries,
    limits,
    maps,
    meminfo,
    namespaces,
    neighbours,
    smaps,
    smaps_rollup,
    sockets,
    stat,
    status,
    thp,
    threads,
    vmstat,
)
from memwhy.sources.proc.identity import find_pids, process_identity

READERS: dict[str, ModuleType] = {
    module.NAME: module
    for module in (
        status,
        stat,
        smaps_rollup,
        smaps,
        maps,
        limits,
        fd,
        fd_count,
        sockets,
        threads,
        blocked,
        children,
        environ,
        cgroup,
        meminfo,
        vmstat,
        thp,
        host,
        cpus,
        libraries,
        namespaces,
        exe,
        cmdline,
        neighbours,
    )
}

__all__ = ["READERS", "find_pids", "process_identity"]
