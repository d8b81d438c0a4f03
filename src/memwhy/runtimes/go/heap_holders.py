"""Who holds Go's heap, in lines for people: one pass over the heap, its dominators, and the names of types, fields, variables."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from memwhy.model.holders import Holders, Holding, SoFar, TypeTotal
from memwhy.runtimes.go.debug_locals import Locals
from memwhy.runtimes.go.gotype import MAP
from memwhy.runtimes.go.heap_budget import Room, room
from memwhy.runtimes.go.heap_contents import TRIE, TRIE_VALUE, Content, contents_of, together
from memwhy.runtimes.go.heap_early import Early
from memwhy.runtimes.go.heap_hints import hinted
from memwhy.runtimes.go.heap_moving import Effort, caught_up, moved, settled
from memwhy.runtimes.go.heap_objects import HeapGraph, has_swiss_maps, read_heap
from memwhy.runtimes.go.heap_passes import Pass, in_passes
from memwhy.runtimes.go.heap_roots import RootSet, roots_of, set_apart
from memwhy.runtimes.go.heap_specials import specials_of
from memwhy.runtimes.go.heap_timers import timers_of
from memwhy.runtimes.go.heap_types import TEXT, Types
from memwhy.runtimes.go.heap_typing import Typing
from memwhy.runtimes.go.heap_variables import Variables, variables_of
from memwhy.runtimes.go.memstats import read_memstats

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_OWNER, _SIZE = 1 << 31, 1 << 16
_SHARED, _FAR = 0x7FFE, 0x7FFF
"""`_core/gogroups.h`, `_core/godominate.h`, `_core/goedges.h`."""
_CLOSURE, _MADE = 64, 65
_WORD_BYTES = 8
_TINY = "tiny block"
"""Small values without pointers share such blocks (runtime/malloc.go, maxTinySize): what they are is known, a type none of them has."""
_TINY_BYTES = 16
_ROW, _BY = 13, 5
"""Words of a group's row, and where in it those who share it begin."""
_MOST_DEPTH = 40
_MAP_PARTS = ("maps.table", "*maps.table")
_INSIDE_MAPS = ("map.group[", "map.bucket[", "noalg.map.group[", "noalg.map.bucket[")


@dataclass(slots=True)
class _Node:
    """A line in the making; groups of the same name below the same line become one."""

    kind: str
    name: str
    type: str
    count: int = 0
    own_bytes: int = 0
    bytes: int = 0
    size: int = 0
    groups: list[int] = field(default_factory=list)
    elements: int | None = None
    idle_bytes: int | None = None
    shared_by: tuple[str, ...] = ()
    goroutines: int | None = None
    below: dict[tuple[str, str, str], "_Node"] = field(default_factory=dict)


def holders_of(
    runtime: "GoRuntime",
    progress: Callable[[str], None] = lambda _: None,
    *,
    whole: bool = False,
    fast: bool = False,
    most_bytes: int | None = None,
    so_far: Callable[[SoFar], None] | None = None,
) -> Holders:
    """By one pass, or two where the heap moves. whole: small lines too, which otherwise are counted as a rest. fast: as `Holders.fast`,
    which it is as well where the full answer takes more than most_bytes of memory (None: a quarter of what is free). so_far: as `Early` says.

    Raises Unsupported for versions whose pointers are not known (before Go 1.20) and where a table makes no sense.
    """
    cpu_s, space, early = time.process_time(), room(most_bytes), Early(so_far)
    progress("the types of Go's objects")
    variables = variables_of(runtime)
    types = Types.of(runtime, swiss=has_swiss_maps(runtime), debug=variables.debug)
    found = in_passes(lambda: _pass(runtime, variables, types, space, progress, early, fast=fast), whole=whole)
    return replace(found, holdings=hinted(runtime, found.holdings), cpu_s=round(time.process_time() - cpu_s, 3))


