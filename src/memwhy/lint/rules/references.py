"""Counted references that are taken and not given back on every way.

A count that stays above zero keeps what hangs on it. In Go memory that is the collector's business; behind cgo, and with
allocators that are not Go's (Apache Arrow with its C allocator), it is a leak.
"""

from collections.abc import Iterable, Iterator

from memwhy.lint import cgo
from memwhy.lint.kinds import Kind
from memwhy.lint.source import Package, Tree
from memwhy.lint.survey import suspects
from memwhy.model.suspect import Suspect

NAME = "retain-release"
CAUSE = "native-leak"
TOKENS: tuple[bytes, ...] = ()

_ARROW = ("github.com/apache/arrow-go/v18/arrow/", *(f"github.com/apache/arrow/go/v{n}/arrow/" for n in range(7, 18)))
_BUILT = (
    *(
        "NewRecordBuilder",
        "NewRecord",
        "NewRecordBatch",
        "NewTable",
        "NewTableFromRecords",
        "NewTableReader",
        "NewChunked",
    ),
    *("RecordBuilder.NewRecord", "RecordBuilder.NewRecordBatch", "NewBuilder", "NewSlice", "NewRecordReader"),
    *(
        f"New{kind}Builder"
        for kind in ("Boolean", "Int8", "Int16", "Int32", "Int64", "Uint8", "Uint16", "Uint32", "Uint64")
    ),
    *(
        f"New{kind}Builder"
        for kind in ("Float32", "Float64", "String", "Binary", "List", "Struct", "Timestamp", "Date32")
    ),
)
_RELEASE = frozenset((("Release",),))


def kinds(tree: Tree) -> tuple[Kind, ...]:
    """Counting methods of the tree's cgo types, and what Arrow's constructors give."""
    return (*_own(tree), *_arrow())


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
    for path in _ARROW:
        for name in _BUILT:
            yield Kind(
                rule=NAME,
                cause=CAUSE,
                noun="the reference",
                acquires={f"{path}array.{name}": 0},
                gives=f"*{path}array.RecordBuilder" if name == "NewRecordBuilder" else "",
                releases=_RELEASE,
                lent=True,
                weight=0.65,
                release="{name}.Release()",
                remedy="`defer x.Release()` behind the call: constructors give one reference, and callees take their own",
                costs="the buffers, where the allocator is not Go's; with Go's own the collector takes them",
            )


def check(package: Package) -> Iterable[Suspect]:
    """References that are not given back on some way."""
    return suspects(package, NAME)
