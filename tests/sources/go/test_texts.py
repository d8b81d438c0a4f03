"""The text forms: heap, goroutine, threadcreate, counts, expvar, Prometheus."""

import gzip
import json
from pathlib import Path

import pytest
from go_programs import EVIDENCE
from hypothesis import example, given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.metrics import REGISTRY
from memwhy.model.profile import Profile, ProfileRow, StackSample
from memwhy.model.reading import Reading
from memwhy.sources.go import (
    READERS,
    count_text,
    expvar,
    goroutine_text,
    heap_text,
    memstats,
    pprof,
    prometheus,
    threadcreate_text,
)
from memwhy.sources.span import Span

TEXT_READERS = [count_text, expvar, goroutine_text, heap_text, prometheus, threadcreate_text]
SERVER_METRICS = {
    "go.heap_alloc_bytes": 20720600,
    "go.total_alloc_bytes": 23738272,
    "go.sys_bytes": 29726984,
    "go.mallocs_count": 41994,
    "go.frees_count": 245,
    "go.heap_sys_bytes": 24870912,
    "go.heap_idle_bytes": 3579904,
    "go.heap_inuse_bytes": 21291008,
    "go.heap_released_bytes": 2179072,
    "go.heap_objects_count": 41749,
    "go.stack_inuse_bytes": 294912,
    "go.stack_sys_bytes": 294912,
    "go.mspan_sys_bytes": 163200,
    "go.mcache_sys_bytes": 16072,
    "go.buckhash_sys_bytes": 1448302,
    "go.gc_sys_bytes": 2374128,
    "go.other_sys_bytes": 559458,
    "go.gc_count": 5,
    "process.rss_peak_bytes": 13127680,
}


def capture(name: str) -> bytes:
    return (EVIDENCE / name).read_bytes()


def test_every_metric_named_by_a_reader_is_registered() -> None:
    assert {*memstats.METRICS.values(), *prometheus.METRICS.values()} <= set(REGISTRY)


def test_readers_are_listed_by_their_names() -> None:
    assert all(name == module.NAME for name, module in READERS.items())


def test_heap_text_gives_memstats_but_no_next_collection_when_that_is_switched_off() -> None:
    reading = heap_text.parse(capture("heap.txt"))
    assert reading.metrics == SERVER_METRICS
    assert reading.notes == ()


@pytest.mark.parametrize("kind", ["inuse_space", "inuse_objects", "alloc_space", "alloc_objects"])
def test_heap_text_gives_the_same_rows_stacks_and_totals_as_the_binary_profile(kind: str) -> None:
    def of(reading: Reading) -> Profile:
        return next(p for p in reading.profiles if p.kind == kind)

    text, binary = of(heap_text.parse(capture("heap.txt"))), of(pprof.parse(capture("heap.pb.gz")))
    assert (text.rows, text.stacks, text.total) == (binary.rows, binary.stacks, binary.total)
    assert (text.unit, text.sampling_period_bytes) == (binary.unit, binary.sampling_period_bytes)


def test_heap_text_without_memstats_and_memstats_without_stacks_are_both_read() -> None:
    whole = capture("heap.txt").decode()
    stacks, _, comments = whole.partition("# runtime.MemStats")
    assert heap_text.parse(stacks.encode()).profiles == heap_text.parse(whole.encode()).profiles
    assert heap_text.parse(("# runtime.MemStats" + comments).encode()) == Reading(metrics=SERVER_METRICS)


def test_a_cut_heap_text_says_how_much_of_it_is_there() -> None:
    head = b"\n".join(capture("heap.txt").split(b"\n")[:200])
    (note,) = heap_text.parse(head).notes
    assert note.startswith("the text is cut: its stacks hold ")


@pytest.mark.parametrize(
    "ring",
    [
        " ".join(["1234567890123456789"] * 9 + ["0"] * 246) + " ...",
        "1" * 300,
        " ".join(["1"] * 255),
        " ".join(["1" * 21] * 256),
    ],
)
def test_ends_of_pauses_that_were_cut_or_wrapped_date_nothing(ring: str) -> None:
    stacks, _, comments = capture("heap.txt").decode().partition("# PauseEnd = ")
    reading = heap_text.parse(f"{stacks}# PauseEnd = [{ring}]{comments[comments.index(chr(10)) :]}".encode())
    assert {(one.collections, one.as_of_wall_ns) for one in reading.profiles} == {(5, None)}


