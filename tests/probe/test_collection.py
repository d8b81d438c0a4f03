"""The endpoint is asked for a collection only where it has one, and what it answers is what counts."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from build_case import line, watched

from memwhy.model.units import MIB
from memwhy.probe.collection import CannotProbe, collect, find_leaked, state_collection, state_leak_profile
from memwhy.sources.go.endpoint import Endpoint, from_url

CAPTURED = Path(__file__).parents[1] / "evidence" / "go1.26-goroutineleak"
LEAK = {
    "/debug/pprof/": (CAPTURED / "index.html").read_bytes(),
    "/debug/pprof/goroutine?debug=1": (CAPTURED / "goroutine.txt").read_bytes(),
    "/debug/pprof/goroutineleak?debug=1": (CAPTURED / "goroutineleak.txt").read_bytes(),
}


@contextmanager
def answering(pages: Mapping[str, bytes]) -> Iterator[tuple[Endpoint, list[str]]]:
    """A server on loopback with these pages, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if self.path in pages else 404)
            self.end_headers()
            self.wfile.write(pages.get(self.path, b"404 page not found\n"))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield from_url(f"http://127.0.0.1:{server.server_port}"), asked
        finally:
            server.shutdown()
            thread.join()


def test_leaked_goroutines_are_counted_once_it_is_sure_that_the_profile_is_there() -> None:
    case = watched(given={"go.goroutines_count": line(5, 1)})
    with answering(LEAK) as (endpoint, asked):
        stated = state_leak_profile(case, endpoint)
        assert asked == ["/debug/pprof/", "/debug/pprof/goroutine?debug=1"]
        done = find_leaked(stated, case, endpoint, "/proc", os.getpid())
    assert done.result is not None
    header = LEAK["/debug/pprof/goroutineleak?debug=1"].split(b"\n")[0].split()
    assert done.result.value == float(header[-1])
    assert done.result.value > 50


def test_a_program_without_that_profile_is_not_asked_for_it() -> None:
    pages = {**LEAK, "/debug/pprof/": LEAK["/debug/pprof/"].replace(b"goroutineleak", b"other")}
    with answering(pages) as (endpoint, asked), pytest.raises(CannotProbe, match="has no goroutineleak profile"):
        state_leak_profile(watched(), endpoint)
    assert asked == ["/debug/pprof/"]


def heap_page(alloc: int, total: int, collections: int) -> bytes:
    return (
        b"heap profile: 0: 0 [0: 0] @ heap/1048576\n# runtime.MemStats\n"
        + f"# TotalAlloc = {total}\n# HeapAlloc = {alloc}\n# NumGC = {collections}\n# LastGC = 1\n".encode()
    )


def test_a_server_that_does_not_collect_is_told_as_such_and_not_taken_for_a_result() -> None:
    case = watched(given={"go.total_alloc_bytes": line(100 * MIB, 2 * MIB)})
    page = heap_page(40 * MIB, 222 * MIB, 9)
    pages = {"/debug/pprof/heap?debug=1": page, "/debug/pprof/heap?gc=1&debug=1": page}
    with answering(pages) as (endpoint, _):
        stated, heap = state_collection(case, endpoint)
        with pytest.raises(CannotProbe, match=r"does not know \?gc=1"):
            collect(stated, heap, case, endpoint, "/proc", os.getpid())


def test_what_a_collection_took_off_the_heap_is_the_result() -> None:
    case = watched(given={"go.total_alloc_bytes": line(100 * MIB, 2 * MIB)})
    pages = {
        "/debug/pprof/heap?debug=1": heap_page(40 * MIB, 222 * MIB, 9),
        "/debug/pprof/heap?gc=1&debug=1": heap_page(16 * MIB, 223 * MIB, 10),
    }
    with answering(pages) as (endpoint, _):
        done = collect(*state_collection(case, endpoint), case, endpoint, "/proc", os.getpid())
    assert done.result is not None
    assert done.result.value == 24 * MIB
    assert done.result.said[0].startswith("the Go heap was 40.0 MiB before and 16.0 MiB after a collection that took ")
    assert [one.when for one in done.result.measured] == ["before", "just after", "3 s later"]


def test_a_collection_of_its_own_after_the_statement_is_not_taken_for_a_live_heap() -> None:
    case = watched(given={"go.total_alloc_bytes": line(100 * MIB, 2 * MIB)})
    pages = {
        "/debug/pprof/heap?debug=1": heap_page(40 * MIB, 222 * MIB, 9),
        "/debug/pprof/heap?gc=1&debug=1": heap_page(16 * MIB, 223 * MIB, 11),
    }
    with answering(pages) as (endpoint, asked):
        stated, heap = state_collection(case, endpoint)
        pages["/debug/pprof/heap?debug=1"] = heap_page(17 * MIB, 222 * MIB, 10)
        with pytest.raises(CannotProbe, match="it collected by itself after the prediction was stated"):
            collect(stated, heap, case, endpoint, "/proc", os.getpid())
    assert "/debug/pprof/heap?gc=1&debug=1" not in asked


@pytest.mark.parametrize("page", [b"", b"\xff\xfe", b"<html>no</html>", heap_page(1, 1, 1)[:60]])
def test_an_endpoint_that_tells_something_else_is_refused_in_words(page: bytes) -> None:
    with (
        answering({"/debug/pprof/heap?debug=1": page}) as (endpoint, _),
        pytest.raises(CannotProbe, match="no MemStats"),
    ):
        state_collection(watched(), endpoint)


def test_without_an_endpoint_nothing_is_asked() -> None:
    with pytest.raises(CannotProbe, match="none was found"):
        state_collection(watched(), None)
