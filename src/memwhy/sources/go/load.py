"""Load counters that a service publishes about itself: requests, messages and jobs that it has handled so far.

Names go by the conventions of Prometheus (a counter ends in _total, a histogram's number of observations in _count) and
of its instrumentations: promhttp.InstrumentHandlerCounter, go-grpc-prometheus, OpenTelemetry's and Micrometer's HTTP
servers. What a name says to be asked of others (client, upstream, outbound, cache, db …), and what scraping costs, is left
out; calls of others whose name says no such word (`s3_requests_total`) cannot be told from the service's own.

Package expvar has no types, and as many of its numbers are states as counts (`jobs_running`): there a name has to say that
it counts what is over (`jobs_done`, `requestsTotal`), or be the plain word for requests (`httpRequests`).
"""

import re
from collections.abc import Iterable
from collections.abc import Mapping as Map

METRICS = {"requests": "work.requests_count", "messages": "work.messages_count", "jobs": "work.jobs_count"}

_COUNTER = re.compile(r"_(?:total|(?:seconds|milliseconds|ms|duration|latency|size|bytes)_count)$")
_WORDS = (
    ("requests", re.compile(r"(?:^|_)(?:requests?|reqs|handled|queries|calls|rpcs|hits)(?:_|$)")),
    ("messages", re.compile(r"(?:^|_)(?:messages?|msgs|events|records|consumed)(?:_|$)")),
    ("jobs", re.compile(r"(?:^|_)(?:jobs?|tasks?|transactions|operations)(?:_|$)")),
)
_OTHERS = re.compile(
    r"(?:^|_)(?:client|scrapes?|promhttp|prometheus|go|gc|cgo|process|errors?|failed|failures|rejected|dropped|retries|timeouts|panics"
    r"|bytes_total|cache|outgoing|outbound|upstream|db|database|conntrack|dns)(?:_|$)"
)
_OVER = re.compile(
    r"(?:^|_)(?:total|handled|served|processed|done|completed|finished|received|consumed|answered)(?:_|$)|_count$"
    r"|^(?:(?:http|https|grpc|rpc|api|server)_)*(?:requests|reqs|queries|calls|rpcs|hits)(?:_by_\w+)?$"
)
_STATE = re.compile(
    r"(?:^|_)(?:running|inflight|flight|active|pending|open|opened|queues?|queued|backlog|waiting|idle|current|currently|concurrent"
    r"|last|max|min|maximum|minimum|avg|mean|limits?|capacity|depth|size|length|len|workers|timeout|per|rate|ratio|percent"
    r"|sec|secs|second|seconds|minute|s|ms|us|ns|duration|latency|time|bytes)(?:_|$)"
)
_SERVING = re.compile(r"^(?:http|https|grpc|rpc|server|api)(?:_|$)")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MOST = 1 << 62
_MOST_NAME = 200


def family(name: str) -> str | None:
    """What a Prometheus counter of that name counts: "requests", "messages", "jobs"; None for all others."""
    return _kind(name) if _COUNTER.search(name) else None


def variable(name: str) -> str | None:
    """The same of a variable of package expvar."""
    snake = re.sub(r"[.\-/ ]", "_", _CAMEL.sub("_", name[:_MOST_NAME])).lower()
    return _kind(snake) if _OVER.search(snake) and not _STATE.search(snake) else None


def _kind(name: str) -> str | None:
    if _OTHERS.search(name):
        return None
    return next((kind for kind, words in _WORDS if words.search(name)), None)


def counted(samples: Iterable[tuple[str, float]]) -> tuple[dict[str, int], dict[str, str]]:
    """Metrics work.* and facts with the counter's name, out of (name, value) samples; one name's samples (a handler, a
    code, a method) are summed. Of several counters of one kind a server's own goes first, then a _total: they would
    count the same requests twice."""
    sums: dict[str, float] = {}
    for name, value in samples:
        if family(name) is not None and 0 <= value < _MOST:
            sums[name] = sums.get(name, 0.0) + value
    return _chosen({name: (family(name) or "", round(total)) for name, total in sums.items()})


def published(variables: Map[str, object]) -> tuple[dict[str, int], dict[str, str]]:
    """The same out of the variables of package expvar: numbers, and maps of numbers, whose names say that they count."""
    found: dict[str, tuple[str, int]] = {}
    for name, value in variables.items():
        kind, count = variable(name), _sum(value)
        if kind is not None and count is not None:
            found[name[:_MOST_NAME]] = (kind, count)
    return _chosen(found)


def _sum(value: object) -> int | None:
    parts = list(value.values()) if isinstance(value, dict) else [value]
    if not parts or any(isinstance(one, bool) or not isinstance(one, int) or not 0 <= one < _MOST for one in parts):
        return None
    return sum(one for one in parts if isinstance(one, int))


def _chosen(found: Map[str, tuple[str, int]]) -> tuple[dict[str, int], dict[str, str]]:
    metrics: dict[str, int] = {}
    facts: dict[str, str] = {}
    for name in sorted(found, key=lambda one: (_SERVING.search(one) is None, not one.endswith("_total"), one)):
        kind, count = found[name]
        if METRICS[kind] not in metrics and count < _MOST:
            metrics[METRICS[kind]] = count
            facts[f"work.{kind}"] = name
    return metrics, facts
