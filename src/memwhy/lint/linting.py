"""One reading of a directory: every rule asked of every package that holds its tokens, comments heeded, the answer in order."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from memwhy.lint.collecting import seldom_collecting
from memwhy.lint.reading import Options, read_tree
from memwhy.lint.rules import RESOURCES, RULES, Rule
from memwhy.lint.silencing import comments, silence
from memwhy.lint.source import Package, Tree
from memwhy.lint.survey import Survey
from memwhy.model.errors import UsageError
from memwhy.model.linted import Found, Linted, RuleSaid, Skipped
from memwhy.model.suspect import Suspect, order

Progress = Callable[[int, int], None]
"""Called with how many packages are done, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A tree with all that its rules suspect, comments not yet heeded."""

    root: str
    tree: Tree
    rules: tuple[Rule, ...]
    suspects: tuple[Suspect, ...]


def rules_of(names: str | None) -> tuple[Rule, ...]:
    """The rules of a list `a,b`, or all but those of a list `-a,-b`; every one for None. Raises UsageError."""
    if not names:
        return RULES
    known = {rule.NAME: rule for rule in RULES}
    asked = [name.strip() for name in names.split(",") if name.strip()]
    strange = [name for name in asked if name.removeprefix("-") not in known]
    if strange or not asked:
        raise UsageError(
            f"there is no rule {', '.join(strange) or names!r}",
            help="memwhy lint --rules list names them; they are " + ", ".join(known),
        )
    left_out = {name[1:] for name in asked if name.startswith("-")}
    if left_out and len(left_out) < len(asked):
        raise UsageError(
            f"--rules {names}: either rules to ask, or rules to leave out", help="--rules a,b or --rules=-a,-b"
        )
    return tuple(rule for rule in RULES if (rule.NAME not in left_out if left_out else rule.NAME in asked))


def read(root: str, options: Options, rules: Sequence[Rule] = RULES, progress: Progress | None = None) -> Reading:
    """Read a directory and ask the rules. Raises UsageError, NotPermitted as `read_tree` does."""
    suspects: list[Suspect] = []
    with seldom_collecting():
        tree = read_tree(Path(root), options)
        for done, package in enumerate(tree.packages):
            if progress is not None:
                progress(done, len(tree.packages))
            surveyed = Survey.made(tree)
            for rule in rules:
                if (surveyed and rule in RESOURCES) or _may_hold(package, rule.TOKENS):
                    suspects += rule.check(package)
    return Reading(root=root, tree=tree, rules=tuple(rules), suspects=tuple(sorted(dict.fromkeys(suspects), key=order)))


def _may_hold(package: Package, tokens: Sequence[bytes]) -> bool:
    return not tokens or any(token in file.code for token in tokens for file in package.files)


def linted(reading: Reading, found: Iterable[Found], *, least: float) -> Linted:
    """What is told of a reading: comments heeded, those that weigh less than `least` left out unless something else speaks for them."""
    by_suspect = {one.suspect: one for one in found}
    tree = reading.tree
    asked = {
        file.name: wanted for package in tree.packages for file in package.files if (wanted := comments(file.code))
    }
    left, silenced, unused = silence(by_suspect, asked, [rule.NAME for rule in reading.rules])
    shown = [one for suspect in left if (one := by_suspect[suspect]).certain or suspect.weight >= least]
    module = tree.packages[0].module if tree.packages else None
    return Linted(
        root=reading.root,
        module=module.path if module is not None else "",
        go_version=".".join(map(str, module.go_version)) if module is not None and module.path else "",
        packages=len(tree.packages),
        files=tree.read_files,
        bytes=tree.read_bytes,
        rules=said(reading.rules),
        found=tuple(sorted(shown, key=_rank)),
        below=len(left) - len(shown),
        silenced=silenced,
        unused=unused,
        skipped=tuple(
            Skipped(why=why, count=count, examples=tuple(tree.skipped.examples.get(why, ())))
            for why, count in sorted(tree.skipped.counts.items())
        ),
    )


def said(rules: Iterable[Rule]) -> tuple[RuleSaid, ...]:
    """Rules by name, cause and what they look for."""
    return tuple(RuleSaid(name=rule.NAME, cause=rule.CAUSE, text=summary(rule)) for rule in rules)


def summary(rule: Rule) -> str:
    """The first paragraph of a rule's documentation, on one line."""
    return re.sub(r"\s+", " ", (rule.__doc__ or "").strip().partition("\n\n")[0])


def _rank(found: Found) -> tuple[object, ...]:
    """What was measured first, most bytes first; then what others find as well; then the surest."""
    blame = found.blame
    measured = (not blame.exact, -(blame.bytes_per_s or 0.0), -blame.bytes) if blame is not None else (False, 0.0, 0)
    return (blame is None, *measured, not found.certain, *order(found.suspect))
