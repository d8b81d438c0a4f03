"""The process's own sockets by state: rows of net/tcp, tcp6, udp, udp6 and unix whose inode it has open.

/proc/PID/net shows the whole network namespace; only the rows that a descriptor of the process names are
kept, behind the heads that the kernel prints. Source: proc_pid_net(5); Documentation/networking/proc_net_tcp.rst (tx_queue, rx_queue);
states: include/net/tcp_states.h.
"""

import re
import struct
import sys
from collections import Counter
from functools import lru_cache

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, StackSample
from memwhy.model.reading import Reading
from memwhy.sources.proc.fd import MOST, descriptors
from memwhy.sources.proc.files import decode, join, process_path, split

NAME = "proc/sockets"

_INODE_COLUMN = {"tcp": 9, "tcp6": 9, "udp": 9, "udp6": 9, "unix": 6}
_STATES = {
    "01": "established", "02": "syn-sent", "03": "syn-recv", "04": "fin-wait-1", "05": "fin-wait-2", "06": "time-wait",
    "07": "close", "08": "close-wait", "09": "last-ack", "0A": "listen", "0B": "closing", "0C": "new-syn-recv",
}  # fmt: skip
_METRICS = {
    "established": "process.sockets_established_count",
    "close-wait": "process.sockets_close_wait_count",
    "listen": "process.sockets_listen_count",
}
_SOCKET = re.compile(r"socket:\[(\d+)\]")
_ROW = re.compile(
    r"\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) (?:([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})|\S+) ([0-9A-F]{2}) ([0-9A-F]+):([0-9A-F]+) "
)
PROFILE = "sockets"
MOST_GROUPS = 2000
"""Peers that are told apart; the sockets to those beyond are put together by state."""
_End = tuple[str, int]


def read(root: str, pid: int) -> bytes:
    """The composite; for a process without sockets an empty first part. A host with very many connections is streamed, never
    held, and no further than to the last of the process's own: 100,000 rows of others take 60 ms."""
    inodes: set[bytes] = set()
    for seen, (_, target) in enumerate(descriptors(root, pid), start=1):
        if seen > MOST:
            raise OSError(7, f"more than {MOST} descriptors: sockets not looked at")
        if match := _SOCKET.fullmatch(target):
            inodes.add(match[1].encode())
    if not inodes:
        return join([("net/tcp", b"")])  # to make its tables the kernel walks every hash bucket: 3 ms measured
    parts: list[tuple[str, bytes]] = []
    for protocol, column in _INODE_COLUMN.items():
        try:
            with open(process_path(root, pid, f"net/{protocol}"), "rb") as table:
                kept = [table.readline()]
                for row in table:
                    words = row.split(None, column + 1)
                    if len(words) > column and words[column] in inodes:
                        kept.append(row)
                        inodes.discard(words[column])
                        if not inodes:
                            break
        except FileNotFoundError:
            continue  # a kernel without IPv6 has no tcp6
        parts.append((f"net/{protocol}", b"".join(kept)))
    return join(parts)


def parse(raw: bytes) -> Reading:
    """TCP sockets by state, and bytes in the queues of all (payload, without the kernel's cost of keeping it; a listening socket's
    queue counts connections, and is left out); facts process.listening (`ADDRESS:PORT` per line, TCP only), process.socket_states (`count protocol state`).

    A profile of kind "sockets" counts them by state and peer: frames are (`tcp established`, `to 10.0.0.5:443`), or (`tcp
    close-wait`, `accepted on port 8080`, `from 10.0.0.7`) where the process listens on the socket's own port.
    """
    parts = split(raw)
    if not parts:
        raise ParseError(NAME, None, raw[:80], "has no part `==> net/tcp <==`" if raw else "is empty")
    states: Counter[tuple[str, str]] = Counter()
    listening: list[str] = []
    ports: set[int] = set()
    ends: Counter[tuple[str, _End, _End]] = Counter()
    queued_bytes = 0
    for name, content in parts:
        protocol = name.rpartition("/")[2]
        rows = decode(content).split("\n")[1:]
        if protocol == "unix":
            states["unix", "open"] += sum(1 for row in rows if row.strip())
            continue
        for number, row in enumerate(rows, start=2):
            if not row.strip():
                continue
            match = _ROW.match(row)
            if match is None:
                raise ParseError(f"{NAME} {name}", number, row, "not a row of the socket table")
            state = _STATES.get(match[5], match[5]) if protocol.startswith("tcp") else "open"
            states[protocol, state] += 1
            if state == "listen":
                listening.append(f"{_address(match[1])}:{int(match[2], 16)}")
                ports.add(int(match[2], 16))
                continue
            queued_bytes += int(match[6], 16) + int(match[7], 16)
            if match[3]:
                own, peer = (match[1], int(match[2], 16)), (match[3], int(match[4], 16))
                ends[f"{protocol.removesuffix('6')} {state}", own, peer] += 1
    metrics = {metric: states["tcp", state] + states["tcp6", state] for state, metric in _METRICS.items()}
    metrics["process.sockets_queued_bytes"] = queued_bytes
    rows_by_state = [f"{number} {protocol} {state}" for (protocol, state), number in sorted(states.items()) if number]
    facts = {"process.listening": "\n".join(sorted(set(listening))), "process.socket_states": "\n".join(rows_by_state)}
    profile = _by_peer(ends, ports, states["unix", "open"])
    return Reading(
        metrics=metrics,
        facts={name: value for name, value in facts.items() if value},
        profiles=(profile,) if profile.stacks else (),
    )


def _by_peer(ends: Counter[tuple[str, _End, _End]], ports: set[int], unix: int) -> Profile:
    """The process's sockets by state and by whom they lead to. An accepted one has a port that the process listens on."""
    groups: Counter[tuple[str, ...]] = Counter({("unix open",): unix} if unix else {})
    for (state, own, peer), number in ends.items():
        if own[1] in ports and state.startswith("tcp"):
            groups[state, f"accepted on port {own[1]}", f"from {_address(peer[0])}"] += number
        elif peer[1]:
            groups[state, f"to {_address(peer[0])}:{peer[1]}"] += number
        else:
            groups[state, f"on port {own[1]}" if own[1] else "not bound"] += number
    kept = dict(groups.most_common(MOST_GROUPS))
    for frames, number in groups.most_common()[MOST_GROUPS:]:
        rest = (frames[0], "to or from others")
        kept[rest] = kept.get(rest, 0) + number
    samples = sorted(kept.items(), key=lambda item: (-item[1], item[0]))
    return Profile(
        kind=PROFILE,
        unit="count",
        total=sum(groups.values()),
        stacks=tuple(StackSample(frames=frames, value=number) for frames, number in samples),
    )


@lru_cache(maxsize=4096)
def _address(text: str) -> str:
    """`0100007F` → 127.0.0.1: 32-bit words in the machine's own byte order; IPv6 in brackets, IPv4 within it as such."""
    from socket import AF_INET, AF_INET6, inet_ntop  # 3 ms, and most processes listen nowhere

    words = [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
    order = "<" if sys.byteorder == "little" else ">"
    packed = struct.pack(f"{order}{len(words)}I", *words)
    if len(words) == 1:
        return inet_ntop(AF_INET, packed)
    text = inet_ntop(AF_INET6, packed)
    return text.removeprefix("::ffff:") if text.startswith("::ffff:") and "." in text else f"[{text}]"
