"""Program counters get the names that the files give, the distribution's package and the Go module."""

import lzma
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.inspect.demangle import demangle_function
from memwhy.memory.debugfiles import DebugFiles
from memwhy.memory.elf import open_elf
from memwhy.native.gomodules import GoModules, package_of
from memwhy.native.packages import Package, find_packages
from memwhy.native.symboltable import SymbolTable

needs_cc = pytest.mark.skipif(shutil.which("cc") is None or shutil.which("objcopy") is None, reason="no compiler here")
SOURCE = """
static __attribute__((noinline)) int hidden(int a) { return a * 3; }
int shown(int a) { return hidden(a) + 1; }
"""


def library(folder: Path, *flags: str) -> Path:
    (folder / "one.c").write_text(SOURCE)
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", *flags, "one.c", "-o", "libone.so"], cwd=folder, check=True)
    return folder / "libone.so"


def addresses(path: Path) -> dict[str, int]:
    said = subprocess.run(["nm", str(path)], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in said.splitlines()]
    return {row[2]: int(row[0], 16) for row in rows if len(row) == 3 and row[1] in "tT"}


def names(path: Path, root: Path, *places: int) -> list[str | None]:
    files = DebugFiles(str(root))
    try:
        with open_elf(str(path)) as elf:
            table = SymbolTable(elf, files.find(elf))
            return [table.find(place) for place in places]
    finally:
        files.close()


@needs_cc
def test_every_address_of_a_function_has_its_name_and_none_beyond(tmp_path: Path) -> None:
    path = library(tmp_path)
    at = addresses(path)
    assert names(path, tmp_path, at["hidden"], at["hidden"] + 3, at["shown"], at["shown"] + 1, 0) == [
        *("hidden", "hidden", "shown", "shown"),
        None,
    ]


@needs_cc
def test_a_stripped_library_keeps_what_it_exports_and_says_nothing_of_the_rest(tmp_path: Path) -> None:
    path = library(tmp_path)
    at = addresses(path)
    subprocess.run(["strip", str(path)], check=True)
    assert names(path, tmp_path, at["hidden"], at["shown"]) == [None, "shown"]


@needs_cc
@pytest.mark.parametrize("is_the_same", [True, False])
def test_a_debug_file_is_found_by_build_id_and_no_other_is_taken(tmp_path: Path, is_the_same: bool) -> None:
    path = library(tmp_path, "-Wl,--build-id=0x1234567890")
    at = addresses(path)
    debug = tmp_path / "usr/lib/debug/.build-id/12/34567890.debug"
    debug.parent.mkdir(parents=True)
    shutil.copy(path, debug)
    subprocess.run(["strip", str(path)], check=True)
    if not is_the_same:
        other = tmp_path / "other"
        other.mkdir()
        shutil.copy(library(other, "-Wl,--build-id=0x99"), debug)
    assert names(path, tmp_path, at["hidden"]) == ["hidden" if is_the_same else None]


@needs_cc
def test_symbols_packed_into_the_program_are_read(tmp_path: Path) -> None:
    path = library(tmp_path)
    at = addresses(path)
    (tmp_path / "packed").write_bytes(lzma.compress(path.read_bytes()))
    subprocess.run(["strip", str(path)], check=True)
    subprocess.run(["objcopy", f"--add-section=.gnu_debugdata={tmp_path / 'packed'}", str(path)], check=True)
    assert names(path, tmp_path, at["hidden"]) == ["hidden"]


@needs_cc
def test_damage_to_packed_symbols_costs_their_names_only(tmp_path: Path) -> None:
    path = library(tmp_path)
    at = addresses(path)
    (tmp_path / "packed").write_bytes(lzma.compress(path.read_bytes())[:200])
    subprocess.run(["strip", str(path)], check=True)
    subprocess.run(["objcopy", f"--add-section=.gnu_debugdata={tmp_path / 'packed'}", str(path)], check=True)
    assert names(path, tmp_path, at["hidden"], at["shown"]) == [None, "shown"]


# --- packages -------------------------------------------------------------------------------------------------------------------


def test_a_file_belongs_to_the_package_whose_list_names_it_either_way(tmp_path: Path) -> None:
    info = tmp_path / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    (info / "libone1:amd64.list").write_text("/.\n/lib\n/lib/x86_64-linux-gnu/libone.so.1.2\n")
    (info / "two.list").write_text("/.\n/usr/bin/two\n")
    (info / "three.list").write_text("/usr/bin/twofold\n")
    (tmp_path / "var/lib/dpkg/status").write_text(
        "Package: libone1\nArchitecture: i386\nVersion: 0.9\nDescription: x\n Version: 7\n\n"
        "Package: libone1\nArchitecture: amd64\nVersion: 1.2-3\n\n"
        "Package: two\nArchitecture: amd64\nVersion: 2:4.0\n\n"
    )
    paths = ["/usr/lib/x86_64-linux-gnu/libone.so.1.2", "/usr/bin/two", "/opt/own"]
    assert find_packages(str(tmp_path), paths) == {
        paths[0]: Package("libone1", "1.2-3"),
        paths[1]: Package("two", "2:4.0"),
    }


def test_where_there_is_no_dpkg_no_file_has_a_package(tmp_path: Path) -> None:
    assert find_packages(str(tmp_path), ["/usr/bin/two"]) == {}


