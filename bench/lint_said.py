"""What `memwhy lint` says and costs: one child process, read by its JSON."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lint_score import Corpus, Said

RULES = {
    "after-in-loop": "after",
    "cgo-free": "c",
    "cgo-handle": "handle",
    "cgo-wrapper": "wrapper",
    "compressor-close": "decompressor",
    "context-cancel": "context",
    "defer-in-loop": "deferloop",
    "file-close": "file",
    "finalizer-only": "finalizer",
    "growing-slice": "map",
    "kept-slice": "slice",
    "pinner-unpin": "pinner",
    "pooled-buffer": "slice",
    "response-body": "body",
    "retain-release": "refcount",
    "sql-close": "rows",
    "stuck-goroutine": "goroutine",
    "ticker-stop": "ticker",
    "transport-per-call": "client",
    "unbounded-map": "map",
}
"""Our rules → what leaks (`lint_score.KINDS`)."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its JSON, its exit code, what it wrote beside, CPU seconds and peak KiB of the child."""

    document: dict[str, Any]
    code: int
    beside: str
    cpu_s: float
    peak_kib: int


def lint(folder: Path, *options: str) -> Run:
    """Runs it; a JSON that cannot be read leaves an empty document, which is how a crash is told."""
    command = [sys.executable, "-m", "memwhy", "lint", str(folder), "--format", "json", "--quiet", *options]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as beside:
        child = subprocess.Popen(command, stdout=out, stderr=beside)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        beside.seek(0)
        text = out.read()
        try:
            document = json.loads(text)
        except json.JSONDecodeError:
            document = {}
        return Run(
            document,
            child.returncode,
            beside.read().decode(errors="replace"),
            used.ru_utime + used.ru_stime,
            used.ru_maxrss,
        )


def found(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The suspects of a document."""
    yield from document.get("found", ())


def said(corpus: Corpus, document: dict[str, Any]) -> Iterator[Said]:
    """The suspects of a run over a whole corpus, each in its package. Raises KeyError for a rule without a kind."""
    for one in found(document):
        package, _, file = one["file"].partition("/")
        if package in corpus.packages:
            yield Said(
                package,
                file,
                one["line"],
                one["acquired"]["line"],
                RULES[one["rule"]],
                one["rule"],
                one["message"],
                one["cause"],
            )
