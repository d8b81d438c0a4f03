"""What native tools print: leak checkers, heap profilers, allocators' own statistics. Pasted, like those of `pasted`."""

from types import ModuleType

from memwhy.sources.native import rusage, valgrind

READERS: tuple[ModuleType, ...] = (valgrind, rusage)
"""In order of priority: lines that one reader has taken are blank to the next."""
