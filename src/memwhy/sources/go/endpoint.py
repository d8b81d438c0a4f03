"""The process's own HTTP endpoint for pprof, expvar or metrics: found among its listening sockets, or named by URL.

Only GET, only light paths, and only addresses of this machine that the process itself listens on:
/debug/pprof/symbol (answers "num_symbols: 1" without a query), else threadcreate; /debug/vars; /metrics.
Never profile or trace, which would make the target work.
"""

import errno
import re
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from memwhy.model.errors import UsageError
from memwhy.sources.go.client import Address, Answer, BadAnswer, get

Kind = Literal["pprof", "expvar", "metrics"]

CONNECT_S = 0.3
READ_S = 2.0
SURVEY_S = 6.0
"""How long discovery may take in all."""

_MOST_PORTS = 24
_MOST_DESCRIPTORS = 100_000
_MOST_ROWS = 200_000
_PROBE_BYTES = 64 << 10
_LISTEN = "0A"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where to ask. base: what a path such as /debug/vars is put behind; probed: what was asked to find out."""

    kind: Kind
    base: str
    probed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What discovery found, and why it may have found nothing."""

    endpoints: tuple[Endpoint, ...]
    notes: tuple[str, ...]


def discover(root: str, pid: int) -> tuple[Endpoint, ...]:
    """The endpoints of a process; pprof first. Raises OSError when its descriptors may not be read."""
    return survey(root, pid).endpoints


def survey(root: str, pid: int) -> Survey:
    """The endpoints of a process, and notes on what could not be asked. Raises OSError as discover does."""
    deadline = time.monotonic() + SURVEY_S
    other = _other_network(root, pid)
    if other:
        return Survey(endpoints=(), notes=(other,))
    sockets = listening(root, pid)
    if not sockets:
        return Survey(endpoints=(), notes=("the process listens on no TCP port",))
    endpoints: list[Endpoint] = []
    notes: list[str] = []
    for ip, port in sockets[:_MOST_PORTS]:
        if deadline - time.monotonic() < CONNECT_S:
            notes.append(f"port {port} and later ones were not asked: {SURVEY_S:.0f} s were used up")
            break
        found, note = _ask(ip, port, deadline)
        endpoints += found
        notes += [note] if note else []
    if len(sockets) > _MOST_PORTS:
        notes.append(f"{len(sockets) - _MOST_PORTS} of {len(sockets)} listening sockets were not asked")
    order = ("pprof", "expvar", "metrics")
    return Survey(endpoints=tuple(sorted(endpoints, key=lambda e: order.index(e.kind))), notes=tuple(notes))


def _other_network(root: str, pid: int) -> str | None:
    try:
        theirs = Path(f"{root}/{pid}/ns/net").readlink()
        ours = Path("/proc/self/ns/net").readlink()
    except FileNotFoundError:
        if not Path(f"{root}/{pid}").exists():
            raise ProcessLookupError(errno.ESRCH, f"no process {pid}") from None
        return (
            "the network namespace of the process is not known, so its ports were not asked; name one with --pprof URL"
        )
    if theirs != ours:
        return (
            "the process is in another network namespace (a container): its loopback cannot be reached from here; "
            "name a published port with --pprof URL, or run memwhy inside"
        )
    return None


def listening(root: str, pid: int) -> list[tuple[str, int]]:
    """(IP address, port) of the TCP sockets that the process itself listens on, by port. Raises OSError.

    Formats: proc_pid_net(5), /proc/net/tcp: addresses are hexadecimal words in host byte order, state 0A is LISTEN.
    """
    inodes: set[str] = set()
    for count, entry in enumerate(Path(f"{root}/{pid}/fd").iterdir()):
        if count >= _MOST_DESCRIPTORS:
            break
        try:
            target = str(entry.readlink())
        except OSError:
            continue  # closed meanwhile
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found: set[tuple[str, int]] = set()
    for name in ("tcp", "tcp6") if inodes else ():
        try:
            with open(f"{root}/{pid}/net/{name}", encoding="ascii", errors="replace") as rows:
                for count, row in enumerate(rows):
                    columns = row.split()
                    if len(columns) > 9 and columns[3] == _LISTEN and columns[9] in inodes:
                        address = socket_address(columns[1])
                        found |= {address} if address else set()
                    if count >= _MOST_ROWS:
                        break
        except FileNotFoundError:
            continue  # IPv6 is switched off
    return sorted(found, key=lambda address: (address[1], address[0]))


def socket_address(text: str) -> tuple[str, int] | None:
    """(IP address, port) from `0100007F:1F90` of a little-endian kernel; None when it is something else."""
    match = re.fullmatch(r"((?:[0-9A-Fa-f]{8}){1,4}):([0-9A-Fa-f]{4})", text)
    if match is None or len(match[1]) not in (8, 32):
        return None
    words = [bytes.fromhex(match[1][i : i + 8])[::-1] for i in range(0, len(match[1]), 8)]
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    ip = socket.inet_ntop(family, b"".join(words))
    return ip.removeprefix("::ffff:") if "." in ip else ip, int(match[2], 16)


