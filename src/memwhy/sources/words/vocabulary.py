"""The names that people give to figures of memory, in ten languages → metrics and THINGS of `model.said`."""

import re
from dataclasses import dataclass
from functools import lru_cache

from memwhy.sources.go.memstats import METRICS
from memwhy.sources.words.wording import any_of, head_letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Noun:
    """A name in a text. size: the metric of an amount beside it; count: of a number; both None for a name that only looks like
    one of ours (`heap dump`). generic: `memory`, which needs a verb. thing: one of said.THINGS or "".
    """

    start: int
    end: int
    size: str | None
    count: str | None
    thing: str
    generic: bool


_DECOYS = (
    r"(?:main|native|c|malloc|brk|libc|non|off|max(?:imum)?|initial|min(?:imum)?)[- ]heaps?(?! (?:used|alloc))|\[heap\]|heap[- ](?:dumps?|profil\w+|snapshots?|analysis|corruption|limit|overflow|spray)",
    r"memory[- ](?:leaks?|profil\w+|pressure|bandwidth|manage\w+|model|safety|barrier|address|issues?|problems?|errors?|mapp\w+|addresses)",
    r"(?:total|max(?:imum)?|system|physical|installed|initial|min(?:imum)?|free swap|swap) (?:system |physical )?(?:memory|mem|ram)(?! (?:usage|use|used|consum\w+|footprint))",
    r"virtual(?= (?:v?cpus?|cores?|processors?|threads?|machines?|servers?|hosts?|private|env\w*|functions?|methods?|disks?|networks?|interfaces?|desktops?|functions?|clusters?|nodes?|users?|appliances?)\b)",
    r"(?-i:Mem)(?=\s{0,2}:)|(?:in-memory|shared memory|flash|video memory|gpu memory|vram|显存|thread[- ](?:pools?|dumps?|safe|local)|green threads|cpu threads|memory leak)",
    r"主堆|原生堆|(?:native|C|原生) ?堆|内存(?:泄漏|泄露|溢出|条|分析|池|不足)|メモリリーク|메모리 ?(?:누수|릭)|Speicher(?:leck|loch|platz|ort)\w*|fugas? de memoria|fuite de mémoire|vazamento de memória|утечк\w+ памяти|постоянн\w+ памят\w+",
)
_ANY_MEMORY = (
    r"its (?:consumption|footprint)|(?:process |total |overall |real |system )?(?:memory|mem|ram)(?:[- ](?:usage|use|used|utili[sz]ation|consumption|footprint))?|memoryusage",
    r"(?:进程|程序|服务|實體)?(?:内存|記憶體|内存占用|内存使用)(?:占用|使用|消耗)?(?:量|大小)?|メモリ(?:使用量|消費量?|使用)?|메모리(?: ?사용량| ?점유)?",
    r"(?:Arbeits|Haupt)?speicher(?:verbrauch|bedarf|nutzung|belegung)?|(?:consommation |utilisation |empreinte )?(?:de |la )?mémoire(?: vive)?|(?:uso |consumo |utilización )?(?:de )?mem[oó]ria(?: RAM)?",
    r"(?:потреблени\w+ |использовани\w+ |расход )?памят(?:ь|и|ью)|ОЗУ|оперативк\w",
)
_ROWS: tuple[tuple[str, str | None, str | None, tuple[str, ...]], ...] = (
    ("heap", "runtime.heap_used_bytes", None, (
        r"(?:in-?use )?heap[- ]prof(?:ile)?s?(?=(?: itself| total| size)?,? (?:only |just |always |still |now )*(?:shows?|showed|says?|reports?|reported|has|had|sums? up to|adds up to|totals?|accounts? for|accounted for|sees|is (?:about|around|only|just|at)|contains?)\b)",
    )),
    ("", None, None, _DECOYS),
    # the process, surest names first
    ("total", "cgroup.anon_bytes", None, (r"container_memory_rss",)),
    ("rss", "process.rss_bytes", None, (r"(?:ps(?: -?aux\w?)?|[abh]?top|activity monitor|task manager|system monitor)(?:,? (?:which|that|it))?(?= (?:only |just |still |now |always |consistently )?(?:says?|shows?|showed|reports?|reported|displays?|displayed|gives?|claims?|tells (?:me|us))\b)",)),
    ("rss", "process.rss_anon_bytes", None, (r"rss[_ -]?anon|anon(?:ymous)?[_ -](?:rss|resident)(?: memory)?|anonrss",)),
    ("rss", "process.rss_file_bytes", None, (r"rss[_-]?file|rss file(?= ?(?:pages?|part|share|size|[:=|]))|file[_ -]rss",)),
    ("rss", "process.rss_shmem_bytes", None, (r"rss[_ -]?shmem|shmem[_ -]rss",)),
    ("children", "process.children_rss_bytes", None, (r"child(?:ren)?(?:'?s'?)?[_ -](?:total[_ -])?rss|rss of (?:all |the |its )?child(?:ren| processes)",)),
    ("rss", "process.rss_peak_bytes", None, (
        r"vmhwm|(?:ru_)?max[_ ]?rss(?:_kb|_bytes)?|max(?:imum)? resident(?: set)?(?: size)?|(?:peak|max(?:imum)?)[ _-](?:rss|resident(?: set)?(?: size)?|memory(?: usage| use| footprint)?|mem|ram)",
        r"high[- ]?water[- ]?mark|rss[ _-](?:peak|max)|内存峰值|峰值内存|ピークメモリ|最大RSS|peak working set|пиков\w+ (?:rss|памят\w+)|Spitzenverbrauch|pico de memoria",
    )),
    ("rss", "process.rss_bytes", None, (
        r"(?:current[ _-]|process[ _-]|total[ _-]|vm)?rss(?:[ _-](?:memory|size|usage))?(?:[_ -]?(?:kb|mb|bytes|kib|mib))?|vmrss|process_resident_memory_bytes|(?:resident_memory|memory_rss)(?:_bytes)?",
        r"resident(?: set)?(?: memory)?(?: size| usage)?|常驻(?:内存|集)|物理内存|駐留記憶體|常駐(?:メモリ|セット)|상주 메모리|резидентн\w+ (?:памят\w+|размер\w*)|mémoire résidente|memoria residente|memória residente|residente[rn]? Speicher",
        r"(?-i:RES)(?! ?T)|private bytes|workingset64|private working set",
    )),
    ("shared", "process.pss_bytes", None, (r"pss",)),
    ("rss", "process.uss_bytes", None, (r"uss",)),
    ("rss", "process.private_dirty_bytes", None, (r"private[_ ]dirty",)),
    ("rss", "process.lazy_free_bytes", None, (r"lazyfree|lazy[- ]free",)),
    ("rss", "process.anon_huge_bytes", None, (r"anonhugepages",)),
    ("virtual", "process.virtual_bytes", None, (
        r"virt(?:ual)?(?:[ _-](?:memory|mem|size|address space|set)(?: size)?)?|vsz|vss|vmsize|vmpeak|vms|address space|process_virtual_memory_bytes",
        r"虚拟内存|虛擬記憶體|仮想メモリ|가상 메모리|virtuelle[rnm]? (?:Speicher|Arbeitsspeicher)|mémoire virtuelle|memoria virtual|memória virtual|виртуальн\w+ памят\w+",
    )),
    ("", "process.swap_bytes", None, (r"vmswap",)),
    ("kernel", "process.page_tables_bytes", None, (r"vmpte|page tables?",)),
    ("threads", None, "process.threads_count", (
        r"(?:os |native |java |jvm |live |posix |kernel |platform |python )?threads?(?:[ _-](?:count|num|number|total))?|(?:thread|lwp)s?[ _-]?count|num_?threads|nlwp|process_threads",
        r"线程(?:数量?)?|執行緒(?:數量?)?|スレッド(?:数)?|스레드(?: ?수)?|hilos|поток(?:ов|и)|нит(?:ей|и)",
    )),
    ("goroutines", None, "go.goroutines_count", (
        r"(?:number of |num[_ ]?|go[_ ])?goroutines?(?:[ _-](?:count|num|number|total))?|numgoroutines?|协程(?:数量?)?|ゴルーチン(?:数)?|고루틴(?: ?수)?|горутин\w?|gorr?utinas?|go[- ]?routines?",
    )),
    ("connections", None, "process.sockets_close_wait_count", (r"close[_-]?wait(?: (?:sockets|connections))?",)),
    ("connections", None, "process.sockets_time_wait_count", (r"time[_-]?wait(?: (?:sockets|connections))?",)),
    ("connections", None, "process.sockets_established_count", (r"estab(?:lished)?(?: (?:sockets|connections|tcp connections))?",)),
    ("descriptors", None, "process.descriptors_count", (
        r"(?:(?:open|used|file|socket) |total[_ ])?fds?(?:[ _-](?:count|num))?|(?:open |socket )?file[- ]?descriptors?|socket descriptors|descriptors(?! (?:set|pool|table|heap|ring|de\b))|open[- ](?:files?[- ](?:count|number)|files|handles|file handles)|number of open files|file handles|open_?fds|process_open_fds|num_?fds|nofile",
        r"文件描述符|文件句柄|句柄数|ファイルディスクリプタ|파일 ?디스크립터|Datei(?:deskriptoren|handles)|descripteurs(?: de fichiers?)?|descriptores(?: de archivos?)?|descritores(?: de arquivos?)?|(?:файлов\w+ )?дескриптор\w*",
    )),
    ("descriptors", None, "process.sockets_count", (r"(?:open )?sockets",)),
    ("children", None, "process.children_count", (r"(?:(?:child(?:ren)?|worker|slave|renderer|backend|helper)[- ])process(?:es)|(?:nginx|apache|httpd|php-fpm|uwsgi|gunicorn|chrom(?:e|ium)|postgres|ffmpeg|unoconv|soffice|git|java|node|python)[- ]processes|subprocesses|zombies?|zombie processes|子进程(?:数)?",)),
    ("native", "process.arena_like_bytes", "process.arena_like_count", (
        r"(?:(?:fully[- ])?resident )?64 ?Mi?B?(?: |-)(?:anon(?:ymous)? )?(?:memory )?(?:mappings?|regions?|segments?|blocks?|chunks?|maps?|arenas?)|64 ?Mi?B? ?(?:的)?(?:内存)?(?:块|段|区域?)",
    )),
    ("native", None, "malloc.arenas_count", (r"(?:malloc |glibc |per-thread )arenas",)),
    # Go
    ("heap", "derived.go_retained_bytes", None, (r"(?:go )?(?:heap[_ ]?)?idle ?(?:-|minus) ?(?:heap[_ ]?)?released|go retained|(?:idle[, ]+)?unreleased(?: heap)?",)),
    ("virtual", "go.sys_bytes", None, (r"(?:go|memstats\.?|runtime) ?`?sys`?|go[- ]memstats[- ]sys(?:[- ]bytes)?|memstats\.sys",)),
    *((
        "" if metric.endswith("_count") else "heap", metric if metric.endswith("_bytes") else None,
        metric if metric.endswith("_count") else None, (re.sub(r"(?<=[a-z])(?=[A-Z])", "[ _-]?", field).replace("StackInuse", "Stack[ _-]?In[ _-]?use").replace("Stack[ _-]?Inuse", "Stack[ _-]?In[ _-]?use") + r"(?:[ _]?bytes)?",),
     ) for field, metric in METRICS.items() if field not in ("Alloc", "Sys", "Mallocs", "Frees")),
    ("heap", "go.memory_limit_bytes", None, (r"gomemlimit|debug\.setmemorylimit",)),
    ("heap", "go.heap_alloc_bytes", None, (r"go[- ](?:live )?heap(?:[- ](?:alloc\w*|live))?|memstats\.alloc|inuse_space|pprof(?: heap)?(?: profile)?|go 堆(?:内存)?",)),
    # other runtimes
    ("heap", "runtime.heap_limit_bytes", None, (r"-?xmx ?=?|max(?:imum)? heap(?: size)?|heap[_ ]size[_ ]limit|heap max|max-old-space-size",)),
    ("heap", "runtime.traced_peak_bytes", None, (r"tracemalloc peak|peak tracemalloc|traced(?: \(peak| peak)",)),
    ("heap", "runtime.heap_committed_bytes", None, (r"heap[_ ]?total|heap committed|committed heap|jvm committed",)),
    ("heap", "runtime.array_buffers_bytes", None, (r"array[_ ]?buffers",)),
    ("native", "runtime.external_bytes", None, (r"external(?: memory)?|direct (?:memory|buffers?)|(?:netty )?used ?direct ?memory|堆外内存|off-heap memory",)),
    ("heap", "runtime.metaspace_bytes", None, (r"metaspace",)),
    ("heap", "runtime.heap_after_gc_bytes", None, (r"heap after (?:full )?gc|old[ -]gen(?:eration)? after (?:a )?(?:full )?gc",)),
    ("heap", "runtime.heap_used_bytes", "runtime.objects_count", (
        r"(?:jvm|gc|managed|v8|js|clr)[ _-]memory(?! (?:leak|limit))|(?:live |all )?(?:python|py|js|v8|java|jvm|managed|gc|ruby|\.net)[ _-](?:live[ _-])?(?:heap(?:[ _-]?(?:used|usage|size))?|objects)(?: \(tracemalloc\))?|(?:total )?managed[ _-]mem(?:ory)?|gettotalmemory|tracemalloc(?: (?:current|total|heap|traced))?|tracemalloc|traced(?: \((?:current|now)| memory| current)",
        r"heap[ _]?(?:used|usage|size|objects)|used[ _]heap|heap|live objects|堆(?:内存)?|ヒープ|힙|куч[аеиу]|py_?heap|tas|objets python",
    )),
    # containers
    ("total", "cgroup.working_set_bytes", None, (r"(?:container[ _])?(?:memory[ _])?working[- _]set(?:[_ ](?:bytes|size))?|docker stats|kubectl top(?: pods?)?|container_memory_working_set_bytes|wss",)),
    ("cache", "cgroup.inactive_file_bytes", None, (r"inactive[_ ]file",)),
    ("cache", "cgroup.active_file_bytes", None, (r"active[_ ]file",)),
    ("total", "cgroup.limit_bytes", None, (
        r"(?:container|pod|cgroup|docker|k8s|kubernetes|memory|mem)(?:'s)?[ _.-](?:memory[ _.-])?limits?|memory\.(?:max|limit_in_bytes)|limits?\.memory|resources?\.limits?\.memory|mem_limit|--memory=?|内存限制|メモリ制限|Speicherlimit|limite de (?:memoria|mémoire|memória)|лимит\w* (?:памяти|контейнера)",
    )),
    ("total", "cgroup.current_bytes", None, (
        r"(?:container|pod) (?:usage|consumption)|(?:container|pod|cgroup|docker)(?:'s)?[ _](?:memory|ram|mem)(?:[ _](?:usage|use|consumption))?|(?:container|pod)(?:'s)? (?:memory )?(?:graph|panel|dashboard)|memory\.(?:current|usage_in_bytes)|container_memory_usage_bytes|容器内存(?:占用|使用量?)?|memory (?:usage |use )?of the (?:container|pod)",
    )),
    # the host
    ("cache", "host.buff_cache_bytes", None, (r"buff(?:ers)?/cached?|page[- ]?cache|file[- ](?:system )?cache|disk cache|页缓存|页面缓存|ページキャッシュ|Seitencache|страничн\w+ кэш\w*|页快取",)),
    ("cache", None, None, (r"cached memory",)),
    ("host", "host.free_bytes", None, (r"free (?:memory|ram|mem)|memfree|空闲内存|空きメモリ|свободн\w+ памят\w+|freie[rn]? (?:Arbeitss|S)peicher|mémoire libre|memoria libre|memória livre",)),
    ("host", "host.available_bytes", None, (r"available (?:memory|ram|mem)|memavailable|可用内存|利用可能メモリ",)),
    ("shared", "host.tmpfs_used_bytes", None, (r"/dev/shm|/run/shm|tmpfs(?: usage| use)?",)),
    ("shared", "host.shared_bytes", None, (r"(?:host |meminfo )?shmem(?! (?:segments?|limit|size))",)),
    ("kernel", "host.slab_unreclaimable_bytes", None, (r"sunreclaim|unreclaimable slab|slab,? unreclaimable",)),
    ("kernel", "host.slab_reclaimable_bytes", None, (r"sreclaimable|reclaimable slab",)),
    ("kernel", "host.slab_bytes", None, (r"slab",)),
    # tools
    ("native", "tool.definitely_lost_bytes", None, (r"definitely[ _]lost",)),
    ("native", "tool.still_reachable_bytes", None, (r"still[ _]reachable",)),
    ("native", "malloc.in_use_bytes", None, (r"uordblks",)),
    ("native", "malloc.free_bytes", None, (r"fordblks",)),
    ("native", "malloc.active_bytes", None, (r"jemalloc active|stats\.active",)),
    ("native", "malloc.resident_bytes", None, (r"jemalloc resident|stats\.resident",)),
    ("total", "process.rss_bytes", None, _ANY_MEMORY),
)  # fmt: skip

