"""A report in a notebook's cell: verdict, picture, layers. A fragment of HTML with its own styles, and nothing that runs.

What comes from outside is escaped. Colours are the notebook's own, so that it reads on light and on dark.
"""

from html import escape
from zlib import crc32

from memwhy.model.pictures import Pictures
from memwhy.model.report import Report, Row
from memwhy.render import outline, svg
from memwhy.render.figures import Pace, now_header, now_of, pace_of, rate_of, rows_of, share_of, unit_of
from memwhy.render.plain import clean

_RIGHT = ' style="text-align:right"'


def render(report: Report, pictures: Pictures) -> str:
    """Same report in, same bytes out."""
    parts = [
        f"<p><strong>{_text(outline.headline_of(report))}</strong><br/>{_text(outline.verdict_of(report))} — "
        f"{_text(' · '.join(outline.target_of(report)))}</p>",
        *([] if pictures.sketch is None else [svg.draw(pictures.sketch, standalone=True, key=_key(report))]),
        _table(report),
        *(f"<p>{_text(care)}</p>" for care in outline.cares(report)),
        *(f"<p>Next: <code>{_text(step.do)}</code> — {_text(step.decides)}</p>" for step in report.next_steps[:1]),
    ]
    return f'<div class="memwhy">{"".join(parts)}</div>'


def framed(picture: str, words: str) -> str:
    """A picture of its own, which says all that a cell needs; the words where there is none."""
    shown = picture or f"<pre>{escape(words)}</pre>"
    return f'<div class="memwhy">{shown}</div>'


def _key(report: Report) -> str:
    """Tells the picture's ids from those of another report in the same notebook."""
    return f"memwhy-{crc32(repr((report.conclusion, report.target)).encode()):08x}"


def _table(report: Report) -> str:
    pace, shown = pace_of(report), rows_of(report)
    rows = [*([report.total] if report.total is not None else []), *report.layers]
    if not rows:
        return ""
    heads = ("", now_header(shown, pace), pace.header, "95 % interval", "share of growth")
    head = "".join(f"<th{_RIGHT}>{escape(text)}</th>" for text in heads)
    body = "".join(_row(row, pace) for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(row: Row, pace: Pace) -> str:
    growing = bool(getattr(row.course, "growing", False))
    share = share_of(row.share_of_growth) if growing else outline.shape_of(row)
    cells = (now_of(row, pace), *rate_of(row.course, unit_of(row.metric), pace), share)
    label = f"<strong>{_text(row.label)}</strong>" if growing else _text(row.label)
    figures = "".join(f"<td{_RIGHT}>{_text(cell)}</td>" for cell in cells)
    return f'<tr><td style="text-align:left">{label}</td>{figures}</tr>'


def _text(text: str) -> str:
    return escape(clean(text))
