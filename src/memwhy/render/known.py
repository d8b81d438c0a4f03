"""Known leaks to which a diagnosis points, in sentences and as JSON. Words only: what points there was decided before."""

from collections.abc import Sequence
from typing import Any

from memwhy.model.dependencies import Known, Pointed


def sentences(pointed: Sequence[Pointed]) -> tuple[str, ...]:
    """Each component in one piece: what points there, what is known of it, what to do, where it stands."""
    groups: dict[tuple[str, str, str], list[Pointed]] = {}
    for one in pointed:
        groups.setdefault((one.known.component.name, one.known.standing, one.because), []).append(one)
    return tuple(_sentence(group[0]) if len(group) == 1 else _several(group) for group in groups.values())


def _sentence(one: Pointed) -> str:
    known = one.known
    return f"{_lead(one)} {_stands(_named(known), known)} {_stop(known.what)} It takes: {_stop(known.trigger)} Do: {_stop(known.remedy)} [{', '.join(known.source)}; {known.confidence} confidence]"


def _several(group: Sequence[Pointed]) -> str:
    """Nothing tells which of them it is: when each happens, and no more."""
    first = group[0].known
    lead = _stands(_named(first), first).partition(", ")[0].removesuffix(":")
    ways = "; ".join(
        f"({number}) {one.known.trigger.rstrip('.')}" + (f", fixed in {one.known.fixed}" if one.known.fixed else "")
        for number, one in enumerate(group, start=1)
    )
    return (
        f"{_lead(group[0])} {lead} in {len(group)} ways, and nothing tells which it is: {ways}. memwhy deps tells more."
    )


def _named(known: Known) -> str:
    return f"{known.component.name} {known.component.version}".strip()


def _lead(one: Pointed) -> str:
    name = _named(one.known)
    if one.by == "stack":
        return f"{one.because[:1].upper()}{one.because[1:]}."
    return (
        f"{name}: {one.because}."
        if one.by == "only"
        else f"Also linked, though which code allocates was not measured: {name}."
    )


def _stop(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _stands(name: str, known: Known) -> str:
    if known.standing == "leaks":
        fixed = f", fixed in {known.fixed}" if known.fixed else ", no release has a fix"
        return f"{name} is known to leak{fixed}:"
    if known.standing == "cannot-say":
        return f"{known.component.name} has leaked in other versions ({known.why}):"
    if known.standing == "depends":
        return f"{name} leaks where callers do not release:"
    return f"{name} is known to keep memory:"


def plain(pointed: Sequence[Pointed]) -> list[dict[str, Any]]:
    """For the report's JSON, `known_leaks`."""
    return [
        {
            "module": one.known.component.name,
            "version": one.known.component.version,
            "standing": one.known.standing,
            "cause": one.known.cause,
            "affected": one.known.affected,
            "fixed": one.known.fixed or None,
            "what": one.known.what,
            "trigger": one.known.trigger,
            "remedy": one.known.remedy,
            "source": list(one.known.source),
            "confidence": one.known.confidence,
            "by": one.by,
            "because": one.because,
            "fits": one.fits,
            "function": one.function or None,
            "bytes": one.bytes,
            "bytes_per_s": one.bytes_per_s,
        }
        for one in pointed
    ]
