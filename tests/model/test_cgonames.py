"""The names that cgo gives: of what Go calls, of what C is called by, and of neither."""

import pytest

from memwhy.model.cgonames import c_function, is_glue


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("main._Cfunc_keep_bytes", "keep_bytes"),
        ("github.com/a/b%2ev2._C2func_open_db", "open_db"),
        ("_Cfunc_free", "free"),
        ("main.keep", ""),
        ("main._Cfunc_keep.func1", ""),
        ("my_Cfunc_keep", ""),
        ("_cgo_0a1b2c3d4e5f_Cfunc_keep_bytes", ""),
        ("", ""),
    ],
)
def test_a_call_of_c_is_told_by_its_go_name(name: str, called: str) -> None:
    assert c_function(name) == called


def test_glue_is_what_cgo_puts_on_the_side_of_c() -> None:
    names = ("_cgo_0a1b2c3d4e5f_Cfunc_keep", "_cgo_0a1b2c3d4e5f_C2func_keep", "main._Cfunc_keep", "_cgo_panic", "keep")
    assert [is_glue(name) for name in names] == [True, True, False, False, False]
