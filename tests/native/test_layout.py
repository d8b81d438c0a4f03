"""native/layout.py and native/c/layout.h say the same of every field."""

import ctypes
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from memwhy.native import layout

HEADER = Path(layout.__file__).parent / "c" / "layout.h"
STRUCTURES = {
    "mw_header": layout.Header,
    "mw_image": layout.Image,
    "mw_thread": layout.Thread,
    "mw_block": layout.Block,
    "mw_region": layout.Region,
    "mw_stack": layout.Stack,
    "mw_module": layout.Module,
    "mw_row": layout.Row,
    "mw_pc_cached": layout.PcCached,
}
ENUMS = (layout.State, layout.Reason, layout.Function, layout.StackFlag)
DEFINES = [
    "MAGIC",
    "VERSION",
    "IMAGE_MAGIC",
    "CODE_BYTES",
    "TRAMPOLINES",
    "TRAMPOLINE_BYTES",
    "HEADER_BYTES",
    "THREADS",
    "LIVE",
    "WAYS",
    "REGIONS",
    "STACKS",
    "PCS_BYTES",
    "MODULES",
    "ROWS",
    "PC_CACHE",
    "MOST_FRAMES",
    "PRESENT",
    "AT_THREADS",
    "AT_PRESENT",
    "AT_LIVE_ADDRESSES",
    "AT_LIVE_BLOCKS",
    "AT_REGIONS",
    "AT_STACKS",
    "AT_PCS",
    "AT_MODULES",
    "AT_PC_CACHE",
    "AT_ROWS",
    "REGION_BYTES",
]


def asked_for() -> dict[str, int]:
    """C expression → what layout.py says."""
    wanted = {f"MW_{name}": getattr(layout, name) for name in DEFINES}
    for name, structure in STRUCTURES.items():
        wanted[f"sizeof(struct {name})"] = ctypes.sizeof(structure)
        for field in structure._fields_:
            place = getattr(structure, field[0])
            wanted[f"offsetof(struct {name}, {field[0]})"] = place.offset
            wanted[f"sizeof(((struct {name} *)0)->{field[0]})"] = place.size
    for enum in ENUMS:
        for member in enum:
            wanted["MW_NO_REASON" if member is layout.Reason.NONE else f"MW_{member.name}"] = member.value
    return wanted


def test_every_size_offset_and_constant_is_the_compilers(tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not HEADER.exists():
        pytest.skip("needs a C compiler and the sources")
    wanted = asked_for()
    lines = "\n".join(f'    printf("%llu\\n", (unsigned long long)({expression}));' for expression in wanted)
    source = tmp_path / "layout.c"
    source.write_text(
        f'#include <stddef.h>\n#include <stdio.h>\n#include "{HEADER}"\nint main(void)\n{{\n{lines}\n    return 0;\n}}\n'
    )
    subprocess.run([compiler, "-std=gnu11", "-o", tmp_path / "layout", source], check=True)
    printed = subprocess.run([tmp_path / "layout"], capture_output=True, text=True, check=True).stdout.split()
    assert dict(zip(wanted, map(int, printed), strict=True)) == wanted


def test_no_field_of_the_header_file_is_missing() -> None:
    if not HEADER.exists():
        pytest.skip("needs the sources")
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.DOTALL)
    for name, structure in STRUCTURES.items():
        body = re.search(rf"struct {name} \{{(.*?)\}};", text, re.DOTALL)
        assert body is not None, name
        declared = [
            re.sub(r"\[.*", "", field).split()[-1]
            for line in body[1].split(";")
            if line.strip()
            for field in line.split(",")
        ]
        assert declared == [field[0] for field in structure._fields_]
