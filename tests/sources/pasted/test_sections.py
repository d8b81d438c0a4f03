"""Headings that say whose figures stand below them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.sources.documents import read_evidence
from memwhy.sources.pasted.sections import read_heading, read_named, read_pole

FREE = (
    "              total        used        free      shared  buff/cache   available\n"
    "Mem:           4000         500         500          10         900         700\n"
)


@pytest.mark.parametrize(
    ("line", "subject"),
    [
        ("Container A", "container A"),
        ("### Pod B", "container B"),
        ("node 3:", "section node 3"),
        ("On server web1", "host web1"),
        ("Memory of container `api` after two hours:", "container api"),
        ("PID 4711", "pid 4711"),
        ("Process 4711:", "pid 4711"),
        ("Worker 2", "section worker 2"),
        ("a container", None),
        ("node 3 and node 4:", None),
        ("The server has 16 GB:", None),
        ("We run node 18.", None),
    ],
)
def test_a_heading_names_one_subject_or_none(line: str, subject: str | None) -> None:
    assert read_named(line) == subject


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("On the server", "On the server"),
        ("After the restart, on the server:", "server"),
        ("Before restart (server)", "server"),
        ("After 4 hours", None),
        ("Baseline", None),
        ("The server is slow.", None),
    ],
)
def test_a_heading_of_a_moment_names_its_place_alone(line: str, place: str | None) -> None:
    assert read_heading(line) == place


@pytest.mark.parametrize(
    ("line", "pole"),
    [
        ("On the stuck node:", "ill"),
        ("Under normal operation:", "well"),
        ("**Bad instance**", "ill"),
        ("healthy", "well"),
        ("a bad idea", None),
        ("normal users see nothing", None),
    ],
)
def test_good_and_bad_ones_are_told_apart(line: str, pole: str | None) -> None:
    assert read_pole(line) == pole


def subjects(page: str) -> list[str]:
    return [
        one.subject for one in read_evidence(["-"], stdin=page.encode()).observations if one.source == "pasted/free"
    ]


def test_a_good_and_a_bad_instance_are_two_subjects() -> None:
    page = f"Good instance:\n{FREE}\nBad instance:\n{FREE}"
    assert subjects(page) == ["section Good instance", "section Bad instance"]


def test_a_normal_state_without_a_bad_one_is_a_moment() -> None:
    assert subjects(f"Normal:\n{FREE}\nWith load:\n{FREE}") == ["", ""]


def test_hosts_of_one_page_stay_apart() -> None:
    page = f"root@web1:~# free -m\n{FREE}root@web2:~# free -m\n{FREE}server web1\n{FREE}"
    assert sorted(subjects(page)) == ["host web1", "host web1", "host web2"]


@given(st.text(max_size=200))
def test_any_line_names_a_subject_or_none(line: str) -> None:
    for read in (read_named, read_heading, read_pole):
        found = read(line)
        assert found is None or found
