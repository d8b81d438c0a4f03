"""The house stands as ARCHITECTURE.md draws it: arrows run one way, nothing is forgotten."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import memwhy
from memwhy.causes import CAUSES
from memwhy.model.report import CAUSES as CAUSE_IDS
from memwhy.model.report import Verdict

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "memwhy"

ARROWS = {
    "cli": {
        "live",
        "record",
        "diagnose",
        "recording",
        "sources",
        "render",
        "inspect",
        "proof",
        "comparison",
        "native",
        "probe",
        "lint",
        "dependencies",
        "exports",
        "pictures",
    },
    "live": {"diagnose", "render"},
    "lint": {"dependencies"},
    "dependencies": {"sources", "memory"},
    "comparison": {"proof", "attribution", "trend"},
    "proof": {"trend", "attribution"},
    "probe": {"sources", "account", "inspect", "native", "proof"},
    "record": {"sources", "inspect", "native", "memory"},
    "inspect": {"runtimes", "memory", "sources", "account", "_core"},
    "runtimes": {"memory", "sources", "_core"},
    "diagnose": {"recording", "sources", "casefile", "causes", "conclude", "attribution", "dependencies", "pictures"},
    "casefile": {"sources", "account", "trend"},
    "sources": {"memory", "_core"},
    "native": {"inspect", "runtimes", "memory", "sources", "account", "_core"},
    "attribution": {"trend"},
    "pictures": {"attribution", "trend"},
    "conclude": set(),
    "recording": set(),
    "memory": {"_core"},
    "causes": set(),
    "account": set(),
    "trend": set(),
    "render": set(),
    "_core": set(),
    "model": set(),
    "pytest_plugin": {"proof", "sources"},
    "__main__": {"cli"},
    "exports": {"attribution", "runtimes"},
    "library": {"cli", "exports", "pictures", "comparison", "diagnose", "proof", "recording", "render"},
    "__init__": {"library"},
}
"""Room → rooms that it may import, beside itself; every room may import the model."""

THIRD_PARTY = {
    "sources/go/pprof.py": {"google"},
    "sources/go/profile_pb2.py": {"google"},
    "native/patch.py": {"iced_x86"},
    "lint/parsing.py": {"tree_sitter", "tree_sitter_go"},
    "lint/syntax.py": {"tree_sitter"},
    "live/app.py": {"rich", "textual"},
    "live/terminal.py": {"textual"},
    "pytest_plugin.py": {"pytest"},
    "render/html/page.py": {"jinja2", "markupsafe"},
    **{
        f"render/html/{name}.py": {"markupsafe"}
        for name in ("report", "drawn", "beside", "comparing", "ranges", "verifying")
    },
    "render/raster.py": {"resvg_py"},
    "library/frame.py": {"pandas"},
    "library/opened.py": {"pandas"},
}


def modules() -> Iterator[tuple[str, str, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        relative = path.relative_to(SOURCE)
        room = relative.parts[0].removesuffix(".py")
        yield str(relative), room, ast.parse(path.read_text())


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_arrows_run_one_way() -> None:
    wrong = []
    for name, room, tree in modules():
        for imported in imports(tree):
            parts = imported.split(".")
            if (
                parts[0] == "memwhy"
                and len(parts) > 1
                and parts[1] not in {room, "model", "__version__"} | ARROWS[room]
            ):
                wrong.append(f"{name} imports {imported}")
    assert wrong == []


def test_third_party_imports_stand_only_where_they_are_named() -> None:
    import sys

    wrong = []
    for name, _, tree in modules():
        for imported in imports(tree):
            top = imported.split(".")[0]
            if top not in sys.stdlib_module_names and top != "memwhy" and top not in THIRD_PARTY.get(name, set()):
                wrong.append(f"{name} imports {imported}")
    assert wrong == []


def test_every_cause_of_the_contract_is_judged_by_one_file() -> None:
    assert {cause.NAME for cause in CAUSES} == set(CAUSE_IDS)
    assert len(CAUSES) == len(CAUSE_IDS)


def test_every_cause_documents_itself_under_five_headings() -> None:
    headings = ("What grows", "Speaks for", "Speaks against", "Remedy", "References")
    wrong = [
        cause.NAME for cause in CAUSES if not all(f"\n{heading} " in (cause.__doc__ or "") for heading in headings)
    ]
    assert wrong == []


def test_every_command_is_documented_and_its_help_stands() -> None:
    from memwhy.cli import COMMANDS

    readme = (ROOT / "README.md").read_text()
    for command in COMMANDS:
        assert importlib.import_module(f"memwhy.cli.{command}").__doc__
        assert f"memwhy {command}" in readme


def test_no_file_grows_past_its_room() -> None:
    wrong = []
    for name, _, _ in modules():
        lines = (SOURCE / name).read_text().count("\n")
        if lines > 420 and not name.endswith("_pb2.py"):
            wrong.append(f"{name}: {lines} lines")
    assert wrong == []


def test_version_is_the_packages_version() -> None:
    assert f'version = "{memwhy.__version__}"' in (ROOT / "pyproject.toml").read_text()


def test_verdicts_are_three() -> None:
    assert [verdict.value for verdict in Verdict] == ["supported", "refuted", "cannot-say"]
