"""Masking: secrets, addresses and names taken out of text that leaves the host; figures, functions and versions stay.

A masked thing has the same stand-in wherever it stands (`ip-1`, `host-2`), so that the text still tells what belongs
together. Nobody can find every secret by its shape: what is masked is listed here, and the commands say so.
"""

import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import TypeVar, cast

T = TypeVar("T")

GONE = "***"

SECRET_NAME = (
    r"(?:pass(?:w(?:or)?d|phrase)?|pwd|secrets?|tokens?|api[_-]?keys?|access[_-]?keys?|private[_-]?keys?|auth(?:orization)?"
    r"|credentials?|cookies?|session[_-]?(?:id|key)|dsn|signature|salt)"
)
_ASSIGNED = re.compile(
    rf"(?P<name>(?<![A-Za-z0-9])[A-Za-z0-9_.-]{{0,40}}?{SECRET_NAME}[A-Za-z0-9_.-]{{0,20}}[\"']?\s{{0,3}}[=:]\s{{0,3}})"
    r"(?P<value>\"[^\"\n]{1,400}\"|'[^'\n]{1,400}'|(?:(?:Bearer|Basic|Token)\s+)?[^\s,;&\"']{1,400})",
    re.IGNORECASE,
)
_FLAG = re.compile(rf"(?P<name>(?<!\S)--?[A-Za-z0-9-]{{0,40}}?{SECRET_NAME}[A-Za-z0-9-]{{0,20}}\s+)(?P<value>[^\s-]\S{{0,400}})", re.IGNORECASE)  # fmt: skip
SECRET_FLAG = re.compile(rf"--?[A-Za-z0-9-]{{0,40}}?{SECRET_NAME}[A-Za-z0-9-]{{0,20}}", re.IGNORECASE)
"""An argument whose next one is a secret."""
_SHAPES = re.compile(
    r"\beyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,2000}(?:\.[A-Za-z0-9_-]{0,2000})?"  # a JSON web token, RFC 7519
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"  # AWS access key ids
    r"|\bgh[pousr]_[A-Za-z0-9]{20,255}\b|\bgithub_pat_[A-Za-z0-9_]{20,255}\b"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,255}\b|\bAIza[A-Za-z0-9_-]{35}\b|\bsk_(?:live|test)_[A-Za-z0-9]{16,255}\b"
    r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{0,8000}?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)"
)
_USER_INFO = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]{1,20}://)[^\s/@\"']{1,300}@", re.IGNORECASE)
_URL_HOST = re.compile(r"(?P<scheme>\b(?:https?|tcp|grpc|wss?|amqps?|postgres(?:ql)?|mysql|redis|mongodb(?:\+srv)?)://(?:\*\*\*@)?)(?P<host>[A-Za-z0-9.-]{1,253})")  # fmt: skip
_MAIL = re.compile(r"(?<![\w.+/-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])")
_PROMPT = re.compile(r"(?<![\w.-])(?P<user>[a-z_][a-z0-9_-]{0,31})@(?P<host>[A-Za-z0-9.-]{1,64})(?=[:\s\]])")
_NAMED = re.compile(
    r"(?P<word>\b(?:host(?:name)?|server|machine)[ :=]{1,3})(?!v\d|x86|i\d86|amd64|arm|aarch|host-\d)"
    r"(?P<host>[a-z](?:[a-z0-9-]{0,62}\d[a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,63}){0,6}|[a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,63}){2,6}))(?![\w.-]*[\w(])"
)
"""A machine's name in a sentence: with a digit, or of three parts."""
_HOME = re.compile(r"(?P<root>/(?:home|Users)/)(?P<user>[^/\s:\"'<>|]{1,64})")
_IP4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\.\d)(?!\d)")
_IP6 = re.compile(r"(?<![\w:.])(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F]{1,4}(?![\w:])|(?<![\w:])(?:[0-9a-fA-F]{1,4}:){1,6}:(?:[0-9a-fA-F]{1,4}:?){1,6}(?![\w:])")  # fmt: skip

_OPEN = re.compile(
    r"localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|::1?|HOST|PID|example\.(?:com|org|net)|\*{3}", re.IGNORECASE
)
"""Addresses that say nothing about anybody, and our own place-holders."""


class Mask:
    """Masks text; one for all texts that belong together. hosts: names that are known from elsewhere. addresses: also
    hosts, users, mail and network addresses, not secrets alone."""

    def __init__(self, hosts: Iterable[str] = (), *, addresses: bool = True) -> None:
        self._addresses = addresses
        self._stand_ins: dict[tuple[str, str], str] = {}
        self._hosts = sorted({host for host in hosts if len(host) > 2 and not _OPEN.fullmatch(host)}, key=len)[::-1]

    def mask(self, text: str) -> str:
        """The text without what is private."""
        text = _SHAPES.sub(GONE, text)
        text = _USER_INFO.sub(rf"\g<scheme>{GONE}@", text)
        text = _ASSIGNED.sub(_value_gone, text)
        text = _FLAG.sub(_value_gone, text)
        if not self._addresses:
            return text
        text = _URL_HOST.sub(lambda found: found["scheme"] + self._host(found["host"]), text)
        text = _MAIL.sub(lambda found: self._stand_in("user", found[0]) + "@…", text)
        text = _PROMPT.sub(lambda found: f"{self._stand_in('user', found['user'])}@{self._host(found['host'])}", text)
        text = _NAMED.sub(lambda found: found["word"] + self._host(found["host"]), text)
        text = _HOME.sub(lambda found: found["root"] + self._stand_in("user", found["user"]), text)
        text = _IP4.sub(lambda found: self._address(found[0]), text)
        text = _IP6.sub(lambda found: self._address(found[0]), text)
        for host in self._hosts:
            text = re.sub(rf"(?<![\w-]){re.escape(host)}(?![\w-])", self._host(host), text)
        return text

    def mask_all(self, value: T) -> T:
        """Every string of nested tuples, lists, dicts and dataclasses; keys, enumerations and numbers stay."""
        if isinstance(value, Enum):
            return value
        if isinstance(value, str):
            return cast(T, self.mask(value))
        if isinstance(value, list | tuple):
            return cast(T, type(value)(self.mask_all(one) for one in value))
        if isinstance(value, dict):
            return cast(T, {key: self.mask_all(one) for key, one in value.items()})
        if is_dataclass(value) and not isinstance(value, type):
            return cast(T, replace(value, **{f.name: self.mask_all(getattr(value, f.name)) for f in fields(value)}))
        return value

    def _host(self, host: str) -> str:
        return host if _OPEN.fullmatch(host) or host.startswith("host-") else self._stand_in("host", host)

    def _address(self, address: str) -> str:
        if _OPEN.fullmatch(address):
            return address
        parts = address.split(".")
        if len(parts) == 4 and (any(int(part) > 255 for part in parts) or parts[0] == "0"):
            return address  # a version, not an address
        return self._stand_in("ip", address)

    def _stand_in(self, kind: str, what: str) -> str:
        key = (kind, what.lower())
        if key not in self._stand_ins:
            number = sum(one == kind for one, _ in self._stand_ins) + 1
            self._stand_ins[key] = f"{kind}-{number}"
        return self._stand_ins[key]


def _value_gone(found: re.Match[str]) -> str:
    return found["name"] + GONE
