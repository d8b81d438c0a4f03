"""Writes what the parsers know of the commands: docs/commands.md, and the man page src/memwhy/cli/shell/memwhy.1.

python3 tools/make_command_pages.py [DIRECTORY]
"""

import argparse
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from whole_parser import options, parsers, positionals

from memwhy import __version__
from memwhy.cli import COMMANDS
from memwhy.cli.examples import EXAMPLES

ROOT = Path(__file__).resolve().parent.parent
MAN = ROOT / "src" / "memwhy" / "cli" / "shell" / "memwhy.1"
PAGE = ROOT / "docs" / "commands.md"
WHAT = "what holds the memory that your runtime does not know about, and which code put it there"
DATED = "2026-11-23"
"""Of the page's form: man(7) wants a date, and the day of a build would make no two pages alike."""
BARE = (
    "Without a command, TARGET tells what to do: a pid, a process name or http://host:port is watched, a file, a directory "
    "or - (standard input) is explained, a core file is inspected, and a command after -- is started and watched."
)
EXIT = (
    ("0", "answered; for verify proven, for check growth above the limit excluded"),
    ("1", "not proven (verify), above the limit (check), a suspect (lint), a known leak (deps)"),
    ("2", "the command line makes no sense, or nothing readable was given"),
    ("3", "the target is gone, or may not be read"),
    ("4", "undecided (check)"),
)
ENVIRONMENT = (
    ("NO_COLOR", "no colours, whatever the terminal"),
    ("MEMWHY_PLAIN", "set: lines in place of the live screen, as --plain"),
    ("COLUMNS", "the width of help, where the terminal does not tell it"),
    ("MEMWHY_PURE", "1: the Python twins in place of the compiled loops"),
)


def synopsis(name: str, parser: argparse.ArgumentParser) -> str:
    """`memwhy watch [OPTIONS] TARGET`; options that must be given stand by name."""
    words = [f"memwhy {name}"]
    if any(not action.required for action in options(parser)):
        words.append("[OPTIONS]")
    words += [f"{action.option_strings[0]} {value(action)}" for action in options(parser) if action.required]
    words += [placed(action) for action in positionals(parser)]
    return " ".join(words)


def placed(action: argparse.Action) -> str:
    """A positional with its number: [DIR], [EVIDENCE …], -- CMD …."""
    text = value(action)
    if action.nargs == argparse.REMAINDER:
        return f"{text} …"
    return {"*": f"[{text} …]", "?": f"[{text}]", "+": f"{text} …"}.get(str(action.nargs), text)


def value(action: argparse.Action) -> str:
    """What stands for its value: TIME, text|json; "" where it takes none."""
    if action.nargs == 0:
        return ""
    if isinstance(action.metavar, tuple):
        return " ".join(action.metavar)
    return action.metavar or "|".join(str(one) for one in action.choices or ()) or action.dest.upper()


def said(action: argparse.Action) -> str:
    """Its help."""
    return (action.help or "").replace("%%", "%")


