"""go.mod, go.work, go.sum and vendor/modules.txt are read as Go reads them; any text gives modules or a ParseError."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memwhy.dependencies import folder
from memwhy.dependencies.gomod import Replacement, highest, parse_manifest, parse_vendored
from memwhy.dependencies.gosum import parse_sums
from memwhy.model.dependencies import Component
from memwhy.model.errors import MemwhyError, ParseError

GO_MOD = """\
// a comment before all
module example.org/shop // and behind

go 1.21

toolchain go1.22.3

godebug default=go1.21

require github.com/one/line v1.0.0
require (
	github.com/mattn/go-sqlite3 v1.14.24
	"github.com/quoted/path" `v0.1.0`
	golang.org/x/sys v0.4.0 // indirect
	github.com/both/ways v1.1.0 // indirect; kept for a reason
)

exclude github.com/one/line v1.0.1

replace (
	github.com/mattn/go-sqlite3 => github.com/fork/go-sqlite3 v1.14.24-fork.1
	golang.org/x/sys v0.4.0 => ../sys
)

retract [v1.0.0, v1.0.5] // broken
tool example.org/tool
"""


def module(name: str, version: str, **other: object) -> Component:
    return Component(kind="module", name=name, version=version, found="go.mod", **other)  # type: ignore[arg-type]


def test_a_go_mod_says_what_is_asked_for_and_what_stands_in_its_place() -> None:
    found = parse_manifest(GO_MOD)
    assert (found.module, found.go, found.toolchain, found.notes) == ("example.org/shop", "1.21", "go1.22.3", ())
    assert found.requires == (
        module("github.com/one/line", "v1.0.0"),
        module("github.com/mattn/go-sqlite3", "v1.14.24"),
        module("github.com/quoted/path", "v0.1.0"),
        module("golang.org/x/sys", "v0.4.0", indirect=True),
        module("github.com/both/ways", "v1.1.0", indirect=True),
    )
    assert found.replacements == (
        Replacement(
            old="github.com/mattn/go-sqlite3",
            version="",
            new="github.com/fork/go-sqlite3",
            its_version="v1.14.24-fork.1",
        ),
        Replacement(old="golang.org/x/sys", version="v0.4.0", new="../sys", its_version=""),
    )
    assert found.excluded == {("github.com/one/line", "v1.0.1")}


def test_replacements_are_put_in_their_place_and_the_main_module_stands_first() -> None:
    found = folder.of_manifest(GO_MOD, "go.mod")
    by_name = {one.name: (one.replaced_by, one.its_version) for one in found.components}
    assert by_name["github.com/mattn/go-sqlite3"] == ("github.com/fork/go-sqlite3", "v1.14.24-fork.1")
    assert by_name["golang.org/x/sys"] == ("../sys", "")
    assert [(one.name, one.version, one.main) for one in found.components[:2]] == [
        ("std", "", False),
        ("example.org/shop", "(devel)", True),
    ]
    assert found.build.go_directive == "1.21"
    assert found.notes == ("the toolchain is at least go1.22.3; a newer one that is installed goes before it",)


def test_a_required_version_that_is_excluded_is_not_the_one_that_is_used() -> None:
    found = folder.of_manifest("module a\nrequire b v1.0.0\nexclude b v1.0.0\n", "go.mod")
    assert [(one.name, one.version) for one in found.components[2:]] == [("b", "")]
    assert found.notes == ("b v1.0.0 is excluded: the next higher version is used, which nothing here names",)


def test_lines_that_are_no_directives_are_passed_over_and_named() -> None:
    found = parse_manifest("module a\nrequire b v1.0.0 extra\nfoo bar\n")
    assert found.notes == ("go.mod: 2 lines that are no directives were passed over (line 2, 3)",)


def test_of_a_module_that_several_ask_for_the_highest_version_is_built() -> None:
    rows = [module("a", "v1.9.0"), module("a", "v1.10.0", indirect=True), module("b", "v0.1.0")]
    assert highest(rows) == (module("a", "v1.10.0"), module("b", "v0.1.0"))


def test_a_go_sum_tells_what_was_built_from_what_was_only_looked_at() -> None:
    text = (
        "github.com/a/a v1.0.0 h1:AAAA=\ngithub.com/a/a v1.0.0/go.mod h1:AAAA=\n"
        "github.com/a/a v1.2.0 h1:AAAA=\ngithub.com/a/a v1.2.0/go.mod h1:AAAA=\n"
        "github.com/b/b v0.3.0/go.mod h1:BBBB=\nnot a line\n"
    )
    found = parse_sums(text)
    assert [(one.name, one.version) for one in found.modules] == [("github.com/a/a", "v1.2.0")]
    assert found.only_manifests == 1
    assert found.notes == ("go.sum: 1 of 6 lines are not lines of a go.sum and were passed over",)


MODULES_TXT = """\
# github.com/mattn/go-sqlite3 v1.14.24
## explicit; go 1.19
github.com/mattn/go-sqlite3
# golang.org/x/sys v0.4.0
## explicit
golang.org/x/sys/unix
# github.com/old/one v1.0.0 => ../one
github.com/old/one
# github.com/nothing/used v1.0.0
# github.com/nothing/used => github.com/fork/used v1.1.0
"""


def test_vendored_modules_are_those_of_which_a_package_lies_there() -> None:
    assert [(one.name, one.version, one.indirect, one.replaced_by) for one in parse_vendored(MODULES_TXT)[0]] == [
        ("github.com/mattn/go-sqlite3", "v1.14.24", False, ""),
        ("golang.org/x/sys", "v0.4.0", False, ""),
        ("github.com/old/one", "v1.0.0", True, "../one"),
    ]
    assert all(one.vendored for one in parse_vendored(MODULES_TXT)[0])
    assert parse_vendored(MODULES_TXT)[1] == {
        "github.com/mattn/go-sqlite3",
        "golang.org/x/sys/unix",
        "github.com/old/one",
    }


def test_a_folder_is_read_whole_and_vendored_modules_go_before_what_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text(GO_MOD)
    (tmp_path / "go.sum").write_text("github.com/deep/er v2.0.0+incompatible h1:AAAA=\n")
    form, found = folder.of_folder(str(tmp_path))
    assert form == "go.mod + go.sum"
    assert [(one.name, one.indirect) for one in found.components][-1] == ("github.com/deep/er", True)
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "modules.txt").write_text(MODULES_TXT)
    form, found = folder.of_folder(str(tmp_path))
    assert form == "go.mod + go.sum + vendor/modules.txt"
    assert [one.name for one in found.components] == [
        "std", "example.org/shop", "github.com/mattn/go-sqlite3", "golang.org/x/sys", "github.com/old/one",
    ]  # fmt: skip


def test_a_workspace_takes_the_modules_of_all_its_folders_and_its_own_replacements_first(tmp_path: Path) -> None:
    for name, version in (("a", "v1.2.0"), ("b", "v1.3.0")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "go.mod").write_text(
            f"module example.org/{name}\nrequire x {version}\nrequire y v1.0.0\nreplace y => ./y\n"
        )
    (tmp_path / "go.work").write_text("go 1.22\nuse (\n\t./a\n\t./b\n\t./gone\n)\nreplace y => z v2.0.0\n")
    form, found = folder.of_folder(str(tmp_path))
    assert form == "go.work"
    assert [(one.name, one.version, one.main, one.replaced_by) for one in found.components] == [
        ("std", "", False, ""),
        ("example.org/a", "(devel)", True, ""),
        ("example.org/b", "(devel)", True, ""),
        ("x", "v1.3.0", False, ""),
        ("y", "v1.0.0", False, "z"),
    ]
    assert found.notes == ("go.work: ./gone/go.mod cannot be read and is left out",)


def test_a_folder_without_any_of_them_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(MemwhyError, match=r"has no go\.mod, go\.work, go\.sum or vendor/modules\.txt"):
        folder.of_folder(str(tmp_path))


lines = st.lists(
    st.one_of(
        st.text(max_size=60),
        st.sampled_from(
            [
                "module a",
                "require (",
                ")",
                "require b v1.0.0",
                "replace b => ../b",
                "# b v1.0.0",
                "b v1.0.0 h1:x=",
                '"',
                "`",
                "use (",
            ]
        ),
    ),
    max_size=12,
).map("\n".join)


@given(lines)
@example("require (")
@example("replace => =>")
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (parse_manifest, parse_sums, parse_vendored):
        try:
            parse(text)
        except ParseError as error:
            assert error.line == 1


def test_hundreds_of_thousands_of_lines_are_bounded_and_the_rest_is_said() -> None:
    text = "module a\n" + "".join(f"require example.org/m{i} v1.0.0\n" for i in range(150_000))
    found = parse_manifest(text)
    assert len(found.requires) == 20_000
    assert found.notes == (
        "go.mod: what stands behind line 100,000 was left out",
        "go.mod: 79,999 further modules were left out",
    )
