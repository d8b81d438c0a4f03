"""A diagnosis names a known leak only where its growth leads there; the catalogue never makes a verdict."""

from dataclasses import replace
from typing import Any

from build_known import SHOP, leak
from hypothesis import given
from hypothesis import strategies as st

from memwhy.dependencies.pointing import point
from memwhy.model.case import Case, Target
from memwhy.model.report import Holder

FACTS = {
    "go.version": "go1.26.8",
    "go.main_module": SHOP,
    "go.modules": f"{SHOP} (devel)\ngithub.com/x/y v1.2.0\ngithub.com/z/z v0.5.0\ngithub.com/f/orm v1.0.0",
    "go.build_settings": "CGO_ENABLED=1\nGOOS=linux",
    "go.cgo": "1",
    "go.cgo_modules": "github.com/x/y\ngithub.com/z/z",
}


def case(**facts: str) -> Case:
    return Case(target=Target(), total=None, series={}, facts={**FACTS, **facts})


def sampled(*stack: str, share: float = 1.0, kind: str = "malloc", **other: Any) -> Holder:
    """A call site of the sampler whose blocks are kept."""
    fields: dict[str, Any] = {"bytes": 1000, "share": share, "low_bytes": 900, "high_bytes": 1100, "bytes_per_s": 10.0}
    fields |= {"layer": "layer.native_heap_bytes", "function": stack[0], "module": None, "method": "native-stacks"}
    return Holder(stack=(kind, *stack), **{**fields, **other})


def said(found: Any) -> list[tuple[str, str, str]]:
    return [(one.by, one.known.standing, one.because) for one in found]


IN_Y = ("y_open", "github.com/x/y._Cfunc_y_open", "github.com/x/y.(*DB).Open", f"{SHOP}/store.Load", "main.main")


def test_a_growing_stack_that_leads_into_an_affected_module_names_it() -> None:
    found = point(case(), "native-leak", (sampled(*IN_Y),), [leak()])
    assert said(found) == [("stack", "leaks", "what grows was asked for in github.com/x/y.(*DB).Open")]
    assert (found[0].function, found[0].bytes, found[0].bytes_per_s) == ("github.com/x/y.(*DB).Open", 1000, 10.0)


def test_of_several_leaks_of_a_module_the_one_that_names_the_function_is_told() -> None:
    stack = ("malloc", "github.com/x/y._Cfunc_CString", "github.com/x/y.(*Conn).GetFilename.func1", "main.where")
    entries = [
        leak(what="tables are kept"),
        leak(what="a string is kept", trigger="Conn.GetFilename"),
        leak(what="rows are kept"),
    ]
    found = point(case(), "native-leak", (sampled(*stack),), entries)
    assert [(one.known.what, one.fits) for one in found] == [("a string is kept", True)]


def test_without_a_verdict_nothing_is_named() -> None:
    assert point(case(), "undetermined", (), [leak()]) == ()


def test_another_cause_than_the_entrys_names_nothing() -> None:
    assert point(case(), "native-leak", (sampled(*IN_Y),), [leak(cause="goroutine-leak")]) == ()


def test_a_fixed_version_is_not_named() -> None:
    assert point(case(), "native-leak", (sampled(*IN_Y),), [leak(affected="<v1.1.0", fixed="v1.1.0")]) == ()


def test_a_module_that_only_stands_behind_the_programs_own_code_is_not_named() -> None:
    served = sampled("z_new", "github.com/z/z.New", f"{SHOP}/api.Handle", "github.com/x/y.(*Server).serve")
    assert point(case(), "native-leak", (served,), [leak()]) == ()


def test_a_catalogued_module_is_not_named_while_the_stack_leads_elsewhere() -> None:
    elsewhere = sampled("z_new", "github.com/z/z.New", "main.main")
    assert point(case(), "native-leak", (elsewhere,), [leak()]) == ()


def test_a_module_that_another_one_calls_is_named_with_what_stands_nearer() -> None:
    found = point(
        case(), "native-leak", (sampled("z_new", "github.com/z/z.New", "github.com/x/y.Query", "main.main"),), [leak()]
    )
    assert said(found) == [
        ("stack", "leaks", "what grows was asked for in github.com/x/y.Query, through github.com/z/z")
    ]


def test_a_site_with_a_small_share_or_within_chance_accuses_nobody() -> None:
    assert point(case(), "native-leak", (sampled(*IN_Y, share=0.05),), [leak()]) == ()
    assert point(case(), "native-leak", (sampled(*IN_Y, low_bytes=-5),), [leak()]) == ()


def test_the_part_of_a_module_that_leaks_is_what_has_to_be_on_the_stack() -> None:
    entry = leak(packages=("github.com/x/y/native",))
    assert point(case(), "native-leak", (sampled(*IN_Y),), [entry]) == ()
    inside = sampled("y_new", "github.com/x/y/native.New", "main.main")
    assert len(point(case(), "native-leak", (inside,), [entry])) == 1


def test_c_code_that_is_linked_in_is_known_by_its_functions_names() -> None:
    inside = sampled("yy_malloc (mem.c:12)", "yy_open", "worker")
    found = point(case(), "native-leak", (inside,), [leak(symbols=("yy_",))])
    assert said(found) == [("stack", "leaks", "what grows was asked for in yy_malloc (mem.c:12)")]


def test_of_two_leaks_the_slower_ones_mapping_is_named_by_its_own_cause() -> None:
    mapped = sampled("github.com/x/y.grow", "main.main", kind="mmap")
    found = point(case(), "native-leak", (mapped,), [leak(cause="mmap-leak")])
    assert [(one.by, one.known.cause) for one in found] == [("stack", "mmap-leak")]