# --- Go modules -----------------------------------------------------------------------------------------------------------------

SETTINGS = (
    "path\texample.com/app/cmd\nmod\texample.com/app\t(devel)\t\ndep\tgithub.com/a/xml\tv1.2.0\th1:x=\n"
    "dep\tgithub.com/a/xml/v2\tv2.0.1\th1:y=\ndep\tgopkg.in/yaml.v3\tv3.0.1\th1:z=\n"
    "dep\tgithub.com/b/c\tv0.1.0\n=>\tgithub.com/fork/c\tv0.1.1\th1:w=\n"
)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("main.parse", ("example.com/app", "(devel)")),
        ("example.com/app/store.(*DB).Put", ("example.com/app", "(devel)")),
        ("github.com/a/xml.Parse", ("github.com/a/xml", "v1.2.0")),
        ("github.com/a/xml/v2/node.Walk.func1", ("github.com/a/xml/v2", "v2.0.1")),
        ("gopkg.in/yaml%2ev3.(*parser).peek", ("gopkg.in/yaml.v3", "v3.0.1")),
        ("github.com/b/c.F[go.shape.struct { example.com/app/x.Y }]", ("github.com/b/c", "v0.1.1")),
        ("runtime.cgocall", ("std", "go1.27.3")),
        ("encoding/json.Marshal", ("std", "go1.27.3")),
        ("github.com/unknown/z.F", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_function_belongs_to_the_innermost_module_around_its_package(
    function: str, expected: tuple[str, str]
) -> None:
    assert GoModules("go1.27.3", SETTINGS).of(function) == expected


def test_without_build_info_only_the_standard_library_is_known() -> None:
    modules = GoModules("go1.27.3", "")
    assert [modules.of(name) for name in ("main.f", "a.b/c.f", "os.Open")] == [("", ""), ("", ""), ("std", "go1.27.3")]


@given(st.text(), st.text())
def test_any_build_info_and_any_function_give_a_module_or_none(settings: str, function: str) -> None:
    module, version = GoModules("go1.27.3", settings).of(function)
    assert module in ("", "std") or module in settings
    assert version in ("", "go1.27.3") or version in settings
    assert "[" not in package_of(function)


# --- C++ ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("_ZN4shop6Basket3addEi", "shop::Basket::add"),
        ("_ZN4shop6BasketC2Ev", "shop::Basket::Basket"),
        ("_ZN4shop6BasketD0Ev", "shop::Basket::~Basket"),
        ("_ZNK4shop6Basket5totalEv", "shop::Basket::total"),
        ("_ZL6hiddeni", "hidden"),
        ("_Znwm", "operator new"),
        ("_ZNSt6vectorIiSaIiEE9push_backERKi", "std::vector<int, std::allocator<int>>::push_back"),
        ("_ZN4shoplsERSoRKNS_6BasketE", "shop::operator<<"),
        ("_ZNK4shop6BasketcvbEv", "shop::Basket::operator bool"),
        ("_ZZN4shop6Basket3addEiENKUliE_clEi", "shop::Basket::add::{lambda(int)#1}::operator()"),
        ("_ZN12_GLOBAL__N_16hiddenEv", "(anonymous namespace)::hidden"),
        ("_ZN3foo3barEv.cold", "foo::bar"),
        ("_ZTV6Basket", "_ZTV6Basket"),
        ("_ZGTtNSt11logic_errorC2EPKc", "_ZGTtNSt11logic_errorC2EPKc"),
        ("malloc", "malloc"),
        ("_Z", "_Z"),
        ("_ZN", "_ZN"),
    ],
)
def test_a_cxx_function_is_named_as_people_write_it(symbol: str, name: str) -> None:
    assert demangle_function(symbol) == name


@given(st.one_of(st.text(), st.text("_ZNSKIEtlaCD0123456789PRKLclnwcvUl_Ti").map("_Z".__add__)))
def test_any_symbol_has_a_name(symbol: str) -> None:
    assert demangle_function(symbol) or not symbol


LIBRARY = Path("/usr/lib/x86_64-linux-gnu/libstdc++.so.6")


@pytest.mark.skipif(shutil.which("c++filt") is None or not LIBRARY.exists(), reason="no c++filt here")
def test_the_standard_librarys_functions_are_named_as_binutils_names_them() -> None:
    said = subprocess.run(
        ["nm", "-D", "--defined-only", str(LIBRARY)], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split() for line in said.splitlines()]
    symbols = sorted({row[2].partition("@")[0] for row in rows if row[1] in "TWi" and row[2].startswith("_Z")})
    done = subprocess.run(["c++filt", "-p"], input="\n".join(symbols), capture_output=True, text=True, check=True)
    names = dict(zip(symbols, done.stdout.splitlines(), strict=True))
    short = ("std::string", "std::istream", "std::ostream", "std::iostream", "std::allocator", "std::basic_string")
    ours = {symbol: demangle_function(symbol) for symbol in symbols}
    wrong = {
        symbol: (ours[symbol], name)
        for symbol, name in names.items()
        if ours[symbol] not in (symbol, name.replace("> >", ">>").replace("> >", ">>"))
        and not any(one in ours[symbol] for one in short)
    }
    assert wrong == {}
    assert sum(name == symbol for symbol, name in ours.items()) < len(symbols) // 20
