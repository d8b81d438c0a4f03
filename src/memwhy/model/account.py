"""The account: one snapshot's resident bytes in disjoint layers that sum exactly."""

from dataclasses import dataclass

from memwhy.model.errors import AccountError


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A named, disjoint share of the resident bytes.

    metric: its name in the registry ("layer.go_heap_bytes"). bytes: resident; virtual_bytes: address
    space; swap_bytes: swapped out (not in bytes). mappings: how many were claimed.
    claimed_by: the rule that claimed them, in words ("name [anon: Go: heap]", "64 MiB-aligned arenas,
    virtual size equals HeapSys + StackInuse"); weak: the rule is a guess by shape alone.
    """

    metric: str
    bytes: int
    virtual_bytes: int
    swap_bytes: int = 0
    mappings: int = 0
    claimed_by: str = ""
    weak: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Two witnesses of one fact held against each other. agree=None: they cannot be compared."""

    name: str
    left: str
    left_bytes: int
    right: str
    right_bytes: int
    agree: bool | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Layers of one moment. sum(layers) + unaccounted_bytes == total_bytes, always, or AccountError.

    total_bytes is the kernel's own total (smaps_rollup or status) read beside the mappings; the
    remainder is therefore signed: a growing process grows between two reads.
    fine: the layers come from smaps; else from status alone.
    """

    total_bytes: int
    layers: tuple[Layer, ...]
    unaccounted_bytes: int
    fine: bool
    checks: tuple[Check, ...] = ()

    def __post_init__(self) -> None:
        claimed = sum(layer.bytes for layer in self.layers)
        if claimed + self.unaccounted_bytes != self.total_bytes:
            raise AccountError(
                f"layers sum to {claimed} B and the remainder is {self.unaccounted_bytes} B, but the total is {self.total_bytes} B"
            )
        names = [layer.metric for layer in self.layers]
        if len(set(names)) != len(names):
            raise AccountError(f"a layer is claimed twice: {sorted(names)}")

    def layer(self, metric: str) -> Layer | None:
        """The layer of that metric, if it has a row."""
        return next((layer for layer in self.layers if layer.metric == metric), None)
