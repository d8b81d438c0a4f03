"""Other linters' own tests as a corpus that strangers labelled: their `// want` and `//@ diag` comments say where a finding belongs.

They are read where the module proxy puts them and copied nowhere but into a folder that is gone afterwards. They were made to try those linters: dense,
with forms that few people write, and with what those linters cannot see left unlabelled.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lint_score import Corpus, Label


@dataclass(frozen=True, slots=True)
class Source:
    """A linter's tests: module, folders in it, what their findings are of, the words of a finding and of its second line;
    lines that would be findings but for a comment that only that linter heeds."""

    name: str
    module: str
    folders: tuple[str, ...]
    go: str
    kind: str
    words: str
    second: str = "^$"
    silenced: tuple[tuple[str, int], ...] = ()


SOURCES = (
    Source(
        "bodyclose",
        "github.com/timakin/bodyclose@v0.0.0-20260723120731-857993a2939c",
        ("passes/bodyclose/testdata/src/a", "passes/bodyclose/testdata/src/handledresponse"),
        "1.22",
        "body",
        "response body must be closed",
        silenced=(("handledresponse.go", 19), ("handledresponse.go", 20)),
    ),
    Source(
        "go vet lostcancel",
        "golang.org/x/tools@v0.51.0",
        ("go/analysis/passes/lostcancel/testdata/src/a", "go/analysis/passes/lostcancel/testdata/src/typeparams"),
        "1.22",
        "context",
        ".",
        "may be reached without using",
    ),
    Source(
        "staticcheck SA1015",
        "honnef.co/go/tools@v0.8.2",
        (
            "staticcheck/sa1015/testdata/go1.0/CheckLeakyTimeTick",
            "staticcheck/sa1015/testdata/go1.0/CheckLeakyTimeTick-main",
        ),
        "1.22",
        "ticker",
        ".",
    ),
    Source(
        "staticcheck SA1015, Go 1.23",
        "honnef.co/go/tools@v0.8.2",
        ("staticcheck/sa1015/testdata/go1.23/CheckLeakyTimeTick",),
        "1.23",
        "ticker",
        ".",
    ),
)
"""SA5003 and SA9001 are left out: they are about defers that never run, whatever it is that is deferred."""

WANT = re.compile(r"//\s*want\s+(.*)|//@.*?diag\(`(.*)`\)")


def corpora(folder: Path) -> Iterator[tuple[Source, Corpus]]:
    """Each source's tests below folder, a package for each of its folders. Raises CalledProcessError without the network."""
    for at, source in enumerate(SOURCES):
        answer = subprocess.run(
            ["go", "mod", "download", "-json", source.module],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "GOTOOLCHAIN": "local"},
        )
        root = folder / str(at)
        labels: list[Label] = []
        neither: set[tuple[str, str, int]] = set()
        for number, inside in enumerate(source.folders):
            package = f"p{number}"
            neither |= {(package, file, line) for file, line in source.silenced}
            shutil.copytree(Path(json.loads(answer.stdout)["Dir"], inside), root / package)
            subprocess.run(["chmod", "-R", "u+w", str(root / package)], check=True)
            (root / package / "go.mod").write_text(f"module example.com/{package}\n\ngo {source.go}\n")
            for path in sorted((root / package).rglob("*.go")):
                _read(source, package, path, str(path.relative_to(root / package)), labels, neither)
        packages = {f"p{number}": source.kind for number in range(len(source.folders))}
        yield source, Corpus(root, packages, tuple(labels), {}, frozenset(neither))


def _read(
    source: Source, package: str, path: Path, file: str, labels: list[Label], neither: set[tuple[str, str, int]]
) -> None:
    """The labels of one file, and the lines that only say more of one. What it wants said stays in the file, as a comment."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        wanted = WANT.search(line)
        if not wanted:
            continue
        text = wanted[1] or wanted[2]
        if re.search(source.second, text):
            neither.add((package, file, number))
        elif re.search(source.words, text):
            labels.append(Label(package, (source.kind,), ((file, number),), text))
