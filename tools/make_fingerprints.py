"""Make src/memwhy/inspect/fingerprints/*.json: where the pointers, functions and enums stand in the structs of C libraries.

Needs gcc, the libraries' -dev headers, and pyelftools (pip install pyelftools; a dependency of this tool only):

    python tools/make_fingerprints.py            # all libraries whose headers are installed
    python tools/make_fingerprints.py libxml2    # one of them

Each library's headers are compiled into an object file with debug information, whose DWARF is read: facts of the
library's published interface, no code of it.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from elftools.dwarf.die import DIE
from elftools.elf.elffile import ELFFile

OUT = Path(__file__).resolve().parent.parent / "src" / "memwhy" / "inspect" / "fingerprints"

LIBRARIES: dict[str, dict[str, Any]] = {
    "libxml2": {
        "module": "libxml2.so",
        "flags": ["-I/usr/include/libxml2"],
        "headers": ["libxml/parser.h", "libxml/tree.h", "libxml/xpath.h", "libxml/xmlreader.h", "libxml/xmlschemas.h",
                    "libxml/xmlwriter.h", "libxml/hash.h", "libxml/catalog.h", "libxml/parserInternals.h"],
        "prefix": "_xml",
        "version": '#include <libxml/xmlversion.h>\n=LIBXML_DOTTED_VERSION',
    },
    "libjpeg": {
        "module": "libjpeg.so",
        "flags": ["-include", "stdio.h"],
        "headers": ["jpeglib.h"],
        "prefix": "jpeg_",
        "version": '#include <stdio.h>\n#include <jpeglib.h>\n=JPEG_LIB_VERSION',
    },
    "zlib": {
        "module": "libz.so",
        "flags": [],
        "headers": ["zlib.h"],
        "prefix": "z_stream_s",
        "version": "#include <zlib.h>\n=ZLIB_VERSION",
    },
}  # fmt: skip
MOST_FIELDS = 96


def compile_headers(library: dict[str, Any], into: Path) -> Path:
    """An object file that mentions every struct of the headers, with DWARF."""
    source = "".join(f"#include <{header}>\n" for header in library["headers"])
    (into / "all.c").write_text(source)
    command = [
        "gcc",
        "-g",
        "-gdwarf-4",
        "-fno-eliminate-unused-debug-types",
        "-c",
        "-o",
        "all.o",
        *library["flags"],
        "all.c",
    ]
    subprocess.run(command, cwd=into, check=True)
    return into / "all.o"


def version_of(library: dict[str, Any]) -> str:
    """The library's version, as its headers say."""
    text = library["version"].replace("=", "memwhy_version ")
    command = ["gcc", "-E", "-P", *library["flags"], "-x", "c", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    return re.findall(r"memwhy_version (.*)", done)[-1].strip().strip('"')


class Structs:
    """The named structs of one object file."""

    def __init__(self, path: Path, prefix: str) -> None:
        self.found: dict[str, dict[str, Any]] = {}
        with path.open("rb") as file:
            for unit in ELFFile(file).get_dwarf_info().iter_CUs():
                for die in unit.iter_DIEs():
                    name = self.name(die)
                    if (
                        die.tag == "DW_TAG_structure_type"
                        and name.startswith(prefix)
                        and "DW_AT_byte_size" in die.attributes
                    ):
                        fields: list[list[Any]] = []
                        self.flatten(die, 0, fields)
                        size = die.attributes["DW_AT_byte_size"].value
                        self.found[name] = {"size": size, "fields": fields[:MOST_FIELDS]}

    @staticmethod
    def name(die: DIE) -> str:
        attribute = die.attributes.get("DW_AT_name")
        return attribute.value.decode() if attribute else ""

    @staticmethod
    def of(die: DIE) -> DIE | None:
        """The type that a DIE refers to, typedefs and qualifiers followed; None for void."""
        while "DW_AT_type" in die.attributes:
            die = die.get_DIE_from_attribute("DW_AT_type")
            if die.tag not in {"DW_TAG_typedef", "DW_TAG_const_type", "DW_TAG_volatile_type", "DW_TAG_restrict_type"}:
                return die
        return None

    def flatten(self, die: DIE, base: int, fields: list[list[Any]]) -> None:
        """Adds [offset, kind, detail] of all members that say something: pointers, functions, enums."""
        for member in die.iter_children():
            if member.tag != "DW_TAG_member" or "DW_AT_bit_size" in member.attributes:
                continue
            offset = base + member.attributes["DW_AT_data_member_location"].value
            kind = self.of(member)
            if kind is None:
                continue
            if kind.tag == "DW_TAG_structure_type":
                self.flatten(kind, offset, fields)
            elif kind.tag == "DW_TAG_pointer_type":
                fields.append([offset, *self.pointer(kind)])
            elif kind.tag == "DW_TAG_enumeration_type":
                values = [one.attributes["DW_AT_const_value"].value for one in kind.iter_children()]
                fields.append([offset, "enum", [min(values), max(values)]])

    def pointer(self, die: DIE) -> tuple[str, str | None]:
        target = self.of(die)
        if target is None:
            return "pointer", None
        if target.tag == "DW_TAG_subroutine_type":
            return "code", None
        if target.tag == "DW_TAG_structure_type" and self.name(target):
            return "struct", self.name(target)
        return "pointer", None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", nargs="*", choices=[*LIBRARIES, []], help="default: all")
    chosen = parser.parse_args().library or list(LIBRARIES)
    OUT.mkdir(exist_ok=True)
    for name in chosen:
        library = LIBRARIES[name]
        with tempfile.TemporaryDirectory() as scratch:
            found = Structs(compile_headers(library, Path(scratch)), library["prefix"]).found
        made = {"module": library["module"], "version": version_of(library), "structs": dict(sorted(found.items()))}
        text = json.dumps(made, indent=1)
        text = re.sub(r"\[\s+(\d+),\s+(\"\w+\"),\s+(null|\"\w+\"|\[\s+-?\d+,\s+-?\d+\s+\])\s+\]", r"[\1, \2, \3]", text)
        (OUT / f"{name}.json").write_text(re.sub(r"\[\s+(-?\d+),\s+(-?\d+)\s+\]", r"[\1, \2]", text) + "\n")
        print(f"{name} {made['version']}: {len(found)} structs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
