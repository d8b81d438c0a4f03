"""Counted references that are taken and not given back on every way.

A count that stays above zero keeps what hangs on it. In Go memory that is the collector's business; behind cgo, and with
allocators that are not Go's (Apache Arrow with its C allocator), it is a leak.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from memwhy.lint import cgo
from memwhy.lint.kinds import Kind
from memwhy.lint.source import Package, Tree
from memwhy.lint.survey import suspects
from memwhy.model.suspect import Suspect

NAME = "retain-release"
CAUSE = "native-leak"
TOKENS: tuple[bytes, ...] = ()

_ARROW = ("github.com/apache/arrow-go/v18/arrow", *(f"github.com/apache/arrow/go/v{n}/arrow" for n in range(7, 18)))
_WIDTHS = ("8", "16", "32", "64")
_ARRAYS = (
    *("Boolean", "String", "LargeString", "Binary", "List", "Map", "Struct", "Null", "Timestamp", "Date32", "Date64"),
    *("Duration", "Time32", "Time64", "Float16", "Float32", "Float64", "FixedSizeBinary", "FixedSizeList"),
    *(f"{sign}{width}" for sign in ("Int", "Uint") for width in _WIDTHS),
)
_GIVEN = {
    "array": (
        *("NewRecordBuilder", "NewRecord", "NewRecordBatch", "NewTable", "NewTableFromRecords", "NewTableReader"),
        *("NewChunked", "NewRecordReader", "NewBuilder", "NewSlice", "NewData", "MakeFromData"),
        *("RecordBuilder.NewRecord", "RecordBuilder.NewRecordBatch", "Builder.NewArray"),
    ),
    "ipc": ("NewReader",),
    "memory": ("NewResizableBuffer",),
}
"""Functions whose result is one reference to be given back, by package below arrow."""
_SLICED = ("Record", "RecordBatch")


def kinds(tree: Tree) -> tuple[Kind, ...]:
    """Counting methods of the tree's cgo types and of other modules' types, and what Arrow's constructors give."""
    return (*_own(tree), *_counted(), *_arrow())


def _own(tree: Tree) -> Iterator[Kind]:
    for package in cgo.packages(tree):
        for wrapper in cgo.wrappers(package):
            down = cgo.counted_down(wrapper)
            if not wrapper.counts or not down:
                continue
            yield Kind(
                rule=NAME,
                cause=CAUSE,
                noun=f"the reference to the {package.name}.{wrapper.name}",
                acquires={f"{package.path}.{wrapper.name}.{count}": 0 for count in wrapper.counts},
                releases=frozenset((name,) for name in down),
                receiver=True,
                lent=True,
                weight=0.75,
                release=f"{{name}}.{down[0]}()",
                remedy=f"one {down[0]} for each {wrapper.counts[0]} on every way",
                costs="the C object, for good",
            )


def _arrow() -> Iterator[Kind]:
    for root in _ARROW:
        for package, names in _GIVEN.items():
            for name in names:
                builder = f"*{root}/array.RecordBuilder" if name == "NewRecordBuilder" else ""
                yield _reference(f"{root}/{package}.{name}", builder)
        for name in _ARRAYS:
            builder = f"{root}/array.{name}Builder"
            yield _reference(f"{root}/array.New{name}Builder", f"*{builder}")
            yield _reference(f"{builder}.NewArray")
            yield _reference(f"{builder}.New{name}Array")
        for name in _SLICED:
            yield _reference(f"{root}.{name}.NewSlice", f"{root}.{name}")
        yield from _retained(root)


def _retained(root: str) -> Iterator[Kind]:
    """Retain of what a reader or a record only lends: whoever retains gives back, since what it is put into takes its own."""
    lends: dict[str, tuple[str, ...]] = {
        **{f"{root}/array.RecordReader.{name}": (f"{root}.{name}",) for name in _SLICED},
        **{f"{root}/ipc.Reader.{name}": (f"{root}.{name}",) for name in _SLICED},
        **{f"{root}/array.TableReader.{name}": (f"{root}.{name}",) for name in _SLICED},
        **{f"{root}.{name}.Column": (f"{root}.Array",) for name in _SLICED},
        f"{root}.Table.Column": (f"*{root}.Column",),
        f"{root}/array.NewSlice": (f"{root}.Array",),
    }
    yield replace(
        _reference(""),
        acquires={f"{root}.{type}.Retain": 0 for type in (*_SLICED, "Array", "Column", "Chunked", "Table")},
        results=lends,
        receiver=True,
        own_only=True,
        remedy="one Release for each Retain on every way: what a table, a record or a builder is given it retains itself",
    )


def _reference(name: str, gives: str = "") -> Kind:
    return Kind(
        rule=NAME,
        cause=CAUSE,
        noun="the reference",
        acquires={name: 0},
        gives=gives,
        releases=frozenset((("Release",),)),
        lent=True,
        weight=0.65,
        release="{name}.Release()",
        remedy="`defer x.Release()` behind the call: constructors give one reference, and callees take their own",
        costs="the buffers, where the allocator is not Go's; with Go's own the collector takes them",
    )


def _counted() -> Iterator[Kind]:
    """Counting methods of types that are not in the tree: a function that gives back on one way means to on each."""
    for up, down in (("Retain", "Release"), ("IncRef", "DecRef"), ("IncrRef", "DecrRef"), ("AddRef", "Release")):
        yield Kind(
            rule=NAME,
            cause=CAUSE,
            noun="the reference",
            acquires={f"?.{up}": 0},
            releases=frozenset(((down,),)),
            receiver=True,
            balanced=True,
            weight=0.65,
            release=f"{{name}}.{down}()",
            remedy=f"one {down} for each {up} on every way",
            costs="what is counted: C memory, an allocator's, or a place in a pool",
        )


def check(package: Package) -> Iterable[Suspect]:
    """References that are not given back on some way."""
    return suspects(package, NAME)
