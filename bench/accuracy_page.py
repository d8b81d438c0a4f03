"""Figures into docs/accuracy.md: tables in a fixed order and rounded, so that the difference of two runs can be read."""

from collections.abc import Iterable, Sequence

from accuracy_reckon import (
    STEADY,
    Outcome,
    Share,
    accusations,
    accused,
    bars,
    bins,
    by_cause,
    confusion,
    growing,
    outcome,
    patience,
    said_of,
    score,
    second_leaks,
    seconds_to_verdict,
    together,
    twins,
)
from accuracy_rows import FAST, SLOW, UNDETERMINED, Conditions, Row, Said

from memwhy.model.report import CAUSES

HEAD = """# How often is memwhy right

Written by `make accuracy`, which runs every specimen and every innocent twin, watches each with `memwhy watch --no-until-sure`,
from outside alone (no endpoint, `--no-probe`) and with Go's endpoint (found by itself), and holds the verdict against the
program's `truth.toml`. What grows does so by 1 MiB/s (and, watched longer, by 1 MiB/min); what does not grow runs as it is.

**Right** is a verdict of the true cause, or of one that `truth.toml` lists as as right. **Not yet** is "undetermined" where nobody
can know the end of it (a cache that still fills), or what describes it meanwhile, without high confidence. **Rash** is wrong with high confidence. **Accused** is who is put down to a wrong cause, or for whom a cause is
supported that `truth.toml` acquits (but for other-process beside another verdict: the bench runs programs that grow in the same
cgroup, so that it is true). Precision counts verdicts (undetermined is none, nor is not yet), recall counts programs. A verdict at 20 s
is what the first 20 s of the same recording say. It is what `--until-sure` would have had then; a watch told to last
20 s closes with one more look into malloc, and knows a little more. At its whole length it is what the command printed, unless recordings were judged once more.
"""
LENGTHS_S = (20.0, 60.0, 180.0, 300.0)
Cells = Sequence[str]


def page(conditions: Sequence[Conditions], rows: Iterable[Row]) -> str:
    """The whole document; the same for the same rows in any order."""
    rows = sorted(rows, key=lambda row: row.key)
    usual = [row for row in rows if row.pace != SLOW]
    slow = [row for row in rows if row.pace == SLOW]
    whole_s = max((row.for_s for row in usual), default=60.0)
    parts = [
        HEAD,
        *(_measured(one) for one in sorted(conditions, key=lambda one: one.when)),
        _loads(rows),
        section("What is asked for", ("", "measured", "holds"), _bars(rows, whole_s)),
        section("By length of the watch", _LENGTH_HEADS, _lengths(usual, slow)),
        section(f"Truth by verdict, after {whole_s:.0f} s", *_confusion(usual, whole_s), note=_CONFUSION),
        section(
            f"By cause, after {whole_s:.0f} s",
            ("cause", "precision", "recall"),
            _causes(usual, whole_s),
            note="Precision: of the verdicts that name it, how many are right. Recall: of the programs that have it, how many are found.",
        ),
        _false_alarms(usual, whole_s),
        section(
            f"Probability and truth, after {whole_s:.0f} s",
            ("probability", "verdicts", "mean", "right"),
            _calibration(usual, whole_s),
            note=f"Brier score {_number(score(usual, whole_s).brier)}.",
        ),
        section("Seconds to the verdict", *_times(rows), note=_TIMES),
        _patience(rows),
        section("Second leaks", ("program", "verdict", "others supported"), _seconds(usual, whole_s)),
        section("Not right", ("program", "truth", "verdicts by length"), _wrong(rows), note=_WRONG),
        section(
            "Not measured",
            ("program", "why"),
            [*((row.name, row.problem.replace("|", "/")) for row in rows if row.problem), *_missing(conditions, rows)],
        ),
    ]
    return "\n".join(part for part in parts if part)


_LENGTH_HEADS = (
    "length", "watches", "right", "not yet", "undetermined", "wrong", "rash", "precision", "recall", "twins accused", "Brier",
)  # fmt: skip
_CONFUSION = "A cell counts watches; *in italics* are those that are not right."
_TIMES = (
    "The first length from which on every verdict was right, of those asked for: every 5 s to 30 s, every 10 s to 60 s, every 30 s to 300 s."
    " “no”: the last was not right."
)
_WRONG = "Wrong at any length, undetermined at the end, or beside a cause that is acquitted."


