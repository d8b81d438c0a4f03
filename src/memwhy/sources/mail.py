"""Mail: a message or a mailbox → its texts, and the files attached. The standard library's `email` does the decoding."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message

MOST_MESSAGES = 2000
_MOST_PARTS = 200
_MOST_ATTACHED_BYTES = 64 << 20
_SEAM = re.compile(
    rb"^From \S{1,200}(?: at \S{1,200})?[ \t].{0,80}\d\d:\d\d.{0,40}\r?\n(?=[A-Za-z-]{2,60}:)", re.MULTILINE
)
_QUOTED_FROM = re.compile(r"^>From ", re.MULTILINE)


def read_mail(raw: bytes) -> tuple[bytes, tuple[tuple[str, bytes], ...], tuple[str, ...]]:
    """(the texts as UTF-8 under their subjects, (name, bytes) of attached files, notes on what was left out)."""
    texts: list[str] = []
    attached: list[tuple[str, bytes]] = []
    notes: list[str] = []
    for number, message in enumerate(_messages(raw)):
        if number == MOST_MESSAGES:
            notes.append(f"more than {MOST_MESSAGES} messages; the rest is not read")
            break
        try:
            texts.append(_read_message(message, attached))
        except (MessageError, RecursionError, LookupError, ValueError) as error:
            notes.append(f"message {number + 1} cannot be decoded: {type(error).__name__}")
    return "\n\n".join(texts).encode("utf-8", "replace"), tuple(attached), tuple(notes)


def _messages(raw: bytes) -> Iterator[bytes]:
    """The messages of a mailbox, or the one that there is."""
    seams = [match.start() for match in _SEAM.finditer(raw)]
    if not seams:
        yield raw
        return
    for begin, end in zip(seams, [*seams[1:], len(raw)], strict=True):
        yield raw[raw.index(b"\n", begin) + 1 : end]


def _read_message(raw: bytes, attached: list[tuple[str, bytes]]) -> str:
    message = message_from_bytes(raw)
    texts: list[str] = []
    subject = message.get("Subject")
    if subject:
        texts.append(f"# {_unfolded(subject)}")
    sender, date = message.get("From"), message.get("Date")
    if date:
        texts.append(f"From: {_unfolded(sender or 'somebody')[:100]}\nDate: {_unfolded(date)[:60]}")
    for number, part in enumerate(message.walk()):
        if number == _MOST_PARTS:
            break
        if part.is_multipart() or _is_twin(part, message):
            continue
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes):
            continue
        if part.get_filename() or part.get_content_maintype() != "text":
            if sum(len(one) for _, one in attached) + len(payload) <= _MOST_ATTACHED_BYTES:
                attached.append((_name_of(part, len(attached)), payload))
            continue
        texts.append(_text_of(part, payload))
    return "\n\n".join(texts)


def _is_twin(part: Message, message: Message) -> bool:
    """The HTML of a text that is there in plain as well."""
    if part.get_content_type() != "text/html" or part.get_filename():
        return False
    return any(one.get_content_type() == "text/plain" and not one.get_filename() for one in message.walk())


def _text_of(part: Message, payload: bytes) -> str:
    charset = part.get_content_charset() or "utf-8"
    try:
        text = payload.decode(charset, "replace")
    except LookupError:
        text = payload.decode("utf-8", "replace")
    if part.get_content_type() == "text/html":
        from memwhy.sources.webpage import read_html

        return read_html(text)[0]
    return _QUOTED_FROM.sub("From ", text.replace("\r\n", "\n"))


def _unfolded(header: object) -> str:
    """A header's words, decoded where they are encoded (RFC 2047)."""
    text = " ".join(str(header).split())
    return str(make_header(decode_header(text)))[:500] if len(text) < 5000 else text[:500]


def _name_of(part: Message, number: int) -> str:
    name = part.get_filename() or f"part-{number + 1}"
    return "".join(c if c.isprintable() and c != "!" else "?" for c in name[:200])
