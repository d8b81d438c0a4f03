"""A comparison as people and programs read it: whole pages, never wider than a terminal."""

import json
from collections.abc import Callable

from build_given import NATIVE, PURE, given
from hypothesis import given as tried
from hypothesis import strategies as st

from memwhy.comparison import compare
from memwhy.model.comparison import Comparison
from memwhy.model.masking import Mask
from memwhy.model.units import MIB
from memwhy.render.comparison import render
from memwhy.render.plain import width

Golden = Callable[[str, str], None]


def leaking() -> Comparison:
    cloud = {**NATIVE, "env.GOGC": "400", "host.kernel": "5.15.0-1050-azure"}
    return compare(
        given("cloud.memwhy", cloud, grows={"layer.native_arenas_bytes": 1.5 * MIB, "layer.go_heap_bytes": 0.2 * MIB}),
        given("laptop.memwhy", PURE),
    )


def test_the_text_is_as_it_was_read_last(golden: Golden) -> None:
    golden("comparison.txt", render(leaking(), "text", verbose=True))


def test_the_markdown_is_as_it_was_read_last(golden: Golden) -> None:
    golden("comparison.md", render(leaking(), "markdown"))


def test_json_holds_every_field_and_says_its_schema() -> None:
    answer = json.loads(render(leaking(), "json"))
    assert answer["schema"] == "memwhy/comparison/1"
    assert answer.keys() == {
        "schema", "headline", "a", "b", "heavier", "total", "layers", "others", "profiles", "differences", "same", "unknown",
        "cautions", "load",
    }  # fmt: skip
    assert answer["differences"][0].keys() == {
        "kind", "what", "a", "b", "bound", "bytes", "bytes_per_s", "because", "source", "confirm",
    }  # fmt: skip


@tried(st.dictionaries(st.sampled_from(["process.comm", "libc", "host.kernel", "libraries", "env.GODEBUG", "go.modules"]),
                       st.text(max_size=300)))  # fmt: skip
def test_any_words_of_the_outside_keep_the_page_within_80_columns(facts: dict[str, str]) -> None:
    found = compare(given("a" * 200, {**NATIVE, **facts}), given("b", NATIVE))
    assert all(width(line) <= 80 for line in render(found, "text", verbose=True).split("\n"))
    for form in ("markdown", "json"):
        assert render(found, form, verbose=True)


def test_masked_words_keep_figures() -> None:
    found = leaking()
    masked = Mask(["cloud.memwhy"]).mask_all(found)
    assert masked.total == found.total
    assert "cloud.memwhy" not in render(masked, "text")
