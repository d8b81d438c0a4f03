"""The stacks of many goroutines at once, walked in step: one gather per depth for all of them.

Each frame's size comes from the function table, as the runtime's own unwinder takes it (runtime/traceback.go, unwinder;
pcsp in runtime/symtab.go), not from frame pointers: so functions without a frame, assembly and preempted ones are exact.
Goroutines that stand at the same addresses so far are kept together, so ten thousand of one kind cost little more than reading them.
"""

from array import array
from collections.abc import Sequence
from operator import gt

from memwhy.memory.space import Space
from memwhy.runtimes.go.pclntab import FunctionTable

MOST_FRAMES = 4096
_MOST_NODES = 500_000
_WORD_BYTES = 8
_TOP_FRAME, _SP_WRITE = 1, 2
"""internal/abi.FuncFlagTopFrame, FuncFlagSPWrite; the same numbers since Go 1.17."""

NO_STACK, SAVED, REGISTERS = 0, 1, 2
"""The first nodes of a tree of stacks: none; where stacks from saved counters grow, and from registers."""
_CUT = 0
_END, _UNKNOWN = -1, -2


class Stacks:
    """All stacks seen so far as one tree, leaf functions at its root. A stack is the number of its outermost node."""

    def __init__(self, space: Space, functions: FunctionTable) -> None:
        self._space = space
        self._functions = functions
        self._parents = array("q", (-1, -1, -1))
        self._pcs = array("Q", (0, 0, 0))
        self._children: dict[tuple[int, int], int] = {}
        self._deltas: dict[int, tuple[int, int]] = {}

    def walk(self, origin: int, pcs: Sequence[int], sps: Sequence[int], highs: Sequence[int]) -> list[int]:
        """The stacks that begin at these counters and stack pointers; high: where the stack's memory ends.

        origin: SAVED when the counters are return addresses, REGISTERS when a blocked thread's own.
        """
        stacks = [NO_STACK] * len(pcs)
        at = list(sps)
        level: dict[int, list[int]] = {}
        for i, pc in enumerate(pcs):
            level.setdefault(self._child(origin, pc), []).append(i)
        for depth in range(MOST_FRAMES - 1):
            if not level:
                break
            level = self._step(level, at, highs, stacks, is_leaf=depth == 0 and origin == SAVED)
        for node, members in level.items():
            self._finish(stacks, members, self._cut(node))
        return stacks

    def _step(
        self, level: dict[int, list[int]], at: list[int], highs: Sequence[int], stacks: list[int], *, is_leaf: bool
    ) -> dict[int, list[int]]:
        """From the frames of one depth to their callers; the stacks that end here are finished."""
        wanted: array[int] = array("Q")
        asked: list[tuple[int, list[int]]] = []
        for node, members in level.items():
            delta = self._delta(self._pcs[node], is_leaf=is_leaf)
            if delta < 0:
                self._finish(stacks, members, node if delta == _END else self._cut(node))
                continue
            places = [at[i] + delta for i in members]
            last = [highs[i] - _WORD_BYTES for i in members]
            if any(map(gt, places, last)):
                inside = [i for i, place, most in zip(members, places, last, strict=True) if place <= most]
                self._finish(stacks, set(members).difference(inside), self._cut(node))
                members, places = inside, [at[i] + delta for i in inside]
            if members:
                wanted.extend(places)
                asked.append((node, members))
                for i, place in zip(members, places, strict=True):
                    at[i] = place + _WORD_BYTES
        found = memoryview(self._space.gather(wanted, _WORD_BYTES)).cast("Q").tolist() if wanted else []
        return self._callers(asked, found)

    def _callers(self, asked: list[tuple[int, list[int]]], found: list[int]) -> dict[int, list[int]]:
        level: dict[int, list[int]] = {}
        first = 0
        for node, members in asked:
            returns = found[first : first + len(members)]
            first += len(members)
            if returns.count(returns[0]) == len(returns):
                level[self._child(node, returns[0])] = members
                continue
            parted: dict[int, list[int]] = {}
            for i, pc in zip(members, returns, strict=True):
                parted.setdefault(pc, []).append(i)
            for pc, some in parted.items():
                level.setdefault(self._child(node, pc), []).extend(some)
        return level

    def _delta(self, pc: int, *, is_leaf: bool) -> int:
        """Bytes from the stack pointer to the return address, or _END at the top of a stack, _UNKNOWN where it cannot be told.

        A function that moves SP by itself ends a stack, too, but not where it was entered or saved its place before a system call.
        """
        known = self._deltas.get(pc)
        if known is None:
            known = self._deltas[pc] = self._find_delta(pc)
        return known[not is_leaf]

    def _find_delta(self, pc: int) -> tuple[int, int]:
        function = self._functions.find(pc)
        if function is None:
            return _UNKNOWN, _UNKNOWN
        if function.flag & _TOP_FRAME:
            return _END, _END
        delta = self._functions.stack_delta(function, pc) if function.pcsp else _UNKNOWN
        if delta < 0:
            return _UNKNOWN, _UNKNOWN
        moves = function.flag & _SP_WRITE and function.name != "runtime.cgocallback"
        return delta, _END if moves else delta

    def _child(self, node: int, pc: int) -> int:
        """The node of a caller; one that says "cut" where its address is no Go code or the tree is full."""
        key = (node, pc)
        child = self._children.get(key)
        if child is None:
            if pc != _CUT and (len(self._pcs) >= _MOST_NODES or self._functions.find(pc) is None):
                return self._child(node, _CUT)
            child = self._children[key] = len(self._pcs)
            self._parents.append(node)
            self._pcs.append(pc)
        return child

    def _cut(self, node: int) -> int:
        return node if self._pcs[node] == _CUT else self._child(node, _CUT)

    @staticmethod
    def _finish(stacks: list[int], members: "Sequence[int] | set[int]", node: int) -> None:
        for i in members:
            stacks[i] = node

    def is_cut(self, stack: int) -> bool:
        """Did the walk end before the outermost function: at no Go code, unreadable memory, or one of the limits?"""
        return stack > REGISTERS and self._pcs[stack] == _CUT

    def is_exact(self, stack: int) -> bool:
        """Is the leaf's counter a register's, not a return address?"""
        node = stack
        while node > REGISTERS:
            node = self._parents[node]
        return node == REGISTERS

    def pcs(self, stack: int) -> tuple[int, ...]:
        """The counters of a stack, leaf first; return addresses but for an exact leaf."""
        counters: list[int] = []
        node = stack
        while node > REGISTERS:
            if self._pcs[node] != _CUT:
                counters.append(self._pcs[node])
            node = self._parents[node]
        return tuple(reversed(counters))
