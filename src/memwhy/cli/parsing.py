"""One command's words on the line: its parser, what is wrong with them in one line, and its help with examples."""

import argparse
import os
from collections.abc import Iterator, Sequence
from types import ModuleType

from memwhy.model.errors import UsageError

Options = dict[str, argparse.Action]


class Parser(argparse.ArgumentParser):
    """Answers a misspelt option or choice with the one that was meant; the rest of what is wrong as argparse does."""

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """The options. Raises UsageError for a wrong option or choice, SystemExit for --help and what is lacking."""
        refuse_mistakes(self, arguments)
        return self.parse_args(arguments)

    def format_help(self) -> str:
        """argparse's help, and the command's examples below it."""
        from memwhy.cli.examples import shown

        return f"{super().format_help()}\n{shown(self.prog.split()[-1])}"


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Asks for the terminal's width itself: argparse makes a formatter for each option, and would import shutil (0.7 MiB)."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def parser_of(name: str, command: ModuleType) -> Parser:
    """The parser of a command's module."""
    parser = Parser(prog=f"memwhy {name}", description=command.__doc__, formatter_class=_HelpFormatter)
    command.add_arguments(parser)
    return parser


def refuse_mistakes(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    """Raises UsageError for the first option that there is not, or whose value is none of its choices, with what is near."""
    known = options_of(parser)
    for name, value in _given(parser, known, arguments):
        action = known.get(name)
        if action is None:
            raise UsageError(f"{parser.prog} has no option {name}", help=_meant(parser, known, name))
        choices = [str(one) for one in action.choices or ()]
        if choices and value is not None and value not in choices:
            from memwhy.cli.suggesting import nearest

            near = nearest(value, choices)
            raise UsageError(
                f"{name} {value} is not known: one of {', '.join(choices)}",
                help=f"did you mean {name} {near}?" if near else f"{parser.prog} --help",
            )


def options_of(parser: argparse.ArgumentParser) -> Options:
    """`--name` and `-n` → what it sets, in the order of the help."""
    return {name: action for action in parser._actions for name in action.option_strings}


def _given(
    parser: argparse.ArgumentParser, known: Options, arguments: Sequence[str]
) -> Iterator[tuple[str, str | None]]:
    """Long options as they were meant, abbreviations in full, each with its one value; up to -- or a started command's words."""
    swallows = any(action.nargs == argparse.REMAINDER for action in parser._actions)
    words = iter(arguments)
    for word in words:
        if word == "--" or (swallows and not word.startswith("-")):
            return
        name, mark, value = word.partition("=")
        if name.startswith("--"):
            alike = [one for one in known if one.startswith(name)]
            name = alike[0] if name not in known and len(alike) == 1 else name
            if len(alike) > 1 and name not in known:
                continue  # argparse says which it could be
        elif name not in known:
            continue
        action = known.get(name)
        takes = 0 if action is None or mark else 1 if action.nargs is None else action.nargs
        values = [next(words, None) for _ in range(takes if isinstance(takes, int) else 0)]
        yield name, value if mark else values[0] if len(values) == 1 else None


def _meant(parser: argparse.ArgumentParser, known: Options, name: str) -> str:
    """The near option, or the choice of one that is called so (--json: --format json)."""
    from memwhy.cli.suggesting import nearest

    near = nearest(name, known)
    if near is None:
        for option, action in known.items():
            if name.lstrip("-") in [str(one) for one in action.choices or ()]:
                near = f"{option} {name.lstrip('-')}"
    return f"did you mean {near}?" if near else f"{parser.prog} --help lists its options"


def _columns() -> int:
    """As shutil.get_terminal_size has it: COLUMNS, else the terminal's, else 80."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80
