"""Sentences that say that descriptors or threads have run out."""

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted import exhausted
from memwhy.sources.span import Span


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        ("accept tcp [::]:80: accept4: too many open files; retrying in 1s", "descriptors.exhausted"),
        ("Error: EMFILE, open '/srv/a'", "descriptors.exhausted"),
        ("RuntimeError: can't start new thread", "threads.exhausted"),
        ("java.lang.OutOfMemoryError: unable to create new native thread", "threads.exhausted"),
        ("runtime: program exceeds 10000-thread limit", "threads.exhausted"),
        ("runtime/cgo: pthread_create failed: Resource temporarily unavailable", "threads.exhausted"),
        ('Exception in thread "main" java.lang.OutOfMemoryError: Java heap space', "runtime.heap_exhausted"),
        ("java.lang.OutOfMemoryError: GC overhead limit exceeded", "runtime.heap_exhausted"),
        ("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", "runtime.heap_exhausted"),
        ("System.OutOfMemoryException: Array dimensions exceeded supported range.", "runtime.heap_exhausted"),
        ("MemoryError", "runtime.heap_exhausted"),
        ("> MemoryError: Unable to allocate 2.00 GiB for an array", "runtime.heap_exhausted"),
        ("fatal error: runtime: out of memory", "runtime.heap_exhausted"),
        ("java.lang.OutOfMemoryError: Direct buffer memory", "runtime.external_exhausted"),
        ("java.lang.OutOfMemoryError: Metaspace", "runtime.external_exhausted"),
        ("RangeError: Array buffer allocation failed", "runtime.external_exhausted"),
        ("after a week it reached vm.max_map_count", "mappings.exhausted"),
        ("java.io.IOException: Map failed", "mappings.exhausted"),
        ("libfoo.so: failed to map segment from shared object: Cannot allocate memory", "mappings.exhausted"),
        ("mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0) = -1 ENOMEM (Cannot allocate memory)", "mappings.exhausted"),
        ("mmap failed: cannot allocate memory", "mappings.exhausted"),
        ("the 60000th call of store_map_file() returns NULL with errno 12", "mappings.exhausted"),
        ("kernel: SLUB: Unable to allocate memory on node -1, gfp=0x6000c0(GFP_KERNEL)", "kernel.exhausted"),
        ("runc: mkdir /sys/fs/cgroup/memory/docker/1f2e: cannot allocate memory", "kernel.exhausted"),
        ("[ 123.4] TCP: out of memory -- consider tuning tcp_mem", "kernel.exhausted"),
        ("[ 123.4] vmap allocation for size 2101248 failed: use vmalloc=<size>", "kernel.exhausted"),
    ],
)
def test_the_sentence_is_the_fact(line: str, fact: str) -> None:
    assert list(exhausted.find(["", line])) == [Span(first=1, last=1)]
    assert exhausted.parse(line) == (Reading(facts={fact: line}, line=1, last_line=1),)


def test_gos_own_message_tells_how_many_threads_there_are() -> None:
    line = "runtime: failed to create new OS thread (have 916 already; errno=11)"
    assert exhausted.parse(line) == (
        Reading(metrics={"go.os_threads_count": 916}, facts={"threads.exhausted": line}, line=1, last_line=1),
    )


@pytest.mark.parametrize(
    ("line", "metrics", "fact"),
    [
        (
            "runtime: out of memory: cannot allocate 4194304-byte block (1073741824 in use)",
            {"go.heap_sys_bytes": 1 << 30},
            "runtime.heap_exhausted",
        ),
        (
            "io.netty.util.internal.OutOfDirectMemoryError: failed to allocate 16777216 byte(s) of direct memory (used: 1056964615, max: 1073741824)",
            {"runtime.external_bytes": 1_056_964_615},
            "runtime.external_exhausted",
        ),
        (
            "java.lang.OutOfMemoryError: Cannot reserve 1048576 bytes of direct buffer memory (allocated: 4194304, limit: 4194304)",
            {"runtime.external_bytes": 4_194_304},
            "runtime.external_exhausted",
        ),
    ],
)
def test_a_message_may_hold_a_figure(line: str, metrics: dict[str, int], fact: str) -> None:
    assert exhausted.parse(line) == (Reading(metrics=metrics, facts={fact: line[:160]}, line=1, last_line=1),)


def test_a_flood_of_them_is_shown_three_times() -> None:
    assert len(list(exhausted.find(["accept: too many open files"] * 500))) == 3


def test_other_words_are_left_alone() -> None:
    lines = ["many files are open", "it starts a new thread", "there are too many threads"]
    lines += [
        "set vm.max_map_count=262144",
        "max virtual memory areas vm.max_map_count [65530] is too low, increase to 262144",
    ]
    lines += [
        "it may run into OutOfMemoryError: Java heap space",
        "we use mmap a lot",
        "Catch the MemoryError in the handler",
    ]
    lines += [
        "/tmp/x.so: failed to map segment from shared object: Operation not permitted",
        "to avoid exceeding max_map_count",
    ]
    assert list(exhausted.find(lines)) == []
    with pytest.raises(ParseError):
        exhausted.parse("\n".join(lines))


@pytest.mark.parametrize(
    "line",
    [
        'The log is full of "too many files opened".',
        "After a week it runs out of file descriptors.",
        "All fds are exhausted by then.",
        "It exhausts its file descriptors. We could raise the limit.",
    ],
)
def test_people_tell_of_exhausted_descriptors_in_their_own_words(line: str) -> None:
    assert set(exhausted.parse(line)[0].facts) == {"descriptors.exhausted"}


def test_advice_in_another_sentence_hides_no_message() -> None:
    (reading,) = exhausted.parse("You should see it. It died with too many open files. Could that be the cache?")
    assert reading.facts == {"descriptors.exhausted": "It died with too many open files."}
