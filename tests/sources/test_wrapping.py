"""Texts in wrappings: web pages, saved threads, notebooks, mail; and hostile ones of each."""

import base64
import gzip
import json
import time
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.errors import NothingReadable
from memwhy.sources.documents import read_evidence
from memwhy.sources.webpage import read_html
from memwhy.sources.wrapping import is_html

ROW = "              total        used        free      shared  buff/cache   available\nMem:           4000         {used}         500          10         900         700\n"
PAGE = f"""<!DOCTYPE html>
<html><head><title>Issue 12</title><style>p{{color:red}}</style><script>var x = "VmRSS: 99 kB<p>";</script></head>
<body><nav><ul><li>Home</li><li>VmRSS: 98 kB</li></ul></nav>
<main><h1>Memory &amp; RSS grow</h1>
<p>At  start
<code>free -m</code> says:</p><pre><code>$ free -m
{ROW.format(used=500)}</code></pre>
<p>After 4 hours:</p><details><summary>free</summary><br><pre>{ROW.format(used=900)}</pre></details>
<table><thead><tr><th>time</th><th>RSS (MB)</th></tr></thead><tr><td><p>1 h</p></td><td>100</td></tr><tr><td>2 h<td>200</table>
<span hidden>VmRSS: 97 kB</span><img src="https://x.example/a.png?token=1" alt="graph"><![if !IE]>
</main><footer>VmRSS: 96 kB</footer></body></html>
"""


def used(raw: bytes) -> list[int]:
    found = read_evidence(["-"], stdin=raw).observations
    return [one.reading.metrics["host.used_bytes"] >> 20 for one in found if one.source == "pasted/free"]


def test_the_text_of_a_web_page_is_what_a_person_sees() -> None:
    text, whole = read_html(PAGE)
    assert whole
    assert text == (
        "# Memory & RSS grow\n\nAt start `free -m` says:\n\n```\n$ free -m\n" + ROW.format(used=500) + "```\n\n"
        "After 4 hours:\n\nfree\n```\n" + ROW.format(used=900) + "```\n\n"
        "time | RSS (MB)\n--- | ---\n1 h | 100\n2 h | 200\n\n![graph](https://x.example/a.png)\n"
    )


def test_a_web_page_is_read_with_its_moments_and_says_whose_lines_it_counts() -> None:
    evidenced = read_evidence(["-"], stdin=PAGE.encode())
    free = [one for one in evidenced.observations if one.source == "pasted/free"]
    assert [one.moment.value for one in free] == [0, 4 * 3600 * 10**9]
    assert [one.where.first_line for one in free] == [6, 15]
    assert evidenced.notes[0] == "-: a web page; line numbers are those of the text in it"
    assert evidenced.inputs[0].format == "a web page"


@pytest.mark.parametrize(
    "head",
    ["# RSS grows\n<details>\n", "<details><summary>free</summary>\n\n```\n", "<pre>\nMem: 1\n</pre>", "<3 memory", "<div>\n```\nx</div></div></div>"],
)  # fmt: skip
def test_markdown_with_tags_in_it_is_no_web_page(head: str) -> None:
    assert not is_html(head.encode())


def test_a_web_page_in_another_charset_is_decoded() -> None:
    page = '<html><meta charset="iso-8859-1"><p>Größe</p><pre>' + ROW.format(used=500) + "</pre></html>"
    assert used(page.encode("latin-1")) == [500]


THREADS = {
    "an issue": {"title": "RSS grows", "number": 1, "body": f"At start:\n```\n{ROW.format(used=500)}```", "comments": 1},
    "an issue with comments": {
        "title": "RSS grows", "body": f"At start:\r\n```\r\n{ROW.format(used=500)}```",
        "comments": [{"author": {"login": "ada"}, "body": "Any idea?"}, {"author": {"login": "ada"}, "body": ROW.format(used=900)}],
    },
    "comments": [{"id": 1, "user": {"login": "ada"}, "body": ROW.format(used=500)}, {"id": 2, "user": {}, "body": None}],
    "a merge request": {"iid": 4, "title": "RSS", "description": ROW.format(used=500), "notes": [{"body": ROW.format(used=900)}]},
    "a forum": {"title": "RSS", "id": 3, "post_stream": {"posts": [{"cooked": f"<p>RSS &amp; more</p><pre>{ROW.format(used=500)}</pre></p></p>"}]}},
}  # fmt: skip


@pytest.mark.parametrize("name", THREADS)
def test_a_saved_thread_is_read_post_by_post(name: str) -> None:
    raw = json.dumps(THREADS[name], indent=1).encode()
    assert used(raw) == ([500, 900] if name in ("an issue with comments", "a merge request") else [500])
    assert read_evidence(["-"], stdin=raw).inputs[0].format == "a saved thread"


