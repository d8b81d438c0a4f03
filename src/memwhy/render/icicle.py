"""A tree as a picture that stands still: boxes as wide as what they hold, the whole on top; for paper and for pages without scripts."""

from html import escape

from memwhy.model.pictures import FlameGraph, FlameNode
from memwhy.model.units import human_bytes
from memwhy.render.plain import clean, elide

ROW = 22
DEEPEST = 10
LEAST_WIDTH = 2.0
"""Pixels; a box of less cannot be seen."""
LETTER = 0.6
"""Of a letter's height: its width."""
CALM, GREW, SHRANK = (222, 226, 231), (240, 138, 75), (112, 173, 226)
"""As flame.js paints them."""


def draw(flame: FlameGraph, *, width: int, font_px: int = 12) -> str:
    """SVG, its colours attributes: a page's policy allows no style in a tag."""
    boxes = list(_boxes(flame.root, 0.0, float(width), 0, flame, font_px))
    height = ROW * (1 + max(depth for depth, _ in boxes))
    return (
        f'<svg class="icicle" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(flame.title)}" '
        f'font-size="{font_px}" font-family="sans-serif">{"".join(text for _, text in boxes)}</svg>'
    )


def _boxes(
    node: FlameNode, x: float, width: float, depth: int, flame: FlameGraph, font_px: int
) -> "list[tuple[int, str]]":
    """(depth, markup) of a box and of all below it."""
    red, green, blue = _colour(node) if flame.before else CALM
    top = depth * ROW
    parts = [
        f'<rect x="{x:.1f}" y="{top}" width="{max(width - 0.7, 0.5):.1f}" height="{ROW - 1}" fill="rgb({red},{green},{blue})"/>'
    ]
    letters = int((width - 8) / (font_px * LETTER))
    if letters >= 4:
        size = f" {human_bytes(node.bytes)}"
        name = clean(node.name)
        label = name + size if len(name) + len(size) <= letters else elide(name, letters)
        parts.append(f'<text x="{x + 4:.1f}" y="{top + 15}" fill="#14181d">{escape(label)}</text>')
    found = [(depth, "".join(parts))]
    if depth + 1 < DEEPEST:
        at = x
        for child in node.children:
            wide = width * child.bytes / (node.bytes or 1)
            if wide >= LEAST_WIDTH:
                found += _boxes(child, at, wide, depth + 1, flame, font_px)
            at += wide
    return found


def _colour(node: FlameNode) -> tuple[int, int, int]:
    most = max(node.bytes, node.before_bytes, 1)
    moved = (node.bytes - node.before_bytes) / most
    to = GREW if moved >= 0 else SHRANK
    red, green, blue = (round(part + (end - part) * abs(moved)) for part, end in zip(CALM, to, strict=True))
    return red, green, blue
