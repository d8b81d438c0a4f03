"""The Go programs of specimens/inside as tests want them: built, or the test is skipped; and who holds their heaps."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from inspect_programs import ROOT

from memwhy.inspect.inspector import Inspector
from memwhy.model.holders import Holders

sys.path.insert(0, str(ROOT / "specimens" / "inside"))
from programs import BuildFailed, NoGo, Program, asked, built, version_of

OLDEST = (1, 21)
"""The Go that the programs need."""


def minor_of(go: str) -> tuple[int, ...]:
    """(1, 26) of go1.26.8, also of one with a word behind it ("go1.27-rc1")."""
    return tuple(int(part) for part in version_of(go).removeprefix("go").split("-")[0].split(".")[:2])


def build_or_skip(name: str, flavour: str = "", go: str | None = None) -> None:
    """As `programs.built`; a test that cannot have it is skipped."""
    try:
        built(name, flavour, go)
    except (BuildFailed, NoGo) as error:
        pytest.skip(str(error))


@contextmanager
def inside(name: str, *flags: str, flavour: str = "", go: str | None = None) -> Iterator[Program]:
    """As `programs.asked`, built before."""
    build_or_skip(name, flavour, go)
    with asked(name, *flags, flavour=flavour, go=go) as program:
        yield program


def looked(pid: int, **how: Any) -> Holders:
    """Who holds the heap; how: as `Inspector.look` says."""
    with Inspector.open(pid) as inspector:
        found = inspector.look(malloc=False, holders=True, **how).holders
    assert found is not None
    return found
