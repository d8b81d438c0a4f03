"""Response bodies that nobody closes.

An unclosed body keeps its connection: a socket, two goroutines of the transport and their buffers, some 10 to 20 KB for
each response until the server closes it (net/http, Client.Do: "the caller is expected to close").
"""

from collections.abc import Iterable

from memwhy.lint.kinds import Kind
from memwhy.lint.source import Package, Tree
from memwhy.lint.survey import suspects
from memwhy.model.suspect import Suspect

NAME = "response-body"
CAUSE = "goroutine-leak"
TOKENS = (b"net/http",)

_FUNCTIONS = (
    "Get",
    "Head",
    "Post",
    "PostForm",
    "Client.Do",
    "Client.Get",
    "Client.Head",
    "Client.Post",
    "Client.PostForm",
)
_TRIPPERS = ("RoundTripper.RoundTrip", "Transport.RoundTrip")

KIND = Kind(
    rule=NAME,
    cause=CAUSE,
    noun="the response body",
    acquires={f"net/http.{name}": 0 for name in (*_FUNCTIONS, *_TRIPPERS)},
    types=frozenset(("*net/http.Response",)),
    releases=frozenset((("Body", "Close"),)),
    weight=0.85,
    release="{name}.Body.Close()",
    remedy="close the body on every way, `defer resp.Body.Close()` behind the check of the error; read it to its end if the"
    " connection shall be used again",
    costs="a connection with its socket, two goroutines and their buffers for each response",
)


def kinds(tree: Tree) -> tuple[Kind, ...]:
    """What the survey looks for."""
    del tree
    return (KIND,)


def check(package: Package) -> Iterable[Suspect]:
    """Bodies that are lost on some way."""
    return suspects(package, NAME)
