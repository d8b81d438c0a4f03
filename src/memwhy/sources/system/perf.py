"""perf on events of memory: `perf report --stdio` and `perf script` of page faults, brk and mmap.

A page fault is a page touched for the first time, freed since or not; brk and mmap are how a heap is enlarged. Both say who
makes memory resident, neither what is still held. Profiles of other events (cycles) are not claimed. Source:
perf-report(1), perf-script(1), tools/perf/ui/stdio/hist.c.

Fact faults.top: the function behind most of it, with its share; profiles of kind page_faults and heap_calls.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow
from memwhy.model.reading import Reading
from memwhy.sources.native.stacks import profile_of, runtime_of
from memwhy.sources.span import Span

NAME = "system/perf"
TRIGGERS = (b"of event '", b"page-faults", b"sys_enter_brk", b"sys_enter_mmap", b"page_fault_user", b"minor-faults")

FIRST_TOUCHES = "page faults count pages touched for the first time, whether they were given back since or not"
MOST = "perf: most of it happens below one function: {}"
_FAULTS = re.compile(r"(?:page-faults|faults|minor-faults|min-flt|major-faults|maj-flt|exceptions:page_fault_user)(?::\w{1,4})?")  # fmt: skip
_CALLS = re.compile(r"(?:syscalls:sys_enter_(?:brk|mmap|mremap)|probe_libc\w{0,12}:\w{0,12}(?:malloc|mmap|brk)\w{0,12})(?::\w{1,4})?")  # fmt: skip
_EVENT = re.compile(r"Samples: {1,3}(\d{1,9}(?:\.\d)?[KMG]?) of events? '([\w:.-]{1,60}(?:/[\w,=.]{0,60}/\w{0,4})?)'")
_COUNT = re.compile(r"Event count \(approx\.\): (\d{1,18})")
_ROW = re.compile(r"(\d{1,3}\.\d\d)%(?: (\d{1,3}\.\d\d)%)?(?: \S.{0,200}?)? \[([.kguHV])\] (\S.{0,300})$")
_SAMPLE = re.compile(
    r"(\S.{0,30}?) (\d{1,8})(?:/\d{1,8})? (?:\[\d{3,4}\] )?(?:\S{1,8} )?(\d{1,9}\.\d{3,9}): (?:(\d{1,12}) )?([\w:.-]{3,60}):(?: |$)"
)
_FRAME = re.compile(r"[0-9a-f]{4,16} (\S.{0,300}?)(?:\+0x[0-9a-f]{1,8})?(?: \((.{0,200})\))?$")
_LEAVES = re.compile(
    r"(?:__)?(?:memset|memcpy|memmove|mempcpy|clear_page|rep_movs)\w*|_int_(?:malloc|realloc|memalign|free)|sysmalloc\w*|malloc_consolidate|brk|__?brk|sbrk|__sbrk|__default_morecore"
    r"|(?:asm_)?exc_page_fault|do_user_addr_fault|handle_mm_fault|__handle_mm_fault|do_anonymous_page|\[unknown\]"
)
"""Functions that only fill or fetch pages for another one."""
_LONGEST_LINE = 1000
_MOST_FRAMES = 128
_MULTIPLES = {"K": 1000, "M": 10**6, "G": 10**9}


def _kind(event: str) -> str | None:
    return "page_faults" if _FAULTS.fullmatch(event) else "heap_calls" if _CALLS.fullmatch(event) else None


@dataclass(slots=True)
class _Block:
    """One report, or the samples of a script; line indices are 0-based. rows: (share of the total, own share, function)."""

    first: int
    last: int
    kind: str
    report: bool
    comm: str = ""
    total: int = 0
    rows: list[tuple[float, float, str]] = field(default_factory=list)
    samples: list[tuple[int, list[str]]] = field(default_factory=list)

    @property
    def says(self) -> bool:
        return bool(self.rows) if self.report else any(frames for _, frames in self.samples)


def _approximate(text: str) -> int:
    """`37K` → 37000."""
    width = _MULTIPLES.get(text[-1:], 1)
    return round(float(text.rstrip("KMG")) * width)


def _take_report(block: _Block, text: str) -> bool:
    if (count := _COUNT.search(text)) is not None:
        block.total = int(count[1])
        return True
    if (row := _ROW.match(text)) is not None:
        cum = float(row[1])
        own = float(row[2]) if row[2] else cum
        if cum <= 100 and own <= 100 and len(block.rows) < 5000:
            block.rows.append((cum, own, row[4]))
        return True
    return False


def _take_script(block: _Block, text: str) -> bool:
    sample = _SAMPLE.match(text)
    if sample is not None:
        if _kind(sample[5]) == block.kind:
            block.comm = block.comm or sample[1]
            block.samples.append((int(sample[4] or 1), []))
        return _kind(sample[5]) is not None
    frame = _FRAME.match(text)
    if frame is None or not block.samples:
        return False
    if len(block.samples[-1][1]) < _MOST_FRAMES:
        block.samples[-1][1].append(frame[1])
    return True


def _opened(text: str, index: int) -> _Block | None:
    """The block that a line begins."""
    event = _EVENT.search(text) if "of event" in text else None
    if event is not None and (kind := _kind(event[2])) is not None:
        return _Block(index, index, kind, report=True, total=_approximate(event[1]))
    sample = _SAMPLE.match(text) if (event is None and text.endswith(":")) or "sys_enter" in text else None
    if sample is not None and (kind := _kind(sample[5])) is not None:
        return _Block(index, index, kind, report=False)
    return None


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, raw in enumerate(lines):
        if not raw or raw.isspace() or (block is None and "of event" not in raw and ":" not in raw):
            continue
        text = " ".join(raw[:_LONGEST_LINE].lstrip("> \t`").split())
        if block is None or (block.report and "of event" in text):
            begun = _opened(text, i)
            if begun is not None:
                if block is not None and block.says:
                    yield block
                block = begun
                if not block.report:
                    _take_script(block, text)
                continue
        if block is None:
            continue
        if (_take_report if block.report else _take_script)(block, text):
            block.last = i
        elif i - block.last > (60 if block.report else 3):  # call graphs stand between the rows of a report
            if block.says:
                yield block
            block = _opened(text, i)
    if block is not None and block.says:
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Reports and scripts of page faults, brk and mmap."""
    for block in _blocks(lines):
        yield Span(first=block.first, last=block.last)


