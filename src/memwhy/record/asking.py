"""Asking the target's own endpoint: what, how often, and how long an answer may take."""

from typing import TYPE_CHECKING

from memwhy.model.errors import ParseError

if TYPE_CHECKING:
    from memwhy.sources.go.endpoint import Endpoint

ENDPOINT_CADENCES = (
    ("go/heap", "pprof", "/debug/pprof/heap?debug=1", 4.0),
    ("go/goroutine", "pprof", "/debug/pprof/goroutine?debug=1", 8.0),
    ("go/threadcreate", "pprof", "/debug/pprof/threadcreate?debug=1", 60.0),
    ("go/expvar", "expvar", "/debug/vars", 5.0),
    ("go/metrics", "metrics", "/metrics", 10.0),
)
"""source, kind of endpoint, path, seconds. The heap profile's text brings MemStats and the allocs profile with it."""
SELDOM_S = 300.0
"""Between requests to an endpoint whose figures are read from outside."""
FETCH_S = 2.0
FETCH_BYTES = 32 << 20


def from_url(url: str) -> "Endpoint":
    """The endpoint that a user names. Raises UsageError."""
    from memwhy.sources.go import endpoint  # sockets and URLs, 5 ms: only who asks somebody needs them

    return endpoint.from_url(url)


def fetch(where: "Endpoint", path: str) -> bytes:
    """One answer. Raises OSError."""
    from memwhy.sources.go import endpoint

    return endpoint.fetch(where, path, FETCH_S, FETCH_BYTES)


def counts_work(source: str, answer: bytes) -> bool:
    """Whether an answer has a counter of the load, such as http_requests_total."""
    from memwhy.sources.go import READERS

    try:
        return any(metric.startswith("work.") for metric in READERS[source].parse(answer).metrics)
    except ParseError:
        return False
