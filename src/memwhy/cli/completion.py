"""Print the script that completes memwhy's commands, options, files and processes in your shell.

Now and here: eval "$(memwhy completion bash)", the same for zsh (after compinit), memwhy completion fish | source; for good, that
line in ~/.bashrc or ~/.zshrc, or a file as in the examples below.
A wheel brings the scripts along where packaged ones lie (share/bash-completion, share/zsh, share/fish).
"""

import argparse
import os
import sys

from memwhy.model.errors import UsageError

SCRIPTS = {"bash": "memwhy.bash", "zsh": "_memwhy", "fish": "memwhy.fish"}
FOLDER = os.path.join(os.path.dirname(__file__), "shell")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument("shell", choices=tuple(SCRIPTS), metavar="SHELL", help=f"{', '.join(SCRIPTS)}")


def run(options: argparse.Namespace) -> int:
    """Print it. Raises UsageError where this installation lacks it."""
    try:
        with open(os.path.join(FOLDER, SCRIPTS[options.shell]), encoding="utf-8") as file:
            sys.stdout.write(file.read())
    except FileNotFoundError as error:
        raise UsageError(f"this memwhy was installed without {error.filename}", help="install it again") from error
    sys.stdout.flush()
    return 0
