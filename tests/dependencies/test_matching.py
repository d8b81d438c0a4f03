"""A component stands to an entry as its version, its build and what replaces it say."""

from typing import Any

import pytest
from build_known import leak, uses

from memwhy.dependencies.catalogue import KnownLeak, Only
from memwhy.dependencies.matching import Linked, match, nobody_can_tell
from memwhy.dependencies.off_heap import off_heap_of
from memwhy.model.dependencies import Build, Component


def module(name: str = "github.com/x/y", version: str = "v1.2.0", **other: Any) -> Component:
    return Component(kind="module", name=name, version=version, **other)


def stands(
    one: Component, entry: KnownLeak, build: Build | None = None, linked: Linked = nobody_can_tell
) -> tuple[str, str] | None:
    found = match([one], build or Build(goos="linux"), [entry], linked)
    return (found[0].standing, found[0].why) if found else None


def test_an_affected_version_is_known_to_leak_and_the_fix_is_named() -> None:
    assert stands(module(), leak()) == ("leaks", "v1.2.0 is affected (<v1.2.3); fixed in v1.2.3")
    assert stands(module(), leak(affected="all", fixed=None)) == (
        "leaks",
        "v1.2.0 is affected (all); no release has a fix",
    )


def test_a_version_with_the_fix_or_from_before_the_fault_does_not_leak() -> None:
    assert stands(module(version="v1.2.3"), leak()) == ("fixed", "v1.2.3 has the fix of v1.2.3")
    assert stands(module(version="v1.0.0"), leak(affected=">=v1.1.0, <v1.2.3")) == (
        "fixed",
        "v1.0.0 is older than the fault (>=v1.1.0, <v1.2.3)",
    )


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("(devel)", "(devel) is no release (affected: <v1.2.3; fixed in v1.2.3)"),
        ("", "nothing tells its version (affected: <v1.2.3; fixed in v1.2.3)"),
        (
            "v1.2.1-0.20240101000000-0123456789ab",
            "v1.2.1-0.20240101000000-0123456789ab is a commit between releases, which may have the fix (affected: <v1.2.3; fixed in v1.2.3)",
        ),
    ],
)
def test_where_the_version_does_not_tell_nothing_is_claimed(version: str, why: str) -> None:
    assert stands(module(version=version), leak()) == ("cannot-say", why)


def test_a_replaced_module_is_judged_by_what_replaces_it() -> None:
    newer = module(replaced_by="github.com/x/y", its_version="v1.2.5")
    assert stands(newer, leak()) == ("fixed", "v1.2.5 has the fix of v1.2.3")
    fork = module(replaced_by="github.com/fork/y", its_version="v1.2.0-fork")
    assert stands(fork, leak()) == (
        "cannot-say",
        "github.com/x/y v1.2.0 is replaced by github.com/fork/y v1.2.0-fork, which may differ",
    )
    folder = module(replaced_by="../y")
    assert stands(folder, leak(affected="all", fixed=None)) == (
        "cannot-say",
        "github.com/x/y v1.2.0 is replaced by the folder ../y, which may differ",
    )
    assert stands(fork, leak("github.com/fork/y"))[0] == "leaks"  # type: ignore[index]


def test_what_depends_on_callers_or_is_by_design_is_no_known_leak() -> None:
    assert stands(module(), leak(kind="usage", affected="all", fixed=None))[0] == "depends"  # type: ignore[index]
    assert stands(module(), leak(kind="design", affected="all", fixed=None))[0] == "keeps"  # type: ignore[index]
    assert stands(module(version="v2.0.0"), leak(kind="usage")) is None


def test_the_program_itself_is_judged_where_it_is_a_release_and_not_the_users_own() -> None:
    assert stands(module(version="(devel)", main=True), leak(affected="all")) is None
    assert stands(module(version="v1.2.0", main=True), leak())[0] == "leaks"  # type: ignore[index]


def test_a_path_is_compared_whole_or_with_any_major_version_behind_it() -> None:
    assert stands(module("github.com/x/y/v2", "v2.0.0"), leak(affected="all")) is None
    assert stands(module("github.com/x/y/v2", "v2.0.0"), leak(affected="all", match="major"))[0] == "leaks"  # type: ignore[index]
    assert stands(module("github.com/x/yacht", "v1.0.0"), leak(affected="all", match="major")) is None
    assert stands(module("github.com/x/y/vendor2", "v1.0.0"), leak(affected="all", match="major")) is None


