"""Web pages: HTML → the text a person sees, with the line breaks of <pre>, cells of tables apart, no scripts or menus.

The parser is the standard library's `html.parser`: it hands out tags and text as they come, in linear time and without a
tree. Parsers that build the tree of HTML 5 take time with the square of the depth when tags are not closed: 8 MB of them
kept the fastest one (lexbor) busy for more than 40 s, this one for 6.
"""

from html import unescape
from html.parser import HTMLParser

MOST_CHARS = 16 << 20
MOST_TAGS = 400_000
_MOST_TRIES = 3
_SKIPPED = frozenset(
    {"script", "style", "noscript", "template", "svg", "nav", "footer", "button", "select", "iframe", "object", "canvas", "head", "textarea", "math"}
)  # fmt: skip
_BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "caption", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption", "figure", "form",
        "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "ol", "option", "p", "pre", "section", "summary", "table", "tbody",
        "tfoot", "thead", "tr", "ul",
    }
)  # fmt: skip
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
_TIMES = frozenset({"time", "relative-time", "time-ago", "local-time"})
_LONGEST_TIME = 40
_CELLS = frozenset({"td", "th"})
_LONGEST_ALT = 200


class _Text(HTMLParser):
    """Collects text. A line break waits until more text comes, so that paragraphs in a cell do not break its row."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._line_has_text = False
        self._breaks = 0
        self._pre = self._code = 0
        self._skip: str | None = None
        self._skip_depth = 0
        self._row: list[str] | None = None  # names of the cells so far
        self._blank = False

    def parse_marked_section(self, i: int, report: int = 1) -> int:
        """`<![CDATA[…]]>` and conditional comments end at the next `>`; the library raises on unknown ones."""
        end = self.rawdata.find(">", i)
        return end + 1 if end >= 0 else -1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skip is not None:
            self._skip_depth += tag == self._skip
            return
        if tag not in _VOID and (tag in _SKIPPED or _is_hidden(attrs)):
            self._skip, self._skip_depth = tag, 1
            return
        if tag in _TIMES and (moment := dict(attrs).get("datetime")):
            self.handle_data(f" {moment[:_LONGEST_TIME]} ")
            self._skip, self._skip_depth = tag, 1  # what stands there is the same, more roughly ("3 years ago")
        elif tag == "br":
            self._newline()
        elif tag == "img":
            self._image(dict(attrs))
        elif tag in _CELLS and self._row is not None:
            if self._row:
                self._breaks = 0
                self._write(" | ")
            self._row.append(tag)
        elif tag in _BLOCKS:
            self._break(2 if tag in ("p", "pre", "table") or tag[:1] == "h" else 1)
            self._open(tag)
        elif tag == "code" and not self._pre:
            self._code += 1
            self.handle_data("`")

    def _open(self, tag: str) -> None:
        if tag == "pre":
            self._pre += 1
            if self._pre == 1:
                self._put("```")
                self._breaks = 1
        elif tag == "tr":
            self._row = []
        elif tag == "li":
            self._put("- ")
        elif tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self._put("#" * int(tag[1]) + " ")

    def handle_endtag(self, tag: str) -> None:
        if self._skip is not None:
            self._skip_depth -= tag == self._skip
            if not self._skip_depth:
                self._skip = None
            return
        if tag == "pre" and self._pre:
            self._pre -= 1
            if not self._pre:
                self._breaks = 1 if self._line_has_text else 0
                self._put("```")
        elif tag == "code" and self._code and not self._pre:
            self._code -= 1
            self.handle_data("`")
        elif tag == "tr" and self._row is not None:
            self._breaks = 1
            if self._row and set(self._row) == {"th"} and len(self._row) > 1:
                self._put(" | ".join(["---"] * len(self._row)))
            self._row = None
        elif tag in ("table", "tbody"):
            self._row = None  # a row that was never closed
        if tag in _BLOCKS:
            self._break(2 if tag in ("p", "pre", "table") or tag[:1] == "h" else 1)

    def handle_data(self, data: str) -> None:
        if self._skip is not None or not data:
            return
        if self._pre:
            self._put(data.lstrip("\n") if self.out and self.out[-1] == "```" else data)
            self._line_has_text = not data.endswith("\n")
            return
        words = " ".join(data.split())
        if not words:
            self._blank = True
            return
        apart = (self._blank or data[0].isspace()) and self._line_has_text and not self._breaks
        lead = " " if apart and not self.out[-1].endswith(" ") else ""
        self._put(lead + words)
        self._blank = data[-1].isspace()

    def _image(self, attrs: dict[str, str | None]) -> None:
        """As markdown writes it, so that what a page shows only as a picture can be said."""
        source = (attrs.get("src") or "")[:_LONGEST_ALT]
        self.handle_data(f" ![{(attrs.get('alt') or 'image')[:_LONGEST_ALT]}]({source.split('?')[0] or '-'}) ")

    def _break(self, count: int) -> None:
        """Begin a new line, or a paragraph, before the next text; within a row once the cell has some."""
        if self._line_has_text or self._breaks:
            self._breaks = max(self._breaks, count if self._row is None else 1)

    def _newline(self) -> None:
        self.out.append("\n")
        self._line_has_text, self._blank, self._breaks = False, False, 0

    def _put(self, text: str) -> None:
        if self._breaks:
            self.out.append("\n" * self._breaks)
            self._breaks, self._blank = 0, False
        self._write(text)

    def _write(self, text: str) -> None:
        if text:
            self.out.append(text)
            self._line_has_text = True


def _is_hidden(attrs: list[tuple[str, str | None]]) -> bool:
    """Menus, and what screen readers or all readers are not to see."""
    for name, value in attrs:
        if (
            name == "hidden"
            or (name == "aria-hidden" and value == "true")
            or (name == "role" and value == "navigation")
        ):
            return True
    return False


def read_html(text: str) -> tuple[str, bool]:
    """(the text of a page, False when its end is left out: after MOST_TAGS, or in a tag that never closes)."""
    parser = _Text()
    whole = len(text) <= MOST_CHARS
    text = text[:MOST_CHARS]
    rest = text.split("<", MOST_TAGS)
    if len(rest) > MOST_TAGS:
        whole, text = False, text[: len(text) - len(rest[-1]) - 1]
    del rest
    parser.feed(text)
    # what is left is inside a construct without an end: its first character is text then, as browsers have it
    for _ in range(_MOST_TRIES):
        unclosed = parser.rawdata
        if not unclosed or parser.cdata_elem is not None:
            break
        parser.rawdata = ""
        if not unclosed.startswith("<"):
            parser.handle_data(unescape(unclosed))  # text with an ampersand near its end, which might have gone on
            break
        if unclosed.startswith("<!--"):
            whole = False
            break
        parser.handle_data(unclosed[0])
        parser.feed(unclosed[1:])
    else:
        whole = False
    lines = (line.rstrip() for line in "".join(parser.out).split("\n"))
    return "\n".join(lines).strip("\n") + "\n", whole
