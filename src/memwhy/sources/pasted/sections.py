"""Headings that say whose the figures below them are: "On the server", "本地", "Container A:", "PID 4711", "The stuck node".

A heading of a moment ("After the restart, on the server") names its place alone: before and after are one subject.
"""

import re
from collections.abc import Sequence

from memwhy.sources.pasted.prompts import read_prompt
from memwhy.sources.words.moments import is_stage, read_moments

_PLACES = re.compile(
    r"(?<![A-Za-z])(?:servers?|servidor|serveur|local(?:ly|e|host)?|lokal\w{0,3}|localmente|laptop|desktop|notebook|portátil|"
    r"rechner|arbeitsplatz|escritorio|workstation|macbook|vm|vps|ec2|aws|azure|gcp|google cloud|cloud|prod(?:uction|ução|ktion)?|"
    r"produktiv\w{0,7}|staging|test environment|container|docker|kubernetes|k8s|pod|node|instance|raspberry pi|linux|macos|windows|ubuntu|"
    r"debian|alpine|centos|host)(?![A-Za-z])|本地|本机|服务器|服務器|云端|桌面|虚拟机|容器|ローカル|サーバ|локальн|сервер|서버|로컬",
    re.IGNORECASE,
)
_LONGEST = 48
_LONGEST_CAPTION = 160
_LOOK_UP = 6
_NAMED = re.compile(
    r"(?<![A-Za-z])(?P<kind>container|pod|node|host|server|machine|vm|instance|replica|worker|shard|broker|容器|节点|服务器|实例|Knoten|Rechner|nodo|nœud|сервер|узел)"
    r"[ #:]{1,2}[`\"'“]?(?P<name>[A-Z](?![\w'])|\d{1,3}(?!\w|[.,:]\d|%| ?[KMG]i?B)|(?=[\w.-]*\d)[a-z][\w.-]{1,40}|(?<=[`\"'“])[\w./-]{1,60}(?=[`\"'”]))",
    re.IGNORECASE,
)
_PID = re.compile(r"^\W{0,6}(?:process(?: id)?|pid|prozess|进程)\W{1,3}(\d{2,8})\b", re.IGNORECASE)
_KINDS = {"container": "container", "pod": "container", "容器": "container", "host": "host", "server": "host", "machine": "host", "服务器": "host"}  # fmt: skip
_ILL = r"bad|stuck|leak(?:ing|y)|faulty|unhealthy|broken|affected|slow|problematic|abnormal|异常|有问题的?|kaputte\w?|fehlerhafte\w?|defekte\w?"
_WELL = r"good|normal|healthy|unaffected|not (?:leaking|affected|stuck)|non-leaking|working|fine|正常|gute\w?|gesunde\w?|normale\w?"
_POLE = re.compile(
    rf"(?:(?:on|in|under|from|at|auf|bei|im?) )?(?:(?:the|an?|our|my|one|der|die|das|dem|einem) )?(?:(?P<ill>{_ILL})|(?P<well>{_WELL}))"
    r"(?:的)?(?: (?:node|instance|server|host|machine|pod|container|process|service|case|one|box|replica|worker|shard|broker|operation|behaviou?r|system|state|run|Instanz|Knoten|Prozess)s?|实例|节点|情况|进程|服务器)?",
    re.IGNORECASE,
)


def _bare(line: str) -> str:
    """A heading's words without the marks round them."""
    return line.strip().strip("#*_=-—:：>`. \t").strip()


def read_heading(line: str) -> str | None:
    """The words of a short heading that names a place, else None. Sentences, commands and figures are no headings."""
    text = _bare(line)
    if not text or len(text) > _LONGEST or len(text.split()) > 6 or re.search(r"[=;{}|$%@<>/\\]|\d{3}", text):
        return None
    if line.rstrip().endswith((".", "。", "!", "！", "?", "？", ",", "，", ";")):
        return None
    place = _PLACES.search(text)
    if place is None:
        return None
    return _place_alone(text, place[0]) if is_stage(text) or read_moments(text) else text


def _place_alone(text: str, place: str) -> str:
    """Of a heading that tells a moment too, what names the place, whatever the moment is."""
    named = _NAMED.search(text)
    return named[0] if named else place


def read_pole(line: str) -> str | None:
    """ "ill" or "well" for a heading that sets one of several instances apart by how it fares, else None."""
    text = _bare(line)
    match = _POLE.fullmatch(text) if 2 <= len(text) <= _LONGEST else None
    return None if match is None else "ill" if match["ill"] else "well"


def has_both_poles(lines: Sequence[str]) -> bool:
    """The page shows a good and a bad one: then they are two subjects, else "normal" is a moment."""
    return {"ill", "well"} <= {read_pole(line) for line in lines if len(line) <= 2 * _LONGEST}


def read_named(line: str) -> str | None:
    """The subject that a heading or a caption names by a letter, a number or a name of its own: "container A", "pid 4711"."""
    text = line.strip()
    caption = text.endswith((":", "：")) and len(text) <= _LONGEST_CAPTION
    if not caption and (len(text) > _LONGEST or text.endswith((".", "。", "!", "?", ",", ";"))):
        return None
    if re.search(r"[=;{}|$%@<>\\]", text):
        return None
    pid = _PID.match(text)
    if pid is not None:
        return f"pid {int(pid[1])}"
    names = {(match["kind"].lower(), match["name"]) for match in _NAMED.finditer(text)}
    if len(names) != 1:
        return None
    kind, name = names.pop()
    short = len(name) == 1 or name.isdigit()
    whose = _KINDS.get(kind)
    return f"section {kind} {name}" if whose is None or (short and whose == "host") else f"{whose} {name}"


def subject_above(lines: Sequence[str], first: int, floor: int, *, poles: bool = False) -> str | None:
    """The subject that the nearest heading within a few lines above index `first` names, down to index `floor`."""
    for i in range(first - 1, max(floor, first - _LOOK_UP) - 1, -1):
        line = lines[i]
        if not line.strip() or line.strip().startswith(("```", "~~~", "<")):
            continue
        prompt = read_prompt(line)
        if prompt is not None and (prompt.host is not None or not line.lstrip(" >").startswith("#")):
            continue
        named = read_named(line)
        if named is not None:
            return named
        if poles and read_pole(line) is not None:
            return f"section {_bare(line)}"
        heading = read_heading(line)
        return None if heading is None else f"section {heading}"
    return None


def place_above(lines: Sequence[str], first: int, floor: int = 0) -> str | None:
    """Whose a block that begins at index `first` is: "host X" from a prompt close above, else by a heading, else None."""
    for i in range(max(floor, first - 2), min(first + 3, len(lines))):
        prompt = read_prompt(lines[i])
        if prompt is not None and prompt.host:
            return f"host {prompt.host}"
    return subject_above(lines, first, floor)
