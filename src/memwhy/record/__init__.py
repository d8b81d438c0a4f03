"""Verb 1: every tick, read what is due and hand on one snapshot. Standard library only: this runs on the sick machine.

Reading only: files under /proc and /sys, the target's memory through /proc/PID/mem, and GET requests to its own
profiling endpoint. The target is never stopped and never waits for us, but for what the kernel and Go's own endpoint do
by themselves: smaps walks the page tables under the mm's read lock; a heap profile stops the world for some microseconds.
"""

from memwhy.record.due import CADENCES, FREE_READS, GENTLE_SHARE, Cadence, Due
from memwhy.record.looks import Looks
from memwhy.record.targets import find_listener, find_target
from memwhy.record.watcher import Watcher, snapshots

__all__ = [
    "CADENCES",
    "FREE_READS",
    "GENTLE_SHARE",
    "Cadence",
    "Due",
    "Looks",
    "Watcher",
    "find_listener",
    "find_target",
    "snapshots",
]
