"""Runs the case studies: every command of docs/cases/*.md, on the specimens, and writes what it prints into the page.

    python3 tools/run_case_pages.py [NAME …]      cgo-leak, goroutine-leak …; all of them unless named

A block of a page is one command behind `$ ` and what it printed. `python specimens/run.py NAME [VARIANT] &` starts a specimen, `kill %1`
ends it; `memwhy` is the one of this tree. A process is meant by its name; should others have that name, the pid takes its place.
What must come out again, whatever the machine, stands behind a block: `<!-- holds: one; another -->`. Where it does not come
out, the page stays as it was, and the exit code is 1.
"""

import re
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "cases"
BLOCK = re.compile(
    r"^```console\n\$ (?P<command>.*?)\n(?P<output>.*?)^```\n(?:\n<!-- holds: (?P<holds>.*?) -->\n)?", re.M | re.S
)
START = re.compile(r"python specimens/run\.py (?P<name>\S+)(?: (?P<variant>[a-z]\S*))?(?P<flags>(?: \S+)*?) &")
WITHIN_S = 600


@dataclass(frozen=True, slots=True)
class Block:
    """One command of a page, what it printed, and what of that has to come out each time."""

    command: str
    output: str
    holds: tuple[str, ...]


class Missing(Exception):
    """What has to come out did not."""


def blocks(text: str) -> list[Block]:
    """The commands of a page in their order."""
    return [
        Block(
            found["command"],
            found["output"],
            tuple(one.strip() for one in (found["holds"] or "").split(";") if one.strip()),
        )
        for found in BLOCK.finditer(text)
    ]


def run_page(page: Path) -> str:
    """The page's text with every output new. Raises Missing, subprocess.TimeoutExpired and what running a specimen raises."""
    sys.path.insert(0, str(ROOT / "specimens"))
    from run import running

    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="memwhy-case-") as name, ExitStack() as specimens:
        folder = Path(name)
        (folder / "specimens").symlink_to(ROOT / "specimens")
        pids: dict[str, str] = {}

        def once(found: re.Match[str]) -> str:
            command = found["command"]
            if start := START.fullmatch(command):
                one = specimens.enter_context(
                    running(start["name"], start["variant"] or "guilty", *start["flags"].split())
                )
                pids[f"{start['name']}.twin"] = pids[start["name"]] = str(one.pid)
                output = " ".join(["READY", *(f"{key}={value}" for key, value in one.facts.items())]) + "\n"
            elif command == "kill %1":
                specimens.close()
                output = ""
            else:
                print(f"{page.stem}: {command}", file=sys.stderr, flush=True)
                output = printed(meant(command, pids), folder)
            lacking = [
                one.strip() for one in (found["holds"] or "").split(";") if one.strip() and one.strip() not in output
            ]
            if lacking:
                raise Missing(f"{page.name}: {command}: lacks {', '.join(lacking)}:\n{output}")
            held = f"\n<!-- holds: {found['holds']} -->\n" if found["holds"] else ""
            return f"```console\n$ {command}\n{output}```\n{held}"

        return BLOCK.sub(once, text)


def meant(command: str, pids: dict[str, str]) -> str:
    """The command with the pid of the specimen that was started for a name of it: the machine may run others of that name."""
    for name, pid in sorted(pids.items(), reverse=True):
        command = re.sub(
            rf"(?<=memwhy )(watch|record|check|inspect|bundle)((?: --native)?) {re.escape(name)}(?= |$)",
            rf"\1\2 {pid}",
            command,
        )
    return command


def printed(command: str, folder: Path) -> str:
    """What a shell prints, on standard output."""
    ours = f'memwhy() {{ {sys.executable} -m memwhy "$@"; }}\n'
    done = subprocess.run(
        ["bash", "-c", ours + command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
        env={**_environment(), "COLUMNS": "80"},
    )
    return done.stdout if done.stdout or not done.stderr else done.stderr


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "LC_ALL": "C.UTF-8"}


def main(names: list[str]) -> int:
    """Run and write."""
    failed = 0
    for page in sorted(PAGES.glob("*.md")):
        if names and page.stem not in names:
            continue
        try:
            page.write_text(run_page(page), encoding="utf-8")
        except Missing as error:
            print(error, file=sys.stderr)
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
