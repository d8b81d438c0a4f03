"""A stack of C and Go in one line: unnamed runs by their library, glue left out, the middle elided, both ends whole."""

import re

from memwhy.model.cgonames import c_function, is_glue
from memwhy.model.report import Holder
from memwhy.model.units import human_range
from memwhy.render.figures import amount

MOST_FRAMES = 16
_LEAF = 5
ELIDED = "…"
_UNNAMED = re.compile(r"(.+)\+0x[0-9a-f]+$")
_GLUE = re.compile(r"runtime\.(?:asm)?cgocall$|0x[0-9a-f]+$")
SAMPLED = "native-stacks"


def shortened(stack: tuple[str, ...]) -> tuple[str, ...]:
    """`malloc`, `xmlSAX2StartElement`, `(libxml2.so.2)`, `htmlParseDocument`, `_Cfunc_htmlReadMemory`, `main.crawlPage`."""
    frames: list[str] = []
    for frame in stack:
        unnamed = _UNNAMED.match(frame)
        name = f"({unnamed[1]})" if unnamed else frame.rpartition(".")[2] if c_function(frame) else frame
        if is_glue(frame) or _GLUE.match(frame) or (frames and name == frames[-1]):
            continue
        frames.append(name)
    if len(frames) <= MOST_FRAMES:
        return tuple(frames)
    return (*frames[:_LEAF], ELIDED, *frames[_LEAF - MOST_FRAMES + 1 :])


def measured(holder: Holder) -> bool:
    """Whether its figure has an interval, or is a count: what then is said of it takes a line of its own."""
    return holder.method == SAMPLED or holder.low_bytes is not None or holder.count is not None


def figures(holder: Holder) -> str:
    """`12.3 MiB ± 0.9 MiB (+1.0 MiB/s)` of what is held now, the larger side where the interval is lopsided; of growth
    `+12.3 MiB (9.8 to 14.9 MiB), +1.0 MiB/s`, or `+120 (118 to 122), +4.0/s; 1.9 MiB`."""
    if holder.count is not None:
        return _counted(holder)
    if holder.method != SAMPLED and holder.low_bytes is not None and holder.high_bytes is not None:
        pace = "" if holder.bytes_per_s is None else f", +{amount(round(holder.bytes_per_s), whole=False)}/s"
        if holder.high_bytes <= holder.low_bytes:
            return f"{amount(holder.bytes, whole=False)}{pace}"
        return f"{amount(holder.bytes, whole=False)} ({human_range(holder.low_bytes, holder.high_bytes)}){pace}"
    text = amount(holder.bytes, whole=False)
    if holder.low_bytes is not None and holder.high_bytes is not None and holder.high_bytes > holder.low_bytes:
        text += f" ± {amount(max(holder.high_bytes - holder.bytes, holder.bytes - holder.low_bytes), whole=False)}"
    if holder.bytes_per_s is not None:
        sign = "-" if holder.bytes_per_s < 0 else "+"
        text += f" ({sign}{amount(round(abs(holder.bytes_per_s)), whole=False)}/s)"
    return text


def _counted(holder: Holder) -> str:
    """`+120 (118 to 122), +4.0/s; 1.9 MiB`, `120; 1.9 MiB` of what was counted once; bytes only where there are any."""
    text = f"{holder.count:,}" if holder.low_count is None else f"{holder.count:+,}"
    if holder.low_count is not None and holder.high_count is not None and holder.high_count > holder.low_count:
        text += f" ({holder.low_count:,} to {holder.high_count:,})"
    if holder.count_per_s is not None:
        text += f", {holder.count_per_s:+,.2g}/s" if abs(holder.count_per_s) < 10 else f", {holder.count_per_s:+,.1f}/s"
    return f"{text}; {amount(holder.bytes, whole=False)}" if holder.bytes else text


def libraries(holder: Holder) -> str:
    """Whose code the stack is, with versions, each once: `libxml2.so.2@2.9.14, example.com/bot@v1.2.0`; Go's own and what is said
    beside the function already are left out."""
    said = {"", "std", None if holder.method == SAMPLED else holder.module}
    return ", ".join(
        dict.fromkeys(module for module in holder.modules if module not in said and not module.startswith("std@"))
    )