def paragraphs(doc: str | None) -> list[str]:
    """A docstring's paragraphs, each on one line."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", (doc or "").strip())]


# ---- docs/commands.md


def page() -> str:
    """The reference, for people who read in a browser."""
    found = parsers()
    listing = "".join(f"- [`memwhy {name}`](#memwhy-{name}): {text}\n" for name, text in COMMANDS.items())
    codes = "".join(f"| {code} | {text} |\n" for code, text in EXIT)
    environment = "".join(f"| `{name}` | {text} |\n" for name, text in ENVIRONMENT)
    return (
        f"# Commands\n\n{BARE}\n\n{listing}\n"
        f"Exit codes:\n\n| code | means |\n|---|---|\n{codes}\nEnvironment:\n\n| variable | means |\n|---|---|\n{environment}"
        + "".join(section(name, parser) for name, parser in found.items())
        + "\n---\n\nWritten from the parsers by `tools/make_command_pages.py` (`make docs`); the examples are run by the tests.\n"
    )


def section(name: str, parser: argparse.ArgumentParser) -> str:
    """One command."""
    rows = "".join(
        f"| `{cell(placed(action))}` | {cell(said(action))} |\n" for action in positionals(parser) if said(action)
    ) + "".join(f"| {named(action)} | {cell(said(action))} |\n" for action in options(parser))
    lines = "".join(f"# {what}\n{line}\n\n" for line, what in EXAMPLES.get(name, ())).rstrip()
    epilog = "".join(f"{text[:1].upper()}{text[1:]}.\n\n" for text in paragraphs(parser.epilog) if text)
    text = "\n\n".join(paragraphs(parser.description))
    return (
        f"\n## memwhy {name}\n\n{text}\n\n```\n{synopsis(name, parser)}\n```\n\n"
        f"| option | |\n|---|---|\n{rows}\n{epilog}```sh\n{lines}\n```\n"
    )


def named(action: argparse.Action) -> str:
    """`-o FILE`; all its names."""
    return ", ".join(f"`{cell(' '.join((one, value(action))).rstrip())}`" for one in action.option_strings)


def cell(text: str) -> str:
    """A text inside a table's cell."""
    return text.replace("|", "\\|").replace("<", "&lt;")


# ---- memwhy.1


def man() -> str:
    """The man page, in the man(7) macros."""
    lines = [
        '.\\" Written from the parsers by tools/make_command_pages.py.',
        f'.TH MEMWHY 1 "{DATED}" "memwhy {__version__}" "User Commands"',
        *(".SH NAME", *block(f"memwhy - {WHAT}")),
        *(".SH SYNOPSIS", ".B memwhy", ".I COMMAND", "\\&...", ".br", ".B memwhy", ".I TARGET", "\\&..."),
        *(".SH DESCRIPTION", *block(BARE), ".SH COMMANDS"),
    ]
    for name, parser in parsers().items():
        lines += [f".SS {roff(synopsis(name, parser))}"]
        lines += between(".PP", [block(text) for text in paragraphs(parser.description)])
        for action in (*positionals(parser), *options(parser)):
            lines += [".TP", f".B {roff(head(action))}", *block(said(action))]
        for text in paragraphs(parser.epilog):
            lines += [".PP", *block(text)] if text else []
    lines += [".SH EXIT STATUS", *pairs(EXIT), ".SH ENVIRONMENT", *pairs(ENVIRONMENT), ".SH EXAMPLES"]
    for rows in EXAMPLES.values():
        for line, what in rows:
            lines += [".TP", f".B {roff(line)}", *block(what)]
    return "\n".join([*lines, ""])


def head(action: argparse.Action) -> str:
    """`--for TIME`, `-q, --quiet`, TARGET."""
    if not action.option_strings:
        return placed(action)
    return f"{', '.join(action.option_strings)} {value(action)}".rstrip()


def pairs(rows: Iterable[tuple[str, str]]) -> list[str]:
    """A list of names with what they mean."""
    return [line for name, text in rows for line in (".TP", f".B {roff(name)}", *block(text))]


def between(macro: str, parts: list[list[str]]) -> list[str]:
    """Parts with a macro between them."""
    return [line for number, part in enumerate(parts) for line in ((macro, *part) if number else part)]


def block(text: str) -> list[str]:
    """A text as lines of at most 78 characters, none of which reads as a request."""
    lines, line = [], ""
    for word in roff(text).split():
        if line and len(line) + 1 + len(word) > 78:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [f"\\&{one}" if one[:1] in ".'" else one for one in (*lines, line) if one]


def roff(text: str) -> str:
    """Escaped: backslashes, hyphens that are typed, and what is not ASCII."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...").replace("`", "\\(ga")
    return "".join(one if one.isascii() else f"\\[u{ord(one):04X}]" for one in text)


def main(arguments: list[str]) -> int:
    """Write both, to their places or into one folder."""
    folder = Path(arguments[0]) if arguments else None
    for place, text in ((PAGE, page()), (MAN, man())):
        (place if folder is None else folder / place.name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
