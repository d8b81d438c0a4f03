"""A profile's sums for a table of functions: in C where the extension is there, else from the protobuf library's objects.

`sum_up_pure` is the specification: what counts, and which callers inline, is as google/pprof's graph package has it.
"""

from collections.abc import Iterator

from memwhy.model.errors import ParseError
from memwhy.model.top_table import EDGE_FRACTION, NODE_FRACTION
from memwhy.sources.go.pprof_core import Summed, core, sum_up
from memwhy.sources.go.pprof_file import NAME, decompress

Frame = tuple[int, bool]
"""A node, and whether it is inlined into the frame after it."""


def sums(raw: bytes) -> Summed:
    """The sums of a profile file, gzip'ed or not. Raises ParseError."""
    data = decompress(raw)
    run = core()
    return sum_up_pure(data) if run is None else sum_up(data, run, stacks=0, callers_above=NODE_FRACTION)


def sum_up_pure(data: bytes) -> Summed:
    """The same from plain bytes, without the extension. Raises ParseError."""
    from memwhy.sources.go.pprof import content_of

    content = content_of(data)
    if not content.types or not content.strings or content.strings[0] != b"":
        raise ParseError(NAME, None, "", "no pprof profile: no sample types, or no string table")
    count = len(content.types)
    nodes: dict[str, int] = {}
    stacks: list[tuple[list[Frame], list[int]]] = []
    for ids, values in content.samples.items():
        if len(values) != count:
            raise ParseError(NAME, None, "", f"a sample of {len(values)} values for {count} sample types")
        frames: list[Frame] = []
        for location in ids:
            names = content.frames(location)
            frames += [(nodes.setdefault(name, len(nodes)), at + 1 < len(names)) for at, name in enumerate(names)]
        stacks.append((frames, values))
    flat, cum = [0] * (len(nodes) * count), [0] * (len(nodes) * count)
    totals = [0] * count
    for frames, values in stacks:
        for index, value in enumerate(values):
            totals[index] += abs(value)
            if frames:
                flat[frames[0][0] * count + index] += value
            for node in {node for node, _ in frames}:
                cum[node * count + index] += value
    inlined = bytearray(len(nodes) * count)
    for index in range(count):
        inside = abs(sum(flat[index::count]))
        cutoff, edge_cutoff = int(inside * NODE_FRACTION), int(inside * EDGE_FRACTION)
        kept = {node for node in range(len(nodes)) if abs(cum[node * count + index]) >= cutoff}
        edges = _edges(((frames, values[index]) for frames, values in stacks if values[index]), kept)
        for (_, node), (value, always) in edges.items():
            if abs(value) >= edge_cutoff:
                inlined[node * count + index] |= 1 if always else 2
    binary, build_id = content.main_mapping()
    return Summed(
        raw=data,
        types=tuple((content.text(kind), content.text(unit)) for kind, unit in content.types),
        period_type=None,
        period=content.period,
        time_ns=content.time_ns,
        default_type=content.text(content.default_type),
        binary=binary,
        build_id=build_id,
        drops_frames=content.drops_frames,
        samples=len(content.samples),
        cut_stacks=0,
        totals=tuple(totals),
        names=tuple(nodes),
        flat=flat,
        cum=cum,
        inlined=bytes(inlined),
        stacks=(),
    )


def _edges(stacks: Iterator[tuple[list[Frame], int]], kept: set[int]) -> dict[tuple[int, int], tuple[int, bool]]:
    """(caller, callee) → what the stacks with this call have, and whether each of them inlines it; a call that a stack
    repeats counts by its first."""
    edges: dict[tuple[int, int], tuple[int, bool]] = {}
    for frames, value in stacks:
        seen: set[tuple[int, int]] = set()
        parent = -1
        for node, inline in reversed(frames):
            if node not in kept:
                continue
            edge = (parent, node)
            if parent not in (-1, node) and edge not in seen:
                seen.add(edge)
                so_far, always = edges.get(edge, (0, True))
                edges[edge] = (so_far + value, always and inline)
            parent = node
    return edges
