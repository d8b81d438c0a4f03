"""Hints in the words of a page: native libraries that it names, what its people watch, what they suggest.

Facts only, weak evidence: `prose.WORD` for native code, `prose.suggests.NAME` for advice, `page.watches-…` for what was
looked at, `page.calls-collector` for a line of the program's own code that asks for a collection, each with its line as
value, the first few of each. Never metrics.
"""

import re
from collections.abc import Iterable, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span

NAME = "pasted/prose"
SHARES = True  # figures in the same sentence are others' to read
MOST_BYTES = 1 << 20  # what people write is shorter
_EACH = 3  # lines kept of each hint
_SHOWN = 160

LIBRARIES = (
    "gokogiri", "libxml2", "libxslt", "imagick", "imagemagick", "graphicsmagick", "gocv", "opencv", "go-sqlite3", "sqlite3",
    "gorocksdb", "grocksdb", "rocksdb", "librdkafka", "confluent-kafka-go", "git2go", "libgit2", "tensorflow",
    "onnxruntime", "v8go", "libvips", "govips", "bimg", "ffmpeg", "libav", "gozstd", "hyperscan", "gohs", "duckdb", "godror",
    "go-oci8", "gousb", "libusb", "libpcap", "zmq4", "goczmq", "libzmq", "libwebp", "faiss", "wasmtime", "wasmer", "libcurl",
    "rdkafka", "levigo", "pdfium", "poppler", "libsass", "lmdb", "mozjpeg", "libjpeg", "nokogiri", "lxml",
    "vips", "pyvips", "mupdf", "tesseract", "gosseract", "leptonica", "gstreamer", "libheif", "libde265", "librsvg", "libgd", "turbojpeg",
    "libturbojpeg", "gdal", "libwebrtc", "wkhtmltopdf", "wkhtmltox", "whisper.cpp", "llama.cpp", "libmagic", "hunspell", "libmariadb",
)  # fmt: skip
"""C libraries and their bindings that programs of a garbage-collected language often carry."""


def _words(*alternatives: str) -> re.Pattern[str]:
    """Whole words in any case; other scripts may touch them (`关注res而非virt`)."""
    return re.compile(rf"(?<![A-Za-z0-9_])(?:{'|'.join(alternatives)})(?![A-Za-z0-9_])", re.IGNORECASE)


_LIBRARY = _words(*map(re.escape, sorted(LIBRARIES, key=len, reverse=True)))
_HINTS = {
    "prose.cgo": _words(r"cgo", r"C\.(?:CString|CBytes|malloc|calloc|free)", r"import \"C\"", r"unsafe\.Pointer"),
    "prose.allocator": _words(r"jemalloc", r"tcmalloc", r"mimalloc", r"malloc_trim", r"MALLOC_ARENA_MAX", r"glibc malloc"),
    "page.watches-res": re.compile(r"(?<![A-Za-z0-9_])(?:(?:RES|RSS)(?![A-Za-z0-9_])|[Rr]es(?![A-Za-z0-9_]).{0,40}[Vv][Ii][Rr][Tt])"),
    "page.watches-top": re.compile(r"(?<![A-Za-z0-9_/(])h?top(?= ?[(（`,，])|(?:\bwith|\busing|\bmit|\bcom|用|和|et|y|e|und|and) `?h?top\b"),
    "prose.suggests.response-bodies": _words(r"\w{1,20}\.Body\.Close", r"Body\.Close", r"clos(?:e|ing) (?:the )?(?:response )?bod(?:y|ies)"),
    "prose.suggests.connection-pools": _words(
        r"MaxIdleConns(?:PerHost)?", r"MaxConnsPerHost", r"IdleConnTimeout", r"CloseIdleConnections", r"connection pools?"
    ),
    "prose.suggests.gzip-readers": re.compile(
        r"(?<![A-Za-z0-9_])(?:gzip|flate|zlib)\.?(?:New)?Reader(?![A-Za-z0-9_])|gzip reader|(?:close|defer).{0,40}gzip", re.IGNORECASE
    ),
    "prose.suggests.free-os-memory": _words(r"FreeOSMemory", r"return(?:ed|s|ing)? (?:the )?memory to the OS"),
    "page.calls-collector": re.compile(
        r"^[\s>+]{0,40}(?:defer |go )?(?:debug\.FreeOSMemory|runtime\.GC|runtimeDebug\.FreeOSMemory|gc\.collect|System\.gc|GC\.Collect|GC\.start|(?:global|globalThis)\.gc)\([^()]{0,40}\)\s?;?\s{0,4}(?:(?://|#).{0,200})?$"
    ),
    "prose.suggests.memory-limit": _words(r"SetMemoryLimit", r"GOMEMLIMIT", r"memory limit"),
    "prose.suggests.gc-percent": _words(r"SetGCPercent", r"GOGC"),
    "prose.suggests.goroutines": re.compile(
        r"(?<![A-Za-z0-9_])(?:NumGoroutine(?![A-Za-z])|goroutines?[ -]?(?:leak|泄|漏|リーク|утеч|leck)|leak\w* goroutines?|"
        r"(?:fuga|vazamento|fuite)s? de goroutines?)",
        re.IGNORECASE,
    ),
    "prose.suggests.recursion": re.compile(r"(?<![A-Za-z])(?:recurs(?:ion|ive|ão|ivo|iva|ivas?|if)|rekursi|récursi|tail[- ]call)|递归|遞迴|再帰|рекурс", re.IGNORECASE),
    "prose.suggests.malloc-trim": _words(r"malloc_trim", r"MALLOC_TRIM_THRESHOLD_?"),
    "prose.suggests.arena-max": _words(r"MALLOC_ARENA_MAX", r"M_ARENA_MAX"),
}  # fmt: skip


_ROOTS = (
    "cgo", "c.c", "c.m", "c.free", 'import "c"', "unsafe.", "malloc", "res", "rss", "top", "bod", "conn", "gzip", "flate", "zlib",
    "memory", "memlimit", "gogc", "gorout", "cpercent", "recur", "rekurs", "récurs", "tail", "递归", "遞迴", "再帰", "рекурс",
    "arena", "freeos", "runtime.gc", "gc.collect", "system.gc", "gc.start", "global.gc", "globalthis.gc", *LIBRARIES,
)  # fmt: skip
"""Lower-case; one of them stands in every line with a hint. Looking for these is far cheaper than the patterns."""


def _hints(line: str) -> list[str]:
    """Names of the facts that a line gives."""
    line = line[:4000]
    names = [name for name, pattern in _HINTS.items() if pattern.search(line)]
    return names + [f"prose.{word}" for word in sorted({found.lower() for found in _LIBRARY.findall(line)})]


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Single lines with a hint, the first few of each hint."""
    page = "\n".join(lines).lower()
    roots = [root for root in _ROOTS if root in page]
    seen: dict[str, int] = {}
    for i, line in enumerate(lines):
        lowered = line.lower()
        names = _hints(line) if any(root in lowered for root in roots) else []
        if any(seen.get(name, 0) < _EACH for name in names):
            yield Span(first=i, last=i)
        for name in names:
            seen[name] = seen.get(name, 0) + 1


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each line with hints. ParseError when there is none."""
    readings: list[Reading] = []
    for number, line in enumerate(text.split("\n"), start=1):
        names = _hints(line)
        if names:
            shown = line.strip()[:_SHOWN]
            readings.append(Reading(facts=dict.fromkeys(names, shown), line=number, last_line=number))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no hints")
    return tuple(readings)
