"""What a host's and a container's tools print: top, ps, pmap, slabtop, docker, kubectl, the kernel's OOM report."""

from types import ModuleType

READERS: tuple[ModuleType, ...] = ()
"""In order of priority: lines that one reader has taken are blank to the next."""
