"""Go values around C memory that nobody frees.

A type that holds a pointer into C and has a Free, Close, Release or Destroy is a few words to Go's collector, however much
hangs on it in C: without the call it stays for good. Types of the module itself are found by what they hold; those of other
modules come from the catalogue.
"""

from collections.abc import Iterable, Iterator

from memwhy.dependencies.catalogue import pairs
from memwhy.lint import cgo
from memwhy.lint.kinds import Kind
from memwhy.lint.source import Package, Tree
from memwhy.lint.standard import is_standard
from memwhy.lint.survey import suspects
from memwhy.model.suspect import Suspect

NAME = "cgo-wrapper"
CAUSE = "native-leak"
TOKENS: tuple[bytes, ...] = ()

_COSTS = "the C memory behind it, outside of the Go heap, for good"
_FOLLOWED = (
    "github.com/klauspost/compress/",
    "github.com/apache/arrow",
    "github.com/DataDog/zstd",
    "github.com/valyala/gozstd",
)
"""Modules that have a rule of their own."""
_DOCUMENTS = tuple(
    f"github.com/{owner}/gokogiri{name}"
    for owner in ("moovweb", "jbowtie")
    for name in (".ParseHtml", ".ParseXml", "/html.Parse", "/html.ParseFragment")
)
"""What gives an embedded xml.XmlDocument, whose Free the catalogue has (gokogiri.go and html/document.go of the module)."""
_LATE = 0.4
"""Weight where a finalizer frees it in the end."""

_DOCUMENT = Kind(
    rule=NAME,
    cause=CAUSE,
    noun="the document",
    acquires=dict.fromkeys(_DOCUMENTS, 0),
    releases=frozenset((("Free",),)),
    release="{name}.Free()",
    remedy="`defer doc.Free()` behind the check of the error",
    costs=_COSTS,
)


def kinds(tree: Tree) -> tuple[Kind, ...]:
    """A kind for each type of the tree, and one for each entry of the catalogue."""
    return (*_own(tree), *_catalogued(), _DOCUMENT)


def _own(tree: Tree) -> Iterator[Kind]:
    for package in cgo.packages(tree):
        for wrapper in cgo.wrappers(package):
            free = wrapper.frees[0]
            yield Kind(
                rule=NAME,
                cause=CAUSE,
                noun=f"the {package.name}.{wrapper.name}",
                acquires=dict(wrapper.makers),
                releases=frozenset((name,) for name in wrapper.frees),
                weight=_LATE if wrapper.finalized else 0.8,
                release=f"{{name}}.{free}()",
                remedy=f"call {free} on every way, `defer x.{free}()` behind the call",
                costs="C memory until the collector runs the finalizer, which it has no reason to hurry"
                if wrapper.finalized
                else _COSTS,
            )


def _catalogued() -> Iterator[Kind]:
    for pair in pairs():
        followed = not pair.package or pair.package.startswith(_FOLLOWED)
        if pair.language != "go" or pair.gives != "result" or pair.by not in ("method", "function") or followed:
            continue
        releases = [name.rpartition(".")[2] for name in pair.release]
        method = pair.by == "method"
        if method and is_standard(pair.package):
            continue
        late = pair.collected != "never"
        yield Kind(
            rule=NAME,
            cause=pair.cause,
            noun=f"what {pair.package.rpartition('/')[2]}.{pair.allocate} gives",
            acquires={f"{pair.package}.{pair.allocate}": 0},
            gives=f"*{pair.package}.{pair.type}" if pair.type else "",
            releases=frozenset((name,) for name in releases) if method else frozenset(),
            by=frozenset() if method else frozenset(f"{pair.package}.{name}" for name in releases),
            weight=_LATE if late else 0.8,
            release=f"{{name}}.{releases[0]}()" if method else f"{releases[0]}({{name}})",
            remedy=f"call {releases[0]} on every way, `defer x.{releases[0]}()` behind the check of the error",
            costs=f"{_COSTS}: {pair.note}" if pair.note else _COSTS,
        )


def check(package: Package) -> Iterable[Suspect]:
    """Values that are lost without being freed."""
    return suspects(package, NAME)
