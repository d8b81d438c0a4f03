"""What a recording or a page names of a program: its modules, its libraries, how it was built. By the facts of go/buildinfo and go/binary."""

from collections.abc import Mapping as Map

from memwhy.dependencies.built import calls_by_module
from memwhy.dependencies.libraries import version_of_name
from memwhy.model.dependencies import Build, Component
from memwhy.model.gomodules import listed


def components_of(facts: Map[str, str]) -> tuple[Component, ...]:
    """The modules and libraries that a recording or a page names."""
    found = (
        [Component(kind="toolchain", name="std", version=facts["go.version"].split(" ")[0])]
        if facts.get("go.version")
        else []
    )
    for path, text in listed(facts).items():
        version, _, replaced = text.partition(" => ")
        other, _, its_version = replaced.partition(" ")
        is_main = path == facts.get("go.main_module")
        found.append(
            Component(
                kind="module", name=path, version=version, main=is_main, replaced_by=other, its_version=its_version
            )
        )
    files = facts.get("libraries") or facts.get("binary.libraries", "")
    for line in files.splitlines():
        name, _, build_id = line.partition(" ")
        version = version_of_name(name)[0]
        found.append(Component(kind="library", name=name, soname=name, version=version, build_id=build_id.strip("-")))
    return tuple(found)


def build_of(facts: Map[str, str]) -> Build:
    """How the program was built, as far as a recording or a page tells."""
    settings = dict(line.partition("=")[::2] for line in facts.get("go.build_settings", "").splitlines())
    packages = (line.partition(" C.")[0] for line in facts.get("go.cgo_functions", "").splitlines())
    calls = calls_by_module(packages, listed(facts), facts.get("go.main_module", ""))
    return Build(
        go_version=facts.get("go.version", ""),
        goos=settings.get("GOOS", ""),
        cgo={"1": True, "0": False}.get(facts.get("go.cgo", "")),
        tags=tuple(settings.get("-tags", "").replace(",", " ").split()) if settings else None,
        calls=calls or None,
    )
