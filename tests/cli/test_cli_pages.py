"""What is written from the parsers is up to date, and the man page is one that man(1) takes without a complaint."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from memwhy.cli import COMMANDS
from memwhy.cli.examples import EXAMPLES
from memwhy.cli.parsing import options_of

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from whole_parser import parsers  # noqa: E402  (no package)

SHELL = ROOT / "src" / "memwhy" / "cli" / "shell"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that `make docs` writes of the commands."""
    pytest.importorskip("shtab")
    folder = tmp_path_factory.mktemp("written")
    for tool in ("make_command_pages.py", "make_completions.py"):
        subprocess.run([sys.executable, ROOT / "tools" / tool, folder], check=True)
    return folder


@pytest.mark.parametrize("name", ["memwhy.bash", "_memwhy", "memwhy.fish", "memwhy.1"])
def test_scripts_and_man_page_tell_of_the_parsers_as_they_are(written: Path, name: str):
    assert (SHELL / name).read_text() == (written / name).read_text(), "make docs writes it anew"


def test_the_reference_tells_of_the_parsers_as_they_are(written: Path):
    assert (ROOT / "docs" / "commands.md").read_text() == (written / "commands.md").read_text(), (
        "make docs writes it anew"
    )


def test_every_command_has_examples_of_its_own():
    assert list(EXAMPLES) == list(COMMANDS)
    wrong = [line for name, rows in EXAMPLES.items() for line, _ in rows if f"memwhy {name}" not in line]
    assert wrong == []


def test_examples_fit_their_terminal():
    long = [line for rows in EXAMPLES.values() for line, what in rows if len(line) > 78 or len(what) > 60]
    assert long == []


def test_the_man_page_has_no_fault_that_mandoc_or_groff_knows():
    tools = [
        (mandoc, [mandoc, "-T", "lint"]) if (mandoc := shutil.which("mandoc")) else None,
        (groff, [groff, "-ww", "-man", "-z"]) if (groff := shutil.which("groff")) else None,
    ]
    if tools == [None, None]:
        pytest.skip("neither mandoc nor groff here")
    for _, line in filter(None, tools):
        done = subprocess.run([*line, SHELL / "memwhy.1"], capture_output=True, text=True, check=False)
        assert (done.stdout, done.stderr) == ("", "")


def test_the_man_page_names_every_command_and_every_option_of_it():
    page = (SHELL / "memwhy.1").read_text().replace("\\-", "-")
    parts = re.split(r"^\.S[SH] (.*)$", page, flags=re.MULTILINE)
    told = dict(zip((head.split("[")[0].strip() for head in parts[1::2]), parts[2::2], strict=True))
    lacking = [
        f"{name} {option}"
        for name, parser in parsers().items()
        for option in options_of(parser)
        if f"{option} " not in told[f"memwhy {name}"].replace(",", " ").replace("\n", " ")
    ]
    assert lacking == []
