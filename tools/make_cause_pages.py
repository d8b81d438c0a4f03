"""Writes docs/causes/ from the docstrings of memwhy's causes: one page a cause, and an index with a line for each.

    python3 tools/make_cause_pages.py [DIRECTORY]

Headings of a docstring stand at the start of a line, their text from the eighteenth column on.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADINGS = ("What grows", "Speaks for", "Speaks against", "Remedy", "References")
NOTE = (
    "Written from the docstring of `src/memwhy/causes/{module}.py` by `tools/make_cause_pages.py`: change it there.\n"
)


def pages() -> dict[str, str]:
    """File name → text, the index included."""
    from memwhy.causes import CAUSES

    found = {f"{cause.NAME}.md": page(cause.NAME, cause.__doc__ or "") for cause in CAUSES}
    lines = [f"- [`{cause.NAME}`]({cause.NAME}.md): {claim(cause.__doc__ or '')}\n" for cause in CAUSES]
    intro = (
        "# Causes\n\nEvery diagnosis puts these causes to the case; each is supported, refuted, or cannot be told.\n"
        "`undetermined` is a verdict, never a cause: the evidence cannot decide.\n\n"
    )
    found["README.md"] = intro + "".join(lines)
    return found


def claim(doc: str) -> str:
    """The first line of a docstring."""
    return doc.strip().splitlines()[0]


def page(name: str, doc: str) -> str:
    """One cause's page. Raises ValueError when a heading is missing."""
    parts = sections(doc)
    missing = [heading for heading in HEADINGS if heading not in parts]
    if missing:
        raise ValueError(f"the docstring of {name} lacks: {', '.join(missing)}")
    body = "".join(f"\n## {heading}\n\n{parts[heading]}\n" for heading in HEADINGS)
    return f"# {name}\n\n{claim(doc)}\n{body}\n---\n\n{NOTE.format(module=name.replace('-', '_'))}"


def sections(doc: str) -> dict[str, str]:
    """Heading → its text, lines joined."""
    found: dict[str, str] = {}
    heading = ""
    for line in doc.splitlines()[1:]:
        start = next((one for one in HEADINGS if re.match(rf"{one}\s{{2,}}", line)), None)
        if start is not None:
            heading, found[start] = start, line[len(start) :].strip()
        elif heading and line.strip():
            found[heading] += " " + line.strip()
    return found


def main(arguments: list[str]) -> int:
    """Write the pages; pages of causes that are gone are removed."""
    directory = Path(arguments[0]) if arguments else ROOT / "docs" / "causes"
    directory.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for old in directory.glob("*.md"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (directory / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "src"))
    sys.exit(main(sys.argv[1:]))
