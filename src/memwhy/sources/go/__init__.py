"""Go: what its binaries, profiles and endpoints say. A file per source; only `pprof` needs more than the standard library.

READERS are imported when first asked for: who needs one of them need not pay for all.
"""

from importlib import import_module
from types import ModuleType

READERS: dict[str, ModuleType]
"""Every reader of this room, by name."""

_MODULES = (
    "buildinfo", "binary", "heap_text", "goroutine_text", "threadcreate_text", "count_text", "expvar", "prometheus", "pprof",
)  # fmt: skip


def __getattr__(name: str) -> dict[str, ModuleType]:
    if name != "READERS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    modules = [import_module(f"{__name__}.{module}") for module in _MODULES]
    found = globals()["READERS"] = {module.NAME: module for module in modules}
    return found
