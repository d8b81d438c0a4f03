"""One mapping of a process's address space."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """One row of /proc/PID/smaps (or maps: then the resident sizes are None).

    Addresses are integers, `end` is exclusive; sizes are bytes. `path` is the kernel's text:
    a file path (perhaps with " (deleted)"), "[heap]", "[stack]", "[anon: Go: heap]", or "".
    Source: Documentation/filesystems/proc.rst, "smaps"; proc_pid_smaps(5).
    """

    start: int
    end: int
    perms: str
    offset: int = 0
    device: str = "00:00"
    inode: int = 0
    path: str = ""
    rss_bytes: int | None = None
    pss_bytes: int = 0
    shared_clean_bytes: int = 0
    shared_dirty_bytes: int = 0
    private_clean_bytes: int = 0
    private_dirty_bytes: int = 0
    anonymous_bytes: int = 0
    lazy_free_bytes: int = 0
    anon_huge_bytes: int = 0
    swap_bytes: int = 0
    vm_flags: str = ""

    @property
    def size_bytes(self) -> int:
        """Virtual size."""
        return self.end - self.start
