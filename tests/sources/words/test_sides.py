"""A process's figure and its container's in one sentence."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.sources.words import figures
from memwhy.sources.words.sentences import find_paragraphs, sentences_of
from memwhy.sources.words.sides import Side, read_sides

MIB = 1 << 20


def _sides(text: str) -> tuple[Side, ...]:
    return tuple(
        side for paragraph in find_paragraphs([text]) for one in sentences_of(paragraph) for side in read_sides(one)
    )


@pytest.mark.parametrize(
    ("text", "own", "around", "metric"),
    [
        ("The daemon's process has 60 MiB resident, the container some 800 MiB.", 60, 800, "current"),
        ("The pod shows 900 MB while the process itself takes 120 MB.", 120, 900, "current"),
        ("kubectl top says 1200Mi but ps says 300 MB.", 300, 1200, "working_set"),
        ("RSS is 210 MB, yet the working set is 1400 MB.", 210, 1400, "working_set"),
        ("docker stats reports 2100MiB although htop has it at 400 MB.", 400, 2100, "working_set"),
        ("cgroup memory 2048 MB, of which the process has 300 MB.", 300, 2048, "current"),
        ("容器占用 2048MB，进程 RSS 只有 300MB", 300, 2048, "current"),
    ],
)
def test_each_of_the_two_has_its_own_name(text: str, own: int, around: int, metric: str) -> None:
    found = {side.metric: side.quantity.size for side in _sides(text)}
    assert found == {"process.rss_bytes": own * MIB, f"cgroup.{metric}_bytes": around * MIB}
    readings = figures.parse(text)
    assert {name: value for reading in readings for name, value in reading.metrics.items()} == found


@pytest.mark.parametrize(
    "text",
    [
        "RSS 200 MB, container limit 512 MB.",
        "The process went from 100 MB to 2 GB in the container.",
        "The heap has 200 MB, RSS is 2 GB in the container.",
        "Does the container take 2 GB and the process 200 MB?",
        "The container should take 2 GB and the process 200 MB.",
        "After malloc_trim the container has 1 GB, the process 500 MB.",
        "The container has 2 GB, the process 1 GB and the host 16 GB.",
        "The process leaks 5 MB/h and the container 6 MB/h.",
    ],
)
def test_bounds_courses_other_figures_and_wishes_are_no_sides(text: str) -> None:
    assert _sides(text) == ()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["container", "process", "RSS", "2 GB", "300 MB", ",", "limit", "uses", "the"]), max_size=20
    )
)
def test_any_words_give_two_sides_or_none(words: list[str]) -> None:
    assert len(_sides(" ".join(words))) in (0, 2)
