"""Suggested changes: each applies, and the suspect it was made for is none any more."""

import shutil
import subprocess
from pathlib import Path

from memwhy.lint.linting import read
from memwhy.lint.reading import Options
from memwhy.model.suspect import REPORTED, Suspect

HERE = Path(__file__).parent
SCRAPER = HERE.parent.parent / "specimens" / "odds-scraper" / "scraper"


def suspects(directory: Path) -> list[Suspect]:
    return [one for one in read(str(directory), Options()).suspects if one.weight >= REPORTED]


def applied(directory: Path, fix: str, to: Path) -> Path:
    """A copy of a package with the change made."""
    shutil.copytree(directory, to)
    done = subprocess.run(["git", "apply", "-"], input=fix.encode(), cwd=to, capture_output=True, check=False)
    assert done.returncode == 0, (fix, done.stderr)
    return to


def test_every_change_that_is_suggested_for_the_corpus_mends_its_suspect(tmp_path: Path) -> None:
    made = 0
    for package in sorted(path.parent for path in (HERE / "corpus").glob("*/go.mod")):
        for number, one in enumerate(suspects(package)):
            if not one.fix:
                continue
            made += 1
            mended = applied(package, one.fix, tmp_path / f"{package.name}-{number}")
            left = [(other.rule, other.acquired.text) for other in suspects(mended)]
            assert left.count((one.rule, one.acquired.text)) < sum(
                (other.rule, other.acquired.text) == (one.rule, one.acquired.text) for other in suspects(package)
            ), one
    assert made >= 10


def test_a_release_is_put_before_the_return_that_lacks_it_where_other_ways_have_it(tmp_path: Path) -> None:
    (one,) = suspects(SCRAPER)
    assert [row for row in one.fix.splitlines() if row.startswith("+") and not row.startswith("+++")] == [
        "+\t\tdocument.free()"
    ]
    mended = applied(SCRAPER, one.fix, tmp_path / "scraper")
    (mended / "go.mod").write_text("module example.org/scraper\n\ngo 1.24\n")
    assert suspects(mended) == []
