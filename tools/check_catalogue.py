"""Looks at the sources of the catalogue again: are the fixes, the cgo lines and the pairs where their entries say?

    python3 tools/check_catalogue.py [--clones DIRECTORY] [--include DIRECTORY]… [--module PATH]… [-v]

--clones    git repositories as DIRECTORY/OWNER/NAME (or OWNER+NAME; with a work tree or bare): what lies there is read
--include   directories with C headers, for the pairs of C (/usr/include unless told)
--module    download this Go module's versions with `go mod download` where there is no clone of it; several times

What no source is at hand for is counted and not judged. Exit 1 where a source says otherwise than its entry.
"""

import argparse
import functools
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from memwhy.dependencies.catalogue import KnownLeak, OffHeap, Pair, known_leaks, off_heap, pairs  # noqa: E402

PSEUDO = re.compile(r"-(?:0\.)?\d{14}-([0-9a-f]{12})$")
REPOSITORY = re.compile(r"([\w.-]+/[\w.-]+)[#@:]")
IMPORTS_C = re.compile(r'^\s*(?:import\s+)?"C"\s*$', re.M)
MAPS = re.compile(r"\bMmap\(|SYS_MMAP\b")
LOADS = re.compile(r"\b[Dd]lopen\b")
TEXTS = (".go", ".c", ".h", ".cpp", ".cc", ".md")


@dataclass(frozen=True, slots=True)
class Look:
    """What one entry came to. verdict: holds, differs, or unseen where its source is not at hand."""

    verdict: str
    entry: str
    why: str = ""


class Source(Protocol):
    """A module's files at its versions."""

    def text(self, version: str, path: str) -> str | None:
        """A file's text; "" where this version lacks it, None where the version is not at hand."""

    def bulk(self, version: str, folder: str, suffixes: tuple[str, ...]) -> str:
        """Texts of one folder's files (of all folders: `*`) in one, tests left out; the newest where version is empty."""


@dataclass(frozen=True, slots=True)
class Clone:
    """A git repository; a module in a folder of it has tags that begin with that folder."""

    git_directory: Path
    module: str

    def _git(self, *arguments: str) -> str | None:
        done = subprocess.run(
            ["git", "--git-dir", str(self.git_directory), *arguments], capture_output=True, check=False
        )
        return None if done.returncode else done.stdout.decode("utf-8", "replace")

    def _at(self, version: str) -> tuple[str, str] | None:
        """A commit and the module's folder in it."""
        if pseudo := PSEUDO.search(version):
            found = self._git("rev-parse", "-q", "--verify", pseudo[1] + "^{commit}")
            return (found.strip(), "") if found else None
        if not version:
            heads = (self._git("rev-parse", "-q", "--verify", ref) for ref in ("HEAD^{commit}", "master", "main"))
            return next(((head.strip(), "") for head in heads if head), None)
        parts = re.sub(r"/v\d+$", "", self.module).split("/")
        for start in range(1, len(parts) + 1):
            prefix = "".join(f"{part}/" for part in parts[start:])
            if found := self._git("rev-parse", "-q", "--verify", f"refs/tags/{prefix}{version}^{{commit}}"):
                return found.strip(), prefix
        return None

    def text(self, version: str, path: str) -> str | None:
        at = self._at(version)
        return None if at is None else self._git("show", f"{at[0]}:{at[1]}{path}") or ""

    def bulk(self, version: str, folder: str, suffixes: tuple[str, ...]) -> str:
        at = self._at(version)
        if at is None:
            return ""
        where = "*" if folder == "*" else f":(glob){folder}/*" if folder else ":(glob)*"
        paths = [f"{where}{suffix}" for suffix in suffixes]
        return self._git("grep", "-h", "-I", "-e", "", at[0], "--", *paths, ":!*_test.go", ":!vendor") or ""


@dataclass(frozen=True, slots=True)
class Download:
    """A module as the Go command fetches it."""

    module: str

    def _directory(self, version: str) -> Path | None:
        return downloaded(self.module, version or "latest")

    def text(self, version: str, path: str) -> str | None:
        directory = self._directory(version)
        if directory is None:
            return None
        try:
            return (directory / path).read_text("utf-8", "replace")
        except OSError:
            return ""

    def bulk(self, version: str, folder: str, suffixes: tuple[str, ...]) -> str:
        directory = self._directory(version)
        if directory is None:
            return ""
        found = directory.rglob("*") if folder == "*" else (directory / folder).glob("*")
        files = [path for path in found if path.suffix in suffixes and not path.name.endswith("_test.go")]
        return "\n".join(path.read_text("utf-8", "replace") for path in files)


@functools.cache
def bulk(source: Source, version: str, folder: str, suffixes: tuple[str, ...]) -> str:
    """Source.bulk, read once: many entries share a folder."""
    return source.bulk(version, folder, suffixes)