_PEAK = ("process.rss_peak_bytes",)
_OF_METRICS = r"(?:heap_(?:alloc|inuse|idle|sys|released|objects)|resident_memory|working_set|memory_rss|goroutines?|open_fds|next_gc)(?![A-Za-z0-9])"
_LEFT, _RIGHT = rf"(?:(?<![A-Za-z0-9_])|(?<=[A-Za-z0-9]_)(?={_OF_METRICS}))", r"(?![A-Za-z0-9_]|[а-яё])"
_EACH = "|".join(f"(?P<n{i}>(?:{'|'.join(row[3])}){_RIGHT})" for i, row in enumerate(_ROWS))
_ALL = re.compile(f"{_LEFT}(?={head_letters(_EACH, 3)})(?:{_EACH})", re.IGNORECASE)
"""All names; most places are passed over by the first letters."""
NAMES = any_of(*(name for _, _, _, names in _ROWS for name in names))
"""Of use for its signs alone."""
REMARKED = any_of(
    *(name for thing, size, _, names in _ROWS for name in names if thing in ("cache", "virtual") or size in _PEAK)
)
"""Names that tell something by being there at all."""
_SHORT = {
    "alloc": ("go.heap_alloc_bytes", None), "sys": ("go.sys_bytes", None), "mallocs": (None, "go.mallocs_count"),
    "frees": (None, "go.frees_count"), "res": ("process.rss_bytes", None), "inuse": ("go.heap_inuse_bytes", None), "shr": ("process.shared_bytes", None),
}  # fmt: skip
"""Names that say so much only where they are the whole name of a column or a row."""
_GENERIC = len(_ROWS) - 1