def _own(frames: Sequence[str]) -> list[str]:
    """Frames, leaf first, without what only fills pages for another; all where nothing is left."""
    for i, frame in enumerate(frames):
        if not _LEAVES.fullmatch(frame):
            return list(frames[i:])
    return list(frames)


def _profile(block: _Block) -> Profile | None:
    if not block.report:
        found = profile_of((_own(frames), value) for value, frames in block.samples)
        return replace(found, kind=block.kind, unit="count") if found is not None else None
    flat: Counter[str] = Counter()
    cum: Counter[str] = Counter()
    for share, own, function in block.rows:
        flat[function] += round(own * block.total / 100)
        cum[function] = max(cum[function], round(share * block.total / 100))
    rows = [ProfileRow(function=name, flat=flat[name], cum=max(cum[name], flat[name])) for name in flat]
    rows.sort(key=lambda row: (-row.flat, -row.cum, row.function))
    return Profile(kind=block.kind, unit="count", total=max(block.total, flat.total()), rows=tuple(rows))


def _top(profile: Profile) -> str | None:
    """`load_index 93 %`: the innermost function below which most of it happens, passing over those that only fill pages."""
    most = [row for row in profile.rows if 2 * row.cum >= profile.total and not _LEAVES.fullmatch(row.function)]
    if not most or not profile.total:
        return None
    best = min(most, key=lambda row: (row.cum, -row.flat))
    return f"{best.function[:120]} {100 * best.cum / profile.total:.0f} %"


def _reading(block: _Block) -> Reading | None:
    profile = _profile(block)
    if profile is None or not profile.total:
        return None
    runtime, top = runtime_of(profile.stacks), _top(profile)
    facts = {"said.runtime": runtime} if runtime else {}
    return Reading(
        facts=facts | ({"faults.top": top} if top else {}) | ({"process.comm": block.comm} if block.comm else {}),
        profiles=(profile,),
        notes=(*((FIRST_TOUCHES,) if block.kind == "page_faults" else ()), *((MOST.format(top),) if top else ())),
        line=block.first + 1,
        last_line=block.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a report or script. ParseError when there is none."""
    readings = tuple(found for block in _blocks(text.split("\n")) if (found := _reading(block)) is not None)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no profile of page faults, brk or mmap")
    return readings
