"""Writes docs/json.md from the schema of the diagnosis: python3 tools/make_json_page.py [DIRECTORY]"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "src" / "memwhy" / "render" / "diagnosis-1.schema.json"
BEGIN = """\
# The diagnosis as JSON

`--format json` on `watch`, `run`, `explain` and `inspect`, and `to_json()` of [the library](library.md), give one object of the schema
`memwhy/diagnosis/1`. The formal schema (JSON Schema 2020-12) is
[diagnosis-1.schema.json](../src/memwhy/render/diagnosis-1.schema.json), and installed beside `memwhy.render.json`; this page is written
from it, and the tests hold real reports against it.

Within version 1 keys may be added; none is taken away or changes its meaning. Bytes are whole numbers; rates are per second of the
target's monotonic clock, or per reading where the evidence has no times: `per` then says `sample`. What is not a finite number, or is
not known, is `null`. Keys marked *not always* are absent where there is nothing to say.

```
memwhy explain crawler.memwhy --format json | jq -r '.verdict | "\\(.cause) \\(.probability)"'
```
"""


def page(schema: dict[str, Any]) -> str:
    """Same schema in, same page out."""
    names = {name: _resolved(part, schema) for name, part in schema["properties"].items()}
    parts = [BEGIN, "## The object\n", _table(names, schema)]
    for name, part in names.items():
        parts += _sections(name, part, schema, set())
    parts += [
        "## cause\n",
        f"One of {', '.join(f'`{one}`' for one in schema['$defs']['cause']['enum'])}: [what each means](causes/README.md).\n",
    ]
    return "\n".join(parts)


def _sections(path: str, part: dict[str, Any], schema: dict[str, Any], told: set[str]) -> Iterator[str]:
    """What a key holds, then what its keys hold. told: objects that have their table; those that hold their like are not told twice."""
    inner = _object(part, schema)
    if inner is None or (seen := json.dumps(inner["properties"], sort_keys=True)) in told:
        return
    told.add(seen)
    yield f"{'#' * min(path.count('.') + 2, 4)} {path}\n"
    yield f"{part.get('description', '')}\n"
    yield _table(inner["properties"], schema, inner)
    for name, below in inner["properties"].items():
        yield from _sections(f"{path}.{name}", _resolved(below, schema), schema, told)


def _table(properties: dict[str, Any], schema: dict[str, Any], whole: dict[str, Any] | None = None) -> str:
    required = (schema if whole is None else whole).get("required", [])
    rows = ["| key | | |", "|---|---|---|"]
    for name, part in properties.items():
        found = _resolved(part, schema)
        often = "" if name in required else " *Not always.*"
        said = found.get("description", "").replace("|", "\\|")
        rows.append(f"| `{name}` | {_kind(found, schema)} | {said}{often} |")
    return "\n".join(rows) + "\n"


def _kind(part: dict[str, Any], schema: dict[str, Any]) -> str:
    """`whole number or null`, `list of texts` …, in words."""
    if "const" in part:
        return f"`{part['const']}`"
    if "enum" in part:
        if part["enum"] == schema["$defs"]["cause"]["enum"]:
            return "[cause](#cause)"
        return ", ".join("null" if one is None else f"`{one}`" for one in part["enum"])
    if "anyOf" in part:
        return " or ".join(_kind(_resolved(one, schema), schema) for one in part["anyOf"])
    words = {
        "integer": "whole number",
        "number": "number",
        "string": "text",
        "boolean": "true or false",
        "null": "null",
    }
    kinds = part["type"] if isinstance(part["type"], list) else [part["type"]]
    named = [words.get(kind, kind) for kind in kinds]
    if "array" in kinds:
        return f"list of {_plural(_kind(_resolved(part['items'], schema), schema))}" if part.get("items") else "list"
    return " or ".join(named)


def _plural(kind: str) -> str:
    return f"{kind}s" if kind in ("text", "number", "whole number", "object") else kind


def _object(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any] | None:
    """The object that a key holds, or holds many of; None for a plain value or one of free keys."""
    for one in _within(part, schema):
        if one.get("properties"):
            return one
    return None


def _within(part: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    found = _resolved(part, schema)
    yield found
    if found.get("items"):
        yield from _within(found["items"], schema)
    for one in found.get("anyOf", ()):
        yield from _within(one, schema)


def _resolved(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The part, with what it refers to; its own words before those."""
    if "$ref" not in part:
        return part
    name = part["$ref"].rpartition("/")[2]
    return {**schema["$defs"][name], **{key: value for key, value in part.items() if key != "$ref"}}


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    (folder / "json.md").write_text(page(json.loads(SCHEMA.read_text())))


if __name__ == "__main__":
    main()
