"""The ways through a function's body: steps and what may come next, conditions taken apart, ways out marked.

Statements as https://go.dev/ref/spec#Statements has them. Calls that do not come back (panic, os.Exit, log.Fatal, a test's
Fatal, runtime.Goexit) end a way without leaving the function: nothing needs to be released there.
"""

from __future__ import annotations

from collections.abc import Callable

from memwhy.lint.syntax import Node, callee

NEVER_BACK = frozenset({"panic", "os.Exit", "runtime.Goexit", "syscall.Exit"})
_FATAL = frozenset(
    [
        "Fatal",
        "Fatalf",
        "Fatalln",
        "Fatalw",
        "FailNow",
        "Skip",
        "Skipf",
        "SkipNow",
        "Panic",
        "Panicf",
        "Panicln",
        "Panicw",
    ]
)


class Step:
    """A simple statement, a condition or a way out. next: steps that may follow, with the condition's outcome or None.

    kind: statement, condition, return, end (the body's last brace), pass (joins and cases). A condition with a subject is a
    case of a switch: does the subject equal node.
    """

    __slots__ = ("kind", "next", "node", "subject")

    def __init__(self, kind: str, node: Node) -> None:
        self.kind = kind
        self.node = node
        self.subject: Node | None = None
        self.next: list[tuple[Step, bool | None]] = []

    def __repr__(self) -> str:
        return f"<{self.kind} {self.node.text[:30]!r}>"


Loose = list[tuple[Step, bool | None]]
"""Ends of ways that wait for what comes next."""


class _Target:
    """A statement that break or continue may mean."""

    __slots__ = ("again", "breaks", "label", "loop")

    def __init__(self, label: str, loop: bool, again: Step | None) -> None:
        self.label = label
        self.loop = loop
        self.again = again
        self.breaks: Loose = []


