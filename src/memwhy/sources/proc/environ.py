"""The few environment variables that steer memory; nothing else of the environment leaves `read`.

Kept in the kernel's own form, NAME=value with a NUL behind each. It is the environment at exec: what
the program set later is not in it. Source: proc_pid_environ(5); runtime package documentation of Go;
mallopt(3).
"""

from memwhy.model.errors import ParseError
from memwhy.model.gosettings import memory_limit_bytes
from memwhy.model.reading import Reading
from memwhy.sources.proc.files import printable, process_path, read_file

NAME = "proc/environ"

ALLOWED = frozenset(
    (
        b"GODEBUG",
        b"GOGC",
        b"GOMEMLIMIT",
        b"GOMAXPROCS",
        b"GOTRACEBACK",
        b"GOEXPERIMENT",
        b"GLIBC_TUNABLES",
        b"LD_PRELOAD",
    )
)
ALLOWED_PREFIX = b"MALLOC_"


def allowed(name: bytes) -> bool:
    """Whether a variable of that name may be kept."""
    return name in ALLOWED or (name.startswith(ALLOWED_PREFIX) and name.replace(b"_", b"").isalnum())


def read(root: str, pid: int) -> bytes:
    """Only the allowed variables; b"" where none is set."""
    return allowed_only(read_file(process_path(root, pid, "environ")))


def allowed_only(raw: bytes) -> bytes:
    """The allowed variables of an environment block."""
    entries = (entry.partition(b"=") for entry in raw.split(b"\0"))
    return b"".join(name + b"=" + value + b"\0" for name, equals, value in entries if equals and allowed(name))


def parse(raw: bytes) -> Reading:
    """Facts env.NAME, and Go's memory limit where GOMEMLIMIT sets one. Variables outside the list are passed over."""
    if raw and b"=" not in raw:
        raise ParseError(NAME, None, "", "has no NAME=value")
    facts: dict[str, str] = {}
    for entry in allowed_only(raw).split(b"\0"):
        name, _, value = entry.partition(b"=")
        if name:
            facts.setdefault(f"env.{name.decode()}", printable(value))
    metrics: dict[str, int] = {}
    if (limit := memory_limit_bytes(facts.get("env.GOMEMLIMIT", ""))) is not None:
        metrics["go.memory_limit_bytes"] = limit
    return Reading(metrics=metrics, facts=facts)
