"""Bills of materials: CycloneDX JSON (1.4 to 1.7), SPDX JSON (2.2, 2.3) and SPDX 3.0 as JSON-LD, by their package URLs.

A package URL of type golang names a module (github.com/package-url/purl-spec, which has it in lower case; most tools keep the case, some
leave the `v` of the version out), `stdlib` and `std` the toolchain. Packages of distributions are kept as libraries where they
are called so.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any
from urllib.parse import unquote

from memwhy.dependencies.built import Listed
from memwhy.dependencies.goversion import parse_version
from memwhy.model.dependencies import Build, Component
from memwhy.model.errors import ParseError

MOST_BYTES = 64 << 20
MOST_OBJECTS = 2_000_000
MOST_COMPONENTS = 50_000
MOST_ROWS = 200_000
_LONGEST = 400
_TOOLCHAIN = ("std", "stdlib")
_DISTRIBUTIONS = frozenset(("deb", "rpm", "apk", "alpm", "conan", "generic", "nix"))
_LIBRARY_PACKAGE = re.compile(r"(lib[a-z][\w+-]*?)-?(\d[\d.]*)?(?:t64)?")
_REVISION = re.compile(r"^(?:\d+:)?([^-+~]+).*$", re.DOTALL)
_NO_PACKAGES = ("file", "operating-system")
"""What a bill lists that is no module or library, as CycloneDX's types and SPDX's purposes have it: syft lists what it read so."""
_SETTING = "cdx:gomod:build:env:"

Json = dict[str, Any]


def parse_bill(raw: bytes, name: str) -> tuple[str, Listed]:
    """(which form it has, what it lists). Raises ParseError."""
    document = _document(raw, name)
    if document.get("bomFormat") == "CycloneDX":
        form, rows, main = _cyclonedx(document)
    elif str(document.get("spdxVersion", "")).startswith("SPDX-2"):
        form, rows, main = f"SPDX {_text(document['spdxVersion'])[5:]} JSON", _spdx_2(document), ""
    elif isinstance(document.get("@graph"), list) and "spdx.org/rdf/3" in str(document.get("@context", "")):
        form, rows, main = "SPDX 3 JSON-LD", _spdx_3(document), ""
    else:
        raise ParseError(name, None, "", "this JSON is no bill of materials: neither CycloneDX nor SPDX 2 or 3")
    components: dict[tuple[str, str], Component] = {}
    unnamed = left_out = 0
    for url in islice(rows, MOST_ROWS):
        one = component_of(url) if url else None
        if one is None:
            unnamed += not url
        elif len(components) < MOST_COMPONENTS:
            is_main = bool(main) and url == main
            components.setdefault((one.name, one.version), replace(one, main=is_main, found=name))
        else:
            left_out += 1
    left_out += sum(1 for _ in rows)
    notes = [f"{name}: {left_out:,} further components were left out"] if left_out else []
    if unnamed:
        what = "component" if unnamed == 1 else "components"
        notes.append(f"{name}: {unnamed:,} {what} without a package URL could not be told")
    build = _settings(document)
    toolchain = next((one.version for one in components.values() if one.kind == "toolchain"), "")
    std = (
        ()
        if toolchain or not build.go_version
        else (Component(kind="toolchain", name="std", version=build.go_version),)
    )
    build = replace(build, go_version=toolchain or build.go_version)
    return form, Listed(components=(*std, *components.values()), build=build, notes=tuple(notes))


def _document(raw: bytes, name: str) -> Json:
    if len(raw) > MOST_BYTES:
        raise ParseError(name, None, "", f"larger than {MOST_BYTES >> 20} MiB, which no bill of one program is")
    if raw.count(b"{") + raw.count(b"[") > MOST_OBJECTS:
        raise ParseError(name, None, "", f"more than {MOST_OBJECTS:,} objects, which no bill of one program has")
    try:
        document = json.loads(raw)
    except RecursionError:
        raise ParseError(name, None, "", "JSON that is nested too deeply") from None
    except ValueError as error:
        raise ParseError(name, getattr(error, "lineno", None), "", f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ParseError(name, None, "", "JSON, but no object")
    return document


def _text(value: object) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""


def _rows(value: object) -> list[Json]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _cyclonedx(document: Json) -> tuple[str, Iterator[str], str]:
    metadata = document.get("metadata")
    subject = metadata.get("component") if isinstance(metadata, dict) else None
    main = _text(subject.get("purl")) if isinstance(subject, dict) else ""
    rows = [*([subject] if main and isinstance(subject, dict) else []), *_rows(document.get("components"))]
    return f"CycloneDX {_text(document.get('specVersion'))} JSON", _walk(rows), main


def _walk(rows: list[Json]) -> Iterator[str]:
    """Components may hold others, to any depth."""
    waiting = rows[::-1]
    while waiting:
        row = waiting.pop()
        if row.get("type") not in _NO_PACKAGES:
            yield _text(row.get("purl"))
        waiting += _rows(row.get("components"))[::-1]


def _spdx_2(document: Json) -> Iterator[str]:
    for package in _rows(document.get("packages")):
        if _text(package.get("primaryPackagePurpose")).lower() in _NO_PACKAGES:
            continue
        references = _rows(package.get("externalRefs"))
        yield next((_text(one.get("referenceLocator")) for one in references if one.get("referenceType") == "purl"), "")


def _spdx_3(document: Json) -> Iterator[str]:
    for element in _rows(document["@graph"]):
        if element.get("type", element.get("@type")) not in ("software_Package", "software:Package"):
            continue
        named = _text(element.get("software_packageUrl", element.get("packageUrl")))
        others = _rows(element.get("externalIdentifier"))
        yield named or next(
            (
                _text(one.get("identifier"))
                for one in others
                if one.get("externalIdentifierType") in ("packageUrl", "purl")
            ),
            "",
        )


def component_of(url: str) -> Component | None:
    """The module, toolchain or library that a package URL names; None for all others (npm, pypi, files …)."""
    scheme, _, rest = url.partition(":")
    if scheme.lower() != "pkg":
        return None
    path = rest.lstrip("/").partition("#")[0].partition("?")[0]
    kind, _, path = path.partition("/")
    path, _, version = path.partition("@") if "@" in path else (path, "", "")
    name, version = unquote(path).strip("/"), unquote(version)
    if not name:
        return None
    if kind.lower() == "golang":
        return _module(name, version)
    if kind.lower() in _DISTRIBUTIONS:
        return _library(name.rpartition("/")[2], version)
    return None


def _module(name: str, version: str) -> Component:
    if name in _TOOLCHAIN:
        number = version.removeprefix("v").removeprefix("go")
        return Component(kind="toolchain", name="std", version=f"go{number}" if number else "")
    known = parse_version(version)
    if known is not None and known.kind == "library":
        version = f"v{version}"
    return Component(kind="module", name=name, version=version)


def _library(name: str, version: str) -> Component | None:
    """libvips42 8.14.1-3+deb12u2 is libvips.so.42 8.14.1; a name without a number (libxml2-dev, vips) is kept as it is."""
    found = _LIBRARY_PACKAGE.fullmatch(name)
    if found is None and name not in ("glibc", "musl", "jemalloc", "vips", "rocksdb", "duckdb"):
        return None
    soname = f"{found[1]}.so" + (f".{found[2]}" if found[2] else "") if found else f"lib{name}.so"
    upstream = _REVISION.sub(r"\1", version)
    return Component(kind="library", name=name, version=upstream, version_by=f"package {name} {version}", soname=soname)


def _settings(document: Json) -> Build:
    """cyclonedx-gomod writes the settings of the build beside the program, or with it."""
    metadata = document.get("metadata")
    places = [metadata, metadata.get("component")] if isinstance(metadata, dict) else []
    rows = [row for place in places if isinstance(place, dict) for row in _rows(place.get("properties"))]
    told = {_text(row.get("name")).removeprefix(_SETTING): _text(row.get("value")) for row in rows}
    cgo = {"1": True, "0": False}.get(told.get("CGO_ENABLED", ""))
    return Build(go_version=told.get("GOVERSION", ""), goos=told.get("GOOS", ""), cgo=cgo)
