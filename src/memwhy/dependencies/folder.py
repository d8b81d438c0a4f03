"""A folder of Go source, and each of the files in it that name modules: go.work, go.mod, go.sum, vendor/modules.txt."""

import os
from collections.abc import Sequence
from dataclasses import replace

from memwhy.dependencies.built import Listed
from memwhy.dependencies.gomod import Manifest, Replacement, highest, parse_manifest, parse_vendored, placed
from memwhy.dependencies.gosum import parse_sums
from memwhy.memory.modules import open_regular
from memwhy.model.dependencies import Build, Component
from memwhy.model.errors import MemwhyError, ParseError

MOST_TEXT_BYTES = 8 << 20
"""The largest go.sum of large projects has one."""
_MOST_USES = 200


def of_manifest(text: str, name: str) -> Listed:
    """A go.mod: what is asked for, and the versions that it asks for at least. Raises ParseError."""
    return _listed([parse_manifest(text, name)], ())


def of_sums(text: str, name: str) -> Listed:
    """A go.sum. Raises ParseError."""
    found = parse_sums(text, name)
    notes = list(found.notes)
    if found.only_manifests:
        notes.append(
            f"{name}: of {found.only_manifests:,} modules only the go.mod was looked at; they are not built in, and are left out"
        )
    notes.append(
        f"{name} says neither what replaces a module nor which of several versions is used: the highest is taken"
    )
    return Listed(components=found.modules, build=Build(), notes=tuple(notes))


def of_vendored(text: str, name: str) -> Listed:
    """A vendor/modules.txt. Raises ParseError."""
    components, packages = parse_vendored(text, name)
    return Listed(components=components, build=Build(), packages=packages)


def of_workspace(folder: str, text: str) -> Listed:
    """A go.work with the go.mod files of the directories that it uses; its own replacements go before theirs."""
    work = parse_manifest(text, "go.work")
    manifests = []
    notes = list(work.notes)
    for use in work.uses[:_MOST_USES]:
        inner = _read(os.path.join(folder, use, "go.mod"))
        try:
            manifests.append(parse_manifest(inner or "", os.path.join(use, "go.mod")))
        except ParseError:
            notes.append(f"go.work: {use}/go.mod cannot be read and is left out")
    if len(work.uses) > _MOST_USES:
        notes.append(f"go.work: {len(work.uses) - _MOST_USES:,} further directories were left out")
    found = _listed(manifests, work.replacements)
    build = replace(found.build, go_directive=work.go or found.build.go_directive)
    return replace(found, build=build, notes=(*notes, *found.notes))


def of_folder(folder: str) -> tuple[str, Listed]:
    """(what was read, what it lists): go.work or go.mod; of vendored modules those that are vendored; what go.sum has beside.

    Raises MemwhyError where none of these is there.
    """
    texts = {name: _read(os.path.join(folder, name)) for name in ("go.work", "go.mod", "go.sum", "vendor/modules.txt")}
    read = [name for name, text in texts.items() if text is not None]
    if not read:
        raise MemwhyError(
            f"{folder} has no go.mod, go.work, go.sum or vendor/modules.txt that can be read",
            help="give the folder of a Go module, or a program, process or bill of materials",
        )
    work, manifest, sums, vendored = texts.values()
    if work is not None:
        found = of_workspace(folder, work)
    elif manifest is not None:
        found = of_manifest(manifest, "go.mod")
    else:
        found = Listed(components=(), build=Build())
    components, notes = list(found.components), list(found.notes)
    if vendored is not None:
        beside = of_vendored(vendored, "vendor/modules.txt")
        found = replace(found, packages=beside.packages)
        components = _from_vendor(components, beside.components)
    elif sums is not None:
        beside = of_sums(sums, "go.sum")
        names = {one.name for one in components}
        components += [replace(one, indirect=True) for one in beside.components if one.name not in names]
        notes += beside.notes if manifest is None and work is None else ()
    return " + ".join(read), replace(found, components=tuple(components), notes=tuple(notes))


def _from_vendor(asked: list[Component], vendored: tuple[Component, ...]) -> list[Component]:
    """Only what is vendored is built; the main module and the toolchain stay."""
    return [*(one for one in asked if one.main or one.kind == "toolchain"), *vendored]


def _listed(manifests: Sequence[Manifest], first: tuple[Replacement, ...]) -> Listed:
    """The main modules, what they ask for and what replaces it. first: replacements that go before theirs."""
    mains = [Component(kind="module", name=one.module, version="(devel)", main=True) for one in manifests if one.module]
    names = {one.name for one in mains}
    asked = [one for manifest in manifests for one in placed(manifest.requires, (*first, *manifest.replacements))]
    modules = [one for one in highest(asked) if one.name not in names]
    notes = [note for one in manifests for note in one.notes]
    for path, version in sorted({pair for one in manifests for pair in one.excluded}):
        if any((one.name, one.version) == (path, version) for one in modules):
            notes.append(f"{path} {version} is excluded: the next higher version is used, which nothing here names")
            modules = [replace(one, version="") if one.name == path else one for one in modules]
    toolchains = [version for one in manifests if (version := one.toolchain.removeprefix("default"))]
    if toolchains:
        notes.append(f"the toolchain is at least {toolchains[0]}; a newer one that is installed goes before it")
    directive = next((one.go for one in manifests if one.go), "")
    std = Component(kind="toolchain", name="std", found="go.mod")
    return Listed(components=(std, *mains, *modules), build=Build(go_directive=directive), notes=tuple(notes))


def _read(path: str) -> str | None:
    """A text file; None where there is none, or none that may be read, or a huge one."""
    descriptor = open_regular(path)
    if descriptor is None:
        return None
    with open(descriptor, "rb") as file:
        raw = file.read(MOST_TEXT_BYTES + 1)
    return raw.decode("utf-8", "replace") if len(raw) <= MOST_TEXT_BYTES else None
