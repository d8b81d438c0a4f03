"""Two figures of one sentence, the process's own and its container's: `the process has 50 MiB resident, the container 750 MiB`.

Only where each of the two has its own name nearest to it, before it or right behind it; of more, nothing is taken.
"""

import re
from dataclasses import dataclass

from memwhy.sources.words import cues
from memwhy.sources.words.quantities import Quantity
from memwhy.sources.words.sentences import Sentence
from memwhy.sources.words.trials import name_trials

_OWN = r"process(?:es)?(?: itself| alone)?|RSS|resident(?: set)?(?: size| memory)?|VmRSS|RES|ps|htop|top|(?:the )?binary itself|app(?:lication)? itself|Prozess|processus|proceso|processo|процесс\w{0,3}|进程|プロセス"
_WORKING = r"working[ _-]set(?:[_ ]bytes)?|container_memory_working_set_bytes|kubectl top(?: pods?)?|docker stats|wss"
_CHARGED = r"containers?|pods?|cgroup(?:'s)?(?: memory)?|kubelet|cAdvisor|(?:memory[ .])?usage_in_bytes|memory\.current|container_memory_usage_bytes|k8s|Kubernetes|容器|コンテナ|контейнер\w{0,3}"
_NAMES = re.compile(
    rf"(?<![A-Za-z_./-])(?:(?P<working>{_WORKING})|(?P<charged>{_CHARGED})|(?P<own>{_OWN}))(?![A-Za-z_-])",
    re.IGNORECASE,
)
_METRICS = {"working": "cgroup.working_set_bytes", "charged": "cgroup.current_bytes", "own": "process.rss_bytes"}
_OTHER = re.compile(
    r"(?<![A-Za-z])(?:heap|limits?|requests?|virtual|VIRT|VSZ|go|java|node|pprof|sys|peak|swap|free|cache|host|machine|per|before|after|from|every|total|max\w{0,5}|files?|disk)(?![A-Za-z])",
    re.IGNORECASE,
)
"""A figure of something else stands among them."""
_FEW = 70  # characters between a name and its figure


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two."""

    metric: str
    quantity: Quantity


def read_sides(sentence: Sentence) -> tuple[Side, ...]:
    """(the process's, its container's) figures of a sentence that holds just these two; else none."""
    sizes = [one for one in sentence.quantities if one.size is not None]
    if len(sizes) != 2 or sentence.asks or cues.WISH.search(sentence.text) or name_trials(sentence.text):
        return ()
    if any(one.delta or one.bound or one.per_ns is not None for one in sizes):
        return ()
    start = 0
    found: list[Side] = []
    for one in sizes:
        side = _side(sentence.text, start, one)
        if side is None:
            return ()
        found.append(side)
        start = one.end
    metrics = {side.metric for side in found}
    return tuple(found) if len(metrics) == 2 and "process.rss_bytes" in metrics else ()


def _side(text: str, start: int, one: Quantity) -> Side | None:
    """The name nearest before the figure, since the one before it; of the words right behind it where none is there."""
    before = text[max(start, one.start - _FEW) : one.start]
    behind = text[one.end : one.end + 40].split(",")[0].split(";")[0]
    named = list(_NAMES.finditer(before))
    if named and not _OTHER.search(before[named[-1].start() :]):
        return Side(_METRICS[named[-1].lastgroup or "own"], one)
    match = _NAMES.search(behind)
    if named or match is None or len(behind[: match.start()].split()) > 3 or _OTHER.search(behind[: match.end()]):
        return None
    return Side(_METRICS[match.lastgroup or "own"], one)
