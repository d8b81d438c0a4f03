"""What pointers of Go's own library lead to where their types do not say it.

sync.Pool keeps an array for each processor behind an unsafe.Pointer (sync/pool.go). The tries that sync.Map and package unique are made of since
Go 1.24 and 1.23 (internal/sync/hashtriemap.go, before internal/concurrent) point to nodes, which are the heads of entries or of larger inner
nodes. Since Go 1.23 a time.Timer is the head of a larger struct of the runtime's (runtime/time.go, timeTimer).
"""

import re
from dataclasses import dataclass

from memwhy.runtimes.go.gotype import GoType
from memwhy.runtimes.go.heap_catalogue import Catalogue

NODE = 6
"""Added to the address of a trie's node: an entry or an inner node, told apart by the object's size."""
_TRIE_NODE = re.compile(r"(sync|concurrent)\.node\[")
_POOL, _POOL_LOCAL, _POOL_FIELDS = "sync.Pool", "sync.poolLocal", ("local", "victim")
_TIMERS, _WHOLE_TIMER = ("time.Timer", "time.Ticker"), "runtime.timeTimer"


@dataclass(slots=True)
class Library:
    """The library of one program."""

    catalogue: Catalogue

    def behind(self, key: int, one: GoType | None) -> int:
        """The key of what a pointer to a type really leads to."""
        if one is None:
            return key
        if one.name in _TIMERS:
            whole = self.catalogue.named(_WHOLE_TIMER)
            return key if whole is None else whole.address
        return key | NODE if _TRIE_NODE.match(one.name) else key

    def of_field(self, struct: GoType, name: str) -> int:
        """The key of the elements that a field without a type leads to, 0 where it has one, or nobody knows."""
        if struct.name != _POOL or name not in _POOL_FIELDS:
            return 0
        local = self.catalogue.named(_POOL_LOCAL)
        return 0 if local is None else local.address

    def nodes(self, node: GoType | None) -> tuple[int, int, int]:
        """Of a trie's node: the keys of its entry and of its inner node, and the bytes from which on it is the latter. Zeros: not known."""
        if node is None:
            return 0, 0, 0
        entry = self.catalogue.named(node.name.replace(".node[", ".entry[", 1))
        inner = self.catalogue.named(node.name.replace(".node[", ".indirect[", 1))
        if entry is None or inner is None or entry.size >= inner.size:
            return 0, 0, 0
        return entry.address, inner.address, inner.size
