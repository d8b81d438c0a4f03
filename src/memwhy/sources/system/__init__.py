"""What a host's and a container's tools print: top, ps, pmap, slabtop, df, ipcs, docker, kubectl, the kernel's OOM report."""

from types import ModuleType

from memwhy.sources.system import (
    arc,
    cgroup_typed,
    cgroups,
    dd,
    docker_api,
    docker_stats,
    kubectl_top,
    oom,
    perf,
    pmap,
    ps,
    slab,
    smaps_keys,
    sockets,
    stack_maps,
    stat_columns,
    systemd,
    tmpfs,
    top,
    vmstat,
    yarn,
)

READERS: tuple[ModuleType, ...] = (
    oom,
    yarn,
    systemd,
    docker_api,
    kubectl_top,
    docker_stats,
    pmap,
    slab,
    arc,
    vmstat,
    smaps_keys,
    tmpfs,
    sockets,
    cgroups,
    cgroup_typed,
    perf,
    stack_maps,
    stat_columns,
    dd,
    top,
    ps,
)
"""In order of priority: lines that one reader has taken are blank to the next."""
