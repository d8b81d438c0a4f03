"""Class loaders and metaspace, as jcmd prints them."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.managed import metaspace
from memwhy.sources.span import Span

EVIDENCE = Path(__file__).parents[2] / "evidence" / "managed"
OLD = """Total Usage - 41,203 loaders, 52118 classes:
  99321 chunks,    512.00 MB capacity,   402.50 MB ( 79%) used,    90.00 MB ( 18%) free,     4.03 KB ( <1%) waste,     5.10 MB (  1%) overhead
"""


def test_a_capture_of_both_spaces_gives_loaders_classes_and_their_sum() -> None:
    text = (EVIDENCE / "jvm-metaspace.txt").read_text()
    assert metaspace.parse(text) == (
        Reading(
            metrics={
                "runtime.class_loaders_count": 3003,
                "runtime.classes_count": 6726,
                "runtime.metaspace_bytes": round(18.19 * (1 << 20)),
            },
            quanta={"runtime.metaspace_bytes": 10485},
            facts={"said.runtime": "jvm"},
            subject="pid 14421",
            line=1,
            last_line=6,
        ),
    )


def test_the_total_of_loader_statistics_is_read_where_its_legend_follows() -> None:
    text = (EVIDENCE / "jvm-classloader_stats.txt").read_text()
    (reading,) = metaspace.parse(text)
    assert reading.metrics == {
        "runtime.class_loaders_count": 3003,
        "runtime.classes_count": 6726,
        "runtime.metaspace_bytes": 2384697,
    }
    with pytest.raises(ParseError):
        metaspace.parse("Total = 1 2 3 4\n")


@pytest.mark.parametrize("prefix", ["", "> ", "    ", "`"])
def test_the_older_single_line_is_read_whatever_stands_before_it(prefix: str) -> None:
    lines = [prefix + line for line in OLD.split("\n")]
    assert list(metaspace.find(["text", *lines])) == [Span(first=1, last=2)]
    (reading,) = metaspace.parse("\n".join(lines))
    assert reading.metrics == {
        "runtime.class_loaders_count": 41203,
        "runtime.classes_count": 52118,
        "runtime.metaspace_bytes": round(402.5 * (1 << 20)),
    }


def test_a_head_whose_sizes_are_cut_off_gives_the_counts() -> None:
    (reading,) = metaspace.parse(OLD.split("\n")[0])
    assert reading.metrics == {"runtime.class_loaders_count": 41203, "runtime.classes_count": 52118}


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(
        st.text(max_size=300),
        st.lists(st.sampled_from([*OLD.split("\n"), "Total = 1 2 3 4", "ChunkSz:"])).map("\n".join),
    )
)
def test_any_text_gives_readings_or_a_parse_error(text: str) -> None:
    try:
        assert metaspace.parse(text)
    except ParseError:
        assert not list(metaspace.find(text.split("\n")))
