"""Prompts of shells: whose host it is, and what was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.sources.pasted.prompts import read_prompt


@pytest.mark.parametrize(
    ("line", "host", "command"),
    [
        ("box ~ # free -m", "box", "free -m"),
        ("BOX_2 ~ # lxc-attach -n guest ", "BOX_2", "lxc-attach -n guest"),
        ("router:~# cat /proc/meminfo", "router", "cat /proc/meminfo"),
        ("build-1:/srv/log$ ls", "build-1", "ls"),
        ("> nas:/ # top -bn1", "nas", "top -bn1"),
        ("box ~ #", "box", ""),
        ("ann@box:~$ free", "box", "free"),
        ("[root@box ~]# free", "box", "free"),
        ("~ # free", None, "free"),
        ("$ free", None, "free"),
    ],
)
def test_a_prompt_tells_its_host_and_what_was_typed(line: str, host: str | None, command: str) -> None:
    prompt = read_prompt(line)
    assert prompt is not None and (prompt.host, prompt.command) == (host, command)


@pytest.mark.parametrize(
    "line",
    [
        "cd ~ # go home",
        "ls ~ $HOME",
        "see https://example.org/x # note",
        "http:/x # note",
        "memory is ~ # of pages",
        "size: 3 # bytes",
        "Mem:/1024 40 50",
        "",
    ],
)
def test_comments_links_and_figures_are_no_prompts_of_a_host(line: str) -> None:
    prompt = read_prompt(line)
    assert prompt is None or prompt.host is None


@given(st.text(alphabet="ab~/:#$% @[]>`*", max_size=60))
def test_any_line_is_a_prompt_or_none(line: str) -> None:
    prompt = read_prompt(line)
    assert prompt is None or prompt.command in line
