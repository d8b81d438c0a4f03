"""Claims: which rule gave which mapping to which layer, and the sum of them.

Every mapping gets exactly one `Claim`. A claim names the layer of the mapping's anonymous pages and the
layer of its other resident pages; they differ only where a private file mapping holds written pages.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from memwhy.model.account import Layer
from memwhy.model.mapping import Mapping
from memwhy.model.metrics import LAYERS

GO_HEAP = "layer.go_heap_bytes"
GO_OTHER = "layer.go_other_bytes"
NATIVE_HEAP = "layer.native_heap_bytes"
NATIVE_ARENAS = "layer.native_arenas_bytes"
ANONYMOUS = "layer.anonymous_bytes"
THREAD_STACKS = "layer.thread_stacks_bytes"
FILE_CODE = "layer.file_code_bytes"
FILE_DATA = "layer.file_data_bytes"
FILE_MAPPED = "layer.file_mapped_bytes"
SHARED_MEMORY = "layer.shared_memory_bytes"
SPECIAL = "layer.special_bytes"

GO_LAYERS = (GO_HEAP, GO_OTHER)
FINE_LAYERS = LAYERS[: LAYERS.index(SPECIAL) + 1]


class Claim(NamedTuple):
    """One mapping's place: the layer of its written pages, and of the rest if that is another one, and why."""

    metric: str
    rule: str
    weak: bool = False
    rest_metric: str | None = None
    rest_rule: str = ""


Claims = dict[int, Claim]
"""Index into the address-ordered mappings → its claim."""

UNCLAIMED = Claim(ANONYMOUS, "anonymous mappings that no other rule claims")


class _Row:
    """A layer while it is summed."""

    __slots__ = ("mappings", "resident", "rules", "swap", "virtual", "weak")

    def __init__(self) -> None:
        self.resident = self.virtual = self.swap = self.mappings = self.weak = 0
        self.rules: dict[str, int] = {}


def sum_layers(mappings: Sequence[Mapping], claims: Claims, always: Iterable[str]) -> tuple[Layer, ...]:
    """The layers of all mappings, in table order; `always` are the layers that have a row even when empty.

    A layer is weak when rules that go by shape alone hold at least half of its resident bytes.
    """
    rows = {metric: _Row() for metric in always}
    for index, mapping in enumerate(mappings):
        claim = claims.get(index, UNCLAIMED)
        resident = mapping.rss_bytes or 0
        written, rest = resident, 0
        if claim.rest_metric is not None:
            written = min(mapping.anonymous_bytes, resident)
            rest = resident - written
        writable = claim.rest_metric is None or mapping.perms[1:2] == "w"
        if written or writable or mapping.swap_bytes:
            row = rows.setdefault(claim.metric, _Row())
            virtual = mapping.size_bytes if writable else 0
            _add(row, claim.rule, claim.weak, written, mapping.swap_bytes, virtual)
        if claim.rest_metric is not None and (rest or not writable):
            row = rows.setdefault(claim.rest_metric, _Row())
            _add(row, claim.rest_rule, claim.weak, rest, 0, 0 if writable else mapping.size_bytes)
    return tuple(_layer(metric, rows[metric]) for metric in FINE_LAYERS if metric in rows)


def _add(row: _Row, rule: str, weak: bool, resident: int, swap: int, virtual: int) -> None:
    row.resident += resident
    row.swap += swap
    row.virtual += virtual
    row.mappings += 1
    row.rules[rule] = row.rules.get(rule, 0) + resident
    if weak:
        row.weak += resident


def _layer(metric: str, row: _Row) -> Layer:
    by_size = sorted(row.rules, key=lambda rule: (-row.rules[rule], rule))
    more = f"; and {len(by_size) - 4} more rules" if len(by_size) > 4 else ""
    return Layer(
        metric=metric,
        bytes=row.resident,
        virtual_bytes=row.virtual,
        swap_bytes=row.swap,
        mappings=row.mappings,
        claimed_by="; ".join(by_size[:4]) + more,
        weak=row.weak > 0 and 2 * row.weak >= row.resident,
    )
