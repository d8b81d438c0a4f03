"""Asking the target's own endpoint: what, how often, and how long an answer may take."""

import re
from typing import TYPE_CHECKING

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
_NAMES_BYTES = 1 << 20
"""Of an answer are searched for a counter: a whole page of metrics would take a second of a tick."""
_VARIABLE = re.compile(rb'"([^"\\\n]{1,200})"\s{0,8}:\s{0,8}[\d{]')
_SAMPLE = re.compile(rb"^([a-zA-Z_:][\w:]{0,200})[{ \t]", re.MULTILINE)


def from_url(url: str) -> "Endpoint":
    """The endpoint that a user names. Raises UsageError."""
    from memwhy.sources.go import endpoint  # sockets and URLs, 5 ms: only who asks somebody needs them

    return endpoint.from_url(url)


def fetch(where: "Endpoint", path: str) -> bytes:
    """One answer. Raises OSError."""
    from memwhy.sources.go import endpoint

    return endpoint.fetch(where, path, FETCH_S, FETCH_BYTES)


def prime(where: "Endpoint", path: str) -> bytes | None:
    """Ask once before anything counts: the first answer makes the target page in code and make buffers, which must not look
    like growth in what is watched from then on. None when it does not come in time."""
    try:
        return fetch(where, path)
    except TimeoutError:
        return None
    except OSError:
        return b""


def counts_work(source: str, answer: bytes) -> bool:
    """Whether an answer names a counter of the load, such as http_requests_total, in its first MiB."""
    from memwhy.sources.go import expvar, load

    shape, kind = (_VARIABLE, load.variable) if source == expvar.NAME else (_SAMPLE, load.family)
    names = {found[1] for found in shape.finditer(answer[:_NAMES_BYTES])}
    return any(kind(name.decode("utf-8", "replace")) is not None for name in names)
