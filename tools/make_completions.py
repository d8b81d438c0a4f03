"""Writes src/memwhy/cli/shell/: the completion scripts of bash, zsh and fish, made from the parsers by shtab.

    python3 tools/make_completions.py [DIRECTORY]

Static scripts: a Tab costs the shell's own time. What a word may be is told by its metavar (FILE, DIR, PID …), choices by the
parser; names of processes are asked of ps(1) when Tab is pressed.
"""

import argparse
import re
import sys
from pathlib import Path

import shtab

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "src" / "memwhy" / "cli" / "shell"
FILES = {"FILE", "REC", "RECORDING", "EVIDENCE", "BEFORE", "AFTER", "A", "B", "CORE"}
PROCESSES = {"TARGET", "PID", "NAME"}
TAKING_FILES_TOO = {"check", "deps", "inspect"}
"""Commands whose TARGET may be a file as well as a process."""

NAMES = """\
_memwhy_names() {
  ps -e -o args= 2>/dev/null | while read -r word _; do
    case $word in '['*) continue ;; esac
    word=${word##*/} word=${word#-}
    printf '%s\\n' "${word%:}"
  done | sort -u
}
"""
"""As find_target knows processes: the last part of argv[0]; kernel threads, which ps shows in brackets, are left out."""

BASH = f"""{NAMES}
_memwhy_processes() {{
  case $1 in
    [0-9]*) compgen -W "$(ps -e -o pid= 2>/dev/null)" -- "$1" ;;
    *) compgen -W "$(_memwhy_names)" -- "$1" ;;
  esac
}}
_memwhy_targets_or_files() {{ _memwhy_processes "$1"; compgen -f -- "$1"; }}
_memwhy_commands_or_files() {{ compgen -c -- "$1"; }}
_memwhy_bare() {{ [ -z "$1" ] || _memwhy_targets_or_files "$1"; }}
_shtab_memwhy_pos_0_COMPGEN=_memwhy_bare
"""
ZSH = f"""{NAMES}
_memwhy_processes() {{
  if [[ $PREFIX == [0-9]* ]]; then
    _pids
  else
    local -a names=(${{(f)"$(_memwhy_names)"}})
    _wanted processes expl 'process' compadd -a names
  fi
}}
_memwhy_targets_or_files() {{ _alternative 'processes:process:_memwhy_processes' 'files:file:_files'; }}
_memwhy_commands_or_files() {{ _normal; }}
functions[_memwhy_commands]=$functions[_shtab_memwhy_commands]
_shtab_memwhy_commands() {{
  if [[ -z $PREFIX ]]; then
    _memwhy_commands
  else
    _alternative 'commands:command:_memwhy_commands' 'targets:target:_memwhy_targets_or_files'
  fi
}}
"""
ZSH_BETTER = (
    (r'"\(\*\)::', '"*:'),  # any number of files: each of them, not the first alone
    (r'"(--[a-z-]+)\[([^"]*)\]:', r'"\1=[\2]:'),  # --format json and --format=json
)
FISH = """\
function _memwhy_processes
    if string match -qr '^[0-9]' -- (commandline -ct)
        __fish_complete_pids
    else
        ps -e -o args= 2>/dev/null | string match -v '[*' | string replace -r '\\s.*' '' | string replace -r '.*/|^-' '' |
            string trim -r -c : | sort -u
    end
end
function _memwhy_targets_or_files
    _memwhy_processes
    __fish_complete_path (commandline -ct)
end
"""
FISH_BARE = """
complete -c memwhy -n '_shtab_memwhy_using; and test $_shtab_memwhy_npos -eq 0; and test -n (commandline -ct)' \
-a '(_memwhy_targets_or_files)'
"""


def scripts() -> dict[str, str]:
    """File name → text."""
    parser = told()
    made = {shell: shtab.complete(parser, shell, preamble=PREAMBLES) for shell in ("bash", "zsh", "fish")}
    made["fish"] += FISH_BARE
    for pattern, better in ZSH_BETTER:
        made["zsh"] = re.sub(pattern, better, made["zsh"])
    return {
        name: "".join(f"{line.rstrip()}\n" for line in made[shell].rstrip().splitlines())
        for shell, name in (("bash", "memwhy.bash"), ("zsh", "_memwhy"), ("fish", "memwhy.fish"))
    }


PREAMBLES = {"bash": BASH, "zsh": ZSH, "fish": FISH}
PROCESS = {"bash": "_memwhy_processes", "zsh": "_memwhy_processes", "fish": "(_memwhy_processes)"}
EITHER = {"bash": "_memwhy_targets_or_files", "zsh": "_memwhy_targets_or_files", "fish": "(_memwhy_targets_or_files)"}
COMMAND = {
    "bash": "_memwhy_commands_or_files",
    "zsh": "_memwhy_commands_or_files",
    "fish": "(__fish_complete_subcommand)",
}


def told() -> argparse.ArgumentParser:
    """The whole parser, each word of it with what may stand there."""
    from whole_parser import whole

    parser = whole()
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    for name, one in commands.choices.items():
        for action in one._actions:
            values = words(name, action)
            if values:
                action.choices = values
            elif not action.choices and (kind := completer(name, action)) is not None:
                action.complete = kind
    return parser


def completer(command: str, action: argparse.Action) -> dict[str, str] | None:
    """What completes a value, by its metavar; None for times, sizes and whatever else nobody can know."""
    metavars = action.metavar if isinstance(action.metavar, tuple) else (action.metavar or "",)
    parts = {part for one in metavars for part in re.split(r"[^A-Z]+", one)}
    if "CMD" in parts and not action.option_strings:
        return COMMAND
    if "DIR" in parts:
        return shtab.DIRECTORY
    if not action.option_strings and parts & PROCESSES:
        return EITHER if command in TAKING_FILES_TOO else PROCESS
    return shtab.FILE if parts & FILES else None


def words(command: str, action: argparse.Action) -> tuple[str, ...]:
    """The words of an option whose value is often one of few, but may be another."""
    from memwhy.lint.rules import RULES
    from memwhy.probe import AUTO, ENV, ON_PROCESSES
    from memwhy.sources import go, proc

    few = {
        ("watch", "--probe"): (*ON_PROCESSES, AUTO),
        ("run", "--probe"): (ENV, AUTO),
        ("lint", "--rules"): ("list", *(rule.NAME for rule in RULES)),
        ("dump", "--source"): (*proc.READERS, *go.READERS),
    }
    return next((few[command, option] for option in action.option_strings if (command, option) in few), ())


def main(arguments: list[str]) -> int:
    """Write them."""
    folder = Path(arguments[0]) if arguments else FOLDER
    folder.mkdir(exist_ok=True)
    for name, text in scripts().items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
