"""Builds the documents' site into build/site: the Markdown files as they stand on a Git host, laid out for Zensical.

    python3 tools/make_site.py [--keep]      `make site` puts Zensical (requirements-docs.txt) into an environment of its own

The pages are those that links lead to from README.md; files that they link to come along. What the navigation shows is docs/README.md:
its bold words are sections, its links their pages, in that order. Every link and anchor of the built pages is checked, and the
figures that docs/other-tools.md quotes.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from check_figures import misquoted
from check_links import FIRST, ROOT, links, prose, wrong_in_markdown, wrong_in_site

LAID_OUT = ROOT / "build" / "site-pages"
SITE = ROOT / "build" / "site"
CONFIG = ROOT / "docs" / "zensical.toml"
INDEX = ROOT / "docs" / "README.md"
_STEP = re.compile(r"\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)#\s]+)\)")


def lay_out(into: Path) -> list[Path]:
    """Copy the first page, all that links lead to from there, and the configuration with its navigation. Returns the pages."""
    waiting, laid = [ROOT / FIRST], []
    while waiting:
        page = waiting.pop(0)
        place = into / "pages" / page.relative_to(ROOT)
        if place.exists() or page.is_dir():
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(page, place)
        laid.append(page)
        if page.suffix == ".md":
            paths = [urlsplit(link) for link in links(page.read_text(encoding="utf-8"))]
            waiting += [(page.parent / unquote(part.path)).resolve() for part in paths if part.path and not part.scheme]
    shutil.copy(ROOT / "docs" / "site.css", into / "pages" / "docs" / "site.css")
    text = CONFIG.read_text(encoding="utf-8")
    (into / "zensical.toml").write_text(
        text.replace("[project]\n", f"[project]\nnav = {navigation()}\n", 1), encoding="utf-8"
    )
    return laid


def navigation() -> str:
    """The index as Zensical's nav: its bold words open sections; a page that is linked twice stands where it is first."""
    sections: list[tuple[str, list[tuple[str, str]]]] = []
    taken = {FIRST}
    for heading, title, path in _STEP.findall(prose(INDEX.read_text(encoding="utf-8"))):
        if heading:
            sections.append((heading, []))
        elif sections and path.endswith(".md"):
            page = (INDEX.parent / path).resolve().relative_to(ROOT).as_posix()
            if page not in taken:
                taken.add(page)
                sections[-1][1].append((f"{title[:1].upper()}{title[1:]}", page))
            if page == "docs/causes/README.md":
                sections[-1][1].extend((one.stem, one.relative_to(ROOT).as_posix()) for one in causes())
    rows = [entry(title, [entry(*page) for page in pages]) for title, pages in sections]
    return "[" + ", ".join([entry("memwhy", FIRST), entry("All documents", "docs/README.md"), *rows]) + "]"


def causes() -> list[Path]:
    """The causes' pages, in their index's order."""
    index = ROOT / "docs" / "causes" / "README.md"
    return [index.parent / link for link in links(index.read_text(encoding="utf-8")) if "/" not in link]


def entry(title: str, value: str | list[str]) -> str:
    """One row of a nav in TOML."""
    title = " ".join(title.split())
    shown = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else f"[{', '.join(value)}]"
    return f"{{ {json.dumps(title, ensure_ascii=False)} = {shown} }}"


def build(into: Path = LAID_OUT, site: Path = SITE) -> list[str]:
    """Build it, and what is wrong with it. Raises CalledProcessError where Zensical finds a fault of its own."""
    if wrong := [*wrong_in_markdown(), *misquoted()]:
        return wrong
    for folder in (into, site):
        shutil.rmtree(folder, ignore_errors=True)
    lay_out(into)
    line = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", str(into / "zensical.toml")]
    subprocess.run(line, check=True, cwd=into)
    site.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(into / "site", site)
    return wrong_in_site(site)


def main() -> int:
    """Build, and say what is wrong."""
    try:
        wrong = build()
    except subprocess.CalledProcessError as error:
        return error.returncode
    print("\n".join(wrong) or f"{SITE.relative_to(ROOT)}/index.html: every link leads somewhere")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
