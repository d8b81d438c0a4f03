"""What people say in words is taken for what they mean; questions, wishes, advice and look-alikes are not taken."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.said import OUTCOMES, THINGS, TRIALS
from memwhy.model.units import GIB, MIB
from memwhy.sources.words import claims

WITH_VALUE = ("said.runtime", "said.libc", "said.platform", "said.rate")


def facts(page: str) -> dict[str, str]:
    lines = page.split("\n")
    found: dict[str, str] = {}
    for span in claims.find(lines):
        for reading in claims.parse("\n".join(lines[span.first : span.last + 1])):
            found |= reading.facts
    return found


def short(page: str) -> str:
    """Facts as words: names, with their values where the value is no sentence."""
    said = []
    for name, value in facts(page).items():
        if name.startswith("trial."):
            if name.endswith(".outcome"):
                said.append(f"{name.removeprefix('trial.').removesuffix('.outcome')}={value}")
        elif name in WITH_VALUE:
            said.append(f"{name.removeprefix('said.')}={value}")
        else:
            said.append(name.removeprefix("said."))
    return " ".join(sorted(said))


CLAIMS = [
    # courses
    ("Memory keeps growing.", "grows.total"),
    ("Memory usage grows without bound.", "grows.total"),
    ("RSS climbs by the hour.", "grows.rss"),
    ("The RSS slowly creeps up.", "grows.rss"),
    ("RSS rises steadily over several days.", "grows.rss"),
    ("The number of goroutines keeps increasing.", "grows.goroutines runtime=go"),
    ("Open file descriptors accumulate.", "grows.descriptors"),
    ("The thread count goes up with every request.", "grows.threads"),
    ("CLOSE_WAIT connections pile up, they are piling up for hours.", "grows.connections"),
    ("The heap keeps growing until the end.", "grows.heap"),
    ("Native memory grows.", "grows.native"),
    ("Virtual memory grows all day.", "grows.virtual virtual"),
    ("Memory of the host: available memory drops and system memory usage grows.", "grows.host"),
    ("The heap is flat but RSS grows.", "flat.heap grows.rss"),
    ("RSS grows while the heap stays constant.", "flat.heap grows.rss"),
    ("RSS stays flat.", "flat.rss"),
    ("Memory remains stable.", "flat.total"),
    ("RSS does not grow.", "flat.rss"),
    ("The heap doesn't grow at all.", "flat.heap"),
    ("There is no growth in the heap.", "flat.heap"),
    ("No leak in the heap profile, the heap stays at 30 MB.", "flat.heap"),
    ("The number of threads is constant.", "flat.threads"),
    ("The goroutine count does not change.", "flat.goroutines runtime=go"),
    ("19 goroutines throughout.", "flat.goroutines runtime=go"),
    ("RSS plateaus at 2 GB.", "plateau.rss"),
    ("Memory levels off after an hour.", "plateau.total"),
    ("Memory stabilizes at 3 GB.", "plateau.total"),
    ("Memory is never returned.", "plateau.total"),
    ("Memory does not come down afterwards.", "plateau.total"),
    ("RSS never drops.", "plateau.rss"),
    ("Memory climbs and does not come down.", "grows.total"),
    ("RSS falls back after the peak hours.", "falls.rss"),
    ("Memory usage returns to normal at night.", "falls.total"),
    ("RSS is 2 GB. It keeps growing.", "grows.rss"),
    # in other languages
    ("内存持续增长", "grows.total"),
    ("内存一直不释放", "plateau.total"),
    ("线程一直在增加", "grows.threads"),
    ("RSS 单调上涨，但堆很稳定", "flat.heap grows.rss"),
    ("协程数没有增长", "flat.goroutines runtime=go"),
    ("メモリ使用量が増え続けています", "grows.total"),
    ("ヒープは安定している", "flat.heap"),
    ("메모리 사용량이 계속 증가합니다", "grows.total"),
    ("Der Speicherverbrauch steigt ständig", "grows.total"),
    ("Der Heap wächst nicht und der RSS steigt", "flat.heap grows.rss"),
    ("Der Speicher wird nicht wieder freigegeben", "plateau.total"),
    ("La mémoire augmente sans cesse", "grows.total"),
    ("La mémoire ne diminue jamais", "plateau.total"),
    ("La memoria crece sin parar", "grows.total"),
    ("La memoria no baja", "plateau.total"),
    ("A memória cresce e o heap fica estável", "flat.heap grows.total"),
    ("Память постоянно растёт", "grows.total"),
    ("RSS растет, но куча стабильна", "flat.heap grows.rss"),
    ("Память не освобождается", "plateau.total"),
    # kinds of figures
    ("The figure is ru_maxrss.", "peak"),
    ("VmHWM says 3 GB.", "peak"),
    ("VIRT is 40 GB.", "virtual"),
    ("VSZ is huge.", "virtual"),
    ("crypt=none VSZ=650m", "virtual"),
    ("Most of it is page cache.", "cache"),
    ("内存大部分是页缓存", "cache"),
    ("Shared pages are counted twice.", "misaccounted"),
    ("The heap graph is a saw tooth.", "sawtooth"),
    ("Memory rises to 2 GB and falls back to 1 GB every ten minutes.", "sawtooth"),
    ("Die Kurve ist ein Sägezahn.", "sawtooth"),
    ("内存曲线呈锯齿状", "sawtooth"),
    ("График пилообразный.", "sawtooth"),
    ("The panel shows TotalAlloc.", "cumulative"),
    ("It has 900 GB allocated since the start.", "cumulative"),
    ("累计分配了 900GB", "cumulative"),
    ("Built with CGO_ENABLED=0.", "no_cgo"),
    ("The service is pure Go and has no cgo.", "no_cgo"),
    ("Das Programm ist ohne cgo gebaut.", "no_cgo"),
    # whom a clause without a name is about
    ("There are 900 connections. The process stays at 2 GB.", "flat.total"),
    ("There are 12 goroutines. Somebody said that leaking is normal.", "runtime=go"),
    ("With 900 connections it stays at 2 GB.", "flat.total"),
    ("RSS rises for a day, then stays there.", "plateau.rss"),
    # what it does meanwhile, and its end
    ("The service is idle.", "idle"),
    ("It happens while doing nothing.", "idle"),
    ("It happens with no traffic.", "idle"),
    ("空闲时也这样", "idle"),
    ("Das passiert auch ohne Last", "idle"),
    ("Это происходит без нагрузки", "idle"),
    ("The pod was OOMKilled.", "oom"),
    ("It dies with out of memory.", "oom"),
    ("It ends with exit code 137.", "oom"),
    ("程序被系统杀死", "oom"),
    # rates
    ("Roughly 800mb / day.", "rate=9709.04"),
    ("RSS grows 100 MB per hour.", "grows.rss rate=29127.11"),
    ("It leaks 1 MB per minute.", "rate=17476.27"),
    ("内存每天增长 800MB", "grows.total rate=9709.04"),
    ("Es sind 800 MB pro Tag und die wachsen", "rate=9709.04"),
    # what it is
    ("A Spring Boot application.", "runtime=jvm"),
    ("Written with asyncio.", "runtime=cpython"),
    ("An Express app.", "runtime=node"),
    ("FastAPI with uvicorn.", "runtime=cpython"),
    ("An ASP.NET service.", "runtime=dotnet"),
    ("A Rails application.", "runtime=ruby"),
    ("Built with tokio.", "runtime=rust"),
    ("A server written in C.", "runtime=native"),
    ("influxd (Go) from the repository.", "runtime=go"),
    ("The image is based on Alpine.", "libc=musl platform=linux"),
    ("It runs with glibc 2.31.", "libc=glibc"),
    ("Ubuntu 22.04.", "platform=linux"),
    ("macOS 14.", "platform=macos"),
    ("Windows Server 2019.", "platform=windows"),
    # kept on purpose, not released
    ("RocksDB's block cache has 2 GB.", "held"),
    ("The pages are kept by design.", "held"),
    ("The response body is never closed.", "unreleased"),
    ("The table is retained twice.", "unreleased"),
    ("The code forgets to free the result.", "unreleased"),
    ("Release() is not called.", "unreleased"),
    ("There is a missing free in the wrapper.", "unreleased"),
    ("The finalizer never runs.", "unreleased"),
    ("返回的对象没有释放", "unreleased"),
    ("Соединение не закрывается", "unreleased"),
    # trials
    ("After malloc_trim(0) RSS drops from 1337MB to 860MB.", "malloc_trim=fell"),
    ("malloc_trim has no effect.", "malloc_trim=same"),
    ("Calling malloc_trim(0) did not help.", "malloc_trim=same"),
    ("With MALLOC_ARENA_MAX=2 memory stays at 300 MB.", "arena_max=fell"),
    ("We set MALLOC_ARENA_MAX=1. It makes no difference.", "arena_max=same"),
    ("Setting MALLOC_ARENA_MAX=2 reduced RSS to 400 MB.", "arena_max=fell"),
    ("FreeOSMemory makes no difference.", "forced_gc=same"),
    ("After debug.FreeOSMemory() RSS goes down to 80 MB.", "forced_gc=fell"),
    ("gc.collect() frees nothing: RSS is unchanged.", "forced_gc=same"),
    ("System.gc() brings nothing, RSS still at 3 GB.", "forced_gc=same"),
    ("After a forced GC RSS stays at 3 GB.", "forced_gc=same"),
    ("Switching to jemalloc solved it.", "other_allocator=fell"),
    ("With jemalloc preloaded memory remains flat.", "other_allocator=fell"),
    ("We moved from Alpine to Debian and the problem disappeared.", "other_allocator=fell platform=linux"),
    ("With GODEBUG=madvdontneed=1 RSS drops.", "madvdontneed=fell runtime=go"),
    ("After disabling transparent huge pages RSS fell from 3 GB to 1 GB.", "huge_pages_off=fell"),
    ("GOGC=50 does not help.", "gogc=same runtime=go"),
    ("With GOMEMLIMIT=1GiB RSS still grows.", "memory_limit=same runtime=go"),
    ("echo 3 > drop_caches frees it.", "drop_caches=fell"),
    ("Even after killing the process free -m still shows 20 GB used.", "process_ended=same"),
    ("When the process exits, the memory is released.", "process_ended=fell"),
    ("After the load stops, memory goes down to 200 MB.", "load_stopped=fell"),
    ("After the benchmark ended, RSS stays at 2 GB.", "load_stopped=same"),
    ("Disabling the profiler plugin fixed it.", "feature_off=fell"),
    ("Without the tracing middleware memory does not grow.", "feature_off=fell"),
    ("After adding defer resp.Body.Close() memory is stable.", "fixed=fell"),
    ("Downgrading to 1.4 solved the issue.", "fixed=fell"),
    ("After upgrading to 2.0 it still leaks.", "fixed=same"),
    ("调用 malloc_trim(0) 后 RSS 从 2GB 降到 300MB", "malloc_trim=fell"),
    ("设置 MALLOC_ARENA_MAX=2 没有效果", "arena_max=same"),
    ("手动触发 GC 后内存依然不下降", "forced_gc=same"),
    ("换成 jemalloc 后内存稳定", "other_allocator=fell"),
    ("Mit MALLOC_ARENA_MAX=2 bleibt der Speicher stabil", "arena_max=fell"),
    ("malloc_trim hilft nicht und der Speicher bleibt voll", "malloc_trim=same"),
    ("Avec jemalloc la mémoire reste stable", "other_allocator=fell"),
    ("Con MALLOC_ARENA_MAX=2 no cambia nada", "arena_max=same"),
    ("После malloc_trim память упала до 300 МБ", "malloc_trim=fell"),
    ("MALLOC_ARENA_MAX=2 не помогло", "arena_max=same"),
    ("After two hours it uses 900 MB. With cache_size=100 it ends at 80 MB.", "cache_bound=fell held"),
    ("A smaller cache did not help.", "cache_bound=same"),
    ("The process takes 900 MB. With GOGC=20 it was 500 MB.", "gogc=fell runtime=go"),
    ("There is no worker process running any more. Nothing but a reboot helps.", "process_ended=same"),
]

TRAPS = [
    "Have you tried MALLOC_ARENA_MAX?",
    "RSS is 900 MB, TotalAlloc 12 GB.",
    "gc.collect() returns 12.",
    "We replaced the driver by a pure Go one.",
    "Try it with CGO_ENABLED=0.",
    "We are afraid of an OOM.",
    "It was 80 GB a month ago.",
    "Could you set MALLOC_ARENA_MAX=2 and see whether memory drops?",
    "You can try jemalloc, it reduces fragmentation.",
    "Maybe malloc_trim would help.",
    "I suggest calling debug.FreeOSMemory, memory drops then.",
    "Try to run with MALLOC_ARENA_MAX=2 so that memory goes down.",
    "Please test with jemalloc preloaded, it fixed a similar case.",
    "Next step: MALLOC_ARENA_MAX=2 to reduce memory.",
    "We use jemalloc.",
    "block-cache-usage : 40961024",
    "cache_size",
    "MALLOC_ARENA_MAX is not set.",
    "We will call malloc_trim and hope that RSS falls.",
    "Is memory growing?",
    "Does RSS stay flat?",
    "Memory should not grow.",
    "Memory should stay flat.",
    "I would expect memory to go down.",
    "If memory grows, open an issue.",
    "The test checks whether memory grows.",
    "To avoid that memory grows, restart it.",
    "The idle heap is 300 MB.",
    "Idle connections are kept for 90 s.",
    "The service is not idle.",
    "The idle timeout is 30 s.",
    "There was no OOM.",
    "We want to avoid an OOM.",
    "oom_score_adj is 0.",
    "Throughput is 20 MB per minute of traffic.",
    "It writes 800 MB of logs per day.",
    "It downloads 2 GB / hour.",
    "There should be at most 100 MB per day.",
    "This is not page cache.",
    "We look at RES, not VIRT.",
    "The figures are without page cache.",
    "It is not by design.",
    "The file is closed.",
    "All connections are closed by the client.",
    "The body is freed after use.",
    "I go to the office.",
    "Let us go through the list.",
    "The express train arrives.",
    "JavaScript is used in the front end.",
    "Plan C is the best one.",
    "The price increases.",
    "The queue grows.",
    "The log file grows.",
    "The dashboard is stable.",
    "Heap dump attached.",
    "A memory leak?",
    "GC is not called by us.",
    "See the memory profile.",
    "CPU usage is constant.",
    "The kernel is 5.4.",
    "应该设置 MALLOC_ARENA_MAX=2",
    "有没有试过 malloc_trim",
    "建议换成 jemalloc",
    "Hat jemand MALLOC_ARENA_MAX probiert?",
    "Попробуйте malloc_trim, память может упасть",
    "Essayez jemalloc",
    "如果内存增长，请重启",
    "x = memory.grow(1);",
    "",
]


@pytest.mark.parametrize(("sentence", "said"), CLAIMS)
def test_a_claim_is_taken_for_what_it_says(sentence: str, said: str) -> None:
    assert short(sentence) == said


@pytest.mark.parametrize("sentence", TRAPS)
def test_questions_wishes_advice_and_look_alikes_claim_nothing(sentence: str) -> None:
    assert short(sentence) == ""


def test_figures_of_a_trial_stand_beside_its_outcome() -> None:
    assert facts("After malloc_trim(0) RSS drops from 1.5 GB to 860MB.") == {
        "trial.malloc_trim": "After malloc_trim(0) RSS drops from 1.5 GB to 860MB.",
        "trial.malloc_trim.outcome": "fell",
        "trial.malloc_trim.before_bytes": str(3 * GIB // 2),
        "trial.malloc_trim.after_bytes": str(860 * MIB),
    }
    assert facts("With MALLOC_ARENA_MAX=2 memory stays at 300 MB.")["trial.arena_max.after_bytes"] == str(300 * MIB)


def test_figures_that_hardly_differ_are_the_same_whatever_the_verb() -> None:
    assert facts("After malloc_trim(0) RSS drops from 1337MB to 1300MB.")["trial.malloc_trim.outcome"] == "same"


def test_the_outcome_may_stand_in_the_next_sentence() -> None:
    assert short("I also tried jemalloc with LD_PRELOAD. It did not help.") == "other_allocator=same"


def test_a_claim_is_one_sentence_cut_to_what_can_be_shown() -> None:
    said = facts("Memory keeps growing" + " and so on" * 60 + ".")["said.grows.total"]
    assert said.startswith("Memory keeps growing and so on") and len(said) == 160


def test_every_claim_has_its_lines() -> None:
    lines = ["Some words that say nothing at all, really not.", "Memory keeps growing.", "", "The pod was OOMKilled."]
    spans = list(claims.find(lines))
    read = [
        (s.first + (r.line or 0), r.facts) for s in spans for r in claims.parse("\n".join(lines[s.first : s.last + 1]))
    ]
    assert [(line, list(facts)) for line, facts in read] == [(2, ["said.grows.total"]), (4, ["said.oom"])]


def _known(name: str, value: str) -> bool:
    parts = name.split(".")
    if parts[0] == "trial":
        return parts[1] in TRIALS and (len(parts) == 2 or parts[2] != "outcome" or value in OUTCOMES)
    return len(parts) == 2 or parts[2] in THINGS


@given(st.text(max_size=300) | st.lists(st.sampled_from([s for s, _ in CLAIMS] + TRAPS), max_size=8).map(" ".join))
def test_any_text_gives_known_facts_or_a_parse_error(text: str) -> None:
    for _ in claims.find(text.split("\n")):
        pass
    try:
        readings = claims.parse(text)
    except ParseError:
        return
    assert all(_known(name, value) for r in readings for name, value in r.facts.items())
    assert all(not r.metrics for r in readings)


@given(st.lists(st.sampled_from([s for s, _ in CLAIMS]), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_claims_cut_anywhere_never_fail(sentences: list[str], chance: random.Random) -> None:
    page = "\n\n".join(sentences)
    assert all(_known(name, value) for name, value in facts(page[chance.randrange(len(page)) :]).items())


@pytest.mark.parametrize(
    "piece",
    ["memory grows ", "not ", "not a b c d e ", "RSS grows.\n", "after the ", "with ", "if ", "never called ", "x", "a. ", "malloc_trim from 1 GB to ", "内存不", "is not ", "disable "],
)  # fmt: skip
def test_half_a_megabyte_of_malice_takes_seconds_at_most(piece: str) -> None:
    page = (piece * (1 << 19))[: 1 << 19]
    start = time.process_time()
    facts(page)
    facts("\n".join(page[i : i + 3000] for i in range(0, 1 << 19, 3000)))
    assert time.process_time() - start < 20


def trial(page: str, name: str) -> tuple[str, int | None, int | None]:
    """(outcome, MiB before, MiB after) of one trial."""
    found = facts(page)
    sizes = (found.get(f"trial.{name}.{side}_bytes") for side in ("before", "after"))
    before, after = (None if size is None else int(size) // MIB for size in sizes)
    return found.get(f"trial.{name}.outcome", ""), before, after


@pytest.mark.parametrize(
    ("page", "name", "expected"),
    [
        ("RSS climbs to 2 GB, Go heap 60 MB. With MALLOC_ARENA_MAX=2 it stays at 400 MB.", "arena_max", ("fell", 2048, 400)),
        ("RSS starts with 200 MB and is at 3 GB by the evening. With jemalloc it is at 500 MB.", "other_allocator", ("fell", 3072, 500)),
        ("RSS is 3 GB. We set MALLOC_ARENA_MAX to 2 and memory now maxes out at 600 MB.", "arena_max", ("fell", None, None)),
        ("Setting MALLOC_ARENA_MAX=2 made quite a difference: 500 MB instead of 3 GB.", "arena_max", ("fell", 3072, 500)),
        ("With jemalloc preloaded RSS is 700 MB (was 2 GB).", "other_allocator", ("fell", 2048, 700)),
        ("The growth of the workers to 2 GB was fixed by switching to jemalloc.", "other_allocator", ("fell", 2048, None)),
        ("jemalloc did the trick: LD_PRELOAD it and the growth is gone.", "other_allocator", ("fell", None, None)),
        ("Before malloc_trim RSS was 2 GB, after it 1.9 GB.", "malloc_trim", ("same", 2048, 1945)),
        ("修正前: RSS 4GB、修正後: RSS 300MB", "fixed", ("fell", 4096, 300)),
        ("修复前 RSS 4GB，修复后 RSS 300MB。", "fixed", ("fell", 4096, 300)),
        ("수정 전 RSS 4GB, 수정 후 RSS 300MB", "fixed", ("fell", 4096, 300)),
    ],
)  # fmt: skip
def test_a_trial_is_told_with_what_was_before_and_after_it(page: str, name: str, expected: tuple[str, int | None, int | None]) -> None:  # fmt: skip
    assert trial(page, name) == expected


def test_sentences_that_begin_with_a_small_letter_are_sentences_of_their_own() -> None:
    assert short("the process grows by 200 MB per hour. pprof shows 30 MB, the heap is stable.") == "flat.heap grows.total rate=58254.22"  # fmt: skip


def test_what_was_measured_again_and_again_after_collections_is_no_trial() -> None:
    page = "It holds 3 GB. Old gen after full GC: 200 MB on Monday, 1.5 GB on Wednesday, 3 GB on Friday."
    assert trial(page, "forced_gc") == ("", None, None)


def test_a_level_said_in_spanish_is_no_condition() -> None:
    assert short("El heap se mantiene en 50 MB y no crece.") == "flat.heap"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("RSS grows and is never given back, then it plateaus at about 400 MB.", {"said.plateau.rss"}),
        ("Memory rises with each worker until it levels off.", {"said.plateau.total"}),
        ("RSS climbs for an hour and eventually memory stabilizes.", {"said.plateau.total"}),
        (
            "VIRT only goes up, and it takes the free memory as well.",
            {"said.grows.virtual", "said.virtual", "said.grows.host"},
        ),
        ("RSS keeps growing while the heap plateaus.", {"said.grows.rss", "said.plateau.heap"}),
    ],
)
def test_what_rises_and_comes_to_rest_does_not_grow(text: str, names: set[str]) -> None:
    found = {name for reading in claims.parse(text) for name in reading.facts}
    assert {name for name in found if name.startswith("said.")} == names
