"""Captures, and the C twin built on the spot: the tests need no installed extension."""

import importlib.machinery
import importlib.util
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from memwhy.sources.proc import mapping_rows

EVIDENCE = Path(__file__).parents[2] / "evidence" / "linux-6.18"
CORE = Path(__file__).resolve().parents[3] / "src" / "memwhy" / "_core"


@pytest.fixture
def capture() -> Callable[[str], bytes]:
    """The bytes of a capture, such as "go-idle/smaps"."""
    return lambda name: (EVIDENCE / name).read_bytes()


@pytest.fixture(scope="session")
def core_rows(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], tuple[list[tuple[int, ...]], int]]:
    """`rows` in C, compiled with every warning as an error."""
    compiler = shutil.which("cc")
    include = Path(sysconfig.get_path("include"))
    if compiler is None or not (include / "Python.h").exists() or not (CORE / "module.c").exists():
        pytest.skip("needs a C compiler, Python.h and a source checkout")
    library = tmp_path_factory.mktemp("core") / "_smaps.abi3.so"
    flags = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", f"-I{include}"]
    subprocess.run([compiler, *flags, "-o", library, CORE / "module.c", CORE / "smaps.c"], check=True)
    loader = importlib.machinery.ExtensionFileLoader("_smaps", str(library))
    spec = importlib.util.spec_from_loader("_smaps", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)

    def rows_core(raw: bytes) -> tuple[list[tuple[int, ...]], int]:
        flat, bad = module.smaps(raw)
        return list(mapping_rows._ROW.iter_unpack(flat)), bad

    return rows_core