def test_a_heap_profile_is_dated_by_the_end_of_the_collection_before_the_newest() -> None:
    stacks, _, comments = capture("heap.txt").decode().partition("# PauseEnd = ")
    ring = " ".join(str(1000 + i) for i in range(256))
    reading = heap_text.parse(f"{stacks}# PauseEnd = [{ring}]{comments[comments.index(chr(10)) :]}".encode())
    assert {(one.collections, one.as_of_wall_ns) for one in reading.profiles} == {(5, 1003)}


def test_samples_stand_for_what_they_were_drawn_from() -> None:
    # figures of Go's own scaleHeapSample for (1, 16, 512 KiB), (2, 1048576, 512 KiB), (3, 300, 1)
    assert heap_text.scale(1, 16, 524288) == (32768, 524296)
    assert heap_text.scale(2, 1048576, 524288) == (3, 1658822)
    assert heap_text.scale(3, 300, 1) == (3, 300)
    assert heap_text.scale(0, 0, 524288) == (0, 0)


def test_goroutines_are_counted_by_stack() -> None:
    reading = goroutine_text.parse(capture("goroutine.txt"))
    assert reading.metrics == {"go.goroutines_count": 8}
    assert reading.facts == {}
    assert reading.profiles[0].stacks == (
        StackSample(frames=("main.park",), value=7),
        StackSample(
            frames=(
                "runtime/pprof.writeRuntimeProfile",
                "runtime/pprof.writeGoroutine",
                "runtime/pprof.(*Profile).WriteTo",
                "main.dump",
                "main.main",
                "runtime.main",
            ),
            value=1,
        ),
    )


def test_goroutines_inside_c_calls_are_named() -> None:
    reading = goroutine_text.parse(capture("goroutine-in-c.txt"))
    assert reading.facts == {"go.in_cgo": "3 main._Cfunc_stay"}


def test_a_header_line_alone_still_counts_goroutines() -> None:
    reading = goroutine_text.parse(b"** goroutine profile: total 15939 **\n")
    assert reading.metrics == {"go.goroutines_count": 15939}
    assert reading.profiles == (
        Profile(kind="goroutine", unit="count", total=15939, stacks=(StackSample(frames=(), value=15939),)),
    )


def test_pasted_goroutines_without_hashes_and_tabs_are_read() -> None:
    text = capture("goroutine-in-c.txt").decode().replace("#\t", "    ").replace("\t", "  ")
    assert goroutine_text.parse(text.encode()) == goroutine_text.parse(capture("goroutine-in-c.txt"))


def test_threads_made_by_go_are_counted() -> None:
    reading = threadcreate_text.parse(capture("threadcreate.txt"))
    assert reading.metrics == {"go.os_threads_count": 6}
    assert reading.profiles[0].total == 6


def test_a_profile_of_the_programs_own_is_read_under_its_name() -> None:
    page = ["gocv.io/x/gocv.Mat profile: total 13", "13 @ 0x4a 0x4b", "#\t0x4a\tmain.read+0x1\tmain.go:3"]
    assert list(count_text.find(page)) == [Span(first=0, last=2)]
    assert count_text.parse("\n".join(page).encode()).profiles == (
        Profile(
            kind="gocv.io/x/gocv.Mat",
            unit="count",
            total=13,
            rows=(ProfileRow(function="main.read", flat=13, cum=13),),
            stacks=(StackSample(frames=("main.read",), value=13),),
        ),
    )


def test_expvar_gives_memstats_and_leaves_the_command_line() -> None:
    raw = capture("vars.json")
    fields = json.loads(raw)["memstats"]
    reading = expvar.parse(raw)
    assert reading.metrics == {metric: fields[name] for name, metric in memstats.METRICS.items()}
    assert reading.notes == ("the command line in /debug/vars was not read",)
    assert "/tmp/server" not in repr(reading)


def test_a_bare_memstats_as_json_is_read() -> None:
    assert expvar.parse(b'{"Sys": 100, "HeapReleased": 7, "PauseNs": [1, 2]}').metrics == {
        "go.sys_bytes": 100,
        "go.heap_released_bytes": 7,
    }


def test_prometheus_text_is_read_with_its_exponents() -> None:
    assert prometheus.parse(capture("metrics.txt")) == Reading(
        metrics={
            "go.goroutines_count": 11,
            "go.heap_alloc_bytes": 19602544,
            "go.total_alloc_bytes": 20189112,
            "go.heap_idle_bytes": 4612096,
            "go.heap_inuse_bytes": 20193280,
            "go.heap_released_bytes": 4177920,
            "go.stack_inuse_bytes": 360448,
            "go.sys_bytes": 29726984,
        },
        facts={"go.version": "go1.26.8"},
    )


