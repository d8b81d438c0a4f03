"""What a program is made of and what is known of that: modules known to leak in their version, memory outside the Go heap,
linked libraries. Read from a live process, a program file, a recording, go.mod, go.sum, go.work, vendor/modules.txt, a folder of these,
a saved `go version -m`, CycloneDX or SPDX JSON; - is standard input. Nothing is measured: memwhy watch tells whether it grows.
"""

import argparse
import os
import sys
from typing import TYPE_CHECKING

from memwhy.cli.output import FORMATS

if TYPE_CHECKING:
    from memwhy.dependencies.given import Given

ROOT = "/proc"
KNOWN_TO_LEAK = 1
_EPILOG = """\
exit codes: 0 nothing is known to leak in its version, 1 something is, 2 usage or nothing readable,
3 target gone or not permitted
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "target", metavar="TARGET", help="pid, process name, program, recording, go.mod, go.sum, SBOM, a folder, or -"
    )
    parser.add_argument("-o", metavar="FILE", dest="output", help="write the answer to FILE")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print the answer (default: text)")
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="as --format json")
    parser.add_argument(
        "--markdown", action="store_const", const="markdown", dest="format", help="as --format markdown"
    )
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr (there is none)")
    parser.add_argument("--verbose", "-v", action="store_true", help="also every module, and all that is known in full")


def run(options: argparse.Namespace) -> int:
    """Answer; 1 where something is known to leak in its version. Raises MemwhyError, ParseError, TargetGone, NotPermitted."""
    from memwhy.cli.output import write_text
    from memwhy.dependencies.answer import answer
    from memwhy.render.dependencies import render

    found = answer(options.target, _given(options.target))
    write_text(lambda colour: render(found, options.format, colour=colour, verbose=options.verbose), to=options.output)
    return KNOWN_TO_LEAK if found.leaking else 0


def _given(target: str) -> "Given":
    from memwhy.dependencies.given import of_facts, read_path, read_process, read_stream

    if target == "-":
        return read_stream(sys.stdin.buffer)
    if _is_recording(target):
        from memwhy.diagnose import case_of  # all that reading a recording takes

        return of_facts(case_of([target]).facts)
    return read_process(ROOT, pid) if (pid := _pid_of(target)) is not None else read_path(target)


def _is_recording(target: str) -> bool:
    if not os.path.isfile(target):
        return False
    try:
        with open(target, "rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    except OSError:
        return False


def _pid_of(target: str) -> int | None:
    """The process that is meant; None where it is a path. A name without a separator that is no file is a process's."""
    if os.path.lexists(target) or os.sep in target:
        return None
    if target.isascii() and target.isdigit():
        return int(target[:20])
    from memwhy.record.targets import find_target  # 30 ms: only names of processes need it

    return find_target(ROOT, target)
