"""memwhy: what holds the memory that the runtime does not know about, and who put it there.

As a library: `record` a process, `open` a recording, `diagnose` it, `explain` any evidence, `compare` two runs, `verify` a fix.

    import memwhy

    recording = memwhy.record(4711, to="crawler.memwhy", for_s=60)
    print(memwhy.diagnose(recording))

Nothing heavy is imported before a name is used. Modules below this one are not part of what programs may rely on.
"""

import sys
from types import ModuleType

TYPE_CHECKING = False  # as in typing, which is dearer to import than all that is here
if TYPE_CHECKING:
    from memwhy.library.answers import Comparison as Comparison
    from memwhy.library.answers import Report as Report
    from memwhy.library.answers import Verification as Verification
    from memwhy.library.frame import Frame as Frame
    from memwhy.library.opened import Recording as Recording
    from memwhy.library.opened import Series as Series
    from memwhy.library.verbs import compare as compare
    from memwhy.library.verbs import diagnose as diagnose
    from memwhy.library.verbs import explain as explain
    from memwhy.library.verbs import open as open
    from memwhy.library.verbs import record as record
    from memwhy.library.verbs import verify as verify
    from memwhy.model.errors import MemwhyError as MemwhyError
    from memwhy.model.errors import NothingReadable as NothingReadable
    from memwhy.model.errors import NotPermitted as NotPermitted
    from memwhy.model.errors import RecordingError as RecordingError
    from memwhy.model.errors import TargetGone as TargetGone
    from memwhy.model.errors import UsageError as UsageError

__version__ = "0.1.0"

_HOMES = {
    **dict.fromkeys(("compare", "diagnose", "explain", "open", "record", "verify"), "memwhy.library.verbs"),
    **dict.fromkeys(("Recording", "Series"), "memwhy.library.opened"),
    "Frame": "memwhy.library.frame",
    **dict.fromkeys(("Comparison", "Report", "Verification"), "memwhy.library.answers"),
    **dict.fromkeys(
        ("MemwhyError", "NothingReadable", "NotPermitted", "RecordingError", "TargetGone", "UsageError"),
        "memwhy.model.errors",
    ),
}
"""Every public name, and the module that has it."""

__all__ = [
    "Comparison", "Frame", "MemwhyError", "NotPermitted", "NothingReadable", "Recording", "RecordingError", "Report", "Series",
    "TargetGone", "UsageError", "Verification", "__version__", "compare", "diagnose", "explain", "open", "record", "verify",
]  # fmt: skip


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """Here `record` and `diagnose` stay the functions: the modules of these names would take their places when imported."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