def test_process_metrics_openmetrics_stamps_and_exemplars_are_read() -> None:
    raw = (
        b'process_resident_memory_bytes{instance="h:1",job="x"} 1.5e+08 1700000000.5\n'
        b'process_open_fds{instance="h:1",job="x"} 12 1700000000.5 # {trace_id="a"} 1\n'
        b'process_cpu_seconds_total{instance="h:1",job="x"} 0.25 1700000000.5\n'
        b'process_resident_memory_bytes{instance="h:2",job="x"} 9 1700000000.5\n'
        b'go_gc_gomemlimit_bytes{instance="h:1",job="x"} 9.223372036854776e+18\n'
        b'go_gc_gogc_percent{instance="h:1",job="x"} 100\n'
        b"go_threads NaN\n# EOF\nwhat is this\n"
    )
    assert prometheus.parse(raw) == Reading(
        metrics={
            "process.rss_bytes": 150_000_000,
            "process.descriptors_count": 12,
            "process.cpu_ns": 250_000_000,
        },
        facts={"go.gogc": "100"},
        wall_ns=1_700_000_000_500_000_000,
        subject="h:1",
        notes=(
            "1 samples with other labels (other targets) were left out; the first target is taken",
            "1 lines that are no Prometheus samples were left out",
        ),
    )


def test_every_block_is_found_in_a_free_form_page() -> None:
    names = ("heap.txt", "goroutine.txt", "threadcreate.txt", "vars.json", "metrics.txt")
    page: list[str] = []
    expected: list[tuple[int, int]] = []
    for name in names:
        page += ["", "And this is what it said, see below:", ""]
        lines = capture(name).decode().rstrip("\n").split("\n")
        expected.append((len(page), len(page) + len(lines) - 1))
        page += [*lines, "", "", "Any ideas? 大家好"]
    readers = (heap_text, goroutine_text, threadcreate_text, expvar, prometheus)
    found = [[(span.first, span.last) for span in reader.find(page)] for reader in readers]
    assert found == [[span] for span in expected]
    for reader, (first, last), name in zip(readers, expected, names, strict=True):
        assert reader.parse("\n".join(page[first : last + 1]).encode()) == reader.parse(capture(name))


def test_a_page_of_prose_holds_nothing() -> None:
    page = ["total 8", "", "3 @ home", "# heading", "{", '"a": 1', "}", "go_build failed", "0x45 cafe"]
    assert [list(reader.find(page)) for reader in TEXT_READERS] == [[] for _ in TEXT_READERS]


FRAGMENTS = st.sampled_from(
    [
        "heap profile: 1: 2 [3: 4] @ heap/1048576",
        "1: 2 [3: 4] @ 0x1 0x2",
        "goroutine profile: total 99999999999",
        "x.y profile: total 3",
        "3 @ 0x1",
        "#\t0x1\tmain.f+0x2\tf.go:3",
        "# runtime.MemStats",
        "# Sys = 10",
        "# Stack = 1 / 2",
        '{"memstats": {"Sys": 1}',
        '{"HeapInuse":',
        "}",
        "{" * 3000,
        '{"a":' * 3000,
        "go_goroutines 1e400",
        "go_threads 5 99999999999999999999",
        "",
        "9" * 5000,
    ]
)


@pytest.mark.parametrize("reader", TEXT_READERS, ids=lambda module: str(module.NAME))
@given(
    st.binary(max_size=200)
    | st.lists(FRAGMENTS | st.text(max_size=30), max_size=12).map(lambda x: "\n".join(x).encode())
)
@example(b"[" * 100_000)
@example(b'{"memstats":{"Sys":' + b"9" * 6000 + b"}}")
def test_any_bytes_give_a_reading_or_a_parse_error(reader: object, raw: bytes) -> None:
    try:
        reading = reader.parse(raw)  # type: ignore[attr-defined]
    except ParseError:
        reading = Reading()
    assert set(reading.metrics) <= set(REGISTRY)
    lines = raw.decode("utf-8", "replace").split("\n")
    spans = list(reader.find(lines))  # type: ignore[attr-defined]
    assert all(0 <= span.first <= span.last < len(lines) for span in spans)


