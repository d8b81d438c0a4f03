"""The captured programs: their mappings, Go's own count of itself, and where each known thing lies."""

import json
from dataclasses import dataclass
from pathlib import Path

from memwhy.model.mapping import Mapping
from memwhy.sources.proc import smaps

EVIDENCE = Path(__file__).parent.parent / "evidence"
NAMES = tuple(sorted(folder.name.removeprefix("smaps-") for folder in EVIDENCE.glob("smaps-*")))

MEMSTATS = {
    "Sys": "go.sys_bytes",
    "HeapSys": "go.heap_sys_bytes",
    "HeapReleased": "go.heap_released_bytes",
    "StackInuse": "go.stack_inuse_bytes",
    "GCSys": "go.gc_sys_bytes",
}

LAYER_OF = {
    "go heap": "layer.go_heap_bytes",
    "go stack": "layer.go_heap_bytes",
    "program data": "layer.file_data_bytes",
    "mmap": "layer.anonymous_bytes",
    "shared": "layer.shared_memory_bytes",
    "malloc in a thread": "layer.native_arenas_bytes",
    "thread stack": "layer.thread_stacks_bytes",
}


@dataclass(frozen=True)
class Specimen:
    mappings: tuple[Mapping, ...]
    rss_bytes: int
    go: dict[str, int] | None
    facts: dict[str, str]
    places: tuple[tuple[int, str], ...]


def specimen(truth: bytes, smaps_bytes: bytes, status: bytes) -> Specimen:
    """A captured program; `go` is None for one that printed no memstats."""
    said = json.loads(truth)
    memstats = said.get("memstats")
    rss = next(int(line.split()[1]) << 10 for line in status.decode().splitlines() if line.startswith("VmRSS:"))
    return Specimen(
        mappings=smaps.parse(smaps_bytes).mappings,
        rss_bytes=rss,
        go=None if memstats is None else {metric: memstats[name] for name, metric in MEMSTATS.items()},
        facts={} if memstats is None else {"go.version": "go"},
        places=tuple((place["address"], place["what"]) for place in said["places"]),
    )


def load(name: str) -> Specimen:
    folder = EVIDENCE / f"smaps-{name}"
    return specimen(*((folder / file).read_bytes() for file in ("truth.json", "smaps", "status")))


def alone(given: Specimen, address: int) -> Mapping:
    """The mapping that holds the address."""
    return next(mapping for mapping in given.mappings if mapping.start <= address < mapping.end)
