"""The process's own sockets by state: rows of net/tcp, tcp6, udp, udp6 and unix whose inode it has open.

/proc/PID/net shows the whole network namespace; only the rows that a descriptor of the process names are
kept, behind the heads that the kernel prints. Source: proc_pid_net(5); Documentation/networking/proc_net_tcp.rst;
states: include/net/tcp_states.h.
"""

import re
import struct
import sys
from collections import Counter

from memwhy.model.errors import ParseError
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
_ROW = re.compile(r"\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) \S+ ([0-9A-F]{2}) ")


def read(root: str, pid: int) -> bytes:
    """The composite; for a process without sockets an empty first part. A host with very many connections is streamed, never held."""
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
                kept += [
                    row
                    for row in table
                    if len(words := row.split(None, column + 1)) > column and words[column] in inodes
                ]
        except FileNotFoundError:
            continue  # a kernel without IPv6 has no tcp6
        parts.append((f"net/{protocol}", b"".join(kept)))
    return join(parts)


def parse(raw: bytes) -> Reading:
    """TCP sockets by state; facts process.listening (`ADDRESS:PORT` per line, TCP only), process.socket_states (`count protocol state`)."""
    parts = split(raw)
    if not parts:
        raise ParseError(NAME, None, raw[:80], "has no part `==> net/tcp <==`" if raw else "is empty")
    states: Counter[tuple[str, str]] = Counter()
    listening: list[str] = []
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
            state = _STATES.get(match[3], match[3]) if protocol.startswith("tcp") else "open"
            states[protocol, state] += 1
            if state == "listen":
                listening.append(f"{_address(match[1])}:{int(match[2], 16)}")
    metrics = {metric: states["tcp", state] + states["tcp6", state] for state, metric in _METRICS.items()}
    rows_by_state = [f"{number} {protocol} {state}" for (protocol, state), number in sorted(states.items()) if number]
    facts = {"process.listening": "\n".join(sorted(set(listening))), "process.socket_states": "\n".join(rows_by_state)}
    return Reading(metrics=metrics, facts={name: value for name, value in facts.items() if value})


def _address(text: str) -> str:
    """`0100007F` → 127.0.0.1: 32-bit words in the machine's own byte order; IPv6 in brackets."""
    from socket import AF_INET, AF_INET6, inet_ntop  # 3 ms, and most processes listen nowhere

    words = [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
    order = "<" if sys.byteorder == "little" else ">"
    packed = struct.pack(f"{order}{len(words)}I", *words)
    if len(words) == 1:
        return inet_ntop(AF_INET, packed)
    return f"[{inet_ntop(AF_INET6, packed)}]"
