"""Asking a target's endpoint: no path twice for one purpose, and no waiting for each path of one that is silent."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from memwhy.record.asking import counts_work, from_url
from memwhy.record.watcher import Watcher

METRICS = b"go_memstats_sys_bytes 5\n"
VARIABLES = b'{"memstats": {"Sys": 5}}'


class Service(ThreadingHTTPServer):
    """Answers on /metrics and /debug/vars until it is told to be silent, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.answering = threading.Event()
        self.answering.set()


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.answering.wait()
        body = {"/metrics": METRICS, "/debug/vars": VARIABLES}[self.path]
        try:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            return  # whoever asked has gone

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def watched() -> Iterator[tuple[Service, Watcher]]:
    with Service() as service:
        thread = threading.Thread(target=service.serve_forever, daemon=True)
        thread.start()
        base = f"http://127.0.0.1:{service.server_port}"
        watcher = Watcher(os.getpid(), pprof_url=f"{base}/debug/vars")
        watcher.endpoints += (from_url(f"{base}/metrics"),)
        try:
            yield service, watcher
        finally:
            watcher.close()
            service.answering.set()
            service.shutdown()
            thread.join()


def test_at_the_start_each_path_is_asked_once_before_it_counts_and_once_to_be_kept() -> None:
    with watched() as (service, watcher):
        assert watcher.take() is not None
        assert sorted(service.asked) == ["/debug/vars", "/debug/vars", "/metrics", "/metrics"]


def test_a_target_that_went_silent_is_waited_for_once_when_its_counters_are_looked_for() -> None:
    with watched() as (service, watcher):
        for _ in range(3):
            watcher.take()
        service.answering.clear()
        service.asked.clear()
        watcher.take()
        assert set(service.asked) == {"/debug/vars"}


@pytest.mark.parametrize(
    ("source", "answer", "counts"),
    [
        ("go/metrics", b'# TYPE x counter\nhttp_requests_total{code="200"} 1\n', True),
        ("go/metrics", b"# HELP http_requests_total of others\ngo_goroutines 1\n", False),
        ("go/metrics", b"a 1\n" * (1 << 20) + b"http_requests_total 1\n", False),
        ("go/expvar", b'{"cmdline": ["x"], "jobsDone": 4, "memstats": {"Sys": 1}}', True),
        ("go/expvar", b'{"requestsByCode" : {"200": 4}}', True),
        ("go/expvar", b'{"jobs_running": 4, "requests": "none", "memstats": {"Sys": 1}}', False),
        ("go/expvar", b"", False),
        ("go/metrics", b"\xff\x00{{{", False),
    ],
)
def test_an_answer_counts_work_by_the_names_in_its_first_mebibyte(source: str, answer: bytes, counts: bool) -> None:
    assert counts_work(source, answer) is counts
