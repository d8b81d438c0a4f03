"""Did you mean …? For a word that is none of what there is: the command, file or process that it nearly is."""

import os
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import islice

from memwhy.model.errors import MemwhyError, TargetGone

LIKENESS = 0.72
"""SequenceMatcher's ratio from which a word counts as a misspelling: two letters exchanged in a word of five have 0.8."""
MOST_ENTRIES = 5000
"""So many names of a folder or of processes are looked at: an error may not take long."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name most like a word, whatever its case; None where none is like it, or it is the word itself."""
    matcher = SequenceMatcher(b=word.lower(), autojunk=False)
    best, found = LIKENESS, None
    for name in known:
        if name == word:
            return None
        matcher.set_seq1(name.lower())
        if matcher.real_quick_ratio() >= best and matcher.quick_ratio() >= best and (ratio := matcher.ratio()) >= best:
            best, found = ratio + 1e-9, name
    return found


def meant(error: MemwhyError, arguments: Sequence[str]) -> str | None:
    """One line about the first word of the command line that an error says is not there, and that nearly is something."""
    gone = isinstance(error, TargetGone)
    if not gone and "no such" not in error.message.lower():
        return None
    for word in _words(arguments):
        if word not in error.message or os.path.lexists(word):
            continue
        if (path := near_path(word)) is not None:
            return f"did you mean {path}?"
        if gone and os.sep not in word and (process := near_process(word)) is not None:
            return f"did you mean {process[0]} (pid {process[1]})?"
    return None


def near_path(path: str) -> str | None:
    """A file or folder beside the one that is not there, with a name like its; None where there is none."""
    folder, name = os.path.split(path)
    try:
        with os.scandir(folder or ".") as entries:
            found = nearest(name, [entry.name for entry in islice(entries, MOST_ENTRIES)])
    except OSError:
        return None
    return None if found is None else os.path.join(folder, found)


def near_process(name: str, root: str = "/proc") -> tuple[str, int] | None:
    """Name and pid of the process whose name is most like this one."""
    names = dict(islice(_processes(root), MOST_ENTRIES))
    found = nearest(name, names)
    return None if found is None else (found, names[found])


def _processes(root: str) -> Iterator[tuple[str, int]]:
    """The names by which processes that we may see can be meant; kernel threads and our own process are left out."""
    for entry in os.listdir(root):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f"{root}/{entry}/comm", encoding="utf-8", errors="replace") as file:
                comm = file.read().rstrip("\n")
            yield os.path.basename(os.readlink(f"{root}/{entry}/exe").removesuffix(" (deleted)")), int(entry)
        except PermissionError:
            pass  # another user's: the kernel's name for it is all that there is
        except OSError:
            continue  # ended meanwhile, or a kernel thread
        yield comm, int(entry)


def _words(arguments: Sequence[str]) -> list[str]:
    """What may be the name of a file, a process or a command: values of options too, and the parts of a list."""
    values = [word.partition("=")[2] if word.startswith("-") else word for word in arguments]
    parts = [part for value in values for part in (value, *(value.split(",") if "," in value else ()))]
    return [part for part in parts if part and not part.isdigit() and "://" not in part]
