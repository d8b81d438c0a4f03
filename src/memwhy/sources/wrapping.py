"""Wrappings: documents that carry a text within: a web page, a saved issue thread, mail, a notebook → that text.

A wrapping is recognised by how its first bytes look and by its keys, never by its file's name. Only documents of a page's
size are unwrapped.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any

MOST_BYTES = 16 << 20
_MOST_POSTS = 5000
_DEEPEST = 12
_HTML = re.compile(
    rb"\s{0,200}(?:<\?xml[^>]{0,200}>\s{0,50})?(?:<!--.{0,2000}?-->\s{0,50}){0,5}<(?:!doctype\s+html|html|head|body|meta|title|div|article|main|section|table|p|h[1-6])\b",
    re.IGNORECASE | re.DOTALL,
)
_SURELY_HTML = re.compile(rb"<(?:!doctype\s+html|html|body)\b", re.IGNORECASE)
_MAIL = re.compile(
    rb"(?:From \S{1,200}(?: at \S{1,200})? .{0,80}\r?\n)?(?:[A-Za-z][A-Za-z0-9-]{1,60}:[ \t].{0,2000}\r?\n(?:[ \t].{0,2000}\r?\n){0,60}){2}"
)
_MAIL_NAMES = re.compile(
    rb"^(From|To|Subject|Date|Message-I[Dd]|MIME-Version|Received|Content-Type|Return-Path|In-Reply-To):", re.MULTILINE
)
_TEXT_KEYS = ("body", "description", "cooked", "note", "raw", "body_markdown", "body_text")
_CHILD_KEYS = (
    "comments",
    "notes",
    "post_stream",
    "posts",
    "items",
    "answers",
    "replies",
    "issue",
    "nodes",
    "discussions",
    "pull_request",
)
_DATE_KEYS = ("created_at", "createdAt", "creation_date", "created", "date", "published_at")
_AUTHOR_KEYS = ("user", "author", "owner", "username", "name")
_NAME_KEYS = ("login", "username", "display_name", "name")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d)?")
_LATEST_S = 1 << 33
_THREAD_KEYS = {
    "title", "comments", "user", "author", "created_at", "createdAt", "number", "iid", "html_url", "web_url", "url", "state", "post_stream",
    "answers", "username", "owner", "creation_date", "notes", "node_id", "id",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwrapped:
    """The text within, as UTF-8. problem: why there is none. attached: (name, bytes) of files that came with it."""

    format: str
    text: bytes = b""
    problem: str | None = None
    notes: tuple[str, ...] = ()
    attached: tuple[tuple[str, bytes], ...] = ()


def is_html(head: bytes) -> bool:
    """It begins as a web page or a part of one, and is no markdown with a tag in it."""
    if _HTML.match(head) is None:
        return False
    return _SURELY_HTML.search(head[:4096]) is not None or (head.count(b"</") > 2 and b"\n```" not in head)


def _is_mail(head: bytes) -> bool:
    """Headers of RFC 5322 at the very beginning, at least three of the well-known ones."""
    if _MAIL.match(head) is None:
        return False
    top = re.split(rb"\r?\n\r?\n", head[:65_536], maxsplit=1)[0]
    return len(set(_MAIL_NAMES.findall(top))) >= 3


def unwrap(blocks: Iterator[bytes]) -> tuple[Unwrapped | None, Iterator[bytes]]:
    """(what a document carries, nothing), or (None, all its blocks) where it carries nothing."""
    first = next(blocks, b"")
    head = first[:65_536]
    begins = head.lstrip()[:1]
    form = "a web page" if begins == b"<" and is_html(head) else "mail" if _is_mail(head) else ""
    if not form and not (begins in (b"{", b"[") and _may_be_thread(first)):
        return None, chain([first], blocks)
    raw = bytearray(first)
    for block in blocks:
        raw += block
        if len(raw) > MOST_BYTES:
            if not form:
                return None, chain([bytes(raw)], blocks)
            problem = f"more than {MOST_BYTES >> 20} MiB of {form}: save its text instead"
            return Unwrapped(format=form, problem=problem), iter(())
    if form == "a web page":
        return _of_html(bytes(raw)), iter(())
    if form == "mail":
        from memwhy.sources.mail import read_mail  # dear to import, and few documents are mail

        text, attached, notes = read_mail(bytes(raw))
        return Unwrapped(format=form, text=text, attached=attached, notes=notes), iter(())
    return _of_json(bytes(raw)), iter([bytes(raw)])


def _may_be_thread(first: bytes) -> bool:
    """The keys of a thread or a notebook stand in its first megabyte, and it is one document, not a log of many."""
    if b'"nbformat"' in first or b'"cells"' in first:
        return True
    keys = sum(f'"{key}"'.encode() in first for key in _TEXT_KEYS)
    return keys > 0 and sum(f'"{key}"'.encode() in first for key in _THREAD_KEYS) > 1


def _of_html(raw: bytes) -> Unwrapped:
    from memwhy.sources.webpage import read_html  # dear to import, and few documents are web pages

    match = re.search(rb"charset=[\"']?([\w-]{3,20})", raw[:4096])
    text, whole = read_html(_decode(raw, match[1].decode("ascii") if match else "utf-8"))
    notes = () if whole else ("the page's end is not read: it has too many tags, or is inside one that never closes",)
    return Unwrapped(format="a web page", text=text.encode("utf-8", "replace"), notes=notes)


def _decode(raw: bytes, charset: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode(charset, "replace")
    except LookupError:
        return raw.decode("latin-1")


def _of_json(raw: bytes) -> Unwrapped | None:
    """The posts of a saved thread, or the cells of a notebook; None for other JSON."""
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if isinstance(document, dict) and isinstance(document.get("cells"), list):
        parts = [part for cell in document["cells"][:_MOST_POSTS] for part in _cell(cell)]
        return Unwrapped(format="a notebook", text="\n\n".join(parts).encode("utf-8", "replace"))
    posts: list[str] = []
    _posts(document, posts, 0)
    if not posts or not _is_thread(document):
        return None
    return Unwrapped(format="a saved thread", text="\n\n".join(posts).encode("utf-8", "replace"))


def _is_thread(document: Any) -> bool:
    first = document[0] if isinstance(document, list) and document else document
    return isinstance(first, dict) and len(_THREAD_KEYS & set(first)) > 0


def _posts(node: Any, posts: list[str], depth: int) -> None:
    """Titles and texts of a thread in the order in which they stand."""
    if depth > _DEEPEST or len(posts) > _MOST_POSTS:
        return
    if isinstance(node, list):
        for child in node:
            _posts(child, posts, depth + 1)
    elif isinstance(node, dict):
        if isinstance(title := node.get("title"), str):
            posts.append(f"# {title}")
        for key in _TEXT_KEYS:
            if isinstance(text := node.get(key), str) and text.strip():
                if posts:
                    posts.append("* * *")
                posts.append(_head(node) + _plain(text))
                break
        for key in _CHILD_KEYS:
            if isinstance(child := node.get(key), dict | list):
                _posts(child, posts, depth + 1)


def _head(node: dict[str, Any]) -> str:
    """The line that tells who wrote a post and when, as `sources.posts` reads it; nothing without a date."""
    date = next((value for key in _DATE_KEYS if isinstance(value := node.get(key), str | int)), None)
    if isinstance(date, int) and not isinstance(date, bool) and 0 < date < _LATEST_S:
        date = datetime.fromtimestamp(date, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if not isinstance(date, str) or not _DATE.match(date):
        return ""
    author = next((value for key in _AUTHOR_KEYS if (value := node.get(key))), "somebody")
    if isinstance(author, dict):
        author = next((value for key in _NAME_KEYS if isinstance(value := author.get(key), str)), "somebody")
    name = re.sub(r"[^\w.+-]+", "-", str(author)[:40]).strip("-") or "somebody"
    return f"{name} · comment · {date[:25]}\n\n"


def _plain(text: str) -> str:
    """A post's text; forums hand it out as HTML, others as markdown."""
    if not is_html(text[:65_536].encode("utf-8", "replace")):
        return text
    from memwhy.sources.webpage import read_html

    return read_html(text)[0]


def _cell(cell: Any) -> Iterator[str]:
    """The source of a notebook's cell and the text of its outputs."""
    if not isinstance(cell, dict):
        return
    source = _joined(cell.get("source"))
    yield source if cell.get("cell_type") == "markdown" else f"```\n{source}\n```"
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else []:
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        text = _joined(output.get("text")) or _joined(data.get("text/plain") if isinstance(data, dict) else None)
        if text:
            yield f"```\n{text}\n```"


def _joined(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "".join(part for part in value if isinstance(part, str)) if isinstance(value, list) else ""
