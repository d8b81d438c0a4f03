"""C++ names: as the C++ runtime itself writes them, and never an error."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.inspect.demangle import demangle

NAMES = Path(__file__).resolve().parent.parent / "evidence" / "inspect" / "type_names.tsv"
ROWS = [tuple(line.split("\t")) for line in NAMES.read_text().splitlines()]


def plain(name: str) -> str:
    """Closing brackets of templates with or without a space are the same to people."""
    while "> >" in name:
        name = name.replace("> >", ">>")
    return name


@pytest.mark.parametrize(("mangled", "runtime_says"), ROWS, ids=[mangled for mangled, _ in ROWS])
def test_a_name_is_what_the_cpp_runtime_makes_of_it(mangled: str, runtime_says: str) -> None:
    assert demangle(mangled) == plain(runtime_says)


@given(st.text(alphabet="NSEIJLKPRAFZUVtsabi0123456789_", max_size=60))
def test_any_text_gives_a_name(text: str) -> None:
    assert isinstance(demangle(text), str)


@given(st.sampled_from([mangled for mangled, _ in ROWS]), st.data())
def test_a_name_cut_short_or_changed_stays_readable(mangled: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(mangled)))
    assert demangle(mangled[:at]) is not None
    assert demangle(mangled[:at] + data.draw(st.sampled_from("SEIN_9")) + mangled[at + 1 :]) is not None


@pytest.mark.parametrize("unknown", ["", "Q3foo", "3fo", "N3fooE1", "S_", "St", "P" * 500 + "i", "1" * 50])
def test_what_is_no_known_form_stays_as_it_is(unknown: str) -> None:
    assert demangle(unknown) == unknown