def test_a_notebook_is_read_with_its_outputs() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# RSS\n", "it grows"]},
        {"cell_type": "code", "source": "!free -m", "outputs": [{"output_type": "stream", "text": ROW.format(used=500).splitlines(keepends=True)}]},
        {"cell_type": "code", "source": [], "outputs": [{"data": {"text/plain": [ROW.format(used=900)], "image/png": "AAAA"}}, 3], "x": None},
    ]  # fmt: skip
    assert used(json.dumps({"cells": cells, "nbformat": 4}).encode()) == [500, 900]


def test_other_json_is_left_to_the_readers() -> None:
    line = '{"level":"info","msg":"mem","body":"x","id":1,"user":"a","HeapAlloc":9000000,"HeapIdle":5000000,"Sys":70000000}\n'
    evidenced = read_evidence(["-"], stdin=(line * 3).encode())
    assert [one.reading.metrics.get("go.heap_alloc_bytes") for one in evidenced.observations] == [9000000] * 3
    assert evidenced.inputs[0].format == "text"


def _message(used_mib: int) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Date"] = (
        "ada@x.example",
        "list@x.example",
        "Mon, 05 Jan 2026 10:00:00 +0000",
    )
    message["Subject"] = "Größe des Speichers"
    message.set_content(f"Hello,\n\n{ROW.format(used=used_mib)}\nbye, größer", cte="quoted-printable")
    return message


def test_mail_is_decoded_and_its_attachments_are_inputs_of_their_own() -> None:
    message = _message(500)
    message.add_alternative(f"<html><pre>{ROW.format(used=501)}</pre></html>", subtype="html")
    message.add_attachment(
        gzip.compress(ROW.format(used=900).encode()), maintype="application", subtype="gzip", filename="free.gz"
    )
    evidenced = read_evidence(["-"], stdin=message.as_bytes())
    assert used(message.as_bytes()) == [500, 900]
    assert [(one.path, one.format) for one in evidenced.inputs] == [("-", "mail"), ("-!free.gz", "gzip text")]


def test_mail_in_html_or_base64_is_read() -> None:
    message = _message(500)
    message.set_content(f"<html><pre>{ROW.format(used=501)}</pre></html>", subtype="html", cte="base64")
    assert base64.b64encode(b"<html><pre>")[:12] in message.as_bytes()
    assert used(message.as_bytes()) == [501]


def test_a_mailbox_is_read_message_by_message() -> None:
    box = b"".join(
        b"From ada@x.example Mon Jan  5 10:00:00 2026\n" + _message(n).as_bytes() + b"\n" for n in (500, 600, 700)
    )
    assert used(box) == [500, 600, 700]


HOSTILE = {
    "deep tags": "<div>" * 200_000,
    "unclosed cells": "<p>1 <td> <li> <pre>a\n" * 100_000,
    "open brackets": "<" * 2_000_000,
    "comments without end": "<!--" * 500_000,
    "attributes": "<a " + " ".join(f"a{i}=1" for i in range(100_000)) + ">",
    "quotes without end": '<a b="' * 400_000,
    "ampersands": "&" * 2_000_000,
    "sections": "<![x[" * 400_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_web_pages_take_bounded_time(kind: str) -> None:
    began = time.process_time()
    read_html("<html>" + HOSTILE[kind])
    assert time.process_time() - began < 4


@pytest.mark.parametrize(
    "raw",
    [b"[" * 100_000 + b'"body" "title" "user"', b'{"body":' * 50_000 + b'"title" "id"', b'{"cells": [[], 3, null], "nbformat": 4}'],
)  # fmt: skip
def test_hostile_json_is_nothing_readable(raw: bytes) -> None:
    with pytest.raises(NothingReadable):
        read_evidence(["-"], stdin=raw)


def test_parts_within_parts_without_end_are_bounded() -> None:
    begin = b"From: a@x\nTo: b@x\nSubject: x\nDate: y\nMIME-Version: 1.0\n"
    nest = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (i, i) for i in range(3000))
    with pytest.raises(NothingReadable):
        read_evidence(["-"], stdin=begin + nest)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_damage_gives_observations_or_a_reason(data: st.DataObject) -> None:
    whole = data.draw(
        st.sampled_from([PAGE.encode(), _message(5).as_bytes(), json.dumps(THREADS["an issue with comments"]).encode()])
    )
    raw = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_evidence(["-"], stdin=bytes(raw[: data.draw(st.integers(1, len(raw)))]))
    except NothingReadable as error:
        assert error.message
