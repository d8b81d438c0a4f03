"""One HTTP GET to a server that need not be friendly: bounded time in all, bounded bytes, no redirects, no proxies.

urllib is not used: it follows http_proxy and redirects, and its timeouts are per read, so that a server which
drips a byte a second can hold it for hours.
"""

import errno
import re
import socket
import time
import zlib
from dataclasses import dataclass

_MOST_HEADER_BYTES = 64 << 10
_CHUNK_HEAD = re.compile(rb"([0-9a-fA-F]{1,15})[^\r\n]{0,1000}\r?\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A server: scheme "http" or "https", host as a name or an IP address, port."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. whole: false when the body was cut at max_bytes because the caller allowed it."""

    status: int
    headers: dict[str, str]
    body: bytes
    whole: bool


class BadAnswer(OSError):
    """The server answered, but not with something that can be used."""

    def __init__(self, text: str) -> None:
        super().__init__(errno.EPROTO, text)


class _Stream:
    """A connection with one deadline for everything."""

    def __init__(self, address: Address, connect_s: float, deadline: float) -> None:
        self.name = str(address)
        self.deadline = deadline
        self.socket = socket.create_connection((address.host, address.port), timeout=min(connect_s, self.left()))
        try:
            if address.scheme == "https":
                import ssl  # 9 ms, and endpoints on loopback speak http

                self.socket.settimeout(self.left())
                self.socket = ssl.create_default_context().wrap_socket(self.socket, server_hostname=address.host)
        except BaseException:
            self.socket.close()
            raise

    def left(self) -> float:
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError(errno.ETIMEDOUT, f"{self.name} did not finish its answer in time")
        return seconds

    def send(self, data: bytes) -> None:
        self.socket.settimeout(self.left())
        self.socket.sendall(data)

    def receive(self) -> bytes:
        """The next bytes, b"" at the end."""
        self.socket.settimeout(self.left())
        try:
            return self.socket.recv(64 << 10)
        except TimeoutError as error:
            raise TimeoutError(errno.ETIMEDOUT, f"{self.name} did not finish its answer in time") from error


def get(
    address: Address, path: str, *, timeout_s: float, max_bytes: int, connect_s: float = 0.3, cut: bool = False
) -> Answer:
    """GET a path; the body decoded. cut: a longer body is cut at max_bytes instead of being an error.

    timeout_s is for everything after the name was looked up: connect, TLS, headers, the last byte of the body.
    Raises OSError (TimeoutError, ConnectionError, BadAnswer …).
    """
    stream = _Stream(address, connect_s, time.monotonic() + timeout_s)
    try:
        host = f"[{address.host}]" if ":" in address.host else address.host
        # HTTP/1.0: servers then neither chunk nor keep the connection open.
        request = f"GET {path} HTTP/1.0\r\nHost: {host}:{address.port}\r\nUser-Agent: memwhy\r\n"
        stream.send(f"{request}Accept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n".encode("ascii"))
        status, headers, rest = _head(stream)
        raw, whole = _body(stream, headers, rest, max_bytes)
    finally:
        stream.socket.close()
    if not whole and not cut:
        raise BadAnswer(f"{address}{path} answers with more than {max_bytes} bytes")
    if "chunked" in headers.get("transfer-encoding", "").lower():
        raw = _dechunked(raw, stream.name, whole)
    if headers.get("content-encoding", "identity").lower() in ("gzip", "deflate", "x-gzip"):
        raw, whole = _inflated(raw, max_bytes, whole, cut, stream.name)
    return Answer(status=status, headers=headers, body=raw, whole=whole)


def _head(stream: _Stream) -> tuple[int, dict[str, str], bytes]:
    data = b""
    while b"\r\n\r\n" not in data and b"\n\n" not in data:
        if len(data) > _MOST_HEADER_BYTES:
            raise BadAnswer(f"{stream.name} sends more than {_MOST_HEADER_BYTES} bytes of headers")
        more = stream.receive()
        if not more:
            raise BadAnswer(f"{stream.name} closed the connection in the middle of the headers, or does not speak HTTP")
        data += more
        if not b"HTTP/".startswith(data[:5]):
            raise BadAnswer(f"{stream.name} does not speak HTTP")
    head, _, rest = data.partition(b"\r\n\r\n") if b"\r\n\r\n" in data else data.partition(b"\n\n")
    first, *lines = head.decode("latin-1").splitlines() or [""]
    match = re.match(r"HTTP/1\.[01] (\d{3})\b", first)
    if match is None:
        raise BadAnswer(f"{stream.name} does not speak HTTP/1")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(match[1]), headers, rest


def _body(stream: _Stream, headers: dict[str, str], rest: bytes, max_bytes: int) -> tuple[bytes, bool]:
    """(bytes as they came, whether they are all there)."""
    length_text = headers.get("content-length", "")
    length = int(length_text) if re.fullmatch(r"\d{1,15}", length_text) else None
    pieces, size = [rest], len(rest)
    while size <= max_bytes and (length is None or size < length):
        more = stream.receive()
        if not more:
            if length is not None:
                raise BadAnswer(f"{stream.name} closed the connection after {size} of {length} bytes")
            break
        pieces.append(more)
        size += len(more)
    body = b"".join(pieces)[: max_bytes if length is None else min(length, max_bytes)]
    return body, size <= max_bytes if length is None else length <= max_bytes


def _dechunked(raw: bytes, name: str, whole: bool) -> bytes:
    pieces: list[bytes] = []
    at = 0
    while True:
        match = _CHUNK_HEAD.match(raw, at)
        if match is None:
            if whole:
                raise BadAnswer(f"{name} sends a broken chunked body")
            return b"".join(pieces)
        size = int(match[1], 16)
        if size == 0:
            return b"".join(pieces)
        piece = raw[match.end() : match.end() + size]
        pieces.append(piece)
        if len(piece) < size and whole:
            raise BadAnswer(f"{name} closed the connection in the middle of a chunk")
        at = match.end() + size + (2 if raw[match.end() + size : match.end() + size + 2] == b"\r\n" else 1)


def _inflated(raw: bytes, max_bytes: int, whole: bool, cut: bool, name: str) -> tuple[bytes, bool]:
    inflater = zlib.decompressobj(wbits=47)  # gzip or zlib, by its header
    try:
        body = inflater.decompress(raw, max_bytes + 1)
    except zlib.error as error:
        raise BadAnswer(f"{name} sends damaged compressed data ({error})") from error
    if len(body) > max_bytes:
        if not cut:
            raise BadAnswer(f"{name} answers with more than {max_bytes} bytes after decompression")
        return body[:max_bytes], False
    if whole and not inflater.eof:
        raise BadAnswer(f"{name} sends truncated compressed data")
    return body, whole
