"""What a word means that is the name of a file here and of a process, too: developers look at ./crawler, and at crawler."""

import os


def is_core(path: str) -> bool:
    """Whether a file's first bytes say that it is an ELF core: e_type 4, elf(5)."""
    head = _head(path)
    return head[:4] == b"\x7fELF" and head[16:18] in (b"\4\0", b"\0\4")


def names_process(word: str) -> bool:
    """Whether a word is a program's file here and also the name of a process that runs: then the process is meant, ./WORD is the file."""
    if os.sep in word or _head(word)[:4] != b"\x7fELF" or is_core(word):
        return False
    from memwhy.sources.proc import find_pids

    return bool(find_pids("/proc", word))


def _head(path: str) -> bytes:
    """A regular file's first 18 bytes; nothing where they cannot be read."""
    if not os.path.isfile(path):
        return b""
    try:
        with open(path, "rb") as file:
            return file.read(18)
    except OSError:
        return b""
