"""What a run ran on and was built from: read off its facts, or said to be unknown, never guessed."""

import pytest
from build_given import NATIVE, PURE, given

from memwhy.comparison import Given, compare
from memwhy.comparison.conditions import arenas_bound, pairs


def differing(a: dict[str, str], b: dict[str, str], base: dict[str, str] = NATIVE) -> dict[str, tuple[str, str]]:
    """What differs, by what it is called."""
    found, _, _ = pairs(given("a", {**base, **a}), given("b", {**base, **b}))
    return {one.what: (one.a, one.b) for one in found}


@pytest.mark.parametrize(
    ("facts", "bound"),
    [
        ({}, 16),
        ({"process.cpus": "64"}, 512),
        ({"env.MALLOC_ARENA_MAX": "2"}, 2),
        ({"env.GLIBC_TUNABLES": "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=3"}, 3),
        ({"allocator": "jemalloc"}, None),
        ({"libc": "musl 1.2.3"}, None),
    ],
)
def test_arenas_are_bounded_by_cpus_or_by_settings_and_by_glibc_alone(facts: dict[str, str], bound: int | None) -> None:
    assert arenas_bound(given("a", {**NATIVE, **facts})) == bound


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ({"env.GOGC": "50"}, {}, {"GOGC": ("50", "not set")}),
        ({"env.MALLOC_TRIM_THRESHOLD_": "1"}, {}, {"MALLOC_TRIM_THRESHOLD_": ("1", "not set")}),
        ({"env.GODEBUG": "madvdontneed=0,gctrace=1"}, {"env.GODEBUG": "gctrace=1"}, {"GODEBUG madvdontneed": ("0", "not set")}),
        (
            {"go.godebug": "asynctimerchan=1,panicnil=1"},
            {"env.GODEBUG": "asynctimerchan=1"},
            {"GODEBUG, other settings": ("panicnil=1", "not set")},  # two //go:debug lines tell of no go line
        ),
        ({"process.cpus": "8"}, {}, {"malloc's arenas": ("at most 64 (8 CPUs)", "at most 16 (2 CPUs)"), "GOMAXPROCS": ("8", "2"),
                                     "CPUs": ("8", "2")}),
        ({"process.cpus": "8", "cgroup.cpu_quota": "1.5"}, {"process.cpus": "8"}, {"GOMAXPROCS": ("2", "8"), "CPUs": ("8, quota 1.5", "8")}),
        ({"process.cpus": "8", "cgroup.cpu_quota": "1.5", "go.version": "go1.24.1"}, {"process.cpus": "8", "go.version": "go1.24.1"},
         {"CPUs": ("8, quota 1.5", "8")}),
        ({"libc.package": "Ubuntu GLIBC 2.36-1"}, {}, {"C library": ("glibc 2.36 (Ubuntu GLIBC 2.36-1)", "glibc 2.36 (Debian GLIBC 2.36-9)")}),
        ({"allocator": "jemalloc"}, {}, {"allocator": ("jemalloc", "that of the C library")}),
        ({"go.build_settings": "CGO_ENABLED=1\n-race=true"}, {}, {"sanitizer": ("-race=true", "none")}),
        ({"go.build_settings": "vcs.revision=0123456789abcdef\nvcs.modified=true"}, {"go.build_settings": "vcs.revision=fedcba9876543210"},
         {"binary": ("revision 0123456789ab and changes", "revision fedcba987654")}),
    ],
)  # fmt: skip
def test_each_kind_is_read_off_its_facts(
    a: dict[str, str], b: dict[str, str], expected: dict[str, tuple[str, str]]
) -> None:
    assert differing(a, b) == expected


def test_an_old_go_has_old_defaults_and_a_new_one_with_an_old_go_line_the_same() -> None:
    old, new = {"go.version": "go1.22.5"}, {"go.version": "go1.26.1", "go.godebug": "asynctimerchan=1"}
    found = differing(old, new)
    assert "GODEBUG asynctimerchan" not in found
    assert differing(old, {"go.version": "go1.26.1"})["GODEBUG asynctimerchan"] == ("1", "not set")


