"""A diagnosis held against source: the specimens' own, by reports that were measured."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.lint.blaming import blame
from memwhy.lint.diagnosed import Diagnosed, parse
from memwhy.lint.frames import declared, spots
from memwhy.lint.linting import linted, read
from memwhy.lint.reading import Options
from memwhy.model.errors import ParseError
from memwhy.model.linted import Found, Linted

ROOT = Path(__file__).parent.parent.parent
MEASURED = Path(__file__).parent.parent / "evidence" / "lint-diagnosis"


def diagnosis(name: str) -> Diagnosed:
    return parse((MEASURED / f"{name}.json").read_bytes(), name)


def told(name: str, given: Diagnosed | None = None) -> Linted:
    reading = read(str(ROOT / "specimens" / name), Options())
    found, notes = blame(reading, [Found(suspect=one) for one in reading.suspects], given or diagnosis(name))
    return replace(linted(reading, found, least=1.1), notes=notes)


def test_the_missing_free_of_the_scraper_is_named_with_its_return_and_its_bytes() -> None:
    found = told("odds-scraper").found
    assert [(one.suspect.file, one.suspect.line, one.suspect.path[-1].line) for one in found] == [
        ("scraper/race_leaky.go", 7, 12)
    ]
    assert found[0].suspect.missing == "document.free() before the return in line 12"
    assert found[0].blame is not None
    assert (found[0].blame.exact, found[0].blame.bytes > 10 << 20, found[0].certain) == (True, True, True)


def test_a_wrapper_that_leaves_its_c_memory_to_the_collector_is_blamed_at_its_call() -> None:
    assert [(one.suspect.line, one.suspect.missing) for one in told("handle-pile").found] == [
        (32, "image.close() before the function ends in line 36")
    ]


def test_c_strings_are_told_at_the_lines_of_the_stacks_with_the_free_that_there_is() -> None:
    found = told("cgo-strings").found
    assert {one.suspect.function for one in found} >= {
        "main.describeClient",
        "main.describeRoute",
        "main.describeAnswer",
    }
    first = found[0].suspect
    assert "C.CString" in first.acquired.text
    assert "(*message).set" in first.missing or "C.free" in first.missing


def test_a_pile_of_connections_leads_to_the_transport_that_is_made_each_time() -> None:
    (found,) = told("transport-pile").found
    assert (found.suspect.rule, found.suspect.line, found.suspect.acquired.text) == (
        "transport-per-call",
        32,
        "client = newClient()",
    )
    assert found.blame is not None
    assert found.blame.count is not None


def test_a_pile_of_goroutines_leads_to_the_statement_that_starts_them() -> None:
    (found,) = told("goroutine-pile").found
    assert (found.suspect.rule, found.suspect.line) == ("stuck-goroutine", 21)
    assert found.blame is not None
    assert found.blame.function == "main.awaitAnswer"


def test_contexts_that_are_not_cancelled_are_blamed_for_the_heap_they_hold() -> None:
    (found,) = told("context-pile").found
    assert (found.suspect.rule, found.suspect.line) == ("context-cancel", 20)


def test_without_attribution_the_diagnosis_blames_nothing_and_says_what_to_do() -> None:
    found = told("odds-scraper", replace(diagnosis("odds-scraper"), holders=()))
    assert found.found == ()
    assert "puts nothing down to code" in found.notes[0]


def test_stacks_of_another_program_blame_nothing() -> None:
    found = told("steady", diagnosis("odds-scraper"))
    assert found.found == ()
    assert "no frame of the blamed stacks" in found.notes[0]


def test_a_native_leak_blames_no_suspect_of_the_go_heap() -> None:
    assert all(one.suspect.cause == "native-leak" for one in told("context-pile", diagnosis("cgo-strings")).found)


@pytest.mark.parametrize(
    ("symbol", "function"),
    [
        ("main.work.func2.1", "main.work"),
        ("main.(*T).Close.gowrap1", "main.T.Close"),
        ("example.org/a/b%2ev3.(*T[...]).M", "example.org/a/b.v3.T.M"),
        ("example.org/a.F[go.shape.string]", "example.org/a.F"),
        ("net/http.(*persistConn).readLoop", "net/http.persistConn.readLoop"),
    ],
)
def test_a_symbol_is_told_by_the_function_it_was_made_of(symbol: str, function: str) -> None:
    assert declared(symbol) == function


def test_build_tags_that_give_a_function_two_bodies_are_told_apart_by_the_file() -> None:
    tree = read(str(ROOT / "specimens" / "odds-scraper"), Options(), ()).tree
    both = spots(tree, "main.raceOdds")
    one = spots(tree, "main.raceOdds", "example.org/specimens/odds-scraper/scraper/race_fixed.go:7")
    assert sorted(spot.function.file.name for spot in both) == ["scraper/race_fixed.go", "scraper/race_leaky.go"]
    assert [(spot.function.file.name, spot.line) for spot in one] == [("scraper/race_fixed.go", 7)]


def test_a_line_outside_of_its_function_is_of_another_source_and_not_told() -> None:
    tree = read(str(ROOT / "specimens" / "cgo-strings"), Options(), ()).tree
    assert [spot.line for spot in spots(tree, "main.describe", "/build/main.go:900")] == [None]
    assert spots(tree, "main.describe", "/build/elsewhere.go:50") == []


@given(st.text(max_size=120), st.text(max_size=60))
def test_any_frame_is_somewhere_or_nowhere(frame: str, place: str) -> None:
    tree = read(str(ROOT / "specimens" / "steady"), Options(), ()).tree
    assert all(spot.function for spot in spots(tree, frame, place))


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=8)  # fmt: skip


@given(JSON, JSON)
def test_any_report_is_read_or_refused(verdict: object, holder: object) -> None:
    raw = json.dumps(
        {"schema": "memwhy/diagnosis/1", "verdict": verdict, "attribution": [holder], "facts": verdict}
    ).encode()
    try:
        assert isinstance(parse(raw, "report.json"), Diagnosed)
    except ParseError as error:
        assert "report.json" in error.message


@given(st.binary(max_size=200))
def test_any_bytes_are_a_report_or_refused(raw: bytes) -> None:
    with pytest.raises(ParseError):
        parse(raw, "report.json")


def test_a_method_in_a_package_of_its_own_is_found_by_its_symbol(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.org/app\n\ngo 1.22\n")
    (tmp_path / "store.v2").mkdir()
    (tmp_path / "store.v2" / "store.go").write_text(
        "package store\n\nimport \"sync\"\n\ntype Cache struct {\n\tmu sync.Mutex\n\tentries map[string][]byte\n}\n\n"
        "func (c *Cache) Get(key string) []byte {\n\tc.mu.Lock()\n\tdefer c.mu.Unlock()\n\tif found, ok := c.entries[key]; ok {\n"
        "\t\treturn found\n\t}\n\tc.entries[key] = make([]byte, 1024)\n\treturn c.entries[key]\n}\n"
    )  # fmt: skip
    frame = "example.org/app/store%2ev2.(*Cache).Get"
    row = {"layer": "layer.go_heap_bytes", "function": frame, "module": None, "bytes": 5 << 20, "share": 0.9, "stack": [frame, "main.main"], "method": "pprof"}  # fmt: skip
    report = {
        "schema": "memwhy/diagnosis/1",
        "verdict": {"headline": "h", "cause": "heap-leak"},
        "attribution": [row],
        "facts": {},
    }
    reading = read(str(tmp_path), Options())
    found, notes = blame(
        reading, [Found(suspect=one) for one in reading.suspects], parse(json.dumps(report).encode(), "r")
    )
    assert [(one.suspect.rule, one.blame and (one.blame.bytes, one.blame.exact)) for one in found] == [
        ("unbounded-map", (5 << 20, False))
    ]
    assert notes == ()
