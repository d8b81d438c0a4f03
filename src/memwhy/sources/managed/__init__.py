"""What other runtimes than Go print about their memory: the JVM, Node, CPython. Pasted, like those of `pasted`."""

from types import ModuleType

READERS: tuple[ModuleType, ...] = ()
"""In order of priority: lines that one reader has taken are blank to the next."""