def test_bills_of_materials_may_write_a_path_in_lower_case() -> None:
    assert (
        stands(module("github.com/datadog/zstd", "v1.5.0"), leak("github.com/DataDog/zstd", affected="all"))[0]
        == "leaks"
    )  # type: ignore[index]


def test_entries_about_other_builds_are_left_out_and_builds_that_nobody_knows_are_said() -> None:
    with_cgo = leak(only=Only(cgo=True))
    assert stands(module(), with_cgo, Build(cgo=False)) is None
    assert stands(module(), with_cgo, Build(cgo=True))[0] == "leaks"  # type: ignore[index]
    assert stands(module(), with_cgo, Build()) == ("cannot-say", "nothing here tells whether it is built with cgo")
    assert stands(module(), leak(only=Only(goos=("windows",)))) is None
    tagged = leak(only=Only(tags=("jemalloc",)))
    assert stands(module(), tagged, Build(tags=("netgo",))) is None
    assert stands(module(), tagged, Build(tags=("jemalloc", "netgo")))[0] == "leaks"  # type: ignore[index]
    old = leak(only=Only(go="<go1.23"))
    assert stands(module(), old, Build(go_directive="1.23")) is None
    assert stands(module(), old, Build(go_directive="1.22"))[0] == "leaks"  # type: ignore[index]
    assert stands(module(), old, Build()) == (
        "cannot-say",
        "nothing here tells whether the main module's go.mod says go <1.23",
    )


def test_an_entry_about_packages_that_are_not_linked_is_left_out() -> None:
    entry = leak(packages=("github.com/x/y/native",))
    assert stands(module(), entry, linked=lambda package: False) is None
    assert stands(module(), entry, linked=lambda package: True)[0] == "leaks"  # type: ignore[index]
    assert stands(module(), entry) == ("cannot-say", "nothing here tells whether github.com/x/y/native is linked")


def test_go_itself_is_judged_by_the_version_that_built_the_program() -> None:
    entry = leak("std", affected=">=go1.21.0, <go1.21.4", fixed="go1.21.4", match="stdlib")
    assert stands(Component(kind="toolchain", name="std", version="go1.21.1"), entry)[0] == "leaks"  # type: ignore[index]
    assert stands(Component(kind="toolchain", name="std", version="go1.21.4-custom"), entry)[0] == "fixed"  # type: ignore[index]


def test_a_library_is_matched_by_the_beginning_of_its_name_and_its_release_must_be_known() -> None:
    entry = leak("libvips.so", affected="<8.9.1", fixed="8.9.1", match="soname")
    loaded = Component(kind="library", name="libvips.so.42.12.1", soname="libvips.so.42")
    assert stands(loaded, entry) == ("cannot-say", "nothing tells its version (affected: <8.9.1; fixed in 8.9.1)")
    assert (
        stands(Component(kind="library", name="libvips42", version="8.9.0", soname="libvips.so.42"), entry)[0]
        == "leaks"
    )  # type: ignore[index]
    assert stands(Component(kind="library", name="libvips-cpp.so.42", soname="libvips-cpp.so.42"), entry) is None


def test_off_heap_is_told_by_the_catalogue_and_by_what_the_program_calls() -> None:
    built = Build(cgo=True, tags=(), calls=(("github.com/x/y", 7), ("github.com/z/z", 3)))
    found = off_heap_of(
        [module(), module("github.com/z/z"), module("github.com/w/w")], built, [uses(static=("libfoo",))]
    )
    assert [(one.component.name, one.how, one.calls, one.brings) for one in found] == [
        ("github.com/x/y", "malloc", 7, ("libfoo",)),
        ("github.com/z/z", "", 3, ()),
    ]


def test_a_module_whose_c_code_is_not_in_the_program_is_not_off_heap() -> None:
    assert off_heap_of([module()], Build(cgo=False, calls=()), [uses()]) == ()
    assert off_heap_of([module()], Build(cgo=True, calls=()), [uses()]) == ()
    assert len(off_heap_of([module()], Build(), [uses()])) == 1  # a manifest: nobody can tell
    assert len(off_heap_of([module()], Build(cgo=False, calls=()), [uses(off_heap="mmap", cgo="never")])) == 1
    assert off_heap_of([module()], Build(cgo=True), [uses(off_heap="none", cgo="never")]) == ()
