"""Walking a directory for Go source: go.mod, packages, what is left out and why.

Source of the rules for what belongs to a module: `go help packages` (directories that begin with `.` or `_`, testdata),
https://go.dev/ref/mod (vendor, go.mod's `module` and `go` lines).
"""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from memwhy.lint.source import File, Module, Package, Skipped, Tree, is_generated
from memwhy.model.errors import NotPermitted, UsageError

HUGE_BYTES = 4 << 20
"""Files beyond are skipped: generated tables, not code."""

_MODULE = re.compile(r'^\s*module\s+"?([^\s"/]+(?:/[^\s"/]+)*)"?', re.MULTILINE)
_GO = re.compile(r"^\s*go\s+(\d+)\.(\d+)", re.MULTILINE)
_PACKAGE = re.compile(rb"^package\s+(\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is read beside a module's own source, and how much in all. most_files and most_bytes bound the whole reading."""

    tests: bool = False
    vendor: bool = False
    testdata: bool = False
    generated: bool = False
    most_files: int = 200_000
    most_bytes: int = 1 << 30


def read_tree(root: Path, options: Options | None = None) -> Tree:
    """Every package below root. UsageError where root is no directory, NotPermitted where it may not be read.

    Symbolic links are not followed below root, as the go command does not. What could not be read is counted in
    `tree.skipped`.
    """
    options = options if options is not None else Options()
    if not root.is_dir():
        raise UsageError(
            f"{root}: {'not a directory' if root.exists() else 'no such directory'}",
            help="give the directory that holds go.mod",
        )
    if not os.access(root, os.R_OK | os.X_OK):
        raise NotPermitted(f"{root}: may not be read")
    tree = Tree(root)
    modules = _modules_above(root)

    def unreadable(error: OSError) -> None:
        tree.skipped.add("no permission" if isinstance(error, PermissionError) else "unreadable", str(error.filename))

    for directory, names, files in os.walk(root, onerror=unreadable):
        names[:] = sorted(name for name in names if _entered(tree.skipped, directory, name, options))
        if not _read_directory(tree, Path(directory), sorted(files), modules, options):
            break
    return tree


def _entered(skipped: Skipped, directory: str, name: str, options: Options) -> bool:
    if name.startswith((".", "_")) or name == "node_modules":
        return False
    if (name == "vendor" and not options.vendor) or (name == "testdata" and not options.testdata):
        skipped.add(f"{name} directories", os.path.join(directory, name))
        return False
    return True


def _modules_above(root: Path) -> dict[Path, Module]:
    """The module that root itself lies in, by its directory's nearest go.mod."""
    resolved = root.resolve()
    for above in (resolved, *resolved.parents):
        module = _module_at(above)
        if module is not None:
            inside = resolved.relative_to(above).as_posix()
            path = module.path if inside == "." else inside if module.standard else f"{module.path}/{inside}"
            return {root: Module(path, module.go_version, str(root), module.standard)}
    return {root: Module("", (1, 16), str(root))}


def _module_at(directory: Path) -> Module | None:
    """What the directory's go.mod says, or None. Without a `go` line it is 1.16 (https://go.dev/ref/mod#go-mod-file-go)."""
    try:
        with open(directory / "go.mod", encoding="utf-8", errors="replace") as opened:
            text = opened.read(1 << 20)
    except OSError:
        return None
    name = _MODULE.search(text)
    version = _GO.search(text)
    if name is None:
        return None
    return Module(
        name[1], (int(version[1][:6]), int(version[2][:6])) if version else (1, 16), str(directory), name[1] == "std"
    )


def _read_directory(
    tree: Tree, directory: Path, names: list[str], modules: dict[Path, Module], options: Options
) -> bool:
    """Read one directory's packages into the tree; False when the bounds on the whole are reached."""
    if directory not in modules and "go.mod" in names:
        module = _module_at(directory)
        if module is not None:
            modules[directory] = module
    home = next(above for above in (directory, *directory.parents) if above in modules)
    inside = directory.relative_to(home).as_posix()
    module = modules[home]
    prefix = "" if module.path == "std" and module.standard else module.path
    path = "/".join(part for part in (prefix, "" if inside == "." else inside) if part) or directory.name or "."
    packages: dict[str, Package] = {}
    for name in names:
        if not name.endswith(".go") or name.startswith(("_", ".")) or (name.endswith("_test.go") and not options.tests):
            continue
        if tree.read_files >= options.most_files or tree.read_bytes >= options.most_bytes:
            tree.skipped.add(
                f"all beyond {options.most_files} files or {options.most_bytes >> 20} MiB", str(directory / name)
            )
            return False
        code = _read_file(tree, directory / name, options)
        if code is None:
            continue
        clause = _PACKAGE.search(code)
        if clause is None:
            tree.skipped.add("no package clause", str(directory / name))
            continue
        called = clause[1].decode("utf-8", "replace")
        if called not in packages:
            packages[called] = Package(tree, str(directory), path, called, module)
        shown = (directory / name).relative_to(tree.root).as_posix()
        packages[called].files.append(File(shown, code, packages[called]))
        tree.read_files += 1
        tree.read_bytes += len(code)
    for package in sorted(packages.values(), key=lambda package: -len(package.files)):
        tree.add(package)
    return True


def _read_file(tree: Tree, path: Path, options: Options) -> bytes | None:
    """The file's bytes; None, and counted, where it is left out."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            tree.skipped.add("not a regular file", str(path))
            return None
        if about.st_size > HUGE_BYTES:
            tree.skipped.add(f"larger than {HUGE_BYTES >> 20} MiB", str(path))
            return None
        code = path.read_bytes()[: HUGE_BYTES + 1]
    except PermissionError:
        tree.skipped.add("no permission", str(path))
        return None
    except OSError:
        tree.skipped.add("unreadable", str(path))
        return None
    if not options.generated and is_generated(code):
        tree.skipped.add("generated files", str(path))
        return None
    try:
        code.decode("utf-8")
    except UnicodeDecodeError:
        tree.skipped.add("not UTF-8, so not Go", str(path))
        return None
    if b"\0" in code:
        tree.skipped.add("not UTF-8, so not Go", str(path))
        return None
    return code
