"""Files, listeners and connections that nobody closes.

Each holds a descriptor and, where it is a socket, the kernel's buffers. Go closes them late, when the collector finds that
nobody holds them (os.NewFile and net's descriptors have finalizers); a quiet process with few collections runs out first.
"""

from collections.abc import Iterable
from dataclasses import replace

from memwhy.lint.kinds import Kind
from memwhy.lint.source import Package, Tree
from memwhy.lint.survey import suspects
from memwhy.model.suspect import Suspect

NAME = "file-close"
CAUSE = "descriptor-leak"
TOKENS = (b'"os"', b'"net"', b"crypto/tls", b"archive/zip", b"io/ioutil")

_FILES = (
    "os.Open",
    "os.OpenFile",
    "os.Create",
    "os.CreateTemp",
    "os.OpenRoot",
    "io/ioutil.TempFile",
    "archive/zip.OpenReader",
)
_DIALS = (
    *(
        "net.Dial",
        "net.DialTimeout",
        "net.DialTCP",
        "net.DialUDP",
        "net.DialUnix",
        "net.Dialer.Dial",
        "net.Dialer.DialContext",
    ),
    *("crypto/tls.Dial", "crypto/tls.DialWithDialer", "crypto/tls.Dialer.DialContext"),
    *("net.Listener.Accept", "net.TCPListener.Accept", "net.TCPListener.AcceptTCP", "net.UnixListener.Accept"),
)
_LISTENS = (
    *("net.Listen", "net.ListenTCP", "net.ListenUDP", "net.ListenUnix", "net.ListenPacket", "net.ListenConfig.Listen"),
    *("net.ListenConfig.ListenPacket", "crypto/tls.Listen"),
)
_CLOSE = frozenset((("Close",),))

FILE = Kind(
    rule=NAME,
    cause=CAUSE,
    noun="the file",
    acquires=dict.fromkeys(_FILES, 0),
    releases=_CLOSE,
    weight=0.7,
    release="{name}.Close()",
    remedy="`defer f.Close()` behind the check of the error",
    costs="a descriptor, until the collector finds the file unreachable",
)
PIPE = replace(
    FILE,
    noun="the pipe's end",
    acquires={"os.Pipe": 0},
    remedy="close both ends on every way, the one for writing as soon as the child has it",
)
OTHER_END = replace(PIPE, acquires={"os.Pipe": 1})
CONNECTION = Kind(
    rule=NAME,
    cause=CAUSE,
    noun="the connection",
    acquires=dict.fromkeys(_DIALS, 0),
    releases=_CLOSE,
    weight=0.7,
    release="{name}.Close()",
    remedy="`defer conn.Close()` behind the check of the error",
    costs="a socket with the kernel's buffers, until the collector finds the connection unreachable",
)
LISTENER = Kind(
    rule=NAME,
    cause=CAUSE,
    noun="the listener",
    acquires=dict.fromkeys(_LISTENS, 0),
    releases=_CLOSE,
    weight=0.6,
    release="{name}.Close()",
    remedy="`defer l.Close()` behind the check of the error",
    costs="a socket, until the collector finds the listener unreachable",
)


def kinds(tree: Tree) -> tuple[Kind, ...]:
    """What the survey looks for."""
    del tree
    return (FILE, PIPE, OTHER_END, CONNECTION, LISTENER)


def check(package: Package) -> Iterable[Suspect]:
    """What is not closed on some way."""
    return suspects(package, NAME)
