"""Facts of a case turned into the few values that judging needs."""

from collections.abc import Mapping as Map

from memwhy.model.case import Target
from memwhy.model.digits import whole_number


def target_of(facts: Map[str, str]) -> Target:
    """Whom the facts are about. A runtime is named only from what proves it; a paste with Go's figures is Go."""
    pid = facts.get("process.pid")
    version = facts.get("go.version")
    runtime = "go" if version or facts.get("go.seen") else _other_runtime(facts)
    command = facts.get("process.comm") or facts.get("process.exe", "").rsplit("/", 1)[-1] or facts.get("binary.name")
    return Target(
        pid=whole_number(pid or ""),
        command=command or None,
        runtime=runtime,
        runtime_version=version,
    )


def _other_runtime(facts: Map[str, str]) -> str:
    """The runtime by its libraries and its program's name; "native" when the binary was read and shows none. Where
    neither was read, what the page says it is; else "unknown"."""
    libraries = facts.get("binary.libraries", "")
    program = facts.get("process.exe", "").rsplit("/", 1)[-1]
    if "libpython" in libraries or program.startswith(("python", "pypy")):
        return "cpython"
    if "libjvm" in libraries or program == "java":
        return "jvm"
    if program in ("node", "nodejs"):
        return "node"
    if "binary.static" in facts:
        return "native"
    said = facts.get("said.runtime", "")
    return said if said in ("go", "cpython", "jvm", "node", "native") else "unknown"
