"""Go's heaps that move while they are read: programs that swap, churn, collect, grow and shrink meanwhile, and the compiled loops by themselves.

GO_COMMANDS=/path/to/go:/other/go runs it with several toolchains; else the go on PATH is used.
"""

import tempfile
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inside_go import Program, inside, looked, minor_of

from memwhy.model.holders import Holders, Holding
from memwhy.runtimes.go.heap_moving import Effort, Moved
from memwhy.runtimes.go.heap_passes import Pass, spread, together

_retain = pytest.importorskip("memwhy._core._retain")
START = 0xC000000000
PAGE_BYTES, OBJECT_BYTES = 8192, 64
PER_PAGE = PAGE_BYTES // OBJECT_BYTES
CONSERVATIVE, NOSCAN = 5, 0
PAGES = 5
LISTED = (b"", array("Q", (0, 8) * 12 + (1, 512)).tobytes())
THOUSANDS = 4
TREE = (1 << 15) - 1
"""Nodes of one tree of `swap` (goplanted/moving.go)."""
STILL = (
    "main.list",
    "main.pages",
    "main.anything",
    "main.shapes",
    "main.tree",
    "main.hooks",
    "main.inPlace",
    "main.small",
)


@contextmanager
def moving(go: str, how: str) -> Iterator[tuple[Program, dict[str, Any]]]:
    with inside("goplanted", "-scale", str(THOUSANDS), go=go) as program:
        truth = program.ask("truth")
        program.ask(how)
        yield program, truth


def lines(holders: Holders, name: str) -> list[Holding]:
    return [one for one in holders.holdings if one.name == name or name in one.shared_by]


def held(holders: Holders, name: str) -> int:
    return sum(one.bytes for one in lines(holders, name))


def is_declared(holders: Holders, name: str) -> bool:
    """Is it said that a root's figure is not to be relied on?"""
    wide = any((one.most_bytes or 0) > 1.01 * (one.least_bytes or 0) for one in lines(holders, name))
    said = any(note.startswith("unstable") and (name in note or "as a whole" in note) for note in holders.notes)
    return wide or said


def assert_still(holders: Holders, truth: dict[str, Any], rel: float) -> None:
    """What nobody touches is found as it was planted."""
    found = {name: held(holders, name) for name in STILL}
    assert found == {name: pytest.approx(truth[name][0], rel=rel) for name in STILL}


def test_a_structure_that_is_swapped_is_found_or_said_to_be_unstable(go: str) -> None:
    with moving(go, "swap 14") as (program, truth):
        found = [looked(program.pid) for _ in range(2)]
    for holders in found:
        assert holders.passes == 2
        assert_still(holders, truth, 0.02)
        swapped = lines(holders, "main.swapped")
        least = sum(one.least_bytes or 0 for one in swapped)
        most = sum(one.most_bytes or 0 for one in swapped)
        assert least <= 16 * TREE <= most or is_declared(holders, "main.swapped")


def test_a_collector_that_never_rests_disturbs_nothing(go: str) -> None:
    with moving(go, "collects") as (program, truth):
        found = [looked(program.pid) for _ in range(2)]
    for holders in found:
        assert_still(holders, truth, 0.02)
        assert held(holders, "main.cache") == pytest.approx(truth["main.cache"][0], rel=0.02)
        if minor_of(go) != (1, 21):
            assert [one.count for one in holders.types if one.type == "main.Entry"] == [11_000 * THOUSANDS]


def test_a_map_that_four_goroutines_replace_keeps_its_entries_or_is_said_to_be_unstable(go: str) -> None:
    with moving(go, "storm") as (program, truth):
        found = [looked(program.pid) for _ in range(2)]
    for holders in found:
        assert_still(holders, truth, 0.005)
        if minor_of(go) != (1, 21):
            count = sum(one.count for one in holders.types if one.type == "main.Entry")
            assert count == pytest.approx(11_000 * THOUSANDS, rel=0.005) or is_declared(holders, "main.cache")


