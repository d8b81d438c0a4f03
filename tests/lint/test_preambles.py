"""What C functions of a preamble do with an argument, read from their text."""

import time
from pathlib import Path

import pytest
from go_text import written
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.lint.preambles import Preambles, _defined

BLOCK = """package p

/*
#include <stdlib.h>
static char *kept; // a global
struct box { char *name; };
static int first(const char *n) { const char *m = n; return m[0] == 'x'; }
static void keep(char *n) { kept = (char *)n; }
static void twice(int i, char *n) { if (i) { keep(n); } }
static void field(struct box *b, char *n) { b->name = n; }
static void drop(char *n) { char *m = n; free(m); }
static char *same(char *n) { return (n); }
*/
import "C"
"""
KEPT = {
    ("first", 0): False,
    ("keep", 0): True,
    ("twice", 0): False,
    ("twice", 1): True,
    ("field", 0): False,
    ("field", 1): True,
    ("drop", 0): True,
    ("same", 0): True,
    ("same", 1): None,
    ("puts", 0): None,
}
LINES = BLOCK.replace("/*\n", "").replace("*/\n", "").replace("\n#", "\n// #").replace("\nst", "\n// st")


@pytest.mark.parametrize("code", [BLOCK, LINES], ids=["in a block comment", "in line comments"])
def test_an_argument_is_kept_where_it_is_stored_freed_or_returned(tmp_path: Path, code: str) -> None:
    preambles = Preambles.of(written(tmp_path, {"p.go": code}).packages[0])
    assert {asked: preambles.keeps(*asked) for asked in KEPT} == KEPT


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab(){}*/=; ,\n&", max_size=300), st.integers(1, 40))
def test_any_preamble_is_read(text: str, times: int) -> None:
    code = ("package p\n" + text * times + "a(b){" + text + '}\nimport "C"\n').encode()
    assert all(isinstance(name, str) for name, _ in _defined(code))


@pytest.mark.parametrize("piece", ["/*", "a(){", "(", "a(b){x=(", "a(b){f(", " "], ids=repr)
def test_a_hostile_preamble_takes_no_longer_than_its_length(tmp_path: Path, piece: str) -> None:
    code = "package p\n\n// a(b){x = (" + piece * 100_000 + '\nimport "C"\n'
    preambles = Preambles.of(written(tmp_path, {"p.go": code}).packages[0])
    before = time.process_time()
    assert (preambles.keeps("a", 0), preambles.keeps("puts", 0)) in ((False, None), (True, None), (None, None))
    assert time.process_time() - before < 5