def section(title: str, heads: Cells, rows: Iterable[Cells], *, note: str = "") -> str:
    """A heading, a note and a table; nothing where the table has no rows."""
    lines = [" | ".join(heads), " | ".join("---" for _ in heads), *(" | ".join(row) for row in rows)]
    if len(lines) == 2:
        return ""
    return f"## {title}\n\n" + (f"{note}\n\n" if note else "") + "".join(f"| {line} |\n" for line in lines)


def _missing(conditions: Sequence[Conditions], rows: Sequence[Row]) -> list[Cells]:
    """What a run was to watch and left no row of."""
    planned = {name for one in conditions for name in one.planned}
    return [(name, "planned, and no row came of it") for name in sorted(planned - {row.name for row in rows})]


def _measured(one: Conditions) -> str:
    noise = f"{one.noise} processes using CPU in bursts beside" if one.noise else "no noise of ours"
    version = f"{one.version}; " if one.version else ""
    return f"{one.when}; {version}{one.machine}; {one.at_once} at a time, {noise}; seed {one.seed}; {one.for_s:.0f} s each, {SLOW} for {one.slow_for_s:.0f} s.\n{_first_sight(one)}"


def _first_sight(one: Conditions) -> str:
    """What held when it was recorded: what was mended since was mended with these recordings in view."""
    if not one.first_sight:
        return ""
    return (
        "\n**First sight.** The verdicts below are not what the commands printed, but what a later tree says of their recordings, which"
        f" those who changed it had seen. As printed: {'; '.join(one.first_sight)}.\n"
    )


def _loads(rows: Sequence[Row]) -> str:
    seen = [row for row in rows if row.said]
    if not seen:
        return "Nothing was watched.\n"
    loads = [row.load for row in seen]
    alike = Share(sum(row.agrees for row in seen), len(seen))
    return (
        f"{len(seen)} watches of {len({row.specimen for row in seen})} specimens; load average {min(loads):.1f} to {max(loads):.1f}."
        f" Explained from its recording, a watch gives the verdict that it printed: {said_of(alike)}.\n"
    )


def _bars(rows: Sequence[Row], whole_s: float) -> list[Cells]:
    words = {True: "yes", False: "**no**", None: "not measured"}
    return [(bar.asked, bar.measured, words[bar.holds]) for bar in bars(rows, whole_s)]


def _lengths(usual: Sequence[Row], slow: Sequence[Row]) -> list[Cells]:
    """One line for each length at which most were asked; at the whole length also by what could be read."""
    found: list[Cells] = []
    for rows, pace in ((usual, ""), (slow, f", {SLOW}")):
        ends = sorted({row.for_s for row in rows})
        for length_s in sorted({*ends, *(one for one in LENGTHS_S if any(row.for_s > one for row in rows))}):
            found.append(_scored(f"{length_s:.0f} s{pace}", rows, length_s))
        for length_s in ends:
            for endpoint, words in ((False, "from outside"), (True, "endpoint")):
                some = [row for row in rows if row.endpoint is endpoint]
                found.append(_scored(f"{length_s:.0f} s{pace}, {words}", some, length_s))
    return found


def _scored(name: str, rows: Sequence[Row], length_s: float) -> Cells:
    one = score(rows, length_s)
    precision, recall = together(by_cause(rows, length_s))
    counts = (one.runs, one.right, one.not_yet, one.undetermined, one.wrong, one.rash)
    alarms = accused(twins(rows), length_s)
    cells = (_value(precision), _value(recall), f"{alarms.hits} of {alarms.n}", _number(one.brier))
    return (name, *map(str, counts), *cells)


def _confusion(rows: Sequence[Row], length_s: float) -> tuple[Cells, list[Cells]]:
    cells = confusion(rows, length_s)
    order = (*CAUSES, UNDETERMINED)
    verdicts = [cause for cause in order if any(said == cause for _, said in cells)]
    truths = [cause for cause in order if any(true == cause for true, _ in cells)]
    lines: list[Cells] = [(true, *(_cell(cells.get((true, said))) for said in verdicts)) for true in truths]
    return ("truth", *verdicts), lines


def _cell(share: Share | None) -> str:
    if share is None:
        return ""
    wrong = share.n - share.hits
    return " + ".join(text for text in (str(share.hits) if share.hits else "", f"*{wrong}*" if wrong else "") if text)


