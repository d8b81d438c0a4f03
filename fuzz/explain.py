"""Anything as evidence: bytes that coverage leads are explained, and nothing but a clear error may come of them.

    python fuzz/explain.py -max_total_time=600 CORPUS…      (libFuzzer's options; `make fuzz-explain` runs it)

The captures and cases of the tests are the first corpus. A crash, a hang of more than 20 s or more than 2 GiB of memory
ends it and leaves the input in the working directory.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["memwhy"]):
    from memwhy.diagnose import book_of, diagnose
    from memwhy.model.errors import MemwhyError
    from memwhy.sources.documents import read_evidence
    from memwhy.sources.page import OWN_FAULT

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ("tests/evidence", "tests/cases")
LARGEST_SEED = 20_000


def explain(data: bytes) -> None:
    """One input through reading, judging and concluding."""
    try:
        evidenced = read_evidence(["-"], stdin=data)
    except MemwhyError as error:
        assert OWN_FAULT not in str(error), error
        return
    assert not any(OWN_FAULT in row.problem for row in evidenced.unread), evidenced.unread
    diagnose(book_of(evidenced))


def seed(folder: Path) -> None:
    """Every small capture and case as a file of the first corpus."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = sorted(path for one in SEEDS for path in (ROOT / one).rglob("*") if path.is_file())
    for number, path in enumerate(paths):
        raw = path.read_bytes()
        if 0 < len(raw) <= LARGEST_SEED:
            (folder / f"{number:05}").write_bytes(raw)


def main() -> None:
    """Seed the first folder that is named, then run until libFuzzer ends it."""
    folders = [word for word in sys.argv[1:] if not word.startswith("-")]
    if folders and not any(Path(folders[0]).glob("*")):
        seed(Path(folders[0]))
    atheris.Setup([*sys.argv, "-timeout=20", "-rss_limit_mb=2048", "-max_len=30000"], explain)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
