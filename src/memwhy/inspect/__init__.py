"""From outside, runtime-neutral: the ledger that closes, the glibc heap, the block graph (lost or held, and by whom).

Nothing heavy is imported before somebody looks.
"""

import json
from typing import Literal

from memwhy.model.inspection import Inspection, as_plain

NAME = "inspect/look"
"""The source of evidence that a look is."""
DOCUMENTS = "inspect/documents"
"""The source of what the runtimes' own endpoints would have told: `memwhy.sources.proc.files.join` of the documents."""

Depth = Literal["cheap", "malloc", "lost"]


def look(pid: int, *, root: str = "/proc", depth: Depth = "malloc") -> Inspection:
    """Attach, look once, let go. Raises TargetGone, NotPermitted. To look often: `memwhy.inspect.inspector.Inspector`."""
    from memwhy.inspect.inspector import Inspector

    with Inspector.open(pid, root=root) as inspector:
        return inspector.look(malloc=depth != "cheap", lost=depth == "lost")


def to_json(inspection: Inspection) -> bytes:
    """The raw evidence of a look, as a recording keeps it; samples of contents are left out."""
    plain = as_plain(inspection)
    for graph in (plain.get("lost") or {}).get("graphs", ()):
        graph.pop("samples", None)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
