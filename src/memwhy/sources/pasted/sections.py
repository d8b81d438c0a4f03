"""Short headings that say where the figures below them were taken: "On the server", "本地", "Azure VM:"."""

import re
from collections.abc import Sequence

from memwhy.sources.pasted.prompts import read_prompt

_PLACES = re.compile(
    r"(?<![A-Za-z])(?:servers?|servidor|serveur|local(?:ly|e|host)?|lokal\w{0,3}|localmente|laptop|desktop|notebook|portátil|"
    r"rechner|arbeitsplatz|escritorio|workstation|macbook|vm|vps|ec2|aws|azure|gcp|google cloud|cloud|prod(?:uction|ução|ktion)?|"
    r"produktiv\w{0,7}|staging|test environment|container|docker|kubernetes|k8s|pod|node|instance|raspberry pi|linux|macos|windows|ubuntu|"
    r"debian|alpine|centos|host)(?![A-Za-z])|本地|本机|服务器|服務器|云端|桌面|虚拟机|容器|ローカル|サーバ|локальн|сервер|서버|로컬",
    re.IGNORECASE,
)
_LONGEST = 48
_LOOK_UP = 6


def read_heading(line: str) -> str | None:
    """The words of a short heading that names a place, else None. Sentences, commands and figures are no headings."""
    text = line.strip().strip("#*_=-—:：>`. \t").strip()
    if not text or len(text) > _LONGEST or len(text.split()) > 6 or re.search(r"[=;{}|$%@<>/\\]|\d{3}", text):
        return None
    if line.rstrip().endswith((".", "。", "!", "！", "?", "？", ",", "，", ";")):
        return None
    return text if _PLACES.search(text) else None


def section_above(lines: Sequence[str], first: int, floor: int) -> str | None:
    """The nearest heading within a few lines above index `first`, down to index `floor`; prose ends the search."""
    for i in range(first - 1, max(floor, first - _LOOK_UP) - 1, -1):
        line = lines[i]
        if not line.strip() or line.strip().startswith(("```", "~~~", "<")) or read_prompt(line) is not None:
            continue
        return read_heading(line)
    return None


def place_above(lines: Sequence[str], first: int, floor: int = 0) -> str | None:
    """Whose a block that begins at index `first` is: "host X" from a prompt close above, else "section Y", else None."""
    for i in range(max(floor, first - 2), min(first + 3, len(lines))):
        prompt = read_prompt(lines[i])
        if prompt is not None and prompt.host:
            return f"host {prompt.host}"
    heading = section_above(lines, first, floor)
    return None if heading is None else f"section {heading}"
