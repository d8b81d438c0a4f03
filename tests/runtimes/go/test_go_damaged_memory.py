"""A process whose words change under our hands, or make no sense: numbers, a partial answer or Unsupported, never more."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from held_go import attached, build, held, toolchains
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memwhy.memory.space import Module, Space, Thread
from memwhy.runtimes.go.adapter import GoRuntime
from memwhy.runtimes.go.documents import goroutine_text, heap_text
from memwhy.runtimes.go.heap_profile import read_heap_profile
from memwhy.runtimes.go.inside import inside
from memwhy.runtimes.go.memstats import read_memstats
from memwhy.runtimes.go.pprof_file import heap_pprof
from memwhy.runtimes.go.span_table import read_spans
from memwhy.runtimes.go.spans import regions, roots
from memwhy.runtimes.interface import Unsupported

LOOKS: list[Callable[[GoRuntime], object]] = [
    read_memstats,
    read_spans,
    regions,
    roots,
    read_heap_profile,
    heap_text,
    goroutine_text,
    lambda runtime: inside(runtime, goroutines=True),
    lambda runtime: heap_pprof(runtime, read_heap_profile(runtime)),
    lambda runtime: runtime.holders(lambda _: None),
]


class Damaged(Space):
    """Another space, with a share of its words replaced by what hurts most; `short` cuts every read there."""

    def __init__(self, inner: Space, seed: int, share: float, short: int) -> None:
        self.inner, self.seed, self.share, self.short = inner, seed, share, short
        self.name, self.pid, self.mappings, self.source = inner.name, inner.pid, inner.mappings, inner.source

    def read(self, address: int, size: int) -> bytes:
        raw = self.inner.read(address, size)
        return self._damage(raw, address)[: self.short]

    def gather(self, addresses: Sequence[int], size: int) -> bytes:
        return self._damage(self.inner.gather(addresses, size), len(addresses))

    def _damage(self, raw: bytes, where: int) -> bytes:
        random = Random(self.seed ^ where)
        words = bytearray(raw)
        for at in range(0, len(words) - 7, 8):
            if random.random() < self.share:
                words[at : at + 8] = random.choice(
                    [
                        bytes(8),
                        b"\xff" * 8,
                        random.randbytes(8),
                        (1 << 47).to_bytes(8, "little"),
                        words[:8],
                        b"\1" + bytes(7),
                    ]
                )
        return bytes(words[: len(raw)])

    def resident(self, start: int, end: int) -> "array[int]":
        return self.inner.resident(start, end)

    def threads(self) -> tuple[Thread, ...]:
        return self.inner.threads()

    def modules(self) -> tuple[Module, ...]:
        return self.inner.modules()

    def refresh(self) -> None:
        self.inner.refresh()

    def close(self) -> None:
        pass


@pytest.fixture(scope="module", params=toolchains()[:1])
def runtime(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoRuntime]:
    path: Path = build(request.param, tmp_path_factory.mktemp("hold") / "hold")
    with held(path, 1, 4096) as process, attached(process.process.pid) as found:
        yield found


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    seed=st.integers(0, 1 << 32),
    share=st.sampled_from([0.0, 0.001, 0.02, 0.3, 1.0]),
    short=st.sampled_from([1 << 30, 4096, 24, 7, 0]),
    look=st.sampled_from(LOOKS),
)
def test_damaged_memory_gives_numbers_or_unsupported(
    runtime: GoRuntime, seed: int, share: float, short: int, look: Callable[[GoRuntime], object]
) -> None:
    whole = runtime.space
    runtime.space = Damaged(whole, seed, share, short)
    try:
        look(runtime)
    except Unsupported as error:
        assert str(error)
    finally:
        runtime.space = whole


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 32), share=st.sampled_from([0.001, 0.02, 0.3]))
def test_regions_of_damaged_memory_are_disjoint_and_in_order(runtime: GoRuntime, seed: int, share: float) -> None:
    whole = runtime.space
    runtime.space = Damaged(whole, seed, share, 1 << 30)
    try:
        found = regions(runtime)
    except Unsupported:
        return
    finally:
        runtime.space = whole
    assert all(0 < region.start < region.end for region in found)
    assert all(first.end <= second.start for first, second in pairwise(found))
