"""`memwhy lint` measured: right and wrong on a labelled corpus, alarms on real code, cost, and others beside it.

    make bench-lint                              all of it, into docs/lint-measured.md: some twenty minutes, most of them the peers'
    make bench-lint BENCH_LINT="--only corpus"   chapters: corpus, strangers, code, cost, peers; printed, and kept for the next page

Real code is the toolchain's own source and modules of pinned versions through the module proxy. Every alarm there was
read by a person and stands with a reason in lint_judged.json; what has not been read yet counts as unread.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lint_page import page
from lint_peers import Peer, run
from lint_said import RULES, Run, found, lint, said
from lint_score import KINDS, NOTHING, Corpus, Score, load, score
from lint_strangers import corpora

ROOT = Path(__file__).resolve().parent.parent
HALVES = {
    name: ROOT / "tests" / "lint" / folder
    for name, folder in (
        ("open", "corpus"),
        ("held out", "sealed"),
        ("held out, second", "sealed2"),
        ("held out, third", "sealed3"),
    )
}
KEPT = ROOT / "build" / "lint-measured.json"
JUDGED = Path(__file__).with_name("lint_judged.json")
FIRST = Path(__file__).with_name("lint_first_sight.json")
MODULES = {
    "github.com/gin-gonic/gin@v1.12.0": True,
    "github.com/jackc/pgx/v5@v5.12.0": True,
    "github.com/prometheus/client_golang@v1.25.0": True,
    "go.etcd.io/bbolt@v1.5.0": True,
    "github.com/nats-io/nats.go@v1.55.0": False,
    "github.com/redis/go-redis/v9@v9.23.0": False,
    "github.com/mattn/go-sqlite3@v1.14.53": False,
}
"""Module → whether the rules' authors were told of its alarms while they wrote the rules."""

COST_BYTES = 30_000_000
PEERS = ("go vet", "staticcheck", "bodyclose")


def corpus_chapter() -> dict[str, Any]:
    """Each corpus read whole, in one run: right, wrong and missed, all in all and by kind."""
    chapter: dict[str, Any] = {"halves": {}}
    both, said_rules = NOTHING, set()
    for name, root in HALVES.items():
        if not root.exists():
            continue
        corpus, result = load(root), lint(root)
        counted = score(corpus, said(corpus, result.document))
        both += counted
        said_rules |= {one["rule"] for one in found(result.document)}
        chapter["halves"][name] = {
            "packages": len(corpus.packages),
            "guilty": len(corpus.packages) - len(corpus.innocent),
            **_counts(counted),
            "missed_which": [[one.package, *one.places[0], one.why] for one in counted.missed],
            "false_which": [
                [one.package, one.file, one.line, one.name, corpus.innocent.get(one.package, "")]
                for one in counted.false
            ],
            "wrong_causes": [[one.package, one.name, one.cause] for one in counted.wrong_causes()],
        }
    chapter["both"] = _counts(both)
    chapter["kinds"] = {kind: _counts(both.of((kind,))) for kind in KINDS}
    chapter["rules"] = {kind: sorted(rule for rule, of in RULES.items() if of == kind) for kind in KINDS}
    chapter["silent_rules"] = sorted(set(RULES) - said_rules)
    return chapter


def _counts(counted: Score) -> dict[str, Any]:
    return {
        "found": len(counted.found),
        "missed": len(counted.missed),
        "false": len(counted.false),
        "precision": counted.precision,
        "recall": counted.recall,
    }


def strangers_chapter() -> dict[str, Any]:
    """What other linters' authors labelled, by what we say of its kind."""
    chapter: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="lint-strangers-") as folder:
        for source, corpus in corpora(Path(folder)):
            answers = said(corpus, lint(corpus.root).document)
            counted = score(corpus, [one for one in answers if one.kind == source.kind])
            chapter[source.name] = {
                "module": source.module,
                "kind": source.kind,
                **_counts(counted),
                "missed_which": [[f"{source.folders[int(one.package[1:])]}", *one.places[0]] for one in counted.missed],
                "false_which": [
                    [source.folders[int(one.package[1:])], one.file, one.line, one.name] for one in counted.false
                ],
            }
    return chapter


def code_chapter() -> dict[str, Any]:
    """Real code, and the alarms there."""
    chapter: dict[str, Any] = {}
    for name, folder, told in _real_code():
        result = lint(folder)
        alarms = [[one["file"], one["line"], one["rule"]] for one in found(result.document)]
        chapter[name] = {**_cost(result), "told": told, "alarms": alarms, "below": result.document.get("below", 0)}
    return chapter


