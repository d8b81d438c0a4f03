"""Go source written for one test, read and asked."""

from collections.abc import Sequence
from pathlib import Path

from memwhy.lint.reading import Options, read_tree
from memwhy.lint.rules import RULES
from memwhy.lint.source import Tree
from memwhy.model.suspect import Suspect

CGO = '/*\n#include <stdlib.h>\n*/\nimport "C"\n'


def written(root: Path, files: dict[str, str], *, go: str = "1.21", options: Options | None = None) -> Tree:
    """The tree of a module example.org/m with these files."""
    (root / "go.mod").write_text(f"module example.org/m\n\ngo {go}\n")
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read_tree(root, options)


def suspected(tree: Tree, rules: Sequence[str] = ()) -> list[Suspect]:
    """What the named rules say, or all, in the order of the source."""
    asked = [rule for rule in RULES if not rules or rule.NAME in rules]
    found = [suspect for package in tree.packages for rule in asked for suspect in rule.check(package)]
    return sorted(found, key=lambda suspect: (suspect.file, suspect.line, suspect.column, suspect.rule))


def package(imports: Sequence[str], *declarations: str, cgo: bool = False) -> str:
    """A file of package p."""
    listed = "".join(f'import "{path}"\n' for path in imports)
    return "package p\n\n" + (CGO if cgo else "") + listed + "\n" + "\n\n".join(declarations) + "\n"


def lost(
    tmp_path: Path, rule: str, imports: tuple[str, ...], body: str, *, go: str = "1.21", cgo: bool = False
) -> list[str]:
    """What one rule says is missing in a function body, from the weight at which it is told."""
    tree = written(tmp_path, {"p.go": package(imports, body, cgo=cgo)}, go=go)
    assert tree.skipped.counts == {}
    return [suspect.missing for suspect in suspected(tree, (rule,)) if suspect.weight >= 0.5]
