"""Stacks of native allocations → a profile by the function that asked the allocator."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from memwhy.model.profile import Profile, ProfileRow, StackSample

KIND = "native_inuse"
_ALLOCATOR = re.compile(
    r"(?:__interceptor_|__libc_|__GI_+libc_|_?je_|tc_|mi_|__wrap_|_int_|calloc_?|malloc_?)?(?:malloc|calloc|realloc|reallocarray|memalign|"
    r"posix_memalign|aligned_alloc|valloc|strdup|strndup|mmap|mmap64|sysmalloc|_Znwm|_Znam)(?:\.\w{1,20})?"
    r"|operator new(?:\[\])?(?:\(.{0,80}\))?|__libc_start_(?:main|call_main).{0,40}|\?\?\?"
)
_RUNTIMES = (
    ("node", re.compile(r"\b(?:node|v8|uv__)(?:::|[a-z_]{2,20}\()|\buv_run\b")),
    ("cpython", re.compile(r"^_?Py(?:Eval|Object|Mem|Unicode|Dict|List|Run|Bytes)_")),
    ("jvm", re.compile(r"\b(?:JavaThread|JavaCalls|JVM_[A-Z]\w{2,40}|Unsafe_Allocate\w{0,20}|os::malloc)\b")),
    ("go", re.compile(r"^(?:x_cgo_|_?crosscall2?|runtime\.(?:cgocall|asmcgocall)|_cgo_[0-9a-f]{4,})")),
    ("ruby", re.compile(r"^(?:rb_[a-z]|ruby_[a-z]|vm_exec)")),
)


def own_stack(frames: Sequence[str]) -> tuple[str, ...]:
    """Frames, leaf first, without the allocator's own at the leaf; the leaf alone where all are."""
    for i, frame in enumerate(frames):
        if not _ALLOCATOR.fullmatch(frame[:200]):
            return tuple(frames[i:])
    return tuple(frames[:1])


def runtime_of(stacks: Iterable[StackSample]) -> str | None:
    """The runtime whose functions stand in the stacks: memory of a program that runs on it."""
    for stack in stacks:
        for frame in stack.frames:
            for name, pattern in _RUNTIMES:
                if pattern.search(frame[:200]):
                    return name
    return None


def profile_of(samples: Iterable[tuple[Sequence[str], int]], total: int | None = None) -> Profile | None:
    """A profile of (frames leaf first, bytes); total where the tool says one. None without a stack."""
    merged: Counter[tuple[str, ...]] = Counter()
    for frames, value in samples:
        if frames and value > 0:
            merged[own_stack(frames)] += value
    if not merged:
        return None
    flat: Counter[str] = Counter()
    cum: Counter[str] = Counter()
    for stack, value in merged.items():
        flat[stack[0]] += value
        for frame in dict.fromkeys(stack):
            cum[frame] += value
    rows = [ProfileRow(function=name, flat=flat[name], cum=value) for name, value in cum.items()]
    rows.sort(key=lambda row: (-row.flat, -row.cum, row.function))
    return Profile(
        kind=KIND,
        unit="bytes",
        total=max(total or 0, sum(merged.values())),
        rows=tuple(rows),
        stacks=tuple(StackSample(frames=stack, value=value) for stack, value in merged.most_common()),
    )