@lru_cache(maxsize=4096)
def read_nouns(text: str) -> tuple[Noun, ...]:
    """All names in a flattened text, in order, decoys among them."""
    found = []
    for match in _ALL.finditer(text):
        index = int((match.lastgroup or "n0")[1:])
        thing, size, count, _ = _ROWS[index]
        found.append(
            Noun(start=match.start(), end=match.end(), size=size, count=count, thing=thing, generic=index == _GENERIC)
        )
    return tuple(found)


def name_of(label: str) -> Noun | None:
    """What a column or a row of that name holds; None for a name that is not ours or names something else besides."""
    text = " ".join(label.strip(" :*_").replace("`", "").split())
    short = _SHORT.get(text.lower())
    if short is not None:
        return Noun(start=0, end=len(text), size=short[0], count=short[1], thing="", generic=False)
    if _CODE.search(text):
        return None
    nouns = [noun for noun in read_nouns(text) if noun.size or noun.count]
    decoys = len(read_nouns(text)) - len(nouns)
    return nouns[0] if nouns and not decoys and _RELATED.search(text) is None else None


_CODE = re.compile(r"[/\\]\w+\.\w|\w\.(?:py|go|js|ts|rs|c|cc|cpp|h|java|rb|so)\b|::|\(\)|\w\(\*|[{}=]")
MEMSTATS_FIELDS = frozenset(name.lower() for name in METRICS)
"""Sizes under these names are bytes where no unit is said: the field is."""

_RELATED = re.compile(
    r"Δ|\bdelta\b|\bdiff|\bchange|\bgrowth|\bincrease|\brate\b|%|\bpercent|\bper\b|/ ?(?:s|sec|min|h|day|req)|\bratio|\brequests?\b"
    r"|\bexpected|\btarget|\bbudget|增长|变化|差值|差分|増加|증가|прирост|Zuwachs|Anstieg|\ballocations?\b|\bthreshold",
    re.IGNORECASE,
)
