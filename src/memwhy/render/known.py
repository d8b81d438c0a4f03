"""Known leaks to which a diagnosis points, in sentences and as JSON. Words only: what points there was decided before."""

from collections.abc import Sequence
from typing import Any

from memwhy.model.dependencies import Known, Pointed


def sentences(pointed: Sequence[Pointed]) -> tuple[str, ...]:
    """Each entry in one piece: what it is, what points there, what to do, where it stands."""
    return tuple(_sentence(one) for one in pointed)


def _sentence(one: Pointed) -> str:
    known = one.known
    name = f"{known.component.name} {known.component.version}".strip()
    what = known.what.rstrip(".")
    remedy = known.remedy.rstrip(".")
    lead = {
        "stack": f"{_sentence_case(one.because)}.",
        "only": f"{name}: {one.because}.",
        "linked": f"Also linked, though which code allocates was not measured: {name}.",
    }[one.by]
    return f"{lead} {_stands(name, known)} {what}. It takes: {known.trigger.rstrip('.')}. Do: {remedy}. [{', '.join(known.source)}; {known.confidence} confidence]"


def _stands(name: str, known: Known) -> str:
    if known.standing == "leaks":
        fixed = f", fixed in {known.fixed}" if known.fixed else ", no release has a fix"
        return f"{name} is known to leak{fixed}:"
    if known.standing == "cannot-say":
        return f"{known.component.name} has leaked in other versions ({known.why}):"
    if known.standing == "depends":
        return f"{name} leaks where callers do not release:"
    return f"{name} is known to keep memory:"


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


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
