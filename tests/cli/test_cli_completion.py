"""Completions in real shells: a person types the begin of a word, Tab and Enter, and the shell runs the whole."""

import os
import pty
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from memwhy_command import run_memwhy
from process_names import called

from memwhy.cli.completion import SCRIPTS

NAME = "crawler-of-completions"
WITHIN_S = 60.0
START = {
    "bash": ("bash", "--noprofile", "--rcfile", "{rc}", "-i"),
    "zsh": ("zsh", "-d", "-i"),
    "fish": ("fish", "--no-config", "-i", "-C", "source {rc}"),
}
RC = {
    "bash": "eval \"$(cat {script})\"\nmemwhy() {{ printf 'GOT<%s>DONE\\n' \"$*\"; }}\nPS1='$ '\n",
    "zsh": (
        "autoload -Uz compinit; compinit -u -D\neval \"$(cat {script})\"\nmemwhy() {{ printf 'GOT<%s>DONE\\n' \"$*\"; }}\nPS1='$ '\n"
        "unsetopt beep\n"
    ),
    "fish": "source {script}\nfunction memwhy; printf 'GOT<%s>DONE\\n' \"$argv\"; end\nfunction fish_prompt; printf '$ '; end\n",
}


@pytest.fixture(scope="module", params=list(SCRIPTS))
def shell(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Shell"]:
    if shutil.which(request.param) is None:
        pytest.skip(f"no {request.param} here")
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "crawler.memwhy").touch()
    (folder / "module").mkdir()
    (folder / "my-command").touch(0o755)
    with started(request.param, folder) as one:
        yield one


@pytest.fixture(scope="module")
def crawler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with called(NAME, tmp_path_factory.mktemp("programs")) as pid:
        yield pid


@dataclass(frozen=True, slots=True)
class Shell:
    """An interactive shell on a terminal of its own, with the script that memwhy prints and a memwhy that echoes its words."""

    folder: Path
    terminal: int

    def typed(self, keys: str) -> str:
        """What memwhy was called with when these keys and Enter were pressed."""
        os.write(self.terminal, f"{keys}\r".encode())
        return self.until(r"GOT<(.*?)>DONE\s[^$]*\$ ")

    def until(self, pattern: str) -> str:
        """The first group of what the terminal shows, as soon as it does."""
        seen = ""
        deadline_s = time.monotonic() + WITHIN_S
        while (found := re.search(pattern, seen, re.DOTALL)) is None:
            readable, _, _ = select.select([self.terminal], [], [], max(deadline_s - time.monotonic(), 0))
            assert readable, f"no {pattern!r} in {WITHIN_S:g} s: {seen!r}"
            seen += os.read(self.terminal, 1 << 16).decode(errors="replace")
        return found[1].strip()


@contextmanager
def started(name: str, folder: Path) -> Iterator[Shell]:
    """Such a shell, past its first prompt."""
    (folder / "script").write_text(run_memwhy("completion", name).out)
    rc = folder / ".zshrc"
    rc.write_text(RC[name].format(script=folder / "script"))
    ours, theirs = pty.openpty()
    kept = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ZDOTDIR": str(folder),
        "TERM": "xterm",
        "LC_ALL": "C.UTF-8",
    }
    line = ["setsid", "--ctty", *(word.format(rc=rc) for word in START[name])]  # fish wants a controlling terminal
    with subprocess.Popen(line, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=kept) as process:
        os.close(theirs)
        try:
            shell = Shell(folder, ours)
            shell.until(r"(\$ )")
            yield shell
        finally:
            process.kill()
            os.close(ours)


@pytest.mark.parametrize(
    ("keys", "called_with"),
    [
        ("memwhy compl\t", "completion"),
        ("memwhy completion ba\t", "completion bash"),
        ("memwhy watch --no-in\t", "watch --no-inside"),
        ("memwhy explain --format js\t", "explain --format json"),
        ("memwhy lint --fail-on cer\t", "lint --fail-on certain"),
        ("memwhy watch --probe tr\t", "watch --probe trim"),
        ("memwhy dump --source proc/smaps_\t", "dump --source proc/smaps_rollup"),
        ("memwhy explain craw\t", "explain crawler.memwhy"),
        ("memwhy explain -q craw\t", "explain -q crawler.memwhy"),
        ("memwhy explain craw\t craw\t", "explain crawler.memwhy crawler.memwhy"),
        ("memwhy run --for 5s -- ./my-c\t", "run --for 5s -- ./my-command"),
        ("memwhy lint --diagnosis craw\t", "lint --diagnosis crawler.memwhy"),
        ("memwhy watch --source mod\t", "watch --source module"),
        ("memwhy watch crawler-of-c\t", f"watch {NAME}"),
        ("memwhy inspect crawler-of-c\t", f"inspect {NAME}"),
        ("memwhy crawler-of-c\t", NAME),
    ],
)
def test_a_tab_completes_commands_options_choices_files_and_processes(
    shell: Shell, crawler: int, keys: str, called_with: str
):
    assert shell.typed(keys).rstrip("/") == called_with  # zsh takes the slash that it added away again


def test_zsh_and_fish_complete_a_value_behind_an_equals_sign(shell: Shell):
    if shell.folder.name.startswith("bash"):
        pytest.skip("bash takes = for the end of a word")
    assert shell.typed("memwhy explain --format=js\t") == "explain --format=json"


def test_a_shell_that_there_is_not_is_refused():
    done = run_memwhy("completion", "powershell")
    assert (done.code, done.out) == (2, "")
    assert "invalid choice: 'powershell'" in done.err
