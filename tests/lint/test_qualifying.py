"""What text proves of a name: that a package's name stands before it, that it is selected, that it lies in a comment."""

from pathlib import Path

import pytest
from go_text import written

from memwhy.lint.occurring import occurrences
from memwhy.lint.qualifying import in_comment, is_selected, package_before

QUALIFIED = {
    "a package's function": ("http.Get(u)", "net/http"),
    "under a name of its own": ("web.Get(u)", "net/http/httptest"),
    "a function of its own": ("Get(u)", ""),
    "a method of a variable": ("c.Get(u)", ""),
    "a field that is called like a package": ("c.http.Get(u)", ""),
    "a field in the next line": ("c.\n\t\thttp.Get(u)", ""),
    "a result": ("http().Get(u)", ""),
    "a variable that hides the package": ("http := c; http.Get(u)", ""),
    "a parameter of a literal that hides it": ("func(http T) { http.Get(u) }(c)", ""),
    "behind a comment": ("/* c. */ http.Get(u)", ""),
    "behind a name with other letters": ("éhttp.Get(u)", ""),
}


@pytest.mark.parametrize(("body", "path"), QUALIFIED.values(), ids=QUALIFIED)
def test_a_name_is_a_packages_where_no_variable_can_hide_it(tmp_path: Path, body: str, path: str) -> None:
    text = f'package p\n\nimport "net/http"\nimport web "net/http/httptest"\n\nfunc f(c T, u string) {{\n\t{body}\n}}\n'
    file = written(tmp_path, {"p.go": text}).packages[0].files[0]
    assert [package_before(file.functions[0], at) for at in occurrences(file.code, b"Get")] == [path]


def test_a_name_is_selected_behind_a_dot_unless_a_line_or_comment_lies_between() -> None:
    code = b"x.name . name name(name /* x. */ name\n// A sentence.\nname"
    found = {at: is_selected(code, at) for at in occurrences(code, b"name")}
    assert list(found.values()) == [True, True, False, False, None, None]


def test_a_name_lies_in_a_comment_where_its_line_begins_with_one() -> None:
    code = b"name // name\n\t// name\n/* name\n// */ name"
    assert [in_comment(code, at) for at in occurrences(code, b"name")] == [False, False, True, False, False]