class Graph:
    """The steps of one function declaration or literal; what stands in literals inside it belongs to theirs."""

    def __init__(self, function: Node, never_back: Callable[[Node], bool] | None = None) -> None:
        self.function = function
        self.steps: list[Step] = []
        self._never_back = never_back
        self._targets: list[_Target] = []
        self._labels: dict[str, Step] = {}
        self._gotos: list[tuple[Step, str]] = []
        self._label = ""
        body = function.child("body")
        self.entry = self._step("pass", function, [])
        if body is None:
            return
        loose = self._list(body, [(self.entry, None)])
        for step, label in self._gotos:
            if label in self._labels:
                step.next.append((self._labels[label], None))
        self._step("end", body, loose)

    def _step(self, kind: str, node: Node, after: Loose) -> Step:
        step = Step(kind, node)
        self.steps.append(step)
        for earlier, outcome in after:
            earlier.next.append((step, outcome))
        return step

    def _list(self, node: Node | None, loose: Loose) -> Loose:
        """The statements of a block or case, one after the other."""
        if node is None:
            return loose
        for child in node.children:
            if child.kind == "statement_list":
                for statement in child.children:
                    loose = self._statement(statement, loose)
        return loose

    def _statement(self, node: Node, loose: Loose) -> Loose:
        build = _BUILD.get(node.kind)
        if build is not None:
            return build(self, node, loose)
        step = self._step("statement", node, loose)
        if node.kind == "expression_statement" and node.children and self._ends(node.children[0]):
            return []
        return [(step, None)]

    def _ends(self, node: Node) -> bool:
        if node.kind != "call_expression":
            return False
        name = callee(node)
        last = name.rpartition(".")[2]
        if name in NEVER_BACK or (last in _FATAL and "." in name):
            return True
        return self._never_back is not None and self._never_back(node)

    def _return(self, node: Node, loose: Loose) -> Loose:
        self._step("return", node, loose)
        return []

    def _labeled(self, node: Node, loose: Loose) -> Loose:
        label = node.child("label")
        inner = node.children[-1]
        start = self._step("pass", node, loose)
        if label is None or inner is label:
            return [(start, None)]
        self._labels[label.text] = start
        self._label = label.text
        loose = self._statement(inner, [(start, None)])
        self._label = ""
        return loose

    def _goto(self, node: Node, loose: Loose) -> Loose:
        step = self._step("pass", node, loose)
        if node.children:
            self._gotos.append((step, node.children[0].text))
        return []

    def _break(self, node: Node, loose: Loose) -> Loose:
        label = node.children[0].text if node.children else ""
        for target in reversed(self._targets):
            if not label or target.label == label:
                target.breaks.extend(loose)
                break
        return []

    def _continue(self, node: Node, loose: Loose) -> Loose:
        label = node.children[0].text if node.children else ""
        for target in reversed(self._targets):
            if target.loop and target.again is not None and (not label or target.label == label):
                for step, outcome in loose:
                    step.next.append((target.again, outcome))
                break
        return []

    def _target(self, loop: bool, again: Step | None = None) -> _Target:
        target = _Target(self._label, loop, again)
        self._label = ""
        self._targets.append(target)
        return target

    def _if(self, node: Node, loose: Loose) -> Loose:
        initializer = node.child("initializer")
        if initializer is not None:
            loose = self._statement(initializer, loose)
        yes, no = self._condition(node.child("condition"), loose)
        yes = self._list(node.child("consequence"), yes)
        otherwise = node.child("alternative")
        if otherwise is not None:
            no = self._statement(otherwise, no)
        return yes + no

    def _condition(self, node: Node | None, loose: Loose) -> tuple[Loose, Loose]:
        """The ways on which a condition holds and on which it does not; `&&`, `||` and `!` are taken apart."""
        if node is None:
            return loose, []
        if node.kind == "parenthesized_expression" and node.children:
            return self._condition(node.children[0], loose)
        if node.kind == "unary_expression" and node.operator == "!" and node.children:
            yes, no = self._condition(node.children[0], loose)
            return no, yes
        left, right = node.child("left"), node.child("right")
        if (
            node.kind == "binary_expression"
            and node.operator in ("&&", "||")
            and left is not None
            and right is not None
        ):
            first_yes, first_no = self._condition(left, loose)
            if node.operator == "&&":
                yes, no = self._condition(right, first_yes)
                return yes, first_no + no
            yes, no = self._condition(right, first_no)
            return first_yes + yes, no
        if node.kind == "true":
            return loose, []
        step = self._step("condition", node, loose)
        return [(step, True)], [(step, False)]

    def _for(self, node: Node, loose: Loose) -> Loose:
        clause = next((c for c in node.children if c.kind in ("for_clause", "range_clause")), None)
        plain = next((c for c in node.children if c is not clause and c.field != "body"), None)
        label, self._label = self._label, ""
        initializer = clause.child("initializer") if clause is not None else None
        if initializer is not None:
            loose = self._statement(initializer, loose)
        head = self._step("pass", node, loose)
        ranged = clause is not None and clause.kind == "range_clause"
        update = clause.child("update") if clause is not None else None
        again = Step("statement", update) if update is not None else head
        self._label = label
        target = self._target(True, again)
        if ranged and clause is not None:
            step = self._step("statement", clause, [(head, None)])
            inside: Loose = [(step, None)]
            out: Loose = [(step, None)]
        else:
            condition = clause.child("condition") if clause is not None else plain
            inside, out = self._condition(condition, [(head, None)])
        loose = self._list(node.child("body"), inside)
        for step, outcome in loose:
            step.next.append((again, outcome))
        if again is not head:
            self.steps.append(again)
            again.next.append((head, None))
        self._targets.pop()
        return out + target.breaks

    def _switch(self, node: Node, loose: Loose) -> Loose:
        initializer = node.child("initializer")
        label, self._label = self._label, ""
        if initializer is not None:
            loose = self._statement(initializer, loose)
        value = node.child("value")
        if value is not None:
            loose = [(self._step("statement", value, loose), None)]
        self._label = label
        target = self._target(False)
        cases = [c for c in node.children if c.kind in ("expression_case", "type_case", "default_case")]
        entries, loose = self._entries(cases, loose, value)
        out: Loose = []
        falling: Loose = []
        for case, entry in zip(cases, entries, strict=True):
            ways = self._list(case, entry + falling)
            falling = []
            last = (
                case.children[-1].children[-1:] if case.children and case.children[-1].kind == "statement_list" else []
            )
            if last and last[0].kind == "fallthrough_statement":
                falling = ways
            else:
                out += ways
        self._targets.pop()
        return out + loose + target.breaks

    def _entries(self, cases: list[Node], loose: Loose, subject: Node | None) -> tuple[list[Loose], Loose]:
        """How each case is entered, and the ways on which none is. Cases of values are tried in order, as conditions."""
        entries: list[Loose] = []
        default = None
        for case in cases:
            value = case.child("value")
            if case.kind == "default_case":
                default = len(entries)
                entries.append([])
            elif case.kind == "type_case" or value is None:
                entries.append(list(loose))
            else:
                entered: Loose = []
                for condition in value.children:
                    yes, loose = self._case(condition, loose, subject)
                    entered += yes
                entries.append(entered)
        if default is not None:
            entries[default] = list(loose)
            loose = []
        return entries, loose

    def _case(self, condition: Node, loose: Loose, subject: Node | None) -> tuple[Loose, Loose]:
        if subject is None:
            return self._condition(condition, loose)
        step = self._step("condition", condition, loose)
        step.subject = subject
        return [(step, True)], [(step, False)]

    def _select(self, node: Node, loose: Loose) -> Loose:
        target = self._target(False)
        head = self._step("pass", node, loose)
        out: Loose = []
        for case in node.children:
            if not case.kind.endswith("_case"):
                continue
            ways: Loose = [(head, None)]
            communication = case.child("communication")
            if communication is not None:
                ways = [(self._step("statement", communication, ways), None)]
            out += self._list(case, ways)
        self._targets.pop()
        return out + target.breaks


_BUILD: dict[str, Callable[[Graph, Node, Loose], Loose]] = {
    "block": Graph._list,
    "return_statement": Graph._return,
    "labeled_statement": Graph._labeled,
    "goto_statement": Graph._goto,
    "break_statement": Graph._break,
    "continue_statement": Graph._continue,
    "if_statement": Graph._if,
    "for_statement": Graph._for,
    "expression_switch_statement": Graph._switch,
    "type_switch_statement": Graph._switch,
    "select_statement": Graph._select,
}
