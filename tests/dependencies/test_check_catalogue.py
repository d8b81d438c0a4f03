"""tools/check_catalogue.py sees a fix in a repository's tags, and says when it is not there."""

import importlib.util
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from memwhy.dependencies.catalogue import KnownLeak, OffHeap, Pair, Shown

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

LEAK = KnownLeak(
    module="example.org/somebody/thing/inner",
    match="module",
    affected="<v0.2.0",
    fixed="v0.2.0",
    cause="native-leak",
    kind="defect",
    what="a",
    trigger="b",
    remedy="c",
    source=("somebody/thing@0123456",),
    confidence="high",
    checked="d",
    date="2026-01-01",
    shown=Shown(file="name.go", before="v0.1.0", after="v0.2.0", text="C.free("),
)
MODULE = OffHeap(
    module="example.org/somebody/thing/inner",
    match="module",
    off_heap="malloc",
    cgo="default",
    source=("somebody/thing:inner/name.go",),
    checked="e",
    date="2026-01-01",
)
PAIR = Pair(
    library="thing",
    language="go",
    package="example.org/somebody/thing/inner",
    allocate="NewName",
    gives="result",
    type="Name",
    release=("Close",),
    by="method",
    source=("somebody/thing:inner/name.go",),
    checked="f",
)
LOST = 'package inner\n\nimport "C"\n\nfunc NewName() *Name { return &Name{C.CString("x")} }\n'
FREED = LOST + "\nfunc (n *Name) Close() { C.free(n.c) }\n"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_catalogue", ROOT / "tools" / "check_catalogue.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["check_catalogue"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """somebody/thing, whose module `inner` leaks in v0.1.0 and does not in v0.2.0."""
    top = tmp_path_factory.mktemp("clones")
    work = top / "somebody" / "thing"
    (work / "inner").mkdir(parents=True)
    git = ["git", "-C", str(work), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    for text, tag in ((LOST, "inner/v0.1.0"), (FREED, "inner/v0.2.0")):
        (work / "inner" / "name.go").write_text(text)
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "-q", "-m", tag], check=True)
        subprocess.run([*git, "tag", tag], check=True)
    return top


def test_a_fix_is_seen_in_the_tags_of_a_module_in_a_folder(tool: ModuleType, clones: Path) -> None:
    shelf = tool.Shelf(clones, frozenset())
    assert tool.look_at_leak(shelf, LEAK) == tool.Look("holds", "example.org/somebody/thing/inner v0.2.0")


def test_a_fix_that_is_not_there_is_told_with_its_counts(tool: ModuleType, clones: Path) -> None:
    assert LEAK.shown is not None
    wrong = replace(LEAK, shown=replace(LEAK.shown, text="C.CString("))
    look = tool.look_at_leak(tool.Shelf(clones, frozenset()), wrong)
    assert (look.verdict, look.why) == ("differs", "'C.CString(' stands 1 times in v0.1.0, 1 in v0.2.0")


def test_a_version_without_a_tag_is_found_by_its_commit(tool: ModuleType, clones: Path) -> None:
    command = ["git", "-C", str(clones / "somebody" / "thing"), "rev-parse", "HEAD"]
    commit = subprocess.run(command, capture_output=True, text=True, check=True).stdout[:12]
    source = tool.Clone(clones / "somebody" / "thing" / ".git", "example.org/somebody/thing")
    assert source.text(f"v0.0.0-20260101000000-{commit}", "inner/name.go") == FREED


def test_without_a_source_at_hand_nothing_is_judged(tool: ModuleType, tmp_path: Path) -> None:
    shelf = tool.Shelf(tmp_path, frozenset())
    assert tool.look_at_leak(shelf, LEAK).verdict == "unseen"
    assert tool.look_at_module(shelf, MODULE).verdict == "unseen"
    assert tool.look_at_pair(shelf, (tmp_path,), PAIR).verdict == "unseen"
    assert tool.look_at_leak(shelf, replace(LEAK, shown=None)) is None


def test_a_module_is_what_its_source_imports(tool: ModuleType, clones: Path) -> None:
    shelf = tool.Shelf(clones, frozenset())
    assert tool.look_at_module(shelf, MODULE).verdict == "holds"
    assert tool.look_at_module(shelf, replace(MODULE, off_heap="mmap", cgo="never")).verdict == "differs"


def test_both_calls_of_a_pair_are_looked_for(tool: ModuleType, clones: Path) -> None:
    shelf = tool.Shelf(clones, frozenset())
    assert tool.look_at_pair(shelf, (), PAIR).verdict == "holds"
    assert tool.look_at_pair(shelf, (), replace(PAIR, allocate="NewThing")).why == "NewThing is not there"
    assert tool.look_at_pair(shelf, (), replace(PAIR, release=("Free",))).why == "of Free none is there"


def test_a_pair_of_c_is_looked_for_in_its_header(tool: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "thing").mkdir()
    (tmp_path / "thing" / "thing.h").write_text("thing *thing_new(void);\nvoid thing_free(thing *);\n")
    pair = replace(PAIR, language="c", package="", allocate="thing_new", release=("thing_free",))
    in_header = replace(pair, source=("header thing/thing.h (thing-dev)",))
    assert tool.look_at_pair(tool.Shelf(None, frozenset()), (tmp_path,), in_header).verdict == "holds"
    lost = replace(in_header, release=("thing_destroy",))
    assert tool.look_at_pair(tool.Shelf(None, frozenset()), (tmp_path,), lost).verdict == "differs"
