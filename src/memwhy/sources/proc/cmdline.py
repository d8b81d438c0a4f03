"""The command line, its secrets masked before anything is kept: how the program was started, for whoever reads a bundle.

Each argument on a line of its own. What follows a name such as --password or TOKEN= is gone, and so are credentials
in URLs and keys of known shapes (memwhy.model.masking); a secret without a name or a shape would stay.
Source: proc_pid_cmdline(5).
"""

from memwhy.model.errors import ParseError
from memwhy.model.masking import GONE, SECRET_FLAG, Mask
from memwhy.model.reading import Reading
from memwhy.sources.proc.files import decode, printable, process_path, read_file

NAME = "proc/cmdline"

_MOST_BYTES = 1 << 20


def read(root: str, pid: int) -> bytes:
    """The masked arguments, a line each; b"" for kernel threads."""
    raw = read_file(process_path(root, pid, "cmdline"), _MOST_BYTES)
    arguments = [printable(decode(one)) for one in raw.removesuffix(b"\0").split(b"\0")] if raw else []
    return "".join(f"{one}\n" for one in masked(arguments)).encode()


def masked(arguments: list[str]) -> list[str]:
    """The arguments without what is secret; `--password X` are two of them."""
    mask = Mask(addresses=False)
    out, secret = [], False
    for argument in arguments:
        out.append(GONE if secret and not argument.startswith("-") else mask.mask(argument))
        secret = SECRET_FLAG.fullmatch(argument) is not None
    return out


def parse(raw: bytes) -> Reading:
    """Fact process.arguments, the arguments joined by blanks."""
    lines = decode(raw).splitlines()
    if not lines:
        raise ParseError(NAME, None, "", "is empty: a kernel thread has no command line")
    return Reading(facts={"process.arguments": printable(" ".join(lines))[:4096]})
