"""What the scripts of a page draw, as plain JSON; and small pictures that stand in a table."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from memwhy.model.pictures import FlameGraph, FlameNode, Line, Pictures, Timeline
from memwhy.model.trend import Trend
from memwhy.render.palette import colours
from memwhy.render.plain import clean

SPARK = (120, 28)
SPAN = (120, 18)
_DASHES: dict[str, list[int]] = {
    "derived.go_held_bytes": [],
    "runtime.heap_committed_bytes": [],
    "go.heap_alloc_bytes": [6, 3],
    "runtime.heap_used_bytes": [6, 3],
}
GAP = "derived.go_held_bytes"
"""What lies between this line and the total is what Go knows nothing of."""


def as_data(pictures: Pictures) -> dict[str, object] | None:
    """None where there is nothing to be drawn."""
    if pictures.timeline is None and not pictures.flames:
        return None
    return {
        "timeline": None if pictures.timeline is None else _timeline(pictures.timeline),
        "flames": [_flame(one) for one in pictures.flames],
    }


def _timeline(timeline: Timeline) -> dict[str, object]:
    tint = colours(timeline.bands)
    return {
        "x": list(timeline.x_s),
        "clock": timeline.clock,
        "begun": None if timeline.begun_wall_ns is None else timeline.begun_wall_ns // 1_000_000,
        "total": {"key": timeline.metric, "label": clean(timeline.label), "v": list(timeline.total)},
        "bands": [
            {
                "key": band.metric,
                "label": clean(band.label),
                "growing": band.growing,
                "colour": tint[band.metric],
                "v": list(band.bytes),
            }
            for band in timeline.bands
        ],
        "lines": [_line(line) for line in timeline.lines],
        "marks": [{"x": mark.x_s, "text": clean(mark.text)} for mark in timeline.marks],
    }


def _line(line: Line) -> dict[str, object]:
    return {
        "key": line.metric,
        "label": clean(line.label),
        "note": clean(line.note),
        "dash": _DASHES.get(line.metric, [2, 3]),
        "limit": "limit" in line.metric or line.metric == "host.total_bytes",
        "gap": line.metric == GAP,
        "v": list(line.bytes),
    }


def _flame(flame: FlameGraph) -> dict[str, object]:
    return {"key": flame.key, "unit": flame.unit, "before": flame.before, "root": _node(flame.root)}


def _node(node: FlameNode) -> list[object]:
    """[name, module, kind, now, before, children]; the last one only where there are any."""
    row: list[object] = [clean(node.name), clean(node.module), node.kind, node.bytes, node.before_bytes]
    return [*row, [_node(child) for child in node.children]] if node.children else row


def heaviest(flame: FlameGraph, most: int = 40) -> tuple[tuple[FlameNode, int, int], ...]:
    """(function, its own now, its own before) of those that stand alone for most, the tree's table."""
    found: dict[tuple[str, str], tuple[FlameNode, int, int]] = {}
    stack = [flame.root]
    while stack:
        node = stack.pop()
        stack.extend(node.children)
        own = node.bytes - sum(child.bytes for child in node.children)
        before = node.before_bytes - sum(child.before_bytes for child in node.children)
        if own > 0 or before > 0:
            key = (node.name, node.module)
            known = found.get(key, (node, 0, 0))
            found[key] = (node, known[1] + own, known[2] + before)
    ranked = sorted(found.values(), key=lambda row: (-max(row[1], row[2]), row[0].name))
    return tuple(ranked[:most])


def sketched(points: Sequence[tuple[float, int]]) -> Markup:
    """A course as a line; nothing of fewer than two points. Names for who cannot see it stand in its row."""
    if len(points) < 2:
        return Markup("")
    width, height = SPARK
    shown = _extremes(points, width // 2)
    first, last = shown[0][0], shown[-1][0]
    low, high = min(value for _, value in shown), max(value for _, value in shown)
    pad = 2
    scale = (height - 2 * pad) / (high - low) if high > low else 0.0
    span = (last - first) or 1.0
    path = "L".join(
        f"{(x - first) / span * width:.1f} {height - pad - (value - low) * scale if scale else height / 2:.1f}"
        for x, value in shown
    )
    return Markup(
        f'<svg class="spark" viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true"><path d="M{path}"/></svg>'
    )


def _extremes(points: Sequence[tuple[float, int]], pieces: int) -> list[tuple[float, int]]:
    """The least and the most of so many stretches, in order."""
    if len(points) <= 2 * pieces:
        return list(points)
    out: list[tuple[float, int]] = [points[0]]
    for piece in range(pieces):
        stretch = points[piece * len(points) // pieces : (piece + 1) * len(points) // pieces]
        ends = min(stretch, key=lambda point: point[1]), max(stretch, key=lambda point: point[1])
        out += sorted(set(ends))
    return [*out, points[-1]]


def spanned(course: object, most: float) -> Markup:
    """A rate with its interval on a line through zero that reaches to `most` at both ends; nothing without a rate."""
    if not isinstance(course, Trend) or most <= 0:
        return Markup("")
    width, height = SPAN
    middle = height / 2

    def x(value: float) -> float:
        return width / 2 + max(-1.0, min(1.0, value / most)) * (width / 2 - 4)

    return Markup(
        f'<svg class="span" viewBox="0 0 {width} {height}" aria-hidden="true">'
        f'<line class="zero" x1="{width / 2:g}" x2="{width / 2:g}" y1="1" y2="{height - 1}"/>'
        f'<line class="range" x1="{x(course.low):.1f}" x2="{x(course.high):.1f}" y1="{middle:g}" y2="{middle:g}"/>'
        f'<circle cx="{x(course.slope):.1f}" cy="{middle:g}" r="3.5"/></svg>'
    )


def meter(share: float) -> Markup:
    """A share of one as a bar."""
    wide = max(0.0, min(1.0, share)) * 96
    return Markup(
        f'<svg class="meter" viewBox="0 0 96 10" preserveAspectRatio="none" aria-hidden="true"><rect width="{wide:.1f}" height="10"/></svg>'
    )


def most_rate(courses: Iterable[object]) -> float:
    """The largest bound of any rate, to which all are drawn."""
    return max((max(abs(one.low), abs(one.high)) for one in courses if isinstance(one, Trend)), default=0.0)
