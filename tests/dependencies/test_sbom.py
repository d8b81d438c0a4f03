"""Bills of materials are read by their package URLs; any bytes give components or a ParseError."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.dependencies.built import Listed
from memwhy.dependencies.built import listed as listed_by_go
from memwhy.dependencies.catalogue import known_leaks
from memwhy.dependencies.matching import match
from memwhy.dependencies.sbom import MOST_BYTES, component_of, parse_bill
from memwhy.model.dependencies import Build, Component
from memwhy.model.errors import ParseError

BILLS = Path(__file__).parents[1] / "evidence" / "dependencies" / "bills"
SQLITE = "pkg:golang/github.com/mattn/go-sqlite3@v1.14.24"


def listed(document: Any) -> tuple[str, list[tuple[str, str, bool]], tuple[str, ...]]:
    form, found = parse_bill(json.dumps(document).encode(), "bom.json")
    return form, [(one.name, one.version, one.main) for one in found.components], found.notes


@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6"])
def test_cyclonedx_names_modules_at_any_depth_and_the_program_itself(version: str) -> None:
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "metadata": {"component": {"type": "application", "purl": "pkg:golang/example.org/shop@v0.1.0?type=module"}},
        "components": [
            {
                "type": "library",
                "purl": SQLITE,
                "components": [{"purl": "pkg:golang/golang.org/x/sys@v0.4.0?type=module#unix"}],
            },
            {"type": "library", "name": "left-pad", "purl": "pkg:npm/left-pad@1.3.0"},
            {"type": "file", "name": "/etc/passwd"},
            {"type": "library", "name": "of-our-own"},
        ],
    }
    assert listed(document) == (
        f"CycloneDX {version} JSON",
        [
            ("example.org/shop", "v0.1.0", True),
            ("github.com/mattn/go-sqlite3", "v1.14.24", False),
            ("golang.org/x/sys", "v0.4.0", False),
        ],
        ("bom.json: 1 component without a package URL could not be told",),
    )


def test_spdx_2_and_3_name_the_same_modules() -> None:
    reference = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": SQLITE}
    two = {
        "spdxVersion": "SPDX-2.3",
        "packages": [{"name": "x", "versionInfo": "v1.14.24", "externalRefs": [reference]}],
    }
    context = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
    three = {
        "@context": context,
        "@graph": [
            {"type": "software_Package", "name": "x", "software_packageUrl": SQLITE},
            {
                "type": "software_Package",
                "externalIdentifier": [{"externalIdentifierType": "packageUrl", "identifier": SQLITE}],
            },
            {"type": "Person", "name": "somebody"},
        ],
    }
    expected = [("github.com/mattn/go-sqlite3", "v1.14.24", False)]
    assert listed(two) == ("SPDX 2.3 JSON", expected, ())
    assert listed(three) == ("SPDX 3 JSON-LD", expected, ())


def test_settings_of_the_build_that_cyclonedx_gomod_writes_are_read() -> None:
    properties = [
        {"name": "cdx:gomod:build:env:CGO_ENABLED", "value": "1"},
        {"name": "cdx:gomod:build:env:GOOS", "value": "linux"},
    ]
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": {"properties": properties}}}
    build = parse_bill(json.dumps(document).encode(), "bom.json")[1].build
    assert (build.cgo, build.goos) == (True, "linux")


def test_what_cyclonedx_gomod_writes_of_a_program_says_the_same_as_its_build_info() -> None:
    of_program = parse_bill((BILLS / "program.cdx.json").read_bytes(), "program.cdx.json")[1]
    of_module = parse_bill((BILLS / "module.cdx.json").read_bytes(), "module.cdx.json")[1]
    built = listed_by_go((BILLS / "program.version-m.txt").read_bytes())
    versions = {(one.name, one.version) for one in built.components if not one.main}
    assert {(one.name, one.version) for one in of_program.components if not one.main} == versions
    assert {(one.name, one.version) for one in of_module.components if not one.main} <= versions
    assert (of_program.build.cgo, of_program.build.goos, of_program.build.go_version) == (True, "linux", "go1.26.8")


@pytest.mark.parametrize(
    ("bill", "form", "whole"),
    [
        ("syft-program.cdx.json", "CycloneDX 1.7 JSON", True),
        ("syft-program.spdx.json", "SPDX 2.3 JSON", True),
        ("syft-module.spdx.json", "SPDX 2.3 JSON", False),
        ("cdxgen-module.cdx.json", "CycloneDX 1.7 JSON", False),
    ],
)
def test_bills_of_other_makers_say_the_same_as_the_build_info(bill: str, form: str, whole: bool) -> None:
    read_as, listed = parse_bill((BILLS / bill).read_bytes(), bill)
    built = listed_by_go((BILLS / "program.version-m.txt").read_bytes())
    versions = {(one.name, one.version) for one in built.components if not one.main and (whole or one.kind == "module")}
    of_bill = {(one.name, one.version) for one in listed.components if one.name != "example.org/many"}
    assert (read_as, of_bill, listed.notes) == (form, versions, ())


@pytest.mark.parametrize(
    "bill",
    [
        "program.cdx.json",
        "syft-program.cdx.json",
        "syft-program.spdx.json",
        "syft-module.spdx.json",
        "cdxgen-module.cdx.json",
    ],
)
def test_known_leaks_of_a_bill_are_those_of_the_program(bill: str) -> None:
    def leaks(listed: Listed) -> set[tuple[str, str, str]]:
        modules = [one for one in listed.components if one.kind == "module"]
        known = match(modules, Build(goos="linux"), known_leaks())
        return {(one.component.name, one.standing, one.what) for one in known}

    of_program = leaks(listed_by_go((BILLS / "program.version-m.txt").read_bytes()))
    assert leaks(parse_bill((BILLS / bill).read_bytes(), bill)[1]) == of_program
    assert {name for name, standing, _ in of_program if standing == "leaks"} == {"github.com/mattn/go-sqlite3"}


@pytest.mark.parametrize(
    ("url", "name", "version"),
    [
        ("pkg:golang/github.com/Data%44og/zstd@v1.5.5", "github.com/DataDog/zstd", "v1.5.5"),
        ("pkg:golang/github.com/a/b@1.2.3", "github.com/a/b", "v1.2.3"),
        ("pkg:golang/github.com/a/b@v2.0.0%2Bincompatible?type=module", "github.com/a/b", "v2.0.0+incompatible"),
        ("pkg:golang/github.com/a/b", "github.com/a/b", ""),
        ("pkg:golang/github.com/a/b@(devel)", "github.com/a/b", "(devel)"),
        ("pkg:golang/stdlib@1.22.1", "std", "go1.22.1"),
        ("pkg:golang/std@go1.22.1?type=module", "std", "go1.22.1"),
    ],
)
def test_a_package_url_names_a_module_and_its_version(url: str, name: str, version: str) -> None:
    found = component_of(url)
    assert found is not None
    assert (found.name, found.version) == (name, version)


def test_a_distributions_library_is_known_by_its_name_and_the_upstream_part_of_its_version() -> None:
    assert component_of("pkg:deb/debian/libvips42@8.14.1-3%2Bdeb12u2?arch=amd64") == Component(
        kind="library",
        name="libvips42",
        version="8.14.1",
        version_by="package libvips42 8.14.1-3+deb12u2",
        soname="libvips.so.42",
    )
    assert component_of("pkg:deb/debian/bash@5.2") is None
    assert component_of("pkg:pypi/libfoo2@1.0") is None
    assert component_of("https://example.org") is None


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"{", "not JSON"),
        (b"[1]", "JSON, but no object"),
        (b'{"a": 1}', "this JSON is no bill of materials"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"[[]," * 1_100_000, "more than 2,000,000 objects"),
        (b" " * (MOST_BYTES + 1), "larger than 64 MiB"),
    ],
)
def test_what_is_none_or_means_harm_is_refused(raw: bytes, problem: str) -> None:
    with pytest.raises(ParseError, match=problem):
        parse_bill(raw, "bom.json")


def test_a_million_components_are_bounded_and_the_rest_is_said() -> None:
    rows = [{"purl": f"pkg:golang/example.org/m{i}@v1.0.0"} for i in range(60_000)]
    found = parse_bill(json.dumps({"bomFormat": "CycloneDX", "components": rows}).encode(), "bom.json")[1]
    assert (len(found.components), found.notes) == (50_000, ("bom.json: 10,000 further components were left out",))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just(SQLITE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["purl", "components", "packages", "@graph", "metadata", "component", "type", "externalRefs", "properties", "name"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(
    values,
    st.sampled_from(
        [{"bomFormat": "CycloneDX"}, {"spdxVersion": "SPDX-2.2"}, {"@context": "https://spdx.org/rdf/3.0.1/"}, {}]
    ),
)
def test_any_json_is_read_or_refused(value: Any, head: dict[str, str]) -> None:
    document = {**value, **head} if isinstance(value, dict) else value
    try:
        form, _ = parse_bill(json.dumps(document).encode(), "bom.json")
        assert form.startswith(("CycloneDX", "SPDX"))
    except ParseError as error:
        assert error.source == "bom.json"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with pytest.raises(ParseError):
        parse_bill(raw, "bom.json")