def test_a_list_whose_nodes_are_moved_without_any_allocation_is_said_to_be_unstable(go: str) -> None:
    with moving(go, "turn") as (program, truth):
        found = [looked(program.pid) for _ in range(2)]
    for holders in found:
        whole = held(holders, "main.list") + held(holders, "main.back")
        assert whole == pytest.approx(truth["main.list"][0], rel=0.01) or is_declared(holders, "main.list")


@pytest.mark.parametrize("how", ["double", "empty"])
def test_a_heap_that_doubles_or_empties_meanwhile_is_read(go: str, how: str) -> None:
    with inside("goplanted", "-scale", str(THOUSANDS), go=go) as program:
        truth = program.ask("truth")
        program.tell(how)
        holders = looked(program.pid)
        assert_still(holders, truth, 0.02)
        cache = held(holders, "main.cache")
        assert cache <= 1.02 * truth["main.cache"][0]
        assert program.process.poll() is None


# --- the passes against each other --------------------------------------------------------------------------------------------------


def line(name: str, size: int, *children: Holding) -> Holding:
    return Holding(kind="global", name=name, type="T", count=1, own_bytes=size, bytes=size, children=children)


def one_pass(*holdings: Holding, unread: int = 0, lost_roots: tuple[str, ...] = (), given_up: bool = False) -> Pass:
    holders = Holders(
        runtime="go1.27",
        bytes=sum(one.bytes for one in holdings),
        objects=len(holdings),
        heap_alloc_bytes=None,
        untyped_bytes=0,
        unresolved=0,
        read_bytes=100,
        read_s=1.0,
        cpu_s=0.0,
        holdings=holdings,
        types=(),
    )
    moved = Moved(
        newborn=0,
        unread=unread,
        unresolved=0,
        lost_roots=lost_roots,
        born_bytes=50,
        ran=1.0,
        stood_still=False,
        given_up=given_up,
    )
    return Pass(holders=holders, moved=moved)


def test_each_line_has_least_and_most_and_what_one_pass_missed_is_a_line_without_objects() -> None:
    found = spread((line("a", 100), line("b", 50)), (line("a", 120), line("c", 30)))
    assert [(one.name, one.bytes, one.count, one.least_bytes, one.most_bytes) for one in found] == [
        ("a", 100, 1, 100, 120),
        ("b", 50, 1, 0, 50),
        ("c", 0, 0, 0, 30),
    ]


def test_the_pass_that_left_less_unknown_is_shown_and_the_later_one_when_in_doubt() -> None:
    first, second = one_pass(line("a", 100)), one_pass(line("a", 101), unread=1)
    assert together(first, second).holdings[0].bytes == 100
    assert together(second, first).holdings[0].bytes == 100
    assert together(first, one_pass(line("a", 101))).holdings[0].bytes == 101


def test_what_differs_is_named_and_both_passes_are_paid_for() -> None:
    found = together(one_pass(line("a", 100), line("b", 200)), one_pass(line("a", 150), line("b", 201)))
    assert (found.passes, found.read_bytes, found.read_s) == (2, 200, 2.0)
    assert found.notes[-1] == "unstable, more than 1 % apart in the two passes: a"


def test_a_root_that_led_to_what_was_gone_is_named() -> None:
    found = together(one_pass(line("a", 100)), one_pass(line("a", 100), lost_roots=("main.swapped",)))
    assert found.notes[-1] != "" and found.holdings[0].bytes == 100
    both = together(one_pass(lost_roots=("main.swapped",)), one_pass(lost_roots=("main.swapped",)))
    assert any(note.startswith("unstable: what main.swapped led to") for note in both.notes)


def test_rounds_end_when_they_took_as_much_cpu_as_the_first_pass() -> None:
    assert Effort(60.0).is_left()
    spent = Effort(0.0)
    assert (spent.given_up, spent.is_left(), spent.given_up) == (False, False, True)


