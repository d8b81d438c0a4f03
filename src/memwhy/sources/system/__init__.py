"""What a host's and a container's tools print: top, ps, pmap, slabtop, docker, kubectl, the kernel's OOM report."""

from types import ModuleType

from memwhy.sources.system import docker_stats, oom, ps, top

READERS: tuple[ModuleType, ...] = (oom, docker_stats, top, ps)
"""In order of priority: lines that one reader has taken are blank to the next."""
