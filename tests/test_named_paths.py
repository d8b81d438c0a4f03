"""Every file and folder that the documents name is there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "memwhy"
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "specimens").rglob("*.md")]
_QUOTED = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"(?<![\w./$:~-])[\w.-]+(?:/[\w.*-]+)+(?![\w/:-])")
_LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)")


def named(text: str) -> set[str]:
    """Paths in backquotes whose first part is a folder of ours; not those with a word that stands for any (`X`, `NAME`)."""
    ours = {path.name for place in (ROOT, SOURCE) for path in place.iterdir() if path.is_dir()}
    found = {path for quoted in _QUOTED.findall(text) for path in _PATH.findall(quoted)}
    return {path for path in found if path.split("/")[0] in ours and not re.search(r"(?:^|/)[A-Z]+\b", path)}


def is_there(path: str) -> bool:
    """As it stands, as a module without its ending, or as what a build makes in a folder that is there."""
    places = (ROOT, SOURCE)
    return any((place / path).exists() or any(place.glob(path)) or any(place.glob(f"{path}.*")) for place in places)


def test_every_path_that_a_document_names_is_there() -> None:
    wrong = [
        f"{document.relative_to(ROOT)}: {path}"
        for document in DOCUMENTS
        for path in sorted(named(document.read_text()))
        if not is_there(path)
    ]
    assert wrong == []


def test_every_link_within_the_documents_leads_somewhere() -> None:
    wrong = [
        f"{document.relative_to(ROOT)}: {link}"
        for document in DOCUMENTS
        for link in _LINK.findall(document.read_text())
        if not (document.parent / link).exists()
    ]
    assert wrong == []
