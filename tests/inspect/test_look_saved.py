"""An answer of `memwhy inspect` that was kept in a file is evidence like any other: `memwhy explain` reads it."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from held_programs import holding
from memwhy_command import run_memwhy


@pytest.fixture(scope="module")
def answer() -> dict[str, Any]:
    """Of a program that has lost all that it allocated."""
    with holding("nowhere, touched") as pid:
        report: dict[str, Any] = run_memwhy("inspect", str(pid), "--for", "0", "--format", "json", "-q").report
    return report


@pytest.mark.parametrize("form", ["as it was printed", "on one line", "the look alone", "packed", "in a page"])
def test_a_saved_look_says_the_same_as_it_did_live(answer: dict[str, Any], form: str, tmp_path: Path) -> None:
    path, text = tmp_path / "saved", json.dumps(answer, indent=2)
    if form == "packed":
        path.write_bytes(gzip.compress(text.encode()))
    elif form == "in a page":
        path.write_text(f"It grew again, and I ran\n\n$ memwhy inspect 4711 --format json\n{text}\n\nWhat is it?\n")
    else:
        part = answer["inspect"] if form == "the look alone" else answer
        path.write_text(json.dumps(part, indent=None if form == "on one line" else 2))
    explained = run_memwhy("explain", str(path), "--format", "json").report
    assert answer["verdict"]["cause"] == "native-leak"
    assert explained["verdict"]["cause"] == "native-leak"
    assert explained["total"]["bytes"] == answer["inspect"]["rss_bytes"]
    assert [row["source"] for row in explained["evidence"]] == ["inspect/look"]
    if form != "the look alone":
        assert (explained["target"]["pid"], explained["target"]["command"]) == (
            answer["target"]["pid"],
            answer["target"]["command"],
        )
