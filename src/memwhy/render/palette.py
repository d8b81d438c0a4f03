"""Colours of pictures: one for each layer, stronger ones for what grows; read by people who see few colours.

The strong ones are Okabe and Ito's vermilion, orange and purple (jfly.uni-koeln.de/color); the others are muted, differ in
lightness and stand on a white ground and on a dark one. No picture tells anything by colour alone.
"""

from collections.abc import Iterable

from memwhy.model.pictures import REMAINDER, Band

CALM = {
    "layer.go_heap_bytes": "#5b8fc0",
    "layer.go_other_bytes": "#a9c9e6",
    "layer.native_heap_bytes": "#3f9a86",
    "layer.native_arenas_bytes": "#86c7b4",
    "layer.anonymous_bytes": "#b5a550",
    "layer.thread_stacks_bytes": "#9386bd",
    "layer.file_code_bytes": "#8d97a3",
    "layer.file_data_bytes": "#aab3bd",
    "layer.file_mapped_bytes": "#c3cad2",
    "layer.shared_memory_bytes": "#c490ab",
    "layer.special_bytes": "#6f7780",
    "layer.all_anonymous_bytes": "#5b8fc0",
    "layer.all_files_bytes": "#8d97a3",
    "layer.all_shared_bytes": "#c490ab",
    REMAINDER: "#d5d0c4",
}
OTHER = "#5b8fc0"
STRONG = ("#d55e00", "#e69f00", "#cc79a7", "#f0c46c")
"""Of what grows, the one that grows most first."""

LIGHT = {"ink": "#1b1f24", "muted": "#57606a", "grid": "#d8dee4", "surface": "#ffffff", "limit": "#b3261e"}
DARK = {"ink": "#e8edf2", "muted": "#9ba7b4", "grid": "#343d47", "surface": "#14181d", "limit": "#ff8a80"}


def colours(bands: Iterable[Band]) -> dict[str, str]:
    """Metric → colour."""
    bands = tuple(bands)
    growing = [band.metric for band in reversed(bands) if band.growing]
    strong = {metric: STRONG[min(i, len(STRONG) - 1)] for i, metric in enumerate(growing)}
    return {band.metric: strong.get(band.metric) or CALM.get(band.metric, OTHER) for band in bands}
