"""What is private does not leave the host; what the answer needs stays."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.cli.output import FORMATS, redacted, rendered
from memwhy.diagnose import explain
from memwhy.model.masking import Mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("DB_PASSWORD=hunter2 GOGC=200", "DB_PASSWORD=*** GOGC=200"),
        ('{"apiKey": "abc def", "rss": 12}', '{"apiKey": ***, "rss": 12}'),
        ("svc --token s3cr3t --port 8080", "svc --token *** --port 8080"),
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("postgres://bob:pw@db7.acme.io:5432/x", "postgres://***@host-1:5432/x"),
        ("curl http://web1.acme.io:6060/debug", "curl http://host-1:6060/debug"),
        ("curl http://localhost:6060/debug/pprof", "curl http://localhost:6060/debug/pprof"),
        ("root@db7:~# free -m", "user-1@host-1:~# free -m"),
        ("/home/alice/go/src/x.go:12 /home/bob /home/alice", "/home/user-1/go/src/x.go:12 /home/user-2 /home/user-1"),
        ("10.1.2.3 -> 10.1.2.4, again 10.1.2.3; 127.0.0.1", "ip-1 -> ip-2, again ip-1; 127.0.0.1"),
        ("write to ann@acme.io", "write to user-1@…"),
        ("key AKIAABCDEFGHIJKLMNOP here", "key *** here"),
        ("fe80::1ff:fe23:4567:890a up", "ip-1 up"),
        ("service on host db7.acme.io, hostname: db7.acme.io", "service on host host-1, hostname: host-1"),
        ("the server web-12 and the host is fine", "the server host-1 and the host is fine"),
        ("server v1.19, host os.File, machine x86_64", "server v1.19, host os.File, machine x86_64"),
    ],
)
def test_private_things_have_stand_ins(text: str, masked: str) -> None:
    assert Mask().mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "RSS 1.2 GiB, +44.1 MiB/min (+44.0 to +44.2)",
        "C.htmlReadMemory (package main) 7f19b8000000-7f1a38000000 rw-p",
        "go1.26.8, glibc 2.36, page.md:12-40, 14:03:22",
        "github.com/x/y@v1.2.3",
        "tokens per second 12",
    ],
)
def test_figures_functions_and_versions_stay(text: str) -> None:
    assert Mask().mask(text) == text


def test_hosts_that_are_known_from_elsewhere_are_masked_wherever_they_stand() -> None:
    assert (
        Mask(["gambling"]).mask("used memory, gambling: gambling-2 is another")
        == "used memory, host-1: gambling-2 is another"
    )


def test_one_mask_gives_one_thing_one_stand_in() -> None:
    mask = Mask()
    assert mask.mask_all({"a": ["10.1.1.1", 5], "b": "10.1.1.1"}) == {"a": ["ip-1", 5], "b": "ip-1"}


@given(st.text(max_size=300))
def test_any_text_can_be_masked_and_masking_again_changes_nothing_that_is_left(text: str) -> None:
    once = Mask().mask(text)
    assert isinstance(Mask().mask(once), str)


@given(st.text(alphabet=st.characters(categories=("L", "N")), min_size=6, max_size=40))
def test_no_password_that_is_assigned_survives(secret: str) -> None:
    assert secret not in Mask().mask(f"x PASSWORD={secret} y").replace("PASSWORD", "")


def test_a_name_that_the_text_view_would_break_off_is_masked_before(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Our shop grows on the host with the very long description before it: RSS was 1.2 GB and 3.9 GB after a day on "
        "host db7.acme.io and the password: hunter2\n"
    )
    for form in FORMATS:
        answer = rendered(redacted(explain([str(page)])), form, verbose=True)
        assert "acme" not in answer and "hunter2" not in answer
