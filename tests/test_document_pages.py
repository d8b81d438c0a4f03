"""Documents: links and anchors lead somewhere, no page is orphaned, case studies are what was run, and the site is built of them."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from memwhy.cli import COMMANDS
from memwhy.model.report import CAUSES

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from check_figures import misquoted  # noqa: E402  (no package)
from check_links import anchors, links, wrong_in_markdown, wrong_in_site  # noqa: E402  (no package)
from run_case_pages import START, Block, blocks  # noqa: E402

SILENT = re.compile(r"kill %1|memwhy record [^|&]* -q")
"""Commands that have nothing to print: whoever asks for quiet gets it."""
CASES = sorted((ROOT / "docs" / "cases").glob("*.md"))
SITE_PYTHON = ROOT / "build" / "site-venv" / "bin" / "python"


def test_every_link_and_anchor_leads_somewhere_and_no_page_is_orphaned():
    assert wrong_in_markdown() == []


def test_what_leads_nowhere_is_found(tmp_path: Path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "specimens").mkdir()
    (tmp_path / "README.md").write_text(
        "# A b\n## A b\n[a](docs/one.md#twö-three) [b](#a-b-1) [c](#no) [d](docs/none.md) [e](docs/one.md#no) [f](https://x)\n"
        "```\n# [g](none)\n```\n`[h](none)` [i](mailto:a@b.c) [j](docs)\n"
    )
    (tmp_path / "docs" / "one.md").write_text("# One\n## Twö: `three`!\n")
    (tmp_path / "docs" / "alone.md").write_text("# Alone\n[home](../README.md)\n")
    assert wrong_in_markdown(tmp_path) == [
        "README.md: #no: no such heading",
        "README.md: docs/none.md: no such file",
        "README.md: docs/one.md#no: no such heading",
        "README.md: https://x: no address",
        "README.md: docs: a folder, which a site cannot show",
        "docs/alone.md: no link leads there",
    ]


def test_anchors_are_those_of_a_git_host():
    text = "# A `b`, (c)!\n\n## A b c\n\n### [Read](x.md) – me_too\n\n```\n# no heading\n```\n"
    assert anchors(text) == {"a-b-c", "a-b-c-1", "read--me_too"}
    assert links('[a `]` b](one.md) ![p](two.svg "t") `[c](three.md)` [d](<four.md>)') == [
        "one.md",
        "two.svg",
        "four.md",
    ]


def test_a_figure_that_is_not_in_the_page_it_is_quoted_from_is_found(tmp_path: Path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "measured.md").write_text("| x | 1,024.5 ± 0.3 | 12.63 |\n")
    page = tmp_path / "docs" / "tools.md"
    page.write_text(
        "# T\n## A ([m](measured.md#x))\n| of | CPU | at 3 |\n|---|---|---|\n| v2 | 1,024.5 | 12.6 MiB |\n| y | 1,024.5 ± 0.3 | 2.63 |\n"
        "## B, from nowhere\n| of | 7 |\n"
    )
    assert misquoted(page) == [
        "docs/tools.md: of: 3 is not in what it is quoted from",
        "docs/tools.md: v2: 12.6 is not in what it is quoted from",
        "docs/tools.md: y: 2.63 is not in what it is quoted from",
    ]


def test_a_built_site_with_dead_links_or_foreign_files_is_refused(tmp_path: Path):
    (tmp_path / "index.html").write_text(
        '<link rel="stylesheet" href="a.css"><script src="https://cdn.example/x.js"></script><h1 id="here">a</h1>'
        '<a href="#here">1</a><a href="#gone">2</a><a href="two.html#x">3</a><a href="three.html">4</a>'
    )
    (tmp_path / "two.html").write_text('<p id="x">x</p>')
    assert wrong_in_site(tmp_path) == [
        "index.html: #gone: no such anchor",
        "index.html: three.html: no such file",
        "index.html: a.css: is loaded from elsewhere or missing",
        "index.html: https://cdn.example/x.js: is loaded from elsewhere or missing",
    ]


@pytest.mark.skipif(not SITE_PYTHON.exists(), reason="`make site` was not run here: it brings the site's generator")
def test_the_site_is_built_of_them_without_a_dead_link(tmp_path: Path):
    build = "import sys; from pathlib import Path; import make_site; print(make_site.build(*map(Path, sys.argv[1:])))"
    done = subprocess.run(
        [SITE_PYTHON, "-c", build, tmp_path / "laid", tmp_path / "site"],
        cwd=ROOT / "tools",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["[]"]), done.stderr
    assert (tmp_path / "site" / "docs" / "causes" / "native-leak.html").is_file()


@pytest.mark.parametrize("page", CASES, ids=lambda page: page.stem)
def test_a_case_study_shows_what_has_to_come_out(page: Path):
    run = blocks(page.read_text())
    held = [block for block in run if block.holds]
    assert len(held) >= 2
    assert [(block.command, one) for block in held for one in block.holds if one not in block.output] == []
    assert [block.command for block in run if not block.output and not SILENT.fullmatch(block.command)] == []


@pytest.mark.parametrize("page", CASES, ids=lambda page: page.stem)
def test_a_case_study_calls_memwhy_as_it_can_be_called(page: Path):
    lines = [line for block in blocks(page.read_text()) for line in re.findall(r"memwhy ([^|;&]+)", block.command)]
    assert lines
    for line in lines:
        _parse(shlex.split(line))


@pytest.mark.parametrize("page", CASES, ids=lambda page: page.stem)
def test_the_verdict_of_a_case_study_is_the_truth(page: Path):
    specimen, variant, wrong = "", "", []
    for block in blocks(page.read_text()):
        if started := START.fullmatch(block.command):
            specimen, variant = started["name"], started["variant"] or "guilty"
        known = tomllib.loads((ROOT / "specimens" / specimen / "truth.toml").read_text())[variant]
        for cause in _verdicts(block):
            if cause not in (known["cause"], *known.get("also", ()), "undetermined"):
                wrong.append((block.command, cause))
    assert wrong == []


def _verdicts(block: Block) -> list[str]:
    """Causes where a verdict stands, alone on its line or behind its headline."""
    return re.findall(rf"(?:^|  )({'|'.join(CAUSES)}|undetermined) · (?:high|medium|low) ", block.output, re.MULTILINE)


def _parse(words: list[str]) -> None:
    from importlib import import_module

    from memwhy.cli.parsing import parser_of

    assert words[0] in COMMANDS
    parser_of(words[0], import_module(f"memwhy.cli.{words[0]}")).parse(words[1:])
