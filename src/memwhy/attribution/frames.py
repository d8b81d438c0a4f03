"""Frames of a stack: whose they are."""

OF_THE_RUNTIME = ("runtime.", "runtime/", "internal/", "sync.", "reflect.", "syscall.", "time.Sleep")


def own_frame(frames: tuple[str, ...]) -> str:
    """The first frame, from the leaf, that is not the runtime's own; the leaf when all are."""
    return next((frame for frame in frames if not frame.startswith(OF_THE_RUNTIME)), frames[0] if frames else "?")


def module_of(function: str) -> str | None:
    """The Go package path of a function: `net/http` of `net/http.(*Transport).dial`; None when it has none."""
    head, slash, tail = function.rpartition("/")
    package, dot, _ = tail.partition(".")
    return f"{head}{slash}{package}" if dot and package else None