def judge(code: dict[str, Any]) -> None:
    """Puts the judgements beside the alarms, those of an older run too: what was read since counts."""
    judged = {(one["code"], one["file"], one["line"], one["rule"]): one for one in json.loads(JUDGED.read_text())}
    for name, one in code.items():
        for alarm in one["alarms"]:
            verdict = judged.get((name, *alarm[:3]), {"judged": "unread", "why": ""})
            alarm[3:] = [verdict["judged"], verdict["why"]]


def _real_code() -> Iterator[tuple[str, Path, bool]]:
    """(name, folder, were its alarms told to the rules' authors)."""
    environment = {**os.environ, "GOTOOLCHAIN": "local"}

    def ask(*arguments: str) -> str:
        return subprocess.run(["go", *arguments], check=True, capture_output=True, text=True, env=environment).stdout

    yield f"the standard library, {ask('env', 'GOVERSION').strip()}", Path(ask("env", "GOROOT").strip()) / "src", True
    for module, told in MODULES.items():
        yield module, Path(json.loads(ask("mod", "download", "-json", module))["Dir"]), told


def _cost(result: Run) -> dict[str, Any]:
    document = result.document
    return {
        "answered": bool(document) and result.code in (0, 1),
        "bytes": document.get("bytes", 0),
        "files": document.get("files", 0),
        "cpu_s": round(result.cpu_s, 2),
        "peak_mib": round(result.peak_kib / 1024, 1),
        "skipped": [[one["why"], one["count"]] for one in document.get("skipped", ())],
        "beside": "" if document else result.beside[-400:],
    }


def cost_chapter() -> dict[str, Any]:
    """30 MB of the toolchain's source, as it stands in its folders."""
    source = next(_real_code())[1]
    with tempfile.TemporaryDirectory(prefix="lint-30MB-") as folder:
        size = 0
        for path in sorted(source.rglob("*.go")):
            if path.name.endswith("_test.go") or "testdata" in path.parts or "vendor" in path.parts:
                continue
            if b"// Code generated" in path.read_bytes()[:4096]:
                continue
            to = Path(folder, path.relative_to(source))
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)
            size += path.stat().st_size
            if size >= COST_BYTES:
                break
        shutil.copyfile(source / "go.mod", Path(folder, "go.mod"))
        return {**_cost(lint(Path(folder))), "written": size, "load": round(os.getloadavg()[0], 1)}


def peers_chapter() -> dict[str, Any]:
    """Others on every corpus, and we ourselves for the kinds that they look for."""
    corpora = [load(root) for root in HALVES.values() if root.exists()]
    ours = [(corpus, list(said(corpus, lint(corpus.root).document))) for corpus in corpora]
    chapter: dict[str, Any] = {}
    for name in PEERS:
        answers = [(corpus, run(name, corpus)) for corpus in corpora]
        chapter[name] = _beside([peer for _, peer in answers], answers, ours)
    return chapter


def _beside(peers: list[Peer], answers: list[tuple[Corpus, Peer]], ours: list[Any]) -> dict[str, Any]:
    kinds = peers[0].kinds
    theirs = sum((score(corpus, peer.said) for corpus, peer in answers), NOTHING).of(kinds)
    own = sum((score(corpus, told) for corpus, told in ours), NOTHING).of(kinds)
    return {
        "version": peers[0].version,
        "kinds": list(kinds),
        "cpu_s": round(sum(peer.cpu_s for peer in peers), 1),
        "packages": sum(len(corpus.packages) for corpus, _ in answers),
        "problems": [problem for peer in peers for problem in peer.problems],
        "theirs": _counts(theirs),
        "ours": _counts(own),
        "false_which": [[one.package, one.file, one.line, one.name] for one in theirs.false],
    }


def _commit() -> str:
    """The commit that was measured, and whether the rules stood as committed."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", "src/memwhy/lint"], cwd=ROOT, check=False)
    return commit.stdout.strip() + (" and changes not committed" if changed.returncode else "")


CHAPTERS = {
    "corpus": corpus_chapter,
    "strangers": strangers_chapter,
    "code": code_chapter,
    "cost": cost_chapter,
    "peers": peers_chapter,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=list(CHAPTERS), default=list(CHAPTERS))
    parser.add_argument("--write", type=Path, help="the page, made of this run's chapters and of those kept before")
    options = parser.parse_args()
    measured = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for chapter in options.only:
        measured[chapter] = CHAPTERS[chapter]()
        measured.setdefault("commits", {})[chapter] = _commit()
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps(measured, indent=1))
    judge(measured.get("code", {}))
    first = json.loads(FIRST.read_text()) if FIRST.exists() else []
    text = page(measured, first)
    if options.write:
        options.write.write_text(text)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
