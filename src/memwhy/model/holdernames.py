"""What a holder is called, alike in every view and every file."""

from memwhy.model.holders import Holding

MOST_SHARERS = 3
"""Named in a line for people; files name all that are known."""


def owner(one: Holding) -> str:
    """Who holds: a variable, a function's frames, a field; "" for what is shared, whose owners stand in `shared_by`."""
    if one.kind == "goroutine":
        return f"stack of {one.name}"
    return one.name


def named(one: Holding) -> str:
    """Owner and type; of what is shared the type alone."""
    if one.kind == "rest":
        return one.name
    return f"{owner(one)} {one.type}".strip() or "?"


def sharers(one: Holding, most: int | None = None) -> str:
    """ "shared by a, b", as far as they are known, the runtime's own last; "shared" where none is. most: so many names."""
    if not one.shared_by:
        return "shared"
    shown = sorted(one.shared_by, key=lambda name: name.startswith("runtime."))[:most]
    return f"shared by {', '.join(shown)}" + (" …" if len(shown) < len(one.shared_by) else "")


def hinted(one: Holding) -> str:
    """ "used by f, g": functions whose code refers to a variable without a name, most likely owners first; "" without any."""
    return f"used by {', '.join(one.hints)}" if one.hints else ""
