"""Stacks and goroutine lists in memory that may hold anything: an answer or Unsupported, never a traceback, never a hang."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapes_program import TOOLCHAINS, attached, built

from memwhy.memory.space import Space
from memwhy.runtimes.go.adapter import GoRuntime
from memwhy.runtimes.go.cgo_calls import sample_cgo_calls
from memwhy.runtimes.go.goroutines import read_goroutines
from memwhy.runtimes.go.groups import groups, profile_text
from memwhy.runtimes.go.inline import Unfolding, printed
from memwhy.runtimes.go.stacks import MOST_FRAMES, NO_STACK, REGISTERS, SAVED, Stacks
from memwhy.runtimes.go.threads import cgo_calls_ever, machines
from memwhy.runtimes.interface import Unsupported

GO = TOOLCHAINS[0] if TOOLCHAINS else ""
BASE = 0x10000


class Written(Space):
    """An address space of one range, as a test wrote it; code and constants are of the program behind `real`."""

    def __init__(self, real: Space, memory: bytes) -> None:
        self.name, self.pid, self.mappings, self.source = "written", None, (), real.source
        self._memory = memory
        self.modules = real.modules  # type: ignore[method-assign]

    def read(self, address: int, size: int) -> bytes:
        at = address - BASE
        return self._memory[at : at + size] if 0 <= at < len(self._memory) else b""

    def gather(self, addresses, size: int) -> bytes:  # type: ignore[no-untyped-def]
        return b"".join(self.read(address, size).ljust(size, b"\0") for address in addresses)

    def resident(self, start: int, end: int):  # type: ignore[no-untyped-def]
        raise NotImplementedError

    def threads(self):  # type: ignore[no-untyped-def]
        return ()

    def modules(self):  # type: ignore[no-untyped-def]
        return ()

    def refresh(self) -> None: ...

    def close(self) -> None: ...


@pytest.fixture(scope="module")
def runtime():  # type: ignore[no-untyped-def]
    with attached(built(GO, "static"), "3") as (_, runtime):
        yield runtime


def written(runtime: GoRuntime, memory: bytes, **globals: int) -> GoRuntime:
    from copy import copy
    from dataclasses import replace

    other = copy(runtime)
    other.space = Written(runtime.space, memory)
    other.globals = replace(runtime.globals, **globals)
    return other


def words(*values: int) -> bytes:
    return b"".join((value & (1 << 64) - 1).to_bytes(8, "little") for value in values)


@pytest.mark.specimen
@settings(deadline=None)
@given(
    noise=st.binary(max_size=4096),
    count=st.integers(0, 1 << 64),
    pointers=st.lists(st.integers(0, 1 << 64), max_size=20),
)
def test_any_bytes_give_goroutines_or_a_refusal(
    runtime: GoRuntime, noise: bytes, count: int, pointers: list[int]
) -> None:
    memory = words(BASE + 24, count, count, *pointers) + noise
    other = written(runtime, memory, allgs=BASE, allm=BASE + 24)
    try:
        seen = read_goroutines(other)
    except Unsupported:
        pass
    else:
        assert sum(group.count for group in groups(seen)) == seen.count + seen.calling_back
        assert profile_text(seen, 1).startswith(b"goroutine profile: total ")
        assert isinstance(profile_text(seen, 2), bytes)
    threads = machines(other)
    assert len(threads) <= len(memory)
    assert (cgo_calls_ever(other, threads) or 0) >= 0
    assert sample_cgo_calls(other, for_s=0).looks == 1


@pytest.mark.specimen
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_stacks_of_any_words_end(runtime: GoRuntime, data: st.DataObject) -> None:
    table = runtime.functions
    known = [table.by_name(name) for name in ("runtime.goexit", "runtime.main", "main.recursive", "main.main")]
    entries = [function.entry for function in known if function is not None]
    assert len(entries) == 4
    code = st.one_of(st.sampled_from(entries), st.integers(min(entries), max(entries)), st.integers(0, (1 << 64) - 1))
    stack = data.draw(st.lists(code, max_size=200))
    memory = words(*stack)
    starts = data.draw(st.lists(st.tuples(code, st.integers(0, 1 << 64)), min_size=1, max_size=10))
    tree = Stacks(Written(runtime.space, memory), table)
    for origin in (SAVED, REGISTERS):
        found = tree.walk(
            origin,
            [pc for pc, _ in starts],
            [BASE + sp % (len(memory) + 1) if sp & 1 else sp for _, sp in starts],
            [BASE + len(memory)] * len(starts),
        )
        for number in found:
            pcs = tree.pcs(number)
            assert len(pcs) <= len(stack) + 1
            assert all(table.find(pc) is not None for pc in pcs)
            assert tree.is_exact(number) == (origin == REGISTERS)
            Unfolding(table, runtime.layout).frames(pcs, exact=origin == REGISTERS)


@pytest.mark.specimen
def test_a_stack_deeper_than_the_limit_is_cut_and_says_so(runtime: GoRuntime) -> None:
    recursive = runtime.functions.by_name("main.recursive")
    assert recursive is not None
    delta = runtime.functions.stack_delta(recursive, recursive.entry)
    assert delta == 0
    memory = words(*[recursive.entry] * (2 * MOST_FRAMES))
    tree = Stacks(Written(runtime.space, memory), runtime.functions)
    ends = tree.walk(SAVED, [recursive.entry] * 2, [BASE, BASE + 8 * (2 * MOST_FRAMES - 10)], [BASE + len(memory)] * 2)
    assert [len(tree.pcs(end)) for end in ends] == [MOST_FRAMES, 11]
    assert [tree.is_cut(end) for end in ends] == [True, True]
    assert tree.pcs(NO_STACK) == ()
    assert not tree.is_cut(NO_STACK)


@pytest.mark.parametrize(
    ("name", "as_printed"),
    [
        ("main.generic[go.shape.int,go.shape.string]", "main.generic[...]"),
        ("main.(*stack[go.shape.struct { main.a int }]).hold", "main.(*stack[...]).hold"),
        ("main.f", "main.f"),
        ("main.]odd[", "main.]odd["),
        ("", ""),
    ],
)
def test_type_arguments_are_printed_as_the_runtime_prints_them(name: str, as_printed: str) -> None:
    assert printed(name) == as_printed
