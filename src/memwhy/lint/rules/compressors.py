"""Readers and writers of compressed streams that nobody closes, where that costs something.

The standard library's gzip, zlib and flate readers hold nothing outside the Go heap: their Close reports an error and frees
nothing, so that a missing one is no leak (compress/gzip/gunzip.go, compress/flate/inflate.go); a writer that is not closed
loses data, not memory. klauspost's zstd keeps goroutines and windows of megabytes until Close or the stream's end; what
wraps a C library keeps C memory.
"""

from collections.abc import Iterable

from memwhy.lint.kinds import Kind
from memwhy.lint.source import Package, Tree
from memwhy.lint.survey import suspects
from memwhy.model.suspect import Suspect

NAME = "compressor-close"
CAUSE = "goroutine-leak"
TOKENS = (b"zstd", b"gzip", b"zlib", b"flate", b"brotli", b"lz4")

_CLOSE = frozenset((("Close",), ("IOReadCloser", "Close")))

STANDARD = Kind(
    rule=NAME,
    cause="heap-leak",
    noun="the stream",
    acquires={
        **{f"compress/{name}.NewReader": 0 for name in ("gzip", "zlib", "flate")},
        **{f"compress/{name}.NewWriter": 0 for name in ("gzip", "zlib", "flate")},
        "compress/gzip.NewWriterLevel": 0,
        "compress/zlib.NewWriterLevel": 0,
    },
    releases=frozenset((("Close",),)),
    weight=0.1,
    release="{name}.Close()",
    remedy="close writers, or what they hold back is not written; readers need no Close for the sake of memory",
    costs="no memory: what is not closed is collected; a writer's last bytes and checksum are missing",
)
GOROUTINES = Kind(
    rule=NAME,
    cause=CAUSE,
    noun="the stream",
    acquires={
        "github.com/klauspost/compress/zstd.NewReader": 0,
        "github.com/klauspost/compress/zstd.NewWriter": 0,
        "github.com/klauspost/pgzip.NewReader": 0,
        "github.com/klauspost/pgzip.NewReaderN": 0,
        "github.com/klauspost/pgzip.NewWriter": 0,
        "github.com/klauspost/pgzip.NewWriterLevel": 0,
    },
    releases=_CLOSE,
    weight=0.75,
    release="{name}.Close()",
    remedy="`defer d.Close()` behind the check of the error; or keep one for the whole program and use DecodeAll and EncodeAll",
    costs="goroutines and their windows, several MB, until Close or until the stream has been read to its end",
)
NATIVE = Kind(
    rule=NAME,
    cause="native-leak",
    noun="the stream",
    acquires={
        **{
            f"github.com/DataDog/zstd.{name}": 0
            for name in ("NewReader", "NewReaderDict", "NewWriter", "NewWriterLevel", "NewCtx")
        },
        **{f"github.com/google/brotli/go/cbrotli.{name}": 0 for name in ("NewReader", "NewWriter")},
        **{
            f"github.com/valyala/gozstd.{name}": 0
            for name in ("NewReader", "NewReaderDict", "NewWriter", "NewWriterLevel")
        },
    },
    releases=frozenset((("Close",), ("Release",))),
    weight=0.75,
    release="{name}.Close()",
    remedy="close (valyala/gozstd: Release) on every way, `defer` behind the call",
    costs="the C library's context and window, hundreds of KB to several MB outside of the Go heap",
)


def kinds(tree: Tree) -> tuple[Kind, ...]:
    """What the survey looks for."""
    del tree
    return (GOROUTINES, NATIVE, STANDARD)


def check(package: Package) -> Iterable[Suspect]:
    """Streams that are not closed on some way."""
    return suspects(package, NAME)
