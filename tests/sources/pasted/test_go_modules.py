"""Modules are found on a page as people paste them, and any text gives readings or nothing."""

from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.sources.pasted import go_modules

BUILT = """\
It keeps growing. The binary says:
$ go version -m ./server
./server: go1.24.3
    path    example.org/server
    mod     example.org/server      (devel)
    dep     github.com/mattn/go-sqlite3     v1.14.24        h1:tpSp2G2KyMnnQu99ngJ47EIkWVmliIizyZBfPrBWDRM=
    dep     example.org/old v1.0.0
    =>      example.org/fork        v1.0.1  h1:x
    build   -compiler=gc
    build   CGO_ENABLED=1
And RSS is 2 GB by now."""

REQUIRED = """\
my go.mod:
module example.org/server
go 1.22
require (
	github.com/mattn/go-sqlite3 v1.14.24
	golang.org/x/sys v0.4.0 // indirect
)
thanks"""

LISTED = """\
$ go list -m all
example.org/server
github.com/mattn/go-sqlite3 v1.14.24
example.org/old v1.0.0 => ../old
$ ls"""


def read(page: str) -> list[tuple[int, int, dict[str, str]]]:
    lines = page.splitlines()
    spans = list(go_modules.find(lines))
    return [
        (span.first, span.last, dict(go_modules.parse("\n".join(lines[span.first : span.last + 1]))[0].facts))
        for span in spans
    ]


def test_build_info_on_a_page_is_read_though_its_tabs_are_blanks() -> None:
    assert read(BUILT) == [
        (
            2,
            9,
            {
                "go.version": "go1.24.3",
                "go.main_path": "example.org/server",
                "go.main_module": "example.org/server",
                "go.modules": "example.org/server (devel)\ngithub.com/mattn/go-sqlite3 v1.14.24\nexample.org/old v1.0.0 => example.org/fork v1.0.1",
                "go.build_settings": "-compiler=gc\nCGO_ENABLED=1",
                "go.cgo": "1",
            },
        )
    ]


def test_without_its_first_line_the_go_version_is_not_known() -> None:
    page = "dep github.com/a/b v1.0.0 h1:x\ndep github.com/c/d v2.0.0+incompatible\n"
    assert read(page) == [(0, 1, {"go.modules": "github.com/a/b v1.0.0\ngithub.com/c/d v2.0.0+incompatible"})]


def test_what_a_go_mod_requires_and_what_go_list_prints_are_modules() -> None:
    assert read(REQUIRED) == [(3, 5, {"go.modules": "github.com/mattn/go-sqlite3 v1.14.24\ngolang.org/x/sys v0.4.0"})]
    assert read(LISTED) == [
        (0, 3, {"go.modules": "github.com/mattn/go-sqlite3 v1.14.24\nexample.org/old v1.0.0 => ../old"})
    ]


def test_sentences_and_lists_of_files_are_no_modules() -> None:
    for page in (
        "dep on github.com/a/b v1",
        "mod me up",
        "path /usr/bin",
        "build 12 failed",
        "see github.com/a/b v1.0.0",
        "=> that is it",
    ):
        assert read(page) == []


words = st.sampled_from(
    [
        "dep",
        "mod",
        "=>",
        "build",
        "require (",
        "github.com/a/b",
        "v1.0.0",
        "(devel)",
        "x: go1.22",
        "h1:x",
        "=",
        "go list -m all",
        ")",
    ]
)


@given(st.lists(st.lists(words | st.text(max_size=6), max_size=4).map(" ".join), max_size=10))
def test_any_page_gives_readings_or_a_parse_error(lines: list[str]) -> None:
    for span in go_modules.find(lines):
        assert 0 <= span.first <= span.last < len(lines)
        try:
            assert go_modules.parse("\n".join(lines[span.first : span.last + 1]))
        except ParseError as error:
            assert error.problem