def test_goroutines_that_wait_in_a_module_name_it() -> None:
    waiting = Holder(
        layer="layer.go_heap_bytes", function="github.com/x/y.(*Decoder).run", module="github.com/x/y@v1.2.0", bytes=2048, share=0.9,
        stack=("github.com/x/y.(*Decoder).run",), method="goroutines", count=500,
    )  # fmt: skip
    entry = leak(cause="goroutine-leak", kind="usage", affected="all", fixed=None)
    found = point(case(), "goroutine-leak", (waiting,), [entry])
    assert said(found) == [("stack", "depends", "what grows waits in github.com/x/y.(*Decoder).run")]


def test_go_itself_is_named_only_by_the_package_that_the_entry_is_about() -> None:
    entry = leak("std", match="stdlib", affected=">=go1.26.0", fixed=None, cause="heap-leak", packages=("net/http",))
    heap = {"method": "pprof", "layer": "layer.go_heap_bytes"}
    of_http = sampled("net/http.(*Transport).getConn", "main.main", **heap)
    of_main = sampled("main.load", "net/http.(*conn).serve", **heap)
    assert [one.by for one in point(case(), "heap-leak", (of_http,), [entry])] == ["stack"]
    assert point(case(), "heap-leak", (of_main,), [entry]) == ()


def test_gos_own_frames_at_the_root_of_a_stack_accuse_nobody() -> None:
    entry = leak("std", match="stdlib", affected="all", fixed=None, cause="heap-retained", packages=("runtime",))
    heap = {"method": "pprof", "layer": "layer.go_heap_bytes"}
    for stack in (
        ("github.com/z/z.New", "github.com/z/z.run", "runtime.goexit"),
        ("github.com/z/z.New", "runtime.doInit"),
        ("bytes.growSlice", "runtime.goexit"),
    ):
        assert point(case(), "heap-retained", (sampled(*stack, **heap),), [entry]) == ()
    assert (
        len(
            point(case(), "heap-retained", (sampled("runtime.malg", "runtime.newproc1", "main.main", **heap),), [entry])
        )
        == 1
    )


def test_a_part_with_a_dot_behind_it_is_that_package_and_none_below_it() -> None:
    entry = leak("std", match="stdlib", affected="all", fixed=None, cause="heap-leak", packages=("net.",))
    heap = {"method": "pprof", "layer": "layer.go_heap_bytes"}
    assert len(point(case(), "heap-leak", (sampled("net.(*Resolver).lookup", "main.main", **heap),), [entry])) == 1
    assert point(case(), "heap-leak", (sampled("net/http.(*Transport).getConn", "main.main", **heap),), [entry]) == ()


def test_lost_blocks_of_a_library_name_it() -> None:
    lost = Holder(
        layer="layer.native_heap_bytes",
        function="xmlDoc",
        module="libfoo.so.2.9.1",
        bytes=10,
        share=0.9,
        stack=("xmlDoc",),
        method="lost",
    )
    entry = leak("libxml2.so", match="soname", affected="<2.9.14", fixed="2.9.14")
    facts = {"libraries": "libxml2.so.2.9.10 0123abcd\nlibfoo.so.2.9.1 -\nlibc.so.6 -"}
    assert point(case(**facts), "native-leak", (lost,), [entry]) == ()
    found = point(case(**facts), "native-leak", (replace(lost, module="libxml2.so.2.9.10"),), [entry])
    assert said(found) == [("stack", "leaks", "what grows was asked for in xmlDoc")]


names = st.sampled_from(
    ["", "malloc", "mmap", "y_open", "github.com/x/y.New", "main.main", "runtime.goexit", "a.b", "\x00"]
) | st.text(max_size=8)
some_holders = st.builds(
    lambda stack, modules, method, share: replace(
        sampled("x", share=share, method=method), stack=tuple(stack), modules=tuple(modules)
    ),
    st.lists(names, max_size=5), st.lists(names, max_size=5), st.sampled_from(["native-stacks", "pprof", "goroutines", "lost", "threads"]), st.floats(0, 1),
)  # fmt: skip


@given(
    st.lists(some_holders, max_size=3), st.sampled_from(["native-leak", "heap-leak", "undetermined", "goroutine-leak"])
)
def test_any_holders_give_known_leaks_of_the_case_or_none(holders: list[Holder], cause: str) -> None:
    entries = [
        leak(),
        leak(cause="goroutine-leak", packages=("github.com/x/y",)),
        leak(symbols=("y_",)),
        leak("std", match="stdlib", affected="all"),
    ]
    for one in point(case(), cause, holders, entries):
        assert one.known.component.name in ("github.com/x/y", "std")
        assert cause != "undetermined"


def test_where_no_stack_was_measured_the_only_module_that_calls_c_is_named_as_that() -> None:
    alone = case(**{"go.cgo_modules": "github.com/x/y\nstd"})
    assert said(point(alone, "native-leak", (), [leak()])) == [
        ("only", "leaks", "of all modules of this program it alone calls C")
    ]


def test_where_no_stack_was_measured_and_several_call_c_it_is_only_linked() -> None:
    assert said(point(case(), "native-leak", (), [leak()])) == [
        ("linked", "leaks", "it is linked; which Go code allocates was not measured")
    ]
    assert point(case(**{"go.cgo_modules": "github.com/z/z"}), "native-leak", (), [leak()]) == ()
    assert point(case(), "heap-leak", (), [leak(cause="heap-leak")]) == ()
    assert point(case(), "native-leak", (), [leak(kind="usage", affected="all", fixed=None)]) == ()
