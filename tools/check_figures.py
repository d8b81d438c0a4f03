"""The figures of docs/other-tools.md against the pages that they are quoted from.

    python3 tools/check_figures.py

Each figure of a table has to stand in one of the pages that its section links to, written the same. `make site` asks it too: who measures anew
changes the quotation as well.
"""

import re
import sys
from pathlib import Path

from check_links import ROOT, links

PAGE = ROOT / "docs" / "other-tools.md"
_FIGURE = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?: ± \d+\.\d+)?")


def misquoted(page: Path = PAGE) -> list[str]:
    """Figures of its tables that stand in no page that their section links to."""
    wrong = []
    for section in re.split(r"^(?=## )", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        sources = {
            page.parent / link.partition("#")[0] for link in links(section) if "://" not in link and link[0] != "#"
        }
        told = {
            figure
            for source in sources
            if source.suffix == ".md"
            for figure in figures(source.read_text(encoding="utf-8"))
        }
        for row in re.findall(r"^\|.*\|$", section, re.MULTILINE) if told else ():
            name, *cells = (cell.strip() for cell in row.strip("|").split("|"))
            lacking = [figure for cell in cells for figure in figures(cell) if figure not in told]
            wrong += [
                f"{page.relative_to(page.parents[1])}: {name}: {figure} is not in what it is quoted from"
                for figure in lacking
            ]
    return wrong


def figures(text: str) -> list[str]:
    """Numbers as they are written, an error with its number."""
    found = _FIGURE.findall(text)
    return [*found, *(one.partition(" ± ")[0] for one in found if " ± " in one)]


def main() -> int:
    """Print what is wrong."""
    wrong = misquoted()
    print("\n".join(wrong) or "every figure is as measured")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
