"""A page: one file with its style, its scripts and its data, and a policy that lets it run these and load nothing.

Scripts and styles are allowed by the SHA-256 of their text (Content Security Policy Level 3, 2.3.1); whatever else a name from outside
might smuggle in could neither run nor ask anyone for anything. Templates escape all that they are given.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from memwhy import __version__
from memwhy.render import svg
from memwhy.render.plain import clean, clean_row

HERE = Path(__file__).parent
D3 = (
    "array",
    "color",
    "dispatch",
    "ease",
    "format",
    "hierarchy",
    "interpolate",
    "scale",
    "selection",
    "timer",
    "transition",
)
LICENCES = ("uPlot", "d3", "d3-ease", "d3-flame-graph")
_INJECTED = re.compile(r"\.textContent=`([^`]*)`")
"""The style sheet that d3-flame-graph puts into a page when it is loaded."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands around the words of a page. first: the script in its head."""

    policy: str
    styles: tuple[Markup, ...]
    first: Markup
    scripts: tuple[Markup, ...]
    data: Markup | None


def render_page(
    template: str,
    context: dict[str, Any],
    *,
    data: object = None,
    scripts: Iterable[str] = (),
    styles: Iterable[str] = (),
) -> str:
    """A page of a template in templates/. data: what its scripts draw, JSON's types; None: nothing is drawn, and no chart library
    is carried along. scripts, styles: files in static/, in their order, after page.js and style.css.
    """
    charts = data is not None
    libraries = libraries_of_charts() if charts else ()
    own = (_file("static/page.js"), *(_file(f"static/{name}") for name in scripts))
    more = tuple(_file(f"static/{name}") for name in styles)
    sheets = (
        _file("static/style.css"),
        svg.style(page=True),
        *((_file("vendor/uPlot.min.css"),) if charts else ()),
        *more,
    )
    first = _file("static/theme.js")
    injected = [found[1] for text in libraries for found in _INJECTED.finditer(text)]
    sheet = Sheet(
        policy=_policy(scripts=(first, *libraries, *own), styles=(*sheets, *injected)),
        styles=tuple(map(Markup, sheets)),
        first=Markup(first),
        scripts=tuple(map(Markup, (*libraries, *own))),
        data=_json(data) if charts else None,
    )
    licences = [(name, _file(f"vendor/{name}.LICENSE")) for name in LICENCES] if charts else []
    known = {"version": __version__, "sheet": sheet, "licences": licences, "contents": (), "open_contents": True}
    return _environment().get_template(template).render(**(known | context))


@cache
def libraries_of_charts() -> tuple[str, ...]:
    """uPlot, the parts of d3 that a flame graph needs, and the flame graph."""
    names = ("uPlot.iife", *(f"d3-{part}" for part in D3), "d3-flamegraph.umd")
    return tuple(_file(f"vendor/{name}.min.js") for name in names)


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.finalize = _finalize
    return found


def _finalize(value: object) -> object:
    """Text of the outside without control characters or what hides itself; what is markup already, and not text, stays."""
    if type(value) is not str:
        return value
    if "\n" in value:
        return "\n".join(map(clean_row, value.splitlines()))
    return clean(value, longest=20_000)


@cache
def _file(name: str) -> str:
    return (HERE / name).read_text("utf-8")


def _policy(*, scripts: Iterable[str], styles: Iterable[str]) -> str:
    """Nothing but these scripts and styles, and pictures that stand in the page itself."""
    return (
        f"default-src 'none'; script-src {_sources(scripts)}; style-src {_sources(styles)}; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def _sources(texts: Iterable[str]) -> str:
    return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in texts)


def _json(data: object) -> Markup:
    """JSON that ends no script: the page's parser looks for "<" only (HTML, 13.2.5.4)."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))
