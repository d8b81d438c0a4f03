"""Sides of a comparison for tests: watched processes with facts as recordings have them."""

from typing import Any

from build_case import watched

from memwhy.comparison import Given

READ = frozenset(("proc/environ", "proc/libraries", "proc/cpus", "proc/host", "go/buildinfo", "go/binary"))
NATIVE = {
    "process.age_s": "600",
    "process.comm": "scraper",
    "process.cpus": "2",
    "host.kernel": "6.1.0",
    "thp.enabled": "madvise",
    "go.version": "go1.26.0",
    "go.cgo": "1",
    "go.build_settings": "CGO_ENABLED=1",
    "go.main_path": "example.org/scraper",
    "binary.static": "0",
    "binary.needed": "libxml2.so.2\nlibc.so.6",
    "binary.build_id": "aa" * 20,
    "libraries": "libicudata.so.72.1 11aa\nlibxml2.so.2.9.14 22bb\nlibc.so.6 33cc\nld-linux-x86-64.so.2 44dd",
    "libc": "glibc 2.36",
    "libc.package": "Debian GLIBC 2.36-9",
}
PURE = {
    **{name: NATIVE[name] for name in ("process.age_s", "process.comm", "process.cpus", "host.kernel", "thp.enabled")},
    "go.version": "go1.26.0",
    "go.cgo": "0",
    "go.build_settings": "CGO_ENABLED=0",
    "go.main_path": "example.org/scraper",
    "binary.static": "1",
    "binary.build_id": "bb" * 20,
    "libraries": "",
}


def given(name: str, facts: dict[str, str], **more: Any) -> Given:
    """A watched Go process with these facts."""
    return Given(name=name, case=watched(facts=facts, **more), sources=READ)