def _hosts(ip: str) -> tuple[str, ...]:
    """Where to connect for a listening address: loopback for a wildcard; nothing that is not this machine's own."""
    if ip == "0.0.0.0":
        return ("127.0.0.1",)
    if ip == "::":
        return ("::1", "127.0.0.1")
    if ip.startswith("fe80:"):
        return ()  # link-local: of no use without its interface
    try:
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        # A process may listen on an address that is not ours (IP_FREEBIND); binding to it then fails here.
        with socket.socket(family, socket.SOCK_DGRAM) as own:
            own.bind((ip, 0))
    except OSError:
        return ()
    return (ip,)


def _ask(ip: str, port: int, deadline: float) -> tuple[list[Endpoint], str | None]:
    reason = f"{ip} is not an address that can be asked from here"
    for host in _hosts(ip):
        try:
            return _probe(Address(scheme="http", host=host, port=port), deadline)
        except OSError as error:
            reason = error.strerror or str(error)
    return [], f"port {port}: {reason}"


def _probe(address: Address, deadline: float) -> tuple[list[Endpoint], str | None]:
    """What a port offers. Raises OSError when it does not answer, or not in HTTP."""
    asked: list[str] = []

    def ask(path: str) -> Answer:
        left = max(0.01, min(READ_S + CONNECT_S, deadline - time.monotonic()))
        answer = get(address, path, timeout_s=left, connect_s=CONNECT_S, max_bytes=_PROBE_BYTES, cut=True)
        asked.append(f"GET {path}: {answer.status}")
        return answer

    found: list[Endpoint] = []
    answer = ask("/debug/pprof/symbol")
    if answer.status == 400 and b"HTTPS server" in answer.body:
        return [], f"port {address.port} speaks TLS: name it with --pprof https://…:{address.port}"
    is_pprof = answer.status == 200 and answer.body.startswith(b"num_symbols:")
    if not is_pprof:
        answer = ask("/debug/pprof/threadcreate?debug=1")
        is_pprof = answer.status == 200 and answer.body.startswith(b"threadcreate profile: total")
    if is_pprof:
        found.append(Endpoint(kind="pprof", base=str(address), probed=tuple(asked)))
    for kind, path, pattern in _OTHERS:
        try:
            answer = ask(path)
        except OSError:
            break
        if answer.status == 200 and pattern.search(answer.body):
            found.append(Endpoint(kind=kind, base=str(address), probed=tuple(asked)))
    return found, None if found else f"port {address.port} speaks HTTP, but not pprof, expvar or metrics"


_OTHERS: tuple[tuple[Kind, str, re.Pattern[bytes]], ...] = (
    ("expvar", "/debug/vars", re.compile(rb'\A\s*\{[\s\S]*"(?:memstats|cmdline)"\s*:')),
    ("metrics", "/metrics", re.compile(rb"^# (?:HELP|TYPE) [a-zA-Z_:]", re.MULTILINE)),
)


def fetch(endpoint: Endpoint, path: str, timeout_s: float, max_bytes: int) -> bytes:
    """The body behind base + path, which must be a 200. timeout_s is a limit for the whole exchange.

    path: such as /debug/pprof/heap?debug=1. Raises OSError with a text for people: TimeoutError, ConnectionError,
    BadAnswer (another status, too long, damaged).
    """
    parts = urlsplit(endpoint.base)
    address = _address(endpoint.base)
    target = parts.path.rstrip("/") + path
    answer = get(address, target, timeout_s=timeout_s, connect_s=min(timeout_s, 2.0), max_bytes=max_bytes)
    if 300 <= answer.status < 400:
        raise BadAnswer(f"{address}{target} redirects to {answer.headers.get('location', '?')[:200]!r}; not followed")
    if answer.status != 200:
        shown = answer.body[:120].decode("utf-8", "replace").strip()
        raise BadAnswer(f"{address}{target} answers {answer.status}: {shown!r}")
    return answer.body


def from_url(url: str) -> Endpoint:
    """The endpoint that a user names: host:port, http://host:port, …/debug/pprof/, …/debug/pprof/heap, …/metrics.

    Nothing is asked yet. Raises UsageError.
    """
    address = _address(url if "://" in url else f"http://{url}")
    path = urlsplit(url if "://" in url else f"http://{url}").path
    kind: Kind = "pprof"
    for mark, named in (("/debug/pprof", "pprof"), ("/debug/vars", "expvar"), ("/metrics", "metrics")):
        if mark in path:
            path = path[: path.index(mark)]
            kind = named  # type: ignore[assignment]
            break
    return Endpoint(kind=kind, base=str(address) + path.rstrip("/"), probed=(f"named by the user: {url}",))


def _address(url: str) -> Address:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"{url!r} is not a URL: {error}", help="write http://host:port") from error
    if parts.scheme not in ("http", "https") or not host or not (url.isascii() and url.isprintable()) or " " in url:
        raise UsageError(f"{url!r} is not an http or https URL", help="write http://host:port")
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "a URL with a password in it would be written into reports", help="use a URL without user name"
        )
    return Address(scheme=parts.scheme, host=host, port=port or (443 if parts.scheme == "https" else 80))
