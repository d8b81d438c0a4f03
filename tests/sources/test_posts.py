"""Comments of a thread: what one person shows in several of them was seen on their dates."""

import json
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.reading import Moment
from memwhy.sources.documents import read_evidence
from memwhy.sources.posts import find_posts

DAY = 86400 * 10**9


def days(page: str | bytes, source: str = "words/figure") -> list[float] | str:
    """The moments of RSS in days after the first, or the clock's name where it is not the wall's."""
    raw = page if isinstance(page, bytes) else page.encode()
    moments: list[Moment] = [one.moment for one in read_evidence(["-"], stdin=raw).observations if one.source == source]
    if {moment.clock for moment in moments} != {"wall"}:
        return " ".join(sorted({moment.clock for moment in moments}))
    return [(moment.value - moments[0].value) / DAY for moment in moments]


HEADS = [
    "{name} commented on Mar {day}, 2021",
    "### {name} commented Mar {day}, 2021",
    "{name} · comment · 2021-03-0{day}",
    "**{name}** · 2021-03-0{day}",
    "@{name} wrote on 2021-03-0{day} 00:00",
    "{name} (Member) commented on Mar {day}, 2021 ·",
    "Comment #4 by {name}, 2021-03-0{day}",
]


@pytest.mark.parametrize("head", HEADS)
def test_figures_of_one_person_are_dated_by_his_posts(head: str) -> None:
    page = "# Memory grows\n\n" + "\n\n".join(
        f"{head.format(name='alice', day=day)}\n\nIt is worse.\n\nRSS is {rss} MB now." for day, rss in ((3, 200), (5, 900), (9, 1800))
    )  # fmt: skip
    assert days(page) == [0, 2, 6]


def test_figures_of_several_persons_keep_their_order() -> None:
    page = "\n\n".join(
        f"{name} · comment · 2021-03-0{day}\n\nRSS is {day}00 MB." for name, day in (("alice", 3), ("bob", 5))
    )
    assert days(page) == "order"


def test_two_figures_in_one_post_keep_their_order() -> None:
    page = "alice · comment · 2021-03-03\n\nRSS is 300 MB.\n\nLater RSS is 400 MB.\n\nalice · comment · 2021-03-05\n\nRSS is 500 MB."  # fmt: skip
    assert days(page) == "order"


def test_a_saved_thread_hands_on_its_authors_and_dates() -> None:
    posts = [{"user": {"login": "alice"}, "created_at": f"2021-03-0{day}T10:00:00Z", "body": f"RSS is {day}00 MB"} for day in (3, 5, 9)]  # fmt: skip
    thread = {"title": "RSS", "number": 4, **posts[0], "comments": posts[1:]}
    assert days(json.dumps(thread).encode()) == [0, 2, 6]
    answers = [{"creation_date": 1614765600 + day * 86400, "owner": {"display_name": "Al Ice"}, "body": f"RSS {day + 1}00 MB"} for day in (0, 2)]  # fmt: skip
    assert days(json.dumps({"title": "RSS", "answers": answers}).encode()) == [0, 2]


def test_a_web_page_hands_on_its_dates() -> None:
    comment = '<div><a>alice</a> commented <relative-time datetime="2021-03-0{0}T00:00:00Z">years ago</relative-time></div><p>RSS is {0}00 MB.</p>'  # fmt: skip
    page = "<!DOCTYPE html><html><body>" + "".join(comment.format(day) for day in (3, 5, 9)) + "</body></html>"
    assert days(page) == [0, 2, 6]


def test_a_mailbox_hands_on_its_dates() -> None:
    raw = b""
    for day in (3, 5, 9):
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "Ada <ada@example.org>", "list@example.org", "RSS"
        message["Date"] = f"Wed, 0{day} Mar 2021 10:00:00 +0000"
        message.set_content(f"RSS is {day}00 MB.\n")
        raw += b"From ada@example.org Wed Mar  3 10:00:00 2021\n" + message.as_bytes() + b"\n"
    assert days(raw) == [0, 2, 6]


def test_sentences_with_a_date_are_no_posts() -> None:
    page = ["We updated on 2021-03-03 and it grows.", "- RSS, 2021-03-03: 300 MB and the heap had 200 MB at that time, as ever and ever", "Date: unknown"]  # fmt: skip
    assert find_posts(page) == ()


@given(st.lists(st.text(max_size=80), max_size=20))
def test_any_lines_have_posts_within_them(lines: list[str]) -> None:
    assert all(0 <= post.line < len(lines) for post in find_posts(lines))
