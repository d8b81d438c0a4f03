"""What other runtimes than Go print about their memory: the JVM, Node, CPython. Pasted, like those of `pasted`."""

from types import ModuleType

from memwhy.sources.managed import nmt, node_gc, node_memory, python_process, python_trace

READERS: tuple[ModuleType, ...] = (nmt, node_gc, node_memory, python_trace, python_process)
"""In order of priority: lines that one reader has taken are blank to the next."""
