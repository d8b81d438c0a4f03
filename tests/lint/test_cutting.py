"""A file is cut into the declarations that the parser finds in it, or left to the parser."""

from pathlib import Path

import pytest
from go_text import written
from hypothesis import given
from hypothesis import strategies as st

from memwhy.lint.cutting import Top, cut
from memwhy.lint.parsing import parse

PIECES = (
    "import \"C\"",
    "/*\n#include <stdlib.h>\nconst char *name(void) { return \"}\"; }\nvar\n*/",
    "// a comment about func x {\n// func y() {}",
    "/* one\nfunc z() { */",
    "func f() {}",
    "func (t *T[K]) M(\n\ta int,\n) (b error) {\n\treturn nil // }\n}",
    "func g() string {\n\treturn `\nfunc h() {\n`\n}",
    "func assembled(x int) int // in asm.s",
    "func k() rune {\n\tif x := '{'; x == '`' {\n\t\treturn '\\''\n\t}\n\treturn '\"'\n}",
    "type T struct {\n\ta []func(int) string `json:\"{\"`\n}",
    "type (\n\tA int\n\tB = interface{ M() }\n)",
    "var x = \"/*\"",
    "var y, z = 1, `\ntype T int\n`",
    "var table = map[string]func(){\n\t\"a\": func() {},\n}",
    "const (\n\tc = iota // {\n\td\n)",
    "const e = '{'",
)  # fmt: skip
"""Of what Go allows at the top of a file, with what looks like the beginning of something."""


def by_parser(code: bytes) -> list[Top]:
    tree = parse(code)
    assert tree is not None
    assert not tree.root_node.has_error
    found = [(top.type, top.start_byte, top.end_byte) for top in tree.root_node.children if top.is_named]
    return [top for top in found if top[0].endswith("_declaration")]


def bare(code: bytes, tops: list[Top] | tuple[Top, ...]) -> list[tuple[str, int, bytes]]:
    """Kind, start and text, without a comment in the last line, which the parser leaves out."""
    return [(kind, start, code[start:end].partition(b" // in")[0]) for kind, start, end in tops]


@given(st.lists(st.sampled_from(PIECES), max_size=8), st.sampled_from(["\n", "\n\n", "\r\n"]))
def test_the_cut_is_what_the_parser_finds(pieces: list[str], between: str) -> None:
    code = between.join(["package p", *pieces, ""]).encode()
    found = cut(code)
    assert found is not None
    assert bare(code, found) == bare(code, by_parser(code))


@pytest.mark.parametrize("corpus", ["corpus", "sealed", "sealed2", "sealed3"])
def test_real_files_are_cut_as_the_parser_cuts_them(corpus: str) -> None:
    files = sorted((Path(__file__).parent / corpus).rglob("*.go"))
    assert files
    for file in files:
        code = file.read_bytes()
        found = cut(code)
        assert found is not None, file
        assert [top[:2] for top in found] == [top[:2] for top in by_parser(code)], file


@pytest.mark.parametrize(
    "text",
    [
        "package p\n\nfunc f() {\nvar x = 1\n_ = x\n}\n",
        "package p\n\nvar f = g(\nfunc() {},\n)\n",
        "package p\n\nfunc f() {}; func g() {}\n",
        "package p\n\n\tfunc f() {}\n\nfunc g() {}\n",
        "package p\n\nfunc f() {} func g() {}\n",
    ],
)
def test_what_gofmt_did_not_write_is_left_to_the_parser(text: str) -> None:
    assert cut(text.encode()) is None


def test_unformatted_and_broken_files_still_give_their_functions(tmp_path: Path) -> None:
    broken = "package p\n\nfunc a() {}\n\nfunc b() { ( }\n\nfunc c() {\n\tx := [\n}\n\nfunc d() {}\n"
    tree = written(
        tmp_path,
        {"a.go": "package p\n\nfunc e() {\nvar x = 1\n_ = x\n}; func (t T) g() {}\n", "b.go": broken},
    )
    loose, torn = tree.packages[0].files
    assert [(one.symbol, one.node is not None) for one in loose.functions] == [
        ("example.org/m.e", True),
        ("example.org/m.T.g", True),
    ]
    assert [(one.name, one.node is not None) for one in torn.functions] == [
        ("a", True),
        ("b", False),
        ("c", False),
        ("d", True),
    ]
    assert tree.skipped.counts == {"declarations with broken syntax": 2}


def test_a_declaration_lies_where_it_stands_in_the_file(tmp_path: Path) -> None:
    text = "package p\n\n// f is\nfunc f() { g(1) }\n\n// g too\nfunc g(x int) {\n\tg(x) // again\n}\n\n// the end\n"
    tree = written(tmp_path, {"p.go": text})
    file = tree.packages[0].files[0]
    second = file.functions[1]
    assert second.text.decode() == "func g(x int) {\n\tg(x) // again\n}"
    assert second.signature is not None
    assert second.signature.child("result") is None
    node = second.node
    assert node is not None
    assert (node.text, [call.text for call in node.walk("call_expression")]) == (second.text.decode(), ["g(x)"])
    assert file.position(next(node.walk("call_expression")).start) == (8, 2)
    assert second.node is node


@given(st.binary(max_size=400).map(lambda code: code.replace(b"!", b"\nfunc ").replace(b"#", b"\n")))
def test_any_bytes_are_cut_in_order_or_not_at_all(code: bytes) -> None:
    found = cut(code)
    bounds = [at for _, start, end in found or () for at in (start, end)]
    assert bounds == sorted(bounds)
    assert all(0 <= at <= len(code) for at in bounds)
