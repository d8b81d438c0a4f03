"""Why a process cannot be attached to: each says what is so, and what can be done instead.

CannotAttach (MemwhyError)   exit 3
├── Unsuited                 the program has no malloc that could be watched from outside: static, musl, another machine
├── Occupied                 somebody else is there: a debugger, a uprobe, another memwhy
├── SeccompForbids           a filter of the target's system calls would kill it, or nobody knows
├── Idle                     no thread called malloc or its like in the time
├── Stuck                    a thread that did our errand is still in the kernel
├── NoRoom                   the target may not map what is needed
├── Unstoppable              its threads could not be stopped at a harmless place
└── Unwritable               the kernel does not let its code be written
NotPermitted and TargetGone are those of memwhy.model.errors. After each of them the target runs as it did before.
"""

from memwhy.model.errors import MemwhyError

WITHOUT_ATTACHING = "start the program anew under memwhy run --native, which needs no attaching"


class CannotAttach(MemwhyError):
    """The target cannot be attached to; it runs on, unchanged."""

    exit_code = 3
    default_help = WITHOUT_ATTACHING


class Unsuited(CannotAttach):
    """The program has no malloc that could be watched from outside."""


class Occupied(CannotAttach):
    """A debugger, a probe or another memwhy is there."""


class SeccompForbids(CannotAttach):
    """A filter of the target's system calls would kill it, refuse the call, or is not known."""


class Idle(CannotAttach):
    """No thread called malloc or its like in the time."""


class Stuck(CannotAttach):
    """A thread that did our errand is still in the kernel."""


class NoRoom(CannotAttach):
    """The target may not map what is needed."""


class Unstoppable(CannotAttach):
    """Its threads could not be stopped at a harmless place."""


class Unwritable(CannotAttach):
    """The kernel does not let its code be written."""
