"""Any bytes give a reading or a ParseError; any lines give spans within them."""

import string
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.metrics import REGISTRY
from memwhy.sources.proc import READERS, files
from memwhy.sources.proc.cgroup_path import memberships

EVIDENCE = Path(__file__).parents[2] / "evidence" / "linux-6.18"
CAPTURES = {path.name: path.read_bytes() for path in sorted(EVIDENCE.glob("*/*"))}
FINDERS = [name for name, reader in READERS.items() if hasattr(reader, "find")]


def test_all_that_people_paste_can_be_found() -> None:
    assert [name.removeprefix("proc/") for name in FINDERS] == [
        "status", "smaps_rollup", "smaps", "maps", "limits", "fd", "cgroup", "meminfo", "vmstat",
    ]  # fmt: skip


def check(name: str, raw: bytes) -> None:
    try:
        reading = READERS[name].parse(raw)
    except ParseError as error:
        assert error.message.startswith(name)
        return
    assert reading.metrics.keys() <= REGISTRY.keys()
    assert all(isinstance(value, int) and 0 <= value < 1 << 80 for value in reading.metrics.values())
    assert all(character.isprintable() or character == "\n" for text in reading.facts.values() for character in text)


@pytest.mark.parametrize("name", READERS)
@given(raw=st.binary(max_size=200))
def test_any_bytes_give_a_reading_or_a_parse_error(name: str, raw: bytes) -> None:
    check(name, raw)


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_damaged_capture_gives_a_reading_or_a_parse_error(name: str, data: st.DataObject) -> None:
    raw = bytearray(CAPTURES[name.removeprefix("proc/")][:3000])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(len(raw) - 1, 0)))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    check(name, bytes(raw))


TRAPS = (
    "9" * 100_000,
    " " * 100_000,
    "VmRSS: " + "9" * 100_000 + " kB",
    "a:" * 50_000,
    "==> x <==\n" * 20_000,
    "@" * 100_000,
    "/" * 100_000,
    "lrwx------ 1 " + " " * 100_000 + "x",
    "3 -> x" + " " * 100_000 + "y",
    "10-20 rw-p 0 0:0 0 " + " " * 100_000 + "x",
    "7f00-7f10 rw-p 0 0:0 0 " + " " * 100_000 + "x",
    "memory." + "a." * 50_000,
    "cat memory.stat" + " " * 100_000 + "x",
    "anon" + " " * 100_000 + "x",
    "1 (" + ")" * 100_000,
    "nr_" + "a" * 100_000,
    "Max open files" + " " * 100_000,
    "Rss:" + " " * 100_000 + "x",
)


@pytest.mark.parametrize("name", READERS)
def test_no_text_makes_a_reader_take_quadratic_time(name: str) -> None:
    """Quadratic in 100,000 characters is minutes; linear is milliseconds."""
    began = time.process_time()
    for text in TRAPS:
        check(name, text.encode())
        if name in FINDERS:
            list(READERS[name].find(text.split("\n")))
    assert time.process_time() - began < 20


LINES = st.lists(
    st.one_of(
        st.text(alphabet=string.printable, max_size=30),
        st.sampled_from([line for raw in CAPTURES.values() for line in raw.decode("latin-1").split("\n")[:40]]),
        st.sampled_from(
            ["$ cat /sys/fs/cgroup/memory.current", "123456", "memory.max:max", "```", "cat /proc/42/smaps_rollup"]
        ),
    ),
    max_size=25,
)


@pytest.mark.parametrize("name", FINDERS)
@given(lines=LINES)
@settings(max_examples=60, deadline=None)
def test_spans_are_disjoint_in_order_and_can_be_parsed_or_refused(name: str, lines: list[str]) -> None:
    lines = [line.replace("\n", " ") for line in lines]
    last = -1
    for span in READERS[name].find(lines):
        assert last < span.first <= span.last < len(lines)
        last = span.last
        check(name, "\n".join(lines[span.first : span.last + 1]).encode())


NAMES = st.text(alphabet=string.ascii_letters + "/._-", min_size=1, max_size=20)


@given(st.lists(st.tuples(NAMES, st.text(alphabet=string.ascii_letters + " 0\n", max_size=40))))
def test_a_composite_splits_into_what_was_joined(parts: list[tuple[str, str]]) -> None:
    whole = [(name, text.strip("\n") + "\n") for name, text in parts]
    assert files.split(files.join((name, text.encode()) for name, text in whole)) == [
        (name, text.encode()) for name, text in whole
    ]


@given(st.text(max_size=80))
def test_any_membership_text_is_read_without_error(text: str) -> None:
    assert all(found.path.startswith("/") for found in memberships(text))
