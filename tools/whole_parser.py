"""All commands as one parser, as completions, man page and reference want them."""

import argparse
from importlib import import_module

from memwhy.cli import COMMANDS
from memwhy.cli.parsing import Parser, parser_of


def parsers() -> dict[str, Parser]:
    """Command → its parser."""
    return {name: parser_of(name, import_module(f"memwhy.cli.{name}")) for name in COMMANDS}


def options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """What its help lists as options."""
    return [action for action in parser._actions if action.option_strings and action.help != argparse.SUPPRESS]


def positionals(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """What stands without a name."""
    return [action for action in parser._actions if not action.option_strings and action.help != argparse.SUPPRESS]


def whole() -> argparse.ArgumentParser:
    """memwhy COMMAND …, each command with its own options."""
    parser = argparse.ArgumentParser(prog="memwhy")
    parser.add_argument("-V", "--version", action="store_true", help="the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, text in COMMANDS.items():
        module = import_module(f"memwhy.cli.{name}")
        module.add_arguments(commands.add_parser(name, help=text, description=text))
    return parser
