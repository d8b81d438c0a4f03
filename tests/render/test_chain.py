"""A stack in one line."""

from memwhy.model.report import Holder
from memwhy.model.units import MIB
from memwhy.render.chain import MOST_FRAMES, figures, libraries, shortened

STACK = (
    "malloc",
    "xmlNewDocNode",
    "libxml2.so.2+0x8f95a",
    "libxml2.so.2+0x902db",
    "htmlParseDocument",
    "_cgo_2f43f3cf36ee_Cfunc_htmlReadMemory",
    "runtime.asmcgocall",
    "runtime.cgocall",
    "example.com/feeds._Cfunc_htmlReadMemory",
    "example.com/feeds.Parse (parse.go:88)",
    "main.crawlPage (crawl.go:31)",
)


def holder(**changes: object) -> Holder:
    given = {
        "layer": "layer.native_arenas_bytes",
        "function": "feeds.Parse",
        "module": None,
        "bytes": 12 * MIB,
        "share": 1.0,
        "stack": STACK,
        "method": "native-stacks",
        **changes,
    }
    return Holder(**given)  # type: ignore[arg-type]


def test_unnamed_runs_are_their_library_and_glue_is_left_out() -> None:
    assert shortened(STACK) == (
        "malloc",
        "xmlNewDocNode",
        "(libxml2.so.2)",
        "htmlParseDocument",
        "_Cfunc_htmlReadMemory",
        "example.com/feeds.Parse (parse.go:88)",
        "main.crawlPage (crawl.go:31)",
    )


def test_of_a_deep_stack_both_ends_stay() -> None:
    deep = ("malloc", *(f"parse{number}" for number in range(60)), "main.crawlPage", "main.main")
    shown = shortened(deep)
    assert len(shown) == MOST_FRAMES
    assert shown[:5] == ("malloc", "parse0", "parse1", "parse2", "parse3")
    assert shown[5] == "…"
    assert shown[-2:] == ("main.crawlPage", "main.main")


def test_recursion_is_one_frame() -> None:
    assert shortened(("malloc", "walk", "walk", "walk", "main")) == ("malloc", "walk", "main")


def test_figures_have_the_larger_margin_and_the_pace() -> None:
    counted = holder(low_bytes=11 * MIB, high_bytes=round(13.5 * MIB), bytes_per_s=float(MIB))
    assert figures(counted) == "12.0 MiB ± 1.5 MiB (+1.0 MiB/s)"
    assert figures(holder(low_bytes=12 * MIB, high_bytes=12 * MIB)) == "12.0 MiB"
    assert figures(holder(bytes_per_s=-2048.0)) == "12.0 MiB (-2.0 KiB/s)"


def test_libraries_are_named_once_each() -> None:
    modules = ("", "libxml2.so.2@2.9.14", "libxml2.so.2@2.9.14", "std", "example.com/feeds@v0.3.0")
    assert libraries(holder(modules=modules)) == "libxml2.so.2@2.9.14, example.com/feeds@v0.3.0"