def test_that_rounds_were_ended_is_said() -> None:
    given_up = one_pass(line("a", 100), given_up=True)
    assert [note for note in together(given_up, given_up).notes if "more CPU" in note] == [
        "it was not read again until it came to rest: that would have taken more CPU than the first pass did"
    ]


# --- the compiled loops -------------------------------------------------------------------------------------------------------------

Page = dict[int, tuple[int, int]]
"""By object of a page: which object of which page it points to."""
State = dict[int, Page]


@st.composite
def pages(draw: st.DrawFn) -> State:
    where = st.tuples(st.integers(0, PAGES - 1), st.integers(0, 5))
    listed = draw(st.sets(st.integers(0, PAGES - 1), min_size=1))
    return {page: draw(st.dictionaries(st.integers(0, 5), where, max_size=6)) for page in listed}


def address(page: int, one: int) -> int:
    return START + page * PAGE_BYTES + one * OBJECT_BYTES


def image(state: State) -> bytes:
    raw = bytearray(PAGES * PAGE_BYTES)
    for page, objects in state.items():
        for one, to in objects.items():
            at = page * PAGE_BYTES + one * OBJECT_BYTES
            raw[at + 8 : at + 16] = address(*to).to_bytes(8, "little")
    return bytes(raw)


def rows_of(state: State, marks: dict[int, int]) -> bytes:
    rows = array("Q")
    for page in sorted(state):
        rows.extend(
            (address(page, 0), address(page + 1, 0), OBJECT_BYTES, PER_PAGE, CONSERVATIVE, 0, marks[page], START)
        )
    return rows.tobytes()


WAY = (0, array("Q", (START, START + PAGES * PAGE_BYTES)).tobytes(), b"", 0, 0, b"", (1, 1, 1, 1))


def retained(heap: object, roots: list[int]) -> bytes:
    rows = array("I", (number for number in roots for number in (number, 0, 0)))
    found: bytes = _retain.retained(heap, rows.tobytes(), 1)
    return found


@settings(max_examples=300, deadline=None)
@given(pages(), pages(), st.sets(st.integers(0, PAGES - 1)), st.integers(0, 1), st.integers(0, 1))
def test_what_is_read_again_is_as_if_it_were_read_now(
    before: State, after: State, kept: set[int], how: int, again: int
) -> None:
    """Pages in `kept` stay as they were; the others were touched, came or went. Roots are found by addresses, listed before or not."""
    after = {**after, **{page: before[page] for page in kept if page in before}}
    marks = {page: 0 if page in kept else 1 for page in range(PAGES)}
    words = array("Q", (address(page, one) for page in range(PAGES) for one in range(2))).tobytes()
    with tempfile.TemporaryFile() as file:
        file.write(image(before))
        file.flush()
        source = (file.fileno(), 0, array("Q", (START, START + PAGES * PAGE_BYTES, 0)).tobytes())
        heap = _retain.open(source, rows_of(before, dict.fromkeys(range(PAGES), 0)), 0, 0)
        _retain.read(heap, WAY, None, True)
        file.seek(0)
        file.write(image(after))
        file.flush()
        numbers, begins = _retain.objects_at(heap, words)
        for _ in range(again + 1):
            _, _, numbers, begins = _retain.renew(heap, rows_of(after, marks), LISTED, WAY, numbers, begins, how, None)
        _retain.finish(heap, LISTED)
        fresh = _retain.open(source, rows_of(after, marks), 0, 0)
        _retain.read(fresh, WAY, None)
        wanted = _retain.objects_at(fresh, words)[0]
        gone = [page not in after for page in range(PAGES) for _ in range(2)]
        pairs = list(zip(array("I", numbers), array("I", wanted), gone, strict=True))
        assert [one for one, _, _ in pairs] == [to for _, to, _ in pairs]
        roots = [one for one, _, is_gone in pairs if not is_gone]
        assert _retain.moved(heap)[5:] == (*_retain.counts(fresh), _retain.moved(fresh)[7])
        assert retained(heap, roots) == retained(fresh, roots)


