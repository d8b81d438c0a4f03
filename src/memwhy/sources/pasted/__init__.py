"""What people paste: output of tools, found in free-form pages.

A reader is a module with NAME, `find(lines) -> Iterable[Span]` and `parse(text) -> tuple[Reading, ...]`. TRIGGERS are
lower-case byte strings of which at least one stands in each of its blocks, so that large logs can be skipped
fast; a reader without TRIGGERS is asked about small pages only. Adding a format is one file here and one name below.
"""

from types import ModuleType

from memwhy.sources.pasted import free, memstats_log, pprof_top, prose

READERS: tuple[ModuleType, ...] = (free, pprof_top, memstats_log, prose)
"""In order of priority: lines that one reader has taken are blank to the next."""
