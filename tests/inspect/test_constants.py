"""Numbers that a file brings along hold no block, whatever they are; what the program writes beside them does."""

import shutil
import subprocess
from pathlib import Path

import pytest

from memwhy.inspect.inspector import Inspector

SOURCE = Path(__file__).resolve().parent / "programs" / "constants.c"
MANY = 50


@pytest.mark.parametrize("is_low", [True, False])
def test_a_number_in_a_library_s_file_is_no_pointer_to_a_heap_below_4_gib(is_low: bool, tmp_path: Path) -> None:
    """Above, nothing in a file is an address by chance, and nobody asks."""
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    kinds = {"library.so": ("-shared", "-fPIC", "-DLIBRARY"), "program": ("-no-pie",) if is_low else ("-fpie", "-pie")}
    for name, options in kinds.items():
        subprocess.run(["gcc", "-O1", "-o", tmp_path / name, SOURCE, *options, "-ldl"], check=True)
    with subprocess.Popen(
        [tmp_path / "program", tmp_path / "library.so"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        ready, forgotten = child.stdout.readline().split()
        with Inspector.open(child.pid) as inspector:
            lost = inspector.look(lost=True).lost
        child.stdin.close()
    assert ready == b"ready"
    assert lost is not None
    assert lost.held_bytes >= int(forgotten)
    if is_low:
        assert int(forgotten) * (MANY - 1) // MANY <= lost.bytes <= int(forgotten)
    else:
        assert lost.bytes == 0
