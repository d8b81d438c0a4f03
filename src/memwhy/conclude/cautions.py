"""What the reader of a verdict has to be careful about: figures that cannot be compared, witnesses that disagree."""

from itertools import combinations

from memwhy.model.case import Case, SeenProfile
from memwhy.model.metrics import label
from memwhy.model.report import Finding
from memwhy.model.units import human_bytes

SERVERS_OWN = (
    "net/http.",
    "net/http/",
    "runtime/pprof",
    "compress/",
    "bufio.",
    "bytes.",
    "io.",
    "io/",
    "internal/",
    "html/",
    "text/",
    "runtime.",
)
"""Packages that serving a profile uses by itself."""


def cautions(case: Case, findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Warnings, each a sentence or two."""
    out = list(_profiles(case))
    if case.total and case.series[case.total].clock == "order":
        out.append("The readings carry no times: rates are per reading, not per second.")
    if case.account is not None:
        out += [check.text for check in case.account.checks if check.agree is False]
        weak = [label(layer.metric) for layer in case.account.layers if layer.weak and layer.bytes]
        if weak:
            out.append(f"Told by shape alone, not proven: {', '.join(weak)}.")
    out += case.notes
    if case.ended:
        out.append(f"The process {case.ended}; what was seen until then is judged.")
    return tuple(dict.fromkeys(out))


def _profiles(case: Case) -> list[str]:
    """Pairs of profiles of one kind that look comparable and are not."""
    out = []
    for kind in ("alloc_space", "inuse_space"):
        of_kind = [seen for seen in case.profiles if seen.profile.kind == kind and seen.profile.build_id]
        for one, other in combinations(of_kind, 2):
            if one.profile.build_id == other.profile.build_id:
                continue
            text = (
                f"The two {kind} profiles are not comparable: builds {_short(one)} and {_short(other)} differ"
                f" ({human_bytes(one.profile.total)} against {human_bytes(other.profile.total)})"
            )
            idle = next((seen for seen in (one, other) if only_serves_profiles(seen)), None)
            if idle is not None:
                text += f", and that of {_short(idle)} holds nothing but the profile server's own work"
            out.append(text + ". That the program behaves differently there is not shown by them.")
    return out[:3]


def only_serves_profiles(seen: SeenProfile) -> bool:
    """Every function of the profile belongs to what serving a profile itself runs."""
    rows = seen.profile.rows
    return bool(rows) and all(row.function.startswith(SERVERS_OWN) for row in rows)


def _short(seen: SeenProfile) -> str:
    return (seen.profile.build_id or "?")[:8]