@functools.cache
def downloaded(module: str, version: str) -> Path | None:
    """Where the Go command put a module's version; None where it has none."""
    command = ["go", "mod", "download", "-json", f"{module}@{version}"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=600)
    try:
        return Path(json.loads(done.stdout)["Dir"])
    except (ValueError, KeyError):
        return None


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where sources may be: a directory of clones, modules that may be downloaded."""

    clones: Path | None
    modules: frozenset[str]

    def of(self, module: str, sources: tuple[str, ...]) -> Source | None:
        """A module's source: the clone that an entry's sources name, else a download where it is allowed."""
        for source in sources:
            if (name := REPOSITORY.match(source)) and (git := self._clone(name[1])):
                return Clone(git, module)
        return Download(module) if module in self.modules else None

    def _clone(self, name: str) -> Path | None:
        if self.clones is None:
            return None
        tops = (self.clones / spelled for spelled in (name, name.replace("/", "+")))
        places = (top / inner for top in tops for inner in ("", ".git", "repo", "repo/.git"))
        return next((place for place in places if (place / "objects").is_dir()), None)


def look_at_leak(shelf: Shelf, leak: KnownLeak) -> Look | None:
    """Is the fix where it is shown? None for an entry that shows none."""
    if leak.shown is None:
        return None
    shown, entry = leak.shown, f"{leak.module} {leak.fixed}"
    source = shelf.of(leak.module, leak.source)
    texts = [source.text(version, shown.file) for version in (shown.before, shown.after)] if source else [None, None]
    if texts[0] is None or texts[1] is None:
        return Look("unseen", entry)
    before, after = texts[0].count(shown.text), texts[1].count(shown.text)
    if (after < before) if shown.gone else (after > before):
        return Look("holds", entry)
    return Look("differs", entry, f"{shown.text!r} stands {before} times in {shown.before}, {after} in {shown.after}")


def look_at_module(shelf: Shelf, module: OffHeap) -> Look:
    """Does the source use C, mappings or loaded libraries as the entry says?"""
    entry = module.package or module.module
    source = shelf.of(module.module, module.source)
    if source is None or module.match == "stdlib":
        return Look("unseen", entry)
    text = bulk(source, "", "*", (".go",))
    uses_c = IMPORTS_C.search(text) is not None or LOADS.search(text) is not None
    maps = MAPS.search(text) is not None
    said = {"malloc": uses_c, "both": uses_c, "mmap": maps or bool(module.through), "none": True}[module.off_heap]
    if module.off_heap == "none" and module.cgo == "never" and not module.note:
        said = not uses_c and not maps
    if not text:
        return Look("unseen", entry)
    return Look("holds" if said else "differs", entry, f"says {module.off_heap}; C: {uses_c}, mmap: {maps}")


def look_at_pair(shelf: Shelf, headers: tuple[Path, ...], pair: Pair) -> Look:
    """Are the call and one of its releases in the header, or in the package, that the entry names?"""
    entry = f"{pair.package or pair.library}: {pair.allocate}"
    if pair.source[0].startswith("header "):
        text = "\n".join(headers_text(headers, source.split()[1]) for source in pair.source)
    else:
        source = shelf.of(pair.package or pair.library, pair.source)
        path, _, version = pair.source[0].partition(":")[2].partition("@")
        folder = "*" if pair.language == "c" else path.rpartition("/")[0]
        text = bulk(source, version, folder, TEXTS) if source else ""
    if not text:
        return Look("unseen", entry)
    there = words(text)
    allocate, *releases = (name.rpartition(".")[2] for name in (pair.allocate, *pair.release))
    if allocate not in there:
        return Look("differs", entry, f"{allocate} is not there")
    if not there.intersection(releases):
        return Look("differs", entry, f"of {', '.join(releases)} none is there")
    return Look("holds", entry)


@functools.cache
def words(text: str) -> frozenset[str]:
    """All names in a text."""
    return frozenset(re.findall(r"[A-Za-z_]\w*", text))


@functools.cache
def headers_text(directories: tuple[Path, ...], name: str) -> str:
    """A header and those in its folder, below one of the directories: a library's calls are often spread over several."""
    base = name.rpartition("/")[2]
    found = [path for top in directories for path in top.rglob(base) if path.as_posix().endswith(f"/{name}")]
    near = [path for header in found if header.parent not in directories for path in header.parent.glob("*.h")]
    return "\n".join(path.read_text("utf-8", "replace") for path in {*found, *near})


def looks(shelf: Shelf, headers: tuple[Path, ...]) -> Iterator[tuple[str, Look]]:
    """Every entry's, with the kind of entry."""
    for leak in known_leaks():
        if look := look_at_leak(shelf, leak):
            yield "known leaks with a fix shown", look
    for module in off_heap():
        yield "modules", look_at_module(shelf, module)
    for pair in pairs():
        yield "pairs", look_at_pair(shelf, headers, pair)


def main(arguments: list[str], say: Callable[[str], None] = print) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clones", type=Path)
    parser.add_argument("--include", type=Path, action="append", default=[])
    parser.add_argument("--module", action="append", default=[])
    parser.add_argument("-v", "--verbose", action="store_true")
    given = parser.parse_args(arguments)
    counts: Counter[tuple[str, str]] = Counter()
    for kind, look in looks(
        Shelf(given.clones, frozenset(given.module)), tuple(given.include) or (Path("/usr/include"),)
    ):
        counts[kind, look.verdict] += 1
        if look.verdict == "differs":
            say(f"{kind}: {look.entry}: {look.why}")
        elif given.verbose and look.verdict == "unseen":
            say(f"{kind}: {look.entry}: no source at hand")
    for kind in dict.fromkeys(kind for kind, _ in counts):
        figures = ", ".join(f"{counts[kind, verdict]} {word}" for verdict, word in WORDS)
        say(f"{kind}: {figures}")
    return 1 if any(verdict == "differs" for _, verdict in counts) else 0


WORDS = (("holds", "as said"), ("differs", "otherwise"), ("unseen", "without a source at hand"))

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
