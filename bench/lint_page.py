"""Figures of `bench/lint.py` into docs/lint-measured.md: tables in a fixed order, so that the difference of two runs can be read."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

HEAD = """# Lint, measured

Written by `make bench-lint`. Nothing here is a promise about your code: the corpus is small, and both it and the rules were
written within one project.

**The corpus** is 258 small Go packages that build (`tests/lint`): for each kind of leak about as many that leak as
look-alikes that do not (closed in a helper, by a deferred closure, by the caller, by the owner's Close, through an interface, over
a channel …). They were written and labelled by reading, by people who had not seen the rules. A coin split the first 154: the
**open** half was there for the rules' authors to work with, the **held-out** half was kept from them. The **second held-out**
corpus of 44 was written after the misses of that half had been told, in other shapes, and the **third** of 60 in the manner of real
repositories while those of the second were being mended; both were kept from them as well.

**Right** is a finding of a label's kind at one of its lines; two findings of one leak count once. Everything else that is said,
in guilty packages too, is **false**. Only what is told unasked counts (weight 0.5 and more).
"""
EXPECT = """## What to expect

{found}

What is acquired and lost in one function, or in one that a call of it leads to, is nearly always found: bodies, rows, files, timers, deferred
calls, transports. What is missed is lost through a structure: a field that is forgotten or overwritten, an entry that is taken off a
map, a pair of methods that do not match, a pool or map behind a type, a value that leaves under an interface, a channel whose ends
lie in different types. Each corpus was scored once and mended afterwards, so the figures under "Now" say how well the rules know
what they were shown, and not how well they will know your code.
"""
PERCENT = 100


def page(measured: Mapping[str, Any], first: Sequence[Mapping[str, Any]]) -> str:
    """The document, of the chapters that there are. first: what was scored once, unseen, in the order of time."""
    commits = measured.get("commits", {})
    parts = [HEAD]
    if commits:
        parts.append(
            "Measured at: " + ", ".join(f"{chapter} {commit}" for chapter, commit in sorted(commits.items())) + ".\n"
        )
    if first:
        parts += [_expect(first), "## At first sight\n", *map(_first_sight, first)]
    if "corpus" in measured:
        parts += [_halves(measured["corpus"]), _kinds(measured["corpus"]), _wrong(measured["corpus"])]
    if "strangers" in measured:
        parts.append(_strangers(measured["strangers"]))
    if "peers" in measured:
        parts.append(_peers(measured["peers"]))
    if "code" in measured:
        parts += [_code(measured["code"]), _alarms(measured["code"])]
    if "cost" in measured:
        parts.append(_cost(measured["cost"]))
    return "\n".join(parts)


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _expect(first: Sequence[Mapping[str, Any]]) -> str:
    """The figures of each try on what nobody had tuned to: the last half of each."""
    last = [tuple(one["halves"].values())[-1] for one in first]
    recall = ", ".join(_share(one["recall"]) for one in last)
    precision = ", ".join(_share(one["precision"]) for one in last)
    return EXPECT.format(
        found=f"On code that nobody tuned to, in {len(last)} tries one after the other, recall was **{recall}** (asked for: 0.8) and precision"
        f" **{precision}** (asked for: 0.9). Expect that about {_share(min(one['recall'] for one in last))} to"
        f" {_share(max(one['recall'] for one in last))} of the leaks in code like these packages are found."
    )


def _first_sight(first: Mapping[str, Any]) -> str:
    rows = [
        (
            half,
            one["found"] + one["missed"],
            one["found"],
            one["missed"],
            one["false"],
            _share(one["precision"]),
            _share(one["recall"]),
        )
        for half, one in first["halves"].items()
    ]
    heads = ("half", "leaks", "found", "missed", "false", "precision", "recall")
    kinds = ", ".join(
        f"{kind} {one['found']} of {one['found'] + one['missed']}"
        + (f" and {one['false']} false" if one["false"] else "")
        for kind, one in first.get("kinds", {}).items()
    )
    return (
        f"### {first['name']}\n\n{first['how']}\n\n"
        + _table(heads, rows)
        + (f"\nBy kind: {kinds}.\n" if kinds else "")
        + f"\n{first['wrong']}\n"
        + "".join(f"\n- {case}" for case in first.get("cases", ()))
        + ("\n" if first.get("cases") else "")
    )


def _halves(corpus: Mapping[str, Any]) -> str:
    rows = [
        (
            name,
            one["packages"],
            one["found"] + one["missed"],
            one["found"],
            one["missed"],
            one["false"],
            _share(one["precision"]),
            _share(one["recall"]),
        )
        for name, one in corpus["halves"].items()
    ]
    both = corpus["both"]
    packages = sum(one["packages"] for one in corpus["halves"].values())
    rows.append(
        (
            "all",
            packages,
            both["found"] + both["missed"],
            both["found"],
            both["missed"],
            both["false"],
            _share(both["precision"]),
            _share(both["recall"]),
        )
    )
    heads = ("half", "packages", "leaks", "found", "missed", "false", "precision", "recall")
    return (
        "## Now\n\nAsked for: precision at least 0.9, recall at least 0.8. Once its misses had been told, what was held out was so"
        " no longer; the figures at first sight are what to expect.\n\n" + _table(heads, rows)
    )


def _kinds(corpus: Mapping[str, Any]) -> str:
    rows = [
        (
            kind,
            ", ".join(corpus["rules"][kind]),
            one["found"],
            one["missed"],
            one["false"],
            _share(one["precision"]),
            _share(one["recall"]),
        )
        for kind, one in corpus["kinds"].items()
    ]
    heads = ("what leaks", "rules", "found", "missed", "false", "precision", "recall")
    note = ""
    if corpus["silent_rules"]:
        note = "\nRules that said nothing on the whole corpus, so that these figures say nothing of them: " + (
            ", ".join(f"`{rule}`" for rule in corpus["silent_rules"]) + ".\n"
        )
    return "## By kind, all of them\n\n" + _table(heads, rows) + note


def _wrong(corpus: Mapping[str, Any]) -> str:
    lines = []
    for half, one in corpus["halves"].items():
        lines += [
            f"- missed, {half}: `{package}` {file}:{line}: {why}" for package, file, line, why in one["missed_which"]
        ]
        lines += [
            f"- false, {half}: `{package}` {file}:{line} {rule}" + (f" (innocent: {why})" if why else "")
            for package, file, line, rule, why in one["false_which"]
        ]
        lines += [
            f"- wrong cause, {half}: `{package}` {rule} says {cause}" for package, rule, cause in one["wrong_causes"]
        ]
    return "## What is wrong\n\n" + ("\n".join(lines) or "Nothing on this corpus.") + "\n"


def _strangers(strangers: Mapping[str, Any]) -> str:
    rows, lines = [], []
    for name, one in strangers.items():
        leaks = one["found"] + one["missed"]
        rows.append((name, one["kind"], leaks, one["found"], one["missed"], one["false"]))
        lines += [f"- missed: {folder}/{file}:{line} ({name})" for folder, file, line in one["missed_which"]]
        lines += [
            f"- false: {folder}/{file}:{line} `{rule}` ({name})" for folder, file, line, rule in one["false_which"]
        ]
    heads = ("tests of", "what leaks", "labels", "found", "missed", "false")
    return (
        "## What strangers labelled\n\nOther linters' own tests, with what those linters are to say there as the labels (`bench/lint_strangers.py`),"
        " read from the module proxy. Only our findings of the same kind are counted.\n\n"
        + _table(heads, rows)
        + ("\n" + "\n".join(lines) + "\n" if lines else "")
    )


def _peers(peers: Mapping[str, Any]) -> str:
    rows, notes = [], []
    for name, one in peers.items():
        theirs, ours = one["theirs"], one["ours"]
        leaks = theirs["found"] + theirs["missed"]
        rows.append(
            (
                f"{name} {one['version']}",
                ", ".join(one["kinds"]),
                leaks,
                f"{theirs['found']} ({theirs['false']} false)",
                f"{ours['found']} ({ours['false']} false)",
                one["cpu_s"],
            )
        )
        notes += [f"- {name}, false: `{p}` {file}:{line} {check}" for p, file, line, check in one["false_which"]]
        notes += [f"- {name} could not check {problem}" for problem in one["problems"]]
    heads = ("linter", "kinds that it looks for", "leaks of these kinds", "it found", "memwhy found", "its CPU s")
    return (
        "## Others on the same packages\n\nEach by itself on "
        + f"{max(one['packages'] for one in peers.values())} packages, with its checks that are about leaks. They know types,"
        " which we read only as far as they are written down; they compile, so their CPU seconds are those of a small build for each (with a warm cache). For the other"
        " kinds (C memory, handles, pinners, references, rows, maps …) none of the three has a check. go vet's httpresponse is about"
        " a nil response and not counted.\n\n" + _table(heads, rows) + ("\n" + "\n".join(notes) + "\n" if notes else "")
    )


def _code(code: Mapping[str, Any]) -> str:
    rows = []
    for name, one in code.items():
        judged = Counter(alarm[3] for alarm in one["alarms"])
        rows.append(
            (
                name,
                "yes" if one["told"] else "no",
                f"{one['bytes'] / 1e6:.2f}",
                one["files"],
                one["cpu_s"] if one["answered"] else "no answer",
                one["peak_mib"],
                len(one["alarms"]),
                judged["true"],
                judged["harmless"],
                judged["false"],
                judged["unread"],
            )
        )
    heads = (
        "code",
        "told",
        "MB",
        "files",
        "CPU s",
        "peak MiB",
        "alarms",
        "true",
        "harmless",
        "false",
        "unread",
    )
    return (
        "## Real code\n\nWithout tests, generated files, vendor and testdata. Every alarm was read. *True*: it is as the finding says, and it leaks."
        " *Harmless*: it is as the finding says, and costs nothing that matters there (a few rounds, a generator, an example that ends)."
        " *False*: something releases it, or bounds it. *Told*: the rules' authors had been told of the alarms there before the held-out half was scored.\n\n"
        + _table(heads, rows)
    )


def _alarms(code: Mapping[str, Any]) -> str:
    lines = []
    for name, one in code.items():
        if one["alarms"]:
            lines.append(f"\n**{name}**\n")
        lines += [
            f"- {judged}: {file}:{line} `{rule}`{': ' + why if why else ''}"
            for file, line, rule, judged, why in one["alarms"]
        ]
    return "## The alarms\n" + "\n".join(lines) + "\n"


def _cost(cost: Mapping[str, Any]) -> str:
    rows = [
        ("source", f"{cost['written'] / 1e6:.1f} MB, {cost['bytes'] / 1e6:.1f} MB of it read", ""),
        ("CPU", f"{cost['cpu_s']} s", "15 s"),
        ("peak memory", f"{cost['peak_mib']} MiB", ""),
        ("load of the machine meanwhile", cost["load"], ""),
    ]
    if not cost["answered"]:
        rows.append(("answer", "none: " + cost["beside"].strip().splitlines()[-1], "an answer"))
    return "## 30 MB of source\n\n" + _table(("", "measured", "asked for"), rows)