GO_1_22_BY_1_26 = (
    "asynctimerchan=1,containermaxprocs=0,cryptocustomrand=1,decoratemappings=0,gotestjsonbuildtext=1,gotypesalias=0,"
    "httpcookiemaxnum=0,httpservecontentkeepheaders=1,multipathtcp=0,randseednop=0,rsa1024min=0,tls3des=1,tlsmlkem=0,"
    "tlssecpmlkem=0,tlssha1=1,updatemaxprocs=0,urlmaxqueryparams=0,urlstrictcolons=0,winreadlinkvolume=0,winsymlink=0,"
    "x509keypairleaf=0,x509negativeserial=1,x509rsacrt=0,x509sha256skid=0,x509usepolicies=0"
)
"""DefaultGODEBUG of a program whose go.mod says go 1.22, built by Go 1.26.8 (go version -m)."""


def test_a_go_line_is_told_by_all_the_defaults_that_it_keeps() -> None:
    found = differing({"go.version": "go1.26.8", "go.godebug": GO_1_22_BY_1_26}, {"go.version": "go1.26.8"})
    assert found["go.mod's go line"] == ("before 1.23", "that of its Go version")


@pytest.mark.parametrize("text", ["²", "9" * 5000, "-1", "١", ""])
def test_numbers_that_are_none_are_as_if_not_set(text: str) -> None:
    names = ("env.GOMAXPROCS", "env.MALLOC_ARENA_MAX", "process.age_s", "env.GOMEMLIMIT", "limit.stack")
    wild = given("a", {**NATIVE, **dict.fromkeys(names, text)})
    assert arenas_bound(wild) == 16
    assert wild.age_s is None
    assert "gomaxprocs" not in {one.kind for one in compare(wild, given("b", NATIVE)).differences}


def test_a_bound_on_arenas_is_told_with_what_sets_it() -> None:
    tuned = {"env.GLIBC_TUNABLES": "glibc.malloc.arena_max=16"}
    assert differing(tuned, {"env.MALLOC_ARENA_MAX": "16"})["malloc's arenas"] == (
        "at most 16 (GLIBC_TUNABLES)", "at most 16 (MALLOC_ARENA_MAX)",
    )  # fmt: skip


def test_libraries_and_modules_differ_by_presence_version_and_build() -> None:
    a = {
        "libraries": "libxml2.so.2.9.14 22bb\nlibz.so.1.2.13 11aa\nlibc.so.6 1",
        "go.main_module": "m",
        "go.modules": "m (devel)\nexample.org/x v1.0.0\nexample.org/y v1.0.0",
    }
    b = {
        "libraries": "libxml2.so.2.9.14 22cc\nlibz.so.1.3 99aa\nlibfoo.so.1 -\nlibc.so.6 2",
        "go.main_module": "m",
        "go.modules": "m v1.2.3\nexample.org/x v1.1.0 => example.org/fork v2.0.0",
    }
    assert differing(a, b) == {
        "libraries of B alone": ("not there", "libfoo 1"),
        "other libraries": ("libxml2 2.9.14 [22bb], libz 1.2.13", "libxml2 2.9.14 [22cc], libz 1.3"),
        "modules of A alone": ("example.org/y v1.0.0", "not there"),
        "other modules": ("example.org/x v1.0.0", "example.org/x v1.1.0 => example.org/fork v2.0.0"),
    }


def test_a_program_without_a_c_library_has_no_malloc_to_differ_in() -> None:
    assert "C library" not in differing({}, PURE | {"libc": "", "libc.package": ""})


def test_what_one_side_does_not_tell_is_unknown_and_no_difference() -> None:
    a = given("a", {**NATIVE, "env.GOGC": "50"})
    b = Given(name="b", case=given("b", {"go.version": "go1.26.0", "process.age_s": "600"}).case)
    found = compare(a, b)
    assert found.differences == ()
    assert "GOGC: B does not tell it, the other says 50" in found.unknown
    assert "libraries: B does not tell them" in found.unknown