def _causes(rows: Sequence[Row], length_s: float) -> list[Cells]:
    scores = by_cause(rows, length_s)
    lines: list[Cells] = [(one.cause, said_of(one.precision), said_of(one.recall)) for one in scores]
    for name, but in (("all but steady", frozenset({STEADY})), ("all", frozenset[str]())):
        precision, recall = together(scores, but=but)
        lines.append((name, said_of(precision), said_of(recall)))
    return lines


def _false_alarms(rows: Sequence[Row], length_s: float) -> str:
    share = accused(twins(rows), length_s)
    low, high = share.interval
    many = f"with so many, the rate may be {low:.3f} to {high:.3f} (95 %)"
    return f"Of the twins {said_of(share)} are accused; {many}.\n" if share.n else ""


def _calibration(rows: Sequence[Row], length_s: float) -> list[Cells]:
    return [
        (f"{one.low:.2f} to {one.high:.2f}", str(one.right.n), _number(one.mean), _value(one.right))
        for one in bins(rows, length_s)
        if one.right.n
    ]


def _times(rows: Sequence[Row]) -> tuple[Cells, list[Cells]]:
    kinds = [(pace, endpoint) for pace in (FAST, SLOW) for endpoint in (False, True)]
    took: dict[tuple[str, str], dict[tuple[str, bool], str]] = {}
    for pace in (FAST, SLOW):
        for row in growing(rows, pace):
            if row.variant != "twin":
                seconds = seconds_to_verdict(row)
                text = "**no**" if seconds is None else f"{seconds:.0f}"
                took.setdefault((row.specimen, row.truth.cause), {})[pace, row.endpoint] = text
    lines: list[Cells] = [(*named, *(texts.get(kind, "") for kind in kinds)) for named, texts in sorted(took.items())]
    heads = [f"{pace}, {'endpoint' if endpoint else 'from outside'}" for pace, endpoint in kinds]
    return ("program", "cause", *heads), lines


def _patience(rows: Sequence[Row]) -> str:
    told = patience(rows)
    text = f"Of the undetermined verdicts on what grows, {said_of(told)} say how long to go on watching.\n"
    return text if told.n else ""


def _seconds(rows: Sequence[Row], length_s: float) -> list[Cells]:
    return [
        (row.name, row.said[-1].cause, f"{share.hits} of {share.n}: {', '.join(row.truth.also_grows)}")
        for row, share in second_leaks(rows, length_s)
    ]


def _wrong(rows: Sequence[Row]) -> list[Cells]:
    return [(row.name, _truth(row), courses(row)) for row in rows if row.said and not _good(row)]


def _good(row: Row) -> bool:
    """Never wrong, decided in the end, nobody accused in the end."""
    found = [outcome(row.truth, said) for said in row.said]
    never_wrong = not {Outcome.WRONG, Outcome.RASH} & set(found)
    return never_wrong and found[-1] is not Outcome.OPEN and not accusations(row.truth, row.said[-1])


def _truth(row: Row) -> str:
    also = f" (or {', '.join(row.truth.also)})" if row.truth.also else ""
    late = f", not before {row.truth.undecided_s:.0f} s" if row.truth.undecided_s else ""
    return row.truth.cause + also + late


def courses(row: Row) -> str:
    """The verdicts by length, stretches of the same as one: its first length and its last probability."""
    stretches: list[tuple[float, Said]] = []
    for said in row.said:
        alike = stretches and _kind(row, stretches[-1][1]) == _kind(row, said)
        begun_s = stretches.pop()[0] if alike else said.length_s
        stretches.append((begun_s, said))
    return "; ".join(f"{begun_s:.0f} s {_words(row, said)}" for begun_s, said in stretches)


def _kind(row: Row, said: Said) -> tuple[str, ...]:
    return (said.cause, outcome(row.truth, said), *accusations(row.truth, said))


def _words(row: Row, said: Said) -> str:
    worth = outcome(row.truth, said)
    mark = f" ({worth})" if worth in (Outcome.WRONG, Outcome.RASH, Outcome.NOT_YET) else ""
    beside = [cause for cause in accusations(row.truth, said) if cause != said.cause]
    also = f", and {', '.join(beside)} supported" if beside else ""
    return f"{said.cause} {said.probability:.2f}{mark}{also}"


def _value(share: Share) -> str:
    return _number(share.value)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
