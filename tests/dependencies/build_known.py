"""Entries of a catalogue made up for the tests, with only what the test is about."""

from typing import Any

from memwhy.dependencies.catalogue import KnownLeak, OffHeap

SHOP = "example.org/shop"


def leak(
    module: str = "github.com/x/y", affected: str = "<v1.2.3", fixed: str | None = "v1.2.3", **other: Any
) -> KnownLeak:
    """A defect, a native-leak unless told."""
    fields: dict[str, Any] = {
        "module": module, "match": "module", "affected": affected, "fixed": fixed, "cause": "native-leak", "kind": "defect",
        "what": "a handle is never freed", "trigger": "every query", "remedy": "upgrade", "source": ("x/y#1",), "confidence": "high",
        "checked": "made up", "date": "2026-01-01",
    }  # fmt: skip
    return KnownLeak(**{**fields, **other})


def uses(module: str = "github.com/x/y", off_heap: str = "malloc", cgo: str = "default", **other: Any) -> OffHeap:
    fields: dict[str, Any] = {"match": "module", "source": ("x/y:y.go",), "checked": "made up", "date": "2026-01-01"}
    return OffHeap(**{"module": module, "off_heap": off_heap, "cgo": cgo, **fields, **other})
