"""Writes docs/catalogue.md from the catalogue's data: what is known to leak, what is outside the Go heap, what is paired.

python3 tools/make_catalogue_page.py [FILE]
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from memwhy.dependencies.catalogue import KnownLeak, OffHeap, Only, Pair, known_leaks, off_heap, pairs  # noqa: E402

INTRO = """# The catalogue

What memwhy knows of others' code: leaks by version, modules whose memory is outside the Go heap, and calls that need a
release. `memwhy deps` reads the first two, `memwhy lint` the third. **It accuses nobody by itself**: an entry is what
somebody else's code does in some version; that it is what grows in *this* process takes a measurement.

The data is [`known_leaks.json`, `off_heap.json` and `pairs.json`](../src/memwhy/dependencies/catalogue/known_leaks.json), their fields
are described in `schema.json` beside them, and [CONTRIBUTING](../CONTRIBUTING.md) says how to add to them. This page is
written from them by `tools/make_catalogue_page.py`.

What was looked at stands in each entry, with the day. `make catalogue-check CLONES=DIRECTORY` looks again: does the fix
stand in the version that has it and not in the one before, does the module import C or map, are both calls of a pair in
the header or package? Affected are the tagged versions whose source has at least three quarters of the lines that the fix
touches or stands between, and not the fix; where a fix went into several lines of releases, the ranges say so with
`||`. A version that is not named may leak too: nobody looked.

A **defect** is the module's fault and tied to versions. **Usage** leaks where callers do not release, whatever the
version. **Design** is kept on purpose, or by how the thing is made.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([INTRO, _counts(), *_leaks(known_leaks()), *_modules(off_heap()), *_libraries(pairs())])


def _counts() -> str:
    leaks = known_leaks()
    kinds = Counter(leak.kind for leak in leaks)
    shown = sum(leak.shown is not None for leak in leaks)
    return (
        f"{len(leaks)} leaks ({kinds['defect']} defects, {kinds['usage']} of usage, {kinds['design']} by design; "
        f"{shown} with the line of their fix), {len(off_heap())} modules, {len(pairs())} pairs.\n"
    )


def _leaks(leaks: Iterable[KnownLeak]) -> Iterator[str]:
    yield "## Known leaks\n"
    for module, entries in groupby(leaks, key=lambda leak: leak.module):
        yield f"### {module}\n"
        for leak in entries:
            fixed = f", fixed in `{leak.fixed}`" if leak.fixed else ""
            yield (
                f"- **{leak.cause}**, {leak.kind}, `{leak.affected}`{fixed}{_only(leak.only)}: {leak.what}"
                f" *When:* {leak.trigger}. *Remedy:* {leak.remedy}. {_sources(leak.source)}"
                f" ({leak.confidence}; {leak.checked})"
            )
        yield ""


def _only(only: Only) -> str:
    parts = [
        *((" or ".join(only.goos),) if only.goos else ()),
        *(("with cgo",) if only.cgo else ()),
        *(("with the tag " + " or ".join(only.tags),) if only.tags else ()),
        *((f"go directive {only.go}",) if only.go else ()),
    ]
    return f" ({', '.join(parts)})" if parts else ""


def _modules(modules: Iterable[OffHeap]) -> Iterator[str]:
    yield "## Outside the Go heap\n"
    yield "`none` marks look-alikes that keep their memory on the Go heap.\n"
    yield "| module | how | C | brings along | links or loads | note |\n|---|---|---|---|---|---|"
    for module in modules:
        how = {"default": "with cgo", "tag": "with " + " or ".join(module.tags), "never": "no cgo"}[module.cgo]
        note = f"through {module.through}. {module.note}" if module.through else module.note
        yield (
            f"| {module.package or module.module} | {module.off_heap} | {how} | {', '.join(module.static)} |"
            f" {', '.join((*module.shared, *module.dlopen))} | {note} |"
        )
    yield ""


def _libraries(entries: Iterable[Pair]) -> Iterator[str]:
    yield "## Pairs\n"
    yield "Calls that give something to be released, by library; the calls themselves stand in `pairs.json`.\n"
    yield "| library | language | pairs | for example |\n|---|---|---|---|"
    ordered = sorted(entries, key=lambda pair: (pair.language, pair.library.lower()))
    for (language, library), group in groupby(ordered, key=lambda pair: (pair.language, pair.library)):
        found = list(group)
        one = found[0]
        yield f"| {library} | {language} | {len(found)} | `{one.allocate}` → `{'`, `'.join(one.release)}` |"
    yield ""


def _sources(sources: Iterable[str]) -> str:
    return " · ".join(_link(source) for source in sources)


def _link(source: str) -> str:
    """A source as a link where it is one on GitHub."""
    for mark, path in (("#", "issues"), ("@", "commit")):
        repository, found, what = source.partition(mark)
        if found and "/" in repository and ":" not in repository:
            return f"[{source}](https://github.com/{repository}/{path}/{what})"
    return f"<{source}>" if source.startswith("https://") else source


def main(arguments: list[str]) -> int:
    """Write the page."""
    file = Path(arguments[0]) if arguments else ROOT / "docs" / "catalogue.md"
    file.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
