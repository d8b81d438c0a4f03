"""Discovery and fetching, against real servers on loopback: a Go program, and sockets that misbehave."""

import contextlib
import errno
import gzip
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from go_programs import running
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import UsageError
from memwhy.sources.go import endpoint, expvar, heap_text, pprof, prometheus
from memwhy.sources.go.client import Address, BadAnswer, get
from memwhy.sources.go.endpoint import Endpoint


@contextlib.contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on loopback that handles each connection with `answer`, in this process; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                if not stopped.is_set():
                    answer(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stopped.set()
        with contextlib.suppress(OSError), socket.create_connection(listener.getsockname(), timeout=5):
            pass
        listener.close()
        thread.join(timeout=10)


def says(reply: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(reply)

    return answer


def ask(port: int, *, timeout_s: float = 5.0, max_bytes: int = 1 << 20, cut: bool = False) -> bytes:
    address = Address(scheme="http", host="127.0.0.1", port=port)
    return get(address, "/x", timeout_s=timeout_s, max_bytes=max_bytes, cut=cut).body


def test_a_go_programs_endpoints_are_found_and_read(server: Path) -> None:
    with running(server) as process:
        found = endpoint.discover("/proc", process.pid)
        base = f"http://{process.said}"
        assert [(e.kind, e.base) for e in found] == [("pprof", base), ("expvar", base), ("metrics", base)]
        assert found[2].probed == ("GET /debug/pprof/symbol: 200", "GET /debug/vars: 200", "GET /metrics: 200")
        heap = heap_text.parse(endpoint.fetch(found[0], "/debug/pprof/heap?debug=1", 5, 1 << 24))
        packed = pprof.parse(endpoint.fetch(found[0], "/debug/pprof/heap", 5, 1 << 24))
        variables = expvar.parse(endpoint.fetch(found[1], "/debug/vars", 5, 1 << 24))
        metrics = prometheus.parse(endpoint.fetch(found[2], "/metrics", 5, 1 << 24))
        assert heap.metrics["go.sys_bytes"] <= variables.metrics["go.sys_bytes"] <= metrics.metrics["go.sys_bytes"]
        assert {p.kind for p in packed.profiles} == {p.kind for p in heap.profiles}


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", ":0"])
def test_loopback_and_wildcard_listeners_of_both_families_are_found(server: Path, listen: str) -> None:
    if "[" in listen and not Path("/proc/net/if_inet6").exists():
        pytest.skip("needs IPv6")
    with running(server, "-listen", listen) as process:
        (first, *_) = endpoint.discover("/proc", process.pid)
        assert first.kind == "pprof"
        assert endpoint.fetch(first, "/debug/pprof/goroutine?debug=1", 5, 1 << 20).startswith(
            b"goroutine profile: total"
        )


def test_a_process_without_ports_says_so() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        result = endpoint.survey("/proc", process.pid)
        process.communicate()
    assert result == endpoint.Survey(endpoints=(), notes=("the process listens on no TCP port",))


def test_a_vanished_process_is_an_os_error() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with pytest.raises(ProcessLookupError):
        endpoint.discover("/proc", process.pid)


def test_another_network_namespace_is_said_and_not_asked(tmp_path: Path) -> None:
    (tmp_path / "7" / "ns").mkdir(parents=True)
    (tmp_path / "7" / "ns" / "net").symlink_to("net:[1]")
    result = endpoint.survey(str(tmp_path), 7)
    assert result.endpoints == ()
    assert "another network namespace" in result.notes[0]


def test_a_captured_proc_tree_is_never_asked(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (note,) = endpoint.survey(str(tmp_path), 7).notes
    assert "not known, so its ports were not asked" in note


def test_addresses_of_the_kernels_tables_are_decoded() -> None:
    assert endpoint.socket_address("0100007F:1F90") == ("127.0.0.1", 8080)
    assert endpoint.socket_address("00000000000000000000000001000000:0050") == ("::1", 80)
    assert endpoint.socket_address("0000000000000000FFFF00000100007F:0050") == ("127.0.0.1", 80)
    assert endpoint.socket_address("0000000000000000:0050") is None
    assert endpoint.socket_address("local_address") is None


def test_a_listening_address_that_is_not_ours_is_not_asked() -> None:
    assert endpoint._hosts("192.0.2.1") == ()
    assert endpoint._hosts("fe80::1") == ()
    assert endpoint._hosts("0.0.0.0") == ("127.0.0.1",)


def test_a_port_that_speaks_something_else_is_named_in_a_note() -> None:
    with serving(says(b"-ERR unknown command 'GET'\r\n")) as port:
        result = endpoint.survey("/proc", os.getpid())
    assert f"port {port}: http://127.0.0.1:{port} does not speak HTTP" in result.notes


def test_only_light_paths_are_asked() -> None:
    asked: list[str] = []

    def answer(connection: socket.socket) -> None:
        asked.append(connection.recv(65536).split(b" ")[1].decode())
        connection.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n")

    with serving(answer) as port:
        notes = endpoint.survey("/proc", os.getpid()).notes
    assert asked == ["/debug/pprof/symbol", "/debug/pprof/threadcreate?debug=1", "/debug/vars", "/metrics"]
    assert f"port {port} speaks HTTP, but not pprof, expvar or metrics" in notes


def test_a_silent_port_costs_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "READ_S", 0.2)
    monkeypatch.setattr(endpoint, "CONNECT_S", 0.1)
    released = threading.Event()
    begin = time.monotonic()
    with serving(lambda _: released.wait(20) and None) as port:
        notes = endpoint.survey("/proc", os.getpid()).notes
        taken = time.monotonic() - begin
        released.set()
    assert f"port {port}: http://127.0.0.1:{port} did not finish its answer in time" in notes
    assert taken < 5


def test_a_dripping_server_is_left_at_the_deadline() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x")
            if threading.Event().wait(0.02):
                break

    begin = time.monotonic()
    with serving(drip) as port, pytest.raises(TimeoutError, match="did not finish its answer in time"):
        ask(port, timeout_s=0.4)
    assert time.monotonic() - begin < 4


def test_an_endless_body_is_refused_or_cut_at_its_bound() -> None:
    def pour(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
        while True:
            connection.sendall(bytes(65536))

    with serving(pour) as port:
        with pytest.raises(BadAnswer, match="answers with more than 100000 bytes"):
            ask(port, max_bytes=100_000)
        assert ask(port, max_bytes=1000, cut=True) == bytes(1000)


def test_endless_headers_are_refused() -> None:
    def pour(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.0 200 OK\r\n")
        while True:
            connection.sendall(b"X-More: yes\r\n" * 1000)

    with serving(pour) as port, pytest.raises(BadAnswer, match="bytes of headers"):
        ask(port)


def test_a_gzip_bomb_in_the_encoding_is_refused() -> None:
    bomb = gzip.compress(bytes(50 << 20))
    with (
        serving(says(b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + bomb)) as port,
        pytest.raises(BadAnswer, match="more than 1048576 bytes after decompression"),
    ):
        ask(port)


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (b"", "closed the connection"),
        (b"HTTP/1.0 200", "closed the connection"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "does not speak HTTP"),
        (b"HTTP/9.9 abc\r\n\r\n", "does not speak HTTP/1"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "after 5 of 10 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nno gzip", "damaged compressed data"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"abc", mtime=0)[:-6],
            "truncated compressed data",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "broken chunked body"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc", "in the middle of a chunk"),
    ],
)
def test_broken_answers_are_named(reply: bytes, problem: str) -> None:
    with serving(says(reply)) as port, pytest.raises(BadAnswer, match=problem):
        ask(port)


def test_chunked_and_compressed_bodies_are_decoded() -> None:
    packed = gzip.compress(b"hello")
    chunks = b"%x\r\n%s\r\n%x;name=x\r\n%s\r\n0\r\n\r\n" % (7, packed[:7], len(packed) - 7, packed[7:])
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    with serving(says(head + chunks)) as port:
        assert ask(port) == b"hello"


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\n\r\n",
            "redirects to 'http://192.0.2.1/'; not followed",
        ),
        (b"HTTP/1.1 403 Forbidden\r\n\r\nno entry\x1b[0m", "answers 403: 'no entry"),
    ],
)
def test_other_answers_than_200_are_errors_that_say_what_came(reply: bytes, problem: str) -> None:
    with serving(says(reply)) as port, pytest.raises(OSError, match=problem) as caught:
        endpoint.fetch(Endpoint(kind="pprof", base=f"http://127.0.0.1:{port}"), "/debug/vars", 5, 1 << 20)
    assert caught.value.errno == errno.EPROTO


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.1:1")
    with serving(says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more")) as port:
        assert ask(port) == b"ok"


@given(st.binary(max_size=300))
def test_any_answer_gives_bytes_or_an_os_error(reply: bytes) -> None:
    with serving(says(b"HTTP/1.1 200 OK\r\n" + reply)) as port, contextlib.suppress(OSError):
        assert len(ask(port, max_bytes=100, cut=True)) <= 100


def test_urls_that_people_give_lead_to_the_same_base() -> None:
    named = [
        "localhost:6060",
        "http://localhost:6060",
        "http://localhost:6060/",
        "http://localhost:6060/debug/pprof/",
        "http://localhost:6060/debug/pprof/heap?debug=1",
    ]
    assert {(e.kind, e.base) for e in map(endpoint.from_url, named)} == {("pprof", "http://localhost:6060")}
    assert endpoint.from_url("https://h/app/debug/pprof/heap").base == "https://h:443/app"
    assert endpoint.from_url("http://[::1]:1/metrics") == Endpoint(
        kind="metrics", base="http://[::1]:1", probed=("named by the user: http://[::1]:1/metrics",)
    )


@pytest.mark.parametrize(
    "url", ["", "ftp://h/", "http://", "http://h:99999", "http://u:p@h/", "http://h/ a", "http://[::1", "http://h\n/"]
)
def test_urls_that_make_no_sense_are_usage_errors(url: str) -> None:
    with pytest.raises(UsageError):
        endpoint.from_url(url)
