"""The door: argv → a command → an exit code. Each command is one file; none is imported before it is called.

Exit codes: 0 answered · 1 a gate failed · 2 usage, or nothing readable was given · 3 the target is gone or may not
be read · 4 undecided (check only).
"""

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from memwhy import __version__
from memwhy.model.errors import MemwhyError, UsageError

COMMANDS = {
    "watch": "look at a live process, then say what holds its memory",
    "run": "start a command and watch it",
    "record": "record only: small, no analysis; for the sick machine",
    "bundle": "collect on the sick host what explain wants, in one file; secrets masked",
    "explain": "diagnose recordings, pasted text, logs, profiles, directories",
    "report": "a page of all that: charts, flame graphs, every cause, in one file for a browser",
    "inspect": "look into a process or a core from outside: who holds each byte, what is lost",
    "verify": "did the fix work? growth before and after it, with intervals",
    "check": "a gate for CI: does memory grow faster than a limit?",
    "compare": "two hosts, builds or times: what differs, and how many bytes each difference could explain",
    "deps": "modules and libraries of a program: which are known to leak, which use memory outside Go's heap",
    "lint": "Go source that reads like a leak; with --diagnosis, what was measured there",
    "export": "files that others open: pprof, folded stacks, speedscope, OpenMetrics, CSV",
    "dump": "raw evidence out of a recording",
    "completion": "the script that completes all this in bash, zsh or fish",
}
PLANNED = ("fleet", "agent")
"""Names that later versions answer to: no process may be meant by them."""
TAKING_VALUES = (
    "--format", "-o", "--for", "--tick", "--pprof", "--max-size", "--probe", "--probe-max", "--heap-profile", "--goroutines", "--retention", "--top",
)  # fmt: skip
"""Options whose value is the next word, before any command has said so."""

_OBJECTS_BEFORE_COLLECTING = 10_000
"""Python's 700 means hundreds of collections for one look, and there is next to nothing in cycles."""

_EPILOG = """\
memwhy TARGET… does the obvious: a pid, a process name or http://host:port is watched; files, directories
and - (standard input) are explained; a core file is inspected.

  memwhy watch crawler --for 60s          watch for a minute, then diagnose
  memwhy watch 4711 -o crawler.memwhy     the same, and keep the recording
  memwhy inspect 4711                     already huge: who holds each byte, what is lost, now
  memwhy explain post.txt                 find the figures in a pasted page and diagnose them
  memwhy explain crawler.memwhy           diagnose a recording again

exit codes: 0 answered, 1 not proven or above the limit (verify, check), 2 usage or nothing readable,
3 target gone or not permitted, 4 undecided (check)
"""


_BRIEF = """\
memwhy: what holds the memory that grows, which code put it there, and how do I prove the fix?

  memwhy watch PID             look at a live process for a minute, then say what holds its memory
  memwhy explain FILE…         the same of a recording, a log, or a page that somebody pasted
  memwhy verify BEFORE AFTER   did the fix work?

All commands, and what each is for: memwhy --help
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; errors are one line for people, on stderr, with what to do."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _stand_in()
    try:
        try:
            return _dispatch(arguments)
        finally:
            sys.stdout.flush()  # what cannot be written is met here, not while Python shuts down
    except MemwhyError as error:
        print(f"memwhy: {error.message}", file=sys.stderr)
        if help_text := _suggestion(error, arguments) or error.help:
            print(f"  {help_text}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _drop_output()  # its reader is gone (| head): nothing more can be said, and nothing is wrong
        return 0
    except OSError as error:
        if error.filename is not None:
            raise
        _drop_output()
        print(f"memwhy: the answer could not be written: {error.strerror}", file=sys.stderr)
        return MemwhyError.exit_code


def _stand_in() -> None:
    """Where standard streams are closed, /dev/null takes their place, before any file of ours gets their numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(descriptor, mode, encoding="utf-8", closefd=False))  # noqa: SIM115  open to the end


def _drop_output() -> None:
    """Let what is still buffered for standard output go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _dispatch(arguments: list[str]) -> int:
    name = next(iter(_words(arguments)), None)
    if arguments and arguments[0] in ("-V", "--version"):
        print(f"memwhy {__version__}")
        return 0
    if name is None or arguments[0] in ("-h", "--help"):
        print(_help() if arguments else _BRIEF, end="")
        return 0 if arguments else UsageError.exit_code
    if name in PLANNED and not os.path.exists(name):
        raise UsageError(f"memwhy {name} is not in this version", help="memwhy --help lists what is")
    if arguments[0] not in COMMANDS:
        arguments = [obvious(arguments), *arguments]
    from memwhy.cli.parsing import parser_of  # argparse takes 10 ms, which help does without

    command = _load(arguments[0])
    options = parser_of(arguments[0], command).parse(arguments[1:])
    options.arguments = arguments[1:]
    code: int = command.run(options)
    return code


def _suggestion(error: MemwhyError, arguments: list[str]) -> str | None:
    """What a word that is wrong was meant to be, where something near it is there."""
    from memwhy.cli.suggesting import meant

    return meant(error, arguments)


def _load(name: str) -> ModuleType:
    """Import a command. What that makes stays to the end: the collector need not look at it, now or later (25 ms)."""
    gc.disable()
    try:
        command = import_module(f"memwhy.cli.{name}")
        gc.freeze()
    finally:
        gc.enable()
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTING)
    return command


def obvious(arguments: Sequence[str]) -> str:
    """The command that was meant when none was named. Raises UsageError when it cannot be told."""
    first = _words(arguments)[0]
    if "--" in arguments:
        return "run"
    if first == "-":
        return "explain"
    if os.path.exists(first):
        from memwhy.cli.meaning import is_core, names_process

        return "inspect" if is_core(first) else "watch" if names_process(first) else "explain"
    if (first.isascii() and first.isdigit()) or first.startswith(("http://", "https://")):
        return "watch"
    if os.sep in first or first.endswith((".txt", ".log", ".md", ".memwhy", ".gz", ".pb", ".json")):
        raise UsageError(f"{first}: no such file or directory", help="memwhy explain FILE, memwhy watch PID")
    if first == arguments[0]:
        _refuse_misspelt(first)
    return "watch"


def _refuse_misspelt(word: str) -> None:
    """A first word like a command's, and no process is called so: raises UsageError, before a wait for that process's options."""
    from memwhy.cli.suggesting import nearest

    if (command := nearest(word, COMMANDS)) is not None:
        from memwhy.sources.proc import find_pids

        if not find_pids("/proc", word):
            raise UsageError(f"{word!r} is no command, file or process", help=f"did you mean memwhy {command}?")


def _words(arguments: Sequence[str]) -> list[str]:
    """The arguments that are neither options nor their values."""
    words = []
    value_follows = False
    for argument in arguments:
        if not value_follows and (argument == "-" or not argument.startswith("-")):
            words.append(argument)
        value_follows = not value_follows and argument in TAKING_VALUES
    return words


def _help() -> str:
    width = max(len(name) for name in COMMANDS)
    rows = "".join(f"  {name:<{width}}  {text}\n" for name, text in COMMANDS.items())
    return (
        "usage: memwhy COMMAND … | memwhy TARGET…\n\n"
        "My process's memory grows, but its runtime says almost nothing is allocated: what holds the memory,\n"
        "which code put it there, and how do I prove that the fix works?\n\n"
        f"commands (memwhy COMMAND --help says more):\n{rows}\n{_EPILOG}"
    )
