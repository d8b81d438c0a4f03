"""Links and anchors of the documents, as Markdown on a Git host and as the pages of a built site.

    python3 tools/check_links.py               the Markdown files of the repository
    python3 tools/check_links.py DIRECTORY     a built site

Prints what leads nowhere and which document nothing leads to; exit code 1 then. Other sites are not asked: of an external link
only its form is looked at.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
FIRST = "README.md"
_FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1\s*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*\s*$", re.MULTILINE)


def documents(root: Path = ROOT) -> list[Path]:
    """What people read: at the top, below docs, and the specimens'."""
    found = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "specimens").rglob("*.md")]
    return sorted(found)


def prose(text: str) -> str:
    """A page without its fenced blocks, for these hold no links and no headings."""
    return _FENCE.sub("", text)


def links(text: str) -> list[str]:
    """Where a page's links lead, as they are written."""
    return _LINK.findall(_CODE.sub("", prose(text)))


def anchors(text: str) -> set[str]:
    """The names under which a Git host can be asked for a page's headings: lower case, letters, digits, - and _; the same again: -1."""
    seen: dict[str, int] = {}
    found = set()
    for heading in _HEADING.findall(prose(text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", plain.lower()).strip().replace(" ", "-")
        count = seen.get(name, 0)
        seen[name] = count + 1
        found.add(f"{name}-{count}" if count else name)
    return found


def wrong_in_markdown(root: Path = ROOT) -> list[str]:
    """Links and anchors that lead nowhere, and documents below docs that no way from the first page leads to."""
    wrong = []
    ways: dict[Path, set[Path]] = {}
    for page in documents(root):
        text = page.read_text(encoding="utf-8")
        leads = ways.setdefault(page.resolve(), set())
        for link in links(text):
            said = _wrong(page, link, text, root)
            if said:
                wrong.append(f"{page.relative_to(root)}: {link}: {said}")
            elif not urlsplit(link).scheme and (path := link.partition("#")[0]):
                leads.add((page.parent / unquote(path)).resolve())
    reached = closure((root / FIRST).resolve(), ways)
    docs = {page.resolve() for page in (root / "docs").rglob("*.md")}
    return wrong + [f"{page.relative_to(root.resolve())}: no link leads there" for page in sorted(docs - reached)]


def _wrong(page: Path, link: str, text: str, root: Path) -> str:
    parts = urlsplit(link)
    if parts.scheme:
        return "" if _well_formed(link) else "no address"
    target = page if not parts.path else page.parent / unquote(parts.path)
    if not target.exists() or not target.resolve().is_relative_to(root.resolve()):
        return "no such file"
    if target.is_dir():
        return "a folder, which a site cannot show"
    if parts.fragment and target.suffix == ".md":
        there = text if target == page else target.read_text(encoding="utf-8")
        return "" if parts.fragment in anchors(there) else "no such heading"
    return ""


def _well_formed(link: str) -> bool:
    parts = urlsplit(link)
    return (parts.scheme in ("http", "https") and "." in parts.netloc) or (
        parts.scheme == "mailto" and "@" in parts.path
    )


def closure(first: Path, ways: dict[Path, set[Path]]) -> set[Path]:
    """All that can be reached from one page."""
    reached, waiting = set(), [first]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            waiting += ways.get(page, set())
    return reached


class _Page(HTMLParser):
    """A built page's ids, links, and what a browser loads with it."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag in ("script", "img", "iframe", "source") and "src" in given:
            self.loads.append(given["src"])
        elif tag == "link" and {"stylesheet", "icon", "preload"} & set(given.get("rel", "").split()):
            self.loads.append(given.get("href", ""))


def wrong_in_site(site: Path) -> list[str]:
    """Links, anchors and files of a built site that lead nowhere, and what would be loaded from elsewhere."""
    pages = {path.resolve(): _read(path) for path in sorted(site.rglob("*.html")) if path.name != "404.html"}
    wrong = []
    for path, page in pages.items():
        where = path.relative_to(site.resolve())
        wrong += [f"{where}: {said}" for said in _wrong_links(path, page, pages)]
        wrong += [f"{where}: {one}: is loaded from elsewhere or missing" for one in page.loads if not _local(path, one)]
    return wrong


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _wrong_links(path: Path, page: _Page, pages: dict[Path, _Page]) -> Iterator[str]:
    for link in page.links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            if parts.scheme != "javascript" and not _well_formed(link):
                yield f"{link}: no address"
            continue
        target = (path if not parts.path else path.parent / unquote(parts.path)).resolve()
        target = target / "index.html" if target.is_dir() else target
        if not target.exists():
            yield f"{link}: no such file"
        elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
            yield f"{link}: no such anchor"


def _local(path: Path, source: str) -> bool:
    parts = urlsplit(source)
    return parts.scheme == "data" or (not parts.scheme and not parts.netloc and (path.parent / parts.path).exists())


def main(arguments: Iterable[str]) -> int:
    """Print what is wrong."""
    given = list(arguments)
    wrong = wrong_in_site(Path(given[0])) if given else wrong_in_markdown()
    print("\n".join(wrong) or "every link leads somewhere")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
