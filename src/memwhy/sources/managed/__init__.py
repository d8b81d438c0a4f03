"""What other runtimes than Go print about their memory: the JVM, Node, CPython, Ruby, .NET; and bounds that are set. Pasted, like those of `pasted`."""

from types import ModuleType

from memwhy.sources.managed import (
    beam,
    counters,
    dotnet,
    gc_log,
    jstat_util,
    jvm_beans,
    jvm_heap,
    memray,
    metaspace,
    nmt,
    node_gc,
    node_memory,
    ocaml,
    python_objects,
    python_process,
    python_trace,
    settings,
    v8_heap,
)

READERS: tuple[ModuleType, ...] = (
    nmt,
    gc_log,
    jvm_beans,
    jvm_heap,
    jstat_util,
    metaspace,
    node_gc,
    node_memory,
    v8_heap,
    python_trace,
    python_process,
    memray,
    python_objects,
    counters,
    beam,
    ocaml,
    dotnet,
    settings,
)
"""In order of priority: lines that one reader has taken are blank to the next."""