@settings(max_examples=200, deadline=None)
@given(pages(), pages(), st.sets(st.integers(0, PAGES - 1)))
def test_the_last_look_reads_new_spans_only_and_leaves_the_others_as_they_were_read(
    before: State, after: State, swept: set[int]
) -> None:
    """Whatever was written to pages that stay, and swept there: they count as they were."""
    after = {**before, **after}
    seen = {page: before.get(page, after[page]) for page in after}
    words = array("Q", (address(page, one) for page in range(PAGES) for one in range(2))).tobytes()
    marks = {page: page in swept for page in range(PAGES)}
    with tempfile.TemporaryFile() as file:
        file.write(image(before))
        file.flush()
        source = (file.fileno(), 0, array("Q", (START, START + PAGES * PAGE_BYTES, 0)).tobytes())
        heap = _retain.open(source, rows_of(before, dict.fromkeys(range(PAGES), 0)), 0, 0)
        _retain.read(heap, WAY, None, True)
        file.seek(0)
        file.write(image(after))
        file.flush()
        numbers, begins = _retain.objects_at(heap, words)
        _, _, numbers, begins = _retain.renew(heap, rows_of(after, marks), LISTED, WAY, numbers, begins, 2, None)
        _retain.finish(heap, LISTED)
        file.seek(0)
        file.write(image(seen))
        file.flush()
        fresh = _retain.open(source, rows_of(after, marks), 0, 0)
        _retain.read(fresh, WAY, None)
        wanted = array("I", _retain.objects_at(fresh, words)[0])
        roots = [one for one in wanted if one != 0xFFFFFFFF]
        assert array("I", numbers) == wanted
        assert retained(heap, roots) == retained(fresh, roots)


@given(st.lists(st.integers(0, (1 << 64) - 1), max_size=24), st.lists(st.integers(0, (1 << 32) - 1), max_size=4))
def test_any_spans_and_numbers_are_taken_or_refused_when_a_heap_is_renewed(
    words: list[int], numbers: list[int]
) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(bytes(PAGES * PAGE_BYTES))
        file.flush()
        source = (file.fileno(), 0, array("Q", (START, START + PAGES * PAGE_BYTES, 0)).tobytes())
        heap = _retain.open(source, rows_of({0: {}}, {0: 0}), 0, 0)
        _retain.read(heap, WAY, None, True)
        try:
            found = _retain.renew(
                heap,
                array("Q", words).tobytes(),
                LISTED,
                WAY,
                array("I", numbers).tobytes(),
                bytes(len(numbers)),
                1,
                None,
            )
        except ValueError:
            return
        now = array("I", found[2])
        assert all(number < PER_PAGE or number == 0xFFFFFFFF for number in now)


def test_a_heap_is_renewed_between_reading_and_finishing_only() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(bytes(PAGE_BYTES))
        file.flush()
        source = (file.fileno(), 0, array("Q", (START, START + PAGE_BYTES, 0)).tobytes())
        rows = rows_of({0: {}}, {0: 0})
        heap = _retain.open(source, rows, 0, 0)
        with pytest.raises(ValueError, match="renewed after it was read"):
            _retain.renew(heap, rows, LISTED, WAY, b"", b"", 1, None)
        _retain.read(heap, WAY, None, True)
        with pytest.raises(ValueError, match="in the order of owners"):
            _retain.retained(heap, array("I", (0, 0, 0)).tobytes(), 1)
        _retain.finish(heap, LISTED)
        with pytest.raises(ValueError, match="renewed after it was read"):
            _retain.renew(heap, rows, LISTED, WAY, b"", b"", 1, None)
