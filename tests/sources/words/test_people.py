"""How people put it in threads: owners without the word memory, names in backticks, hosts by their RAM, asides, several trials."""

import pytest

from memwhy.model.units import GIB, KIB, MIB
from memwhy.sources.page import read_page

RSS, PEAK, HEAP, BOX, TOTAL, USED = (
    "process.rss_bytes",
    "process.rss_peak_bytes",
    "runtime.heap_used_bytes",
    "cgroup.current_bytes",
    "host.total_bytes",
    "host.used_bytes",
)


def figures(page: str) -> list[tuple[str, int]]:
    """All different figures in the order of the page."""
    told = (item for found in read_page(page.split("\n")).found for item in found.reading.metrics.items())
    return list(dict.fromkeys(told))


def claims(page: str) -> str:
    """Courses, remarks and outcomes that the page claims."""
    told: dict[str, str] = {}
    for found in read_page(page.split("\n")).found:
        told |= found.reading.facts
    words = [
        f"{name[6:-8]}={value}" if name.endswith(".outcome") else name.removeprefix("said.")
        for name, value in told.items()
        if name.endswith(".outcome") or name.startswith(("said.grows", "said.flat", "said.plateau", "said.falls"))
        or name in ("said.idle", "said.oom", "said.unreleased", "said.cache")
    ]  # fmt: skip
    return " ".join(sorted(words))


FIGURES = [
    # owners, and nothing that says memory
    ("The relay is consuming ~ 640 MB", [(RSS, 640 * MIB)]),
    ("Our indexer takes up 3 GB after the nightly run.", [(RSS, 3 * GIB)]),
    ("It started at 40 MB, and it has reached 210 MB so far.", [(RSS, 40 * MIB), (RSS, 210 * MIB)]),
    ("I've seen it using up to 1.5 GB.", [(RSS, 3 * GIB // 2)]),
    ("It's at 9 GB right now.", [(RSS, 9 * GIB)]),
    ("my feed reader process is at 2gb currently", [(RSS, 2 * GIB)]),
    ("It remains constant at 20480 KB.", [(RSS, 20480 * KIB)]),
    ("The workers on that box jump from 120MB to 900MB in size.", [(RSS, 120 * MIB), (RSS, 900 * MIB)]),
    ("Nach zwei Tagen belegt der Dienst 5 GB.", [(RSS, 5 * GIB)]),
    ("процесс отъедает 3 гига и падает", [(RSS, 3 * GIB)]),
    ("启动以后就会占用200多M的内存", [(RSS, 200 * MIB)]),
    ("The pod went from 100 MB of logs to 2 GB of logs.", []),
    ("The importer uses 4 GB of disk.", []),
    ("The cache file consumes 3 GB on the SSD.", []),
    # what stood between a name and its figure
    ("memory usage was still showing ~30GB on this install", [(RSS, 30 * GIB)]),
    ("The memory rises after some 20-30 min to 2GB", [(RSS, 2 * GIB)]),
    ("Memory keeps growing, the peak value is around 7G.", [(PEAK, 7 * GIB)]),
    ("The container usage was at 1.5GB.", [(BOX, 3 * GIB // 2)]),
    # whose heap
    ("The heap snapshot shows a memory usage of only 30MB.", [(HEAP, 30 * MIB)]),
    ("JVM memory is 300 MB.", [(HEAP, 300 * MIB)]),
    ("The heap keeps growing. The heap is what worries us: it has reached 3 GB.", [(HEAP, 3 * GIB)]),
    # changes and bounds are no levels
    ("RSS grew 30 MB and then stopped.", []),
    ("RSS rose 200 MB.", []),
    ("That setting lets the heap reach 2 GB.", []),
    ("Memory grows at a rate of 2 GB / a day.", []),
    # hosts
    ("We have a 2gb VPS running the forum.", [(TOTAL, 2 * GIB)]),
    ("The nodes have only 16 GB RAM", [(TOTAL, 16 * GIB)]),
    ("I've got 8GB of memory, which the service claims in a day.", [(TOTAL, 8 * GIB)]),
    ("With all programs closed the system is still using around 5 GB of memory", [(USED, 5 * GIB)]),
]  # fmt: skip
CLAIMS = [
    # names in backticks are no columns
    ("We have a slowly rising `rss` while `heapTotal` and `heapUsed` stay flat.", "flat.heap grows.rss"),
    # growth in other words
    ("The gateway keeps eating more and more memory.", "grows.total"),
    ("The service just continues to consume memory.", "grows.total"),
    ("Its resident memory is trending up under load.", "grows.rss"),
    ("The RSS only gets bigger.", "grows.rss"),
    ("Memory usage started to rocket again.", "grows.total"),
    ("It uses more memory than the old one.", ""),
    ("Виден постоянный рост потребления памяти.", "grows.total"),
    ("内存占用线性上升", "grows.total"),
    # what follows a statement as an aside
    ("The heap stays below 8 MB the whole time (which it should).", "flat.heap"),
    ("RSS is rising and I do not know what I should look at.", "grows.rss"),
    ("RSS will eventually grow until the kernel kills it.", "grows.rss oom"),
    ("RSS should grow at first.", ""),
    # what is no subject
    ("The memory growing here is not caused by the heap.", "grows.total"),
    ("RSS grows until it is larger than the heap.", "grows.rss"),
    ("RSS went up by 40 MB, and it is not a leak.", "grows.rss"),
    ("After a restart memory usage is back to normal.", ""),
    ("glibc never releases the freed pages of its arenas.", ""),
    # ends and idleness
    ("The container dies with exit code 137.", "oom"),
    ("Only 5% of the heap is used, 95% are idle.", ""),
    ("No jobs were running on that worker.", "idle"),
    ("Turning it on and off does not stop the growth.", ""),
    ("Memory usage is building up again.", "grows.total"),
    # trials
    ("The trim helper: malloc_trim(0) reclaimed 900 MB, but gc.collect() freed 0.", "forced_gc=same malloc_trim=fell"),
    ("malloc_trim(0) only reclaims 5 MB.", "malloc_trim=same"),
    ("RSS declines after FreeOSMemory.", "forced_gc=fell"),
    ("Memory dropped after the workload stopped.", "load_stopped=fell"),
    ("We have a problem with RAM not releasing after the batch.", "plateau.total"),
]


@pytest.mark.parametrize(("sentence", "expected"), FIGURES)
def test_a_figure_is_its_owners(sentence: str, expected: list[tuple[str, int]]) -> None:
    assert figures(sentence) == expected


@pytest.mark.parametrize(("sentence", "expected"), CLAIMS)
def test_a_sentence_claims_what_it_says(sentence: str, expected: str) -> None:
    assert claims(sentence) == expected