def test_captures_hold_no_paths_of_the_machine_that_made_them() -> None:
    home = str(Path(__file__).parents[3]).encode()
    for path in EVIDENCE.iterdir():
        raw = path.read_bytes()
        assert home not in (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)


def test_goroutines_without_their_first_line_are_counted_with_a_note() -> None:
    whole = capture("goroutine.txt").decode()
    cut = whole.partition("\n")[2]
    lines = cut.rstrip("\n").split("\n")
    assert list(goroutine_text.find(["see:", *lines])) == [Span(first=1, last=len(lines))]
    reading = goroutine_text.parse(cut.encode())
    assert reading.metrics == {"go.goroutines_count": 8}
    assert reading.profiles == goroutine_text.parse(whole.encode()).profiles
    assert reading.notes == (
        "the line with the total is missing: there may be more goroutines than these stacks count",
    )


def test_stacks_of_other_profiles_are_not_taken_for_goroutines() -> None:
    for name in ("threadcreate.txt", "heap.txt"):
        assert list(goroutine_text.find(capture(name).decode().split("\n"))) == []
    page = ["gocv.io/x/gocv.Mat profile: total 13", "13 @ 0x4a 0x4b", "#\t0x4a\tmain.read+0x1\tmain.go:3"]
    assert list(goroutine_text.find(page)) == []


def test_a_heap_profile_without_its_first_line_is_scaled_by_the_default() -> None:
    stacks = capture("heap.txt").decode().partition("# runtime.MemStats")[0]
    cut = stacks.partition("\n")[2].rstrip("\n")
    assert len(list(heap_text.find(cut.split("\n")))) == 1
    reading = heap_text.parse(cut.encode())
    assert reading.profiles == heap_text.parse(stacks.encode()).profiles
    assert reading.notes == ("the first line is cut off: sampling at Go's default, one in 512 KiB, is assumed",)


def test_a_profile_of_gperftools_is_native() -> None:
    reading = heap_text.parse((EVIDENCE.parent / "jeprof" / "tcmalloc.heap").read_bytes())
    assert reading.metrics == {"tool.outstanding_bytes": 139280408}
    assert [(profile.kind, profile.total) for profile in reading.profiles] == [("native_inuse", 139280408)]


def test_totals_of_custom_and_leak_profiles_are_facts() -> None:
    assert count_text.parse(b"gocv.io/x/gocv.Mat profile: total 13\n").facts == {
        "go.custom_profile.gocv.io/x/gocv.Mat": "13"
    }
    assert count_text.parse(b"goroutineleak profile: total 3\n").facts == {"go.leaked_goroutines": "3"}


def test_a_custom_profile_of_a_real_program_is_read() -> None:
    raw = (EVIDENCE.parent / "go-pasted" / "custom.txt").read_bytes()
    reading = count_text.parse(raw)
    assert reading.facts == {"go.custom_profile.leaky/image.Handle": "30"}
    assert reading.profiles[0].rows[0].cum == 30


@pytest.mark.parametrize("name", ["heap.txt", "goroutine.txt", "threadcreate.txt", "goroutine-in-c.txt"])
@pytest.mark.parametrize("mess", ["quoted", "one blank", "no hashes"])
def test_profiles_are_read_in_a_quote_and_with_their_blanks_collapsed(name: str, mess: str) -> None:
    reader = next(r for r in (heap_text, goroutine_text, threadcreate_text) if r.NAME.split("/")[1] in name)
    lines = capture(name).decode().rstrip("\n").split("\n")
    if mess == "no hashes" and name == "heap.txt":
        lines = lines[: lines.index("# runtime.MemStats")]
    plain = "\n".join(lines)
    messy = [
        "> " + line if mess == "quoted" else line.lstrip("#") if mess == "no hashes" else " ".join(line.split())
        for line in lines
    ]
    (span,) = reader.find(["see", *messy])
    read = reader.parse("\n".join(["see", *messy][span.first : span.last + 1]).encode())
    assert (read.metrics, read.facts, read.profiles) == (
        reader.parse(plain.encode()).metrics,
        reader.parse(plain.encode()).facts,
        reader.parse(plain.encode()).profiles,
    )


def test_frames_may_have_lost_their_files() -> None:
    text = b"goroutine profile: total 9\n9 @ 0x4a 0x4b\n  0x4a main.f+0x1\n  0x4b main.main+0x2\n"
    assert goroutine_text.parse(text).profiles[0].stacks == (StackSample(frames=("main.f", "main.main"), value=9),)