def _pass(
    runtime: "GoRuntime",
    variables: Variables,
    types: Types,
    space: Room,
    progress: Callable[[str], None],
    early: Early,
    *,
    fast: bool,
) -> Pass:
    progress("Go's heap")
    begun_s, begun_cpu_s, where = time.monotonic(), time.process_time(), Locals(variables, types)
    heap = read_heap(runtime, room=space)
    effort = Effort(time.process_time() - begun_cpu_s)
    caught_up(heap, effort)
    heap, roots, cuts = settled(heap, lambda heap: _roots(runtime, heap, where), effort)
    stats = read_memstats(runtime).fields
    read_s = time.monotonic() - begun_s
    specials = specials_of(runtime, heap, roots, types)
    roots, apart = set_apart([*roots, *specials.roots])
    typing = Typing(runtime, heap, types, variables)
    typing.seed(roots)
    typing.know(specials.types)
    typing.spread()
    heap.cut([*heap.between(cuts), *apart])
    progress("who holds Go's heap")
    lacking = "" if fast else space.lacking(heap)
    fast = fast or bool(lacking)
    if not fast and early.is_wanted:
        early.show(_Tree(runtime, heap, typing, roots, fast=True).so_far())
    tree = _Tree(runtime, heap, typing, roots, fast=fast)
    moves = moved(heap)
    tree.tell(contents_of(runtime, heap, typing, roots, tree.rows))
    notes = [f"{runtime.version}: {variables.problem}"] if variables.problem else []
    notes += [f"types of variables are from {variables.file}"] if variables.file else []
    notes += specials.notes
    if heap.conservative_types:
        notes.append(f"of {heap.conservative_types} types any word may be a pointer: their masks could not be had")
    if fast:
        notes.append(
            "each object is counted for the root that is fewest pointers away, though others may hold it, too"
            + "; " * bool(lacking)
            + lacking
        )
    found = Holders(
        runtime=runtime.version,
        bytes=tree.root.bytes,
        objects=tree.objects,
        heap_alloc_bytes=stats.get("HeapAlloc"),
        untyped_bytes=sum(one.bytes for one in tree.totals() if not one.type),
        unresolved=moves.unresolved,
        newborn_objects=moves.newborn,
        read_bytes=heap.read_bytes,
        read_s=round(read_s, 3),
        cpu_s=0.0,
        holdings=tree.holdings(),
        types=tuple(tree.totals()),
        waiting=specials.waiting,
        fast=fast,
        notes=tuple(notes),
    )
    return Pass(holders=found, moved=moves)


def _roots(runtime: "GoRuntime", heap: HeapGraph, where: Locals) -> tuple[list[RootSet], list[tuple[int, int]]]:
    """What is found outside of objects, and which pointers hold nothing (`HeapGraph.between`)."""
    outside, timers = roots_of(runtime, heap, where), timers_of(runtime, heap)
    return [*outside.sets, *timers.roots], [*outside.cuts, *timers.cuts]


