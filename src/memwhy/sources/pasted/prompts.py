"""Shell prompts in pasted terminal text: who typed what, on which host."""

import re
from dataclasses import dataclass

_AT_HOST = re.compile(r"([A-Za-z_][\w.-]{0,40})@([^\s:@\[\]]{1,64})[: ]([^\s$#%❯]{0,200})\]?\s?[$#%❯](?:\s+(.*))?$")
_HOST_ALONE = re.compile(
    r"^[\s>`*]{0,12}(?!(?:cd|ls|du|df|rm|cp|mv|cat|chmod|chown|find|ll|pushd|sudo|tail|head|grep|https?|ftp|file)\b)([A-Za-z][\w.-]{1,63})(?: ~|:(?:~|/)[\w./-]{0,80})\s?[#$%](?:\s+(\S.*))?$"
)
"""A host without a user: `box ~ # free` (Gentoo's root), `router:~# free`, `box:/srv$ ls`."""
_BARE = re.compile(
    r"^[\s>`*]*(?:\[[^\]\n]{0,80}\]|\([^)\n]{0,40}\)|(?:~|/)[\w./-]{0,80}|(?:ba|da|a)?sh-\d{1,2}\.\d{1,2})?\s*[$#%❯]\s+(\S.*)$"
)
"""A lone sign, also behind what stands in brackets, a path (BusyBox: `/ # `, `~ # `) or the shell's own name (`bash-5.1# `)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prompt. host: None for a bare `$`. command: what follows it, perhaps "". at: column where it begins."""

    host: str | None
    command: str
    at: int


def read_prompt(line: str) -> Prompt | None:
    """The prompt in a line, also one glued to the end of the output before it (`0       0user@host:~$ free`)."""
    line = line[:2000]
    match = _AT_HOST.search(line) if "@" in line else None
    if match is not None:
        return Prompt(host=match[2], command=(match[4] or "").strip(), at=match.start())
    match = _HOST_ALONE.match(line) if "~" in line or ":/" in line else None
    if match is not None:
        return Prompt(host=match[1], command=(match[2] or "").strip(), at=0)
    match = _BARE.match(line)
    if match is not None:
        return Prompt(host=None, command=match[1].strip(), at=0)
    return None
