"""specimens/build.py: what is built where a compiler is missing."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BUILD = Path(__file__).resolve().parents[1] / "specimens" / "build.py"


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("specimens_build", BUILD)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_without_a_cpp_compiler_only_what_is_in_cpp_is_left_out(
    build: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    every = [binary for binaries in build.PROGRAMS.values() for binary in binaries]
    left = build.without_cpp(every, set())
    assert [binary.file for binary in every if binary not in left] == ["cpp-objects"]
    assert capsys.readouterr().err == (
        "build: no C++ compiler found (c++, g++ or clang++): cpp-objects is left out; install one, or set CXX\n"
    )


def test_what_was_asked_for_by_name_and_cannot_be_built_is_an_error(build: ModuleType) -> None:
    with pytest.raises(build.BuildFailed, match=r"no C\+\+ compiler found .* for cpp-objects: install one, or set CXX"):
        build.without_cpp([*build.PROGRAMS["cpp-objects"], *build.PROGRAMS["steady"]], {"cpp-objects", "steady"})


def test_the_cpp_compiler_is_that_of_the_environment_or_the_first_that_is_there(
    build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    assert build.cpp_compiler() is None
    for name in ("clang++", "mine++"):
        (tmp_path / name).touch(mode=0o755)
    assert build.cpp_compiler() == "clang++"
    monkeypatch.setenv("CXX", "mine++ -pipe")
    assert build.cpp_compiler() == "mine++ -pipe"
