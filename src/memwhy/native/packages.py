"""Which package of the distribution a file came with, and of which version: by dpkg's own lists.

Files: /var/lib/dpkg/info/PACKAGE.list, a path a line, and /var/lib/dpkg/status (dpkg-query(1), deb-control(5)). Where /lib is a link to
/usr/lib a list may name a file either way.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

_MOST_LIST_BYTES = 16 << 20
_MOST_STATUS_BYTES = 64 << 20
_MOST_LISTS = 50_000


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the distribution, as dpkg names it ("libxml2"), and its version."""

    name: str
    version: str


def find_packages(root: str, paths: Iterable[str]) -> dict[str, Package]:
    """Path: package, for those that a list names. root: where the target's / is. What cannot be read names nothing."""
    wanted: dict[bytes, str] = {}
    for path in paths:
        for spelling in (path, path.removeprefix("/usr"), f"/usr{path}"):
            if spelling.startswith("/"):
                wanted.setdefault(os.fsencode(spelling), path)
    owners = _owners(os.path.join(root, "var/lib/dpkg/info"), wanted) if wanted else {}
    versions = _versions(os.path.join(root, "var/lib/dpkg/status"), set(owners.values())) if owners else {}
    return {
        path: Package(owner.partition(":")[0], versions.get(owner) or versions.get(owner.partition(":")[0], ""))
        for path, owner in owners.items()
    }


def _owners(folder: str, wanted: dict[bytes, str]) -> dict[str, str]:
    """Path: "libxml2:amd64" or, for packages of one architecture alone, "base-files"."""
    try:
        lists = sorted(name for name in os.listdir(folder) if name.endswith(".list"))[:_MOST_LISTS]
    except OSError:
        return {}
    owners: dict[str, str] = {}
    for name in lists:
        raw = b"\n" + _read(os.path.join(folder, name), _MOST_LIST_BYTES)
        for spelling, path in wanted.items():
            if b"\n" + spelling + b"\n" in raw:
                owners.setdefault(path, name.removesuffix(".list"))
    return owners


def _versions(path: str, packages: set[str]) -> dict[str, str]:
    """Name, and name:architecture: version, of the packages asked for."""
    names = {package.partition(":")[0] for package in packages}
    versions: dict[str, str] = {}
    for stanza in _read(path, _MOST_STATUS_BYTES).split(b"\n\n"):
        fields = dict(
            line.split(b": ", 1) for line in stanza.split(b"\n") if b": " in line and not line.startswith((b" ", b"\t"))
        )
        name = fields.get(b"Package", b"").decode("utf-8", "replace")
        if name in names:
            version = fields.get(b"Version", b"").decode("utf-8", "replace")
            versions.setdefault(name, version)
            versions[f"{name}:{fields.get(b'Architecture', b'').decode('utf-8', 'replace')}"] = version
    return versions


def _read(path: str, most_bytes: int) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            return os.read(descriptor, most_bytes)
        finally:
            os.close(descriptor)
    except OSError:
        return b""
