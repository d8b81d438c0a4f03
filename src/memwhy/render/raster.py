"""SVG → PNG by resvg, with fonts of our own: the same picture on a machine without any.

resvg is one wheel of 3 MiB that needs no library of the system, an extra of memwhy's. What our fonts cannot write (Chinese, emoji) is
looked for among the system's.
"""

from pathlib import Path

from memwhy.model.errors import MemwhyError

FONTS = Path(__file__).with_name("fonts")
FAMILY = "DejaVu Sans"
WRITES = ((0x20, 0x7E), (0xA0, 0x17F), (0x386, 0x3CE), (0x400, 0x45F), (0x2010, 0x2027), (0x2030, 0x203A), (0x2190, 0x2193),
          (0x25A0, 0x25CF))  # fmt: skip
"""What the fonts have, as far as pictures need it: first and last character of each range."""
_ALONE = frozenset("\n€−≈≠≤≥✓✗\ufffd")


def need_resvg() -> None:
    """Raises MemwhyError, with what to do, where a PNG cannot be made."""
    try:
        import resvg_py  # noqa: F401  whether it is there
    except ImportError:
        raise MemwhyError(
            "a PNG wants resvg, which is not installed",
            help="pip install 'memwhy[png]', or let the file's name end in .svg",
        ) from None


def png(svg: str) -> bytes:
    """The picture at its own size. Raises MemwhyError where resvg is missing."""
    need_resvg()
    import resvg_py

    raw: bytes = resvg_py.svg_to_bytes(
        svg_string=svg,
        font_files=[str(path) for path in sorted(FONTS.glob("*.ttf"))],
        font_family=FAMILY,
        sans_serif_family=FAMILY,
        skip_system_fonts=all(_written(char) for char in set(svg)),
    )
    return bytes(raw)


def _written(char: str) -> bool:
    return char in _ALONE or any(first <= ord(char) <= last for first, last in WRITES)