class _Tree:
    """The groups of the compiled loops as lines: inner parts of maps belong to their map, fields have names."""

    def __init__(
        self, runtime: "GoRuntime", heap: HeapGraph, typing: Typing, roots: list[RootSet], *, fast: bool = False
    ) -> None:
        self._runtime, self._typing = runtime, typing
        owners = {key: number for number, key in enumerate(dict.fromkeys((one.kind, one.name) for one in roots))}
        self._owners = list(owners)
        flat = sorted(
            (owners[one.kind, one.name], number, offset // _WORD_BYTES)
            for one in roots
            for offset, number, _ in one.places
        )
        self._variables = {(one.kind, one.name): typing.variable_type(one) for one in roots}
        self._goroutines = {(one.kind, one.name): one.goroutines for one in roots if one.goroutines}
        self.rows = heap.retained(flat, len(owners), fast=fast)
        self.objects = sum(self.rows[3::_ROW])
        self.root = _Node("rest", "", "")
        self._names: dict[int, tuple[str, bool]] = {}
        self._fill()

    def _fill(self) -> None:
        """A group's parent stands before it, so one pass down and one up are enough."""
        nodes: list[_Node] = [self.root]
        in_map = [False]
        for i in range(1, len(self.rows) // _ROW):
            parent, key, at, objects, size = self.rows[i * _ROW : i * _ROW + _BY]
            above = nodes[parent]
            name, inner = self._name(key)
            if inner and in_map[parent]:
                node = above
            else:
                kind, label = self._label(parent, key, at)
                where = (kind, label, _tables(name) if inner else name)
                node = above.below.get(where) or above.below.setdefault(where, _Node(*where))
                node.size = 0 if inner else self._size(key)
                node.goroutines = self._goroutines.get(where[:2])
            in_map.append(inner or self._is_map(key))
            node.count += 0 if node is above else objects
            node.own_bytes += size
            node.groups += [] if node is above else [i]
            nodes.append(node)
        for i, node in enumerate(nodes):
            if node.kind == "shared" and i in node.groups:
                node.shared_by = tuple(dict.fromkeys((*node.shared_by, *self._sharers(i, nodes))))
        _sum(self.root)

    def _is_map(self, key: int) -> bool:
        """Is it a map's header, whose inner parts belong to its line? What has no type and holds such parts may be one."""
        if key >= _SIZE:
            return key < _OWNER
        found = self._typing.types.at(self._typing.key_of(key)[0] & ~7)
        return found is not None and found.kind == MAP

    def tell(self, contents: dict[int, Content]) -> None:
        """What lines are filled with, by their groups."""
        work = [self.root]
        for node in work:
            work += node.below.values()
            known = [contents[group] for group in node.groups if group in contents]
            if known:
                node.elements, node.idle_bytes = together(known, node.count, node.own_bytes)
            if node.type.startswith(TRIE):
                node.elements = sum(one.count for one in node.below.values() if one.type.startswith(TRIE_VALUE))

    def _name(self, key: int) -> tuple[str, bool]:
        """A group's type, and whether it is a map's inner part, which nobody wants to see by itself."""
        if key not in self._names:
            self._names[key] = self._named(key)
        return self._names[key]

    def _named(self, key: int) -> tuple[str, bool]:
        if key >= _OWNER:
            return self._variables.get(self._owners[key - _OWNER], ""), False
        if key >= _SIZE:
            size = (key - _SIZE) * _WORD_BYTES
            return f"?{size} B" if size else _TINY, False
        address, kind = self._typing.key_of(key)
        if kind == _CLOSURE:
            function = self._runtime.functions.find(address)
            return f"closure {function.name if function is not None else hex(address)}", False
        name = self._typing.types.name_of(address)
        return name, (kind == _MADE and address != TEXT and address & 7 > 1) or name in _MAP_PARTS or name.startswith(
            _INSIDE_MAPS
        )

    def _size(self, key: int) -> int:
        """Bytes of one value of a group's type, 0 where it is not known."""
        return 0 if key >= _SIZE else self._typing.size_of(key)

    def _sharers(self, group: int, nodes: list[_Node]) -> Iterator[str]:
        """Who leads to what is shared, as far as they were noted: roots, or paths from the line above."""
        above = self.rows[group * _ROW]
        if above == 0:
            yield from self._shared_roots(group, set())
            return
        for who in self.rows[group * _ROW + _BY : (group + 1) * _ROW]:
            if who:
                yield self._way(who, above, nodes) or self._name(self.rows[who * _ROW + 1])[0]

    def _shared_roots(self, group: int, seen: set[int]) -> Iterator[str]:
        seen.add(group)
        for who in self.rows[group * _ROW + _BY : (group + 1) * _ROW]:
            if who >= _OWNER:
                yield self._owners[who - _OWNER][1]
            elif who and who not in seen:
                yield from self._shared_roots(who, seen)

    def _way(self, group: int, above: int, nodes: list[_Node]) -> str:
        """The path of fields to a group from one above it. What is shared itself stands there by its type."""
        parts: list[str] = []
        while group != above and group:
            parent = self.rows[group * _ROW]
            if nodes[group] is not nodes[parent]:
                node = nodes[group]
                parts.append(node.name if node.kind != "shared" else f"({node.type})")
            group = parent
        return "".join(reversed(parts))

    def _label(self, parent: int, key: int, at: int) -> tuple[str, str]:
        """What leads to a group: (kind, name of the root or path of fields)."""
        if key >= _OWNER:
            return self._owners[key - _OWNER]
        if parent == 0 or at == _SHARED:
            return "shared", ""
        above = self.rows[parent * _ROW + 1]
        if above >= _OWNER or above >= _SIZE or at == _FAR:
            return "field", ""
        return "field", self._typing.path(above, at)

    def holdings(self) -> tuple[Holding, ...]:
        """The tree, to the smallest line."""
        return tuple(_lines(self.root, 0))

    def so_far(self) -> SoFar:
        """What a fast tree tells at once."""
        return SoFar(bytes=self.root.bytes, objects=self.objects, holdings=self.holdings(), types=tuple(self.totals()))

    def totals(self) -> Iterator[TypeTotal]:
        """By type, most first."""
        found: dict[str, list[int]] = {}
        for i in range(1, len(self.rows) // _ROW):
            key, objects, size = (self.rows[i * _ROW + j] for j in (1, 3, 4))
            name = "" if _SIZE < key < _OWNER else self._name(key)[0]
            row = found.setdefault(name, [0, 0])
            row[0] += objects
            row[1] += size
        rows = sorted(((size, count, name) for name, (count, size) in found.items() if count), reverse=True)
        return (TypeTotal(type=name, count=count, bytes=size) for size, count, name in rows)


def _sum(root: _Node) -> None:
    """Bytes of every line with all below it."""
    order = [root]
    for node in order:
        order += node.below.values()
    for node in reversed(order):
        node.bytes = node.own_bytes + sum(one.bytes for one in node.below.values())


def _tables(name: str) -> str:
    """Inner parts of a map that something else keeps, too, so that they are no part of the map's own line."""
    for prefix in _INSIDE_MAPS:
        if name.startswith(prefix):
            name = f"map[{name.removeprefix(prefix)}"
    return f"{name} (its tables)"


def _type(node: _Node) -> str:
    """Its type; behind slices stand arrays of it. Where no path says that it is a slice, objects that hold many values of it are arrays."""
    if node.kind == "field" and node.name:
        return f"[]{node.type}" if node.name.endswith("[]") and node.size else node.type
    many = node.own_bytes >= 2 * node.size * node.count and node.own_bytes > _TINY_BYTES * node.count
    return f"[]{node.type}" if node.size and node.count and many and not node.type.startswith("map[") else node.type


def _folded(node: _Node) -> _Node:
    """A root and the one thing that it points to are one line."""
    below = list(node.below.values())
    if node.count or len(below) != 1 or below[0].name:
        return node
    only = below[0]
    return replace(
        only,
        kind=node.kind,
        name=node.name,
        goroutines=node.goroutines,
        type=_type(only) if not only.type.startswith("?") else node.type or only.type,
        size=0,
    )


def _lines(node: _Node, depth: int) -> Iterator[Holding]:
    below = sorted(node.below.values(), key=lambda one: (-one.bytes, one.name, one.type))
    for one in map(_folded, below if depth < _MOST_DEPTH else []):
        yield Holding(
            kind=one.kind,  # type: ignore[arg-type]  # of the literals that _label gives
            name=one.name,
            type=_type(one),
            count=one.count,
            own_bytes=one.own_bytes,
            bytes=one.bytes,
            elements=one.elements,
            idle_bytes=one.idle_bytes,
            shared_by=one.shared_by,
            goroutines=one.goroutines,
            children=tuple(_lines(one, depth + 1)),
        )
    if below and depth >= _MOST_DEPTH:
        yield Holding(
            kind="rest",
            name=f"{len(below)} smaller one{'s' * (len(below) != 1)}",
            type="",
            count=sum(one.count for one in below),
            own_bytes=sum(one.own_bytes for one in below),
            bytes=sum(one.bytes for one in below),
        )
