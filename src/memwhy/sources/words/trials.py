"""Trials: what people change to see whether memory falls, by the words for it → names of model.said.TRIALS."""

import re

_TRIALS: dict[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "malloc_trim": r"malloc_trim|malloc\.trim",
        "forced_gc": r"(?:debug\.)?FreeOSMemory|runtime\.GC\b|System\.gc|gc\.collect|GC\.Collect|(?:forc(?:ed?|ing)|manual(?:ly)?|explicit|full|trigger\w*|call\w*|run(?:ning)?) (?:a |an |the )?(?:full )?(?:gc|garbage collect\w+)|global\.gc|手动(?:触发)? ?gc|强制 ?gc|jcmd \S{1,12} GC\.run",
        "arena_max": r"M(?:ALLOC)?_ARENA_MAX|M_MMAP_THRESHOLD|MALLOC_MMAP_THRESHOLD_?|MALLOC_TRIM_THRESHOLD_?|mallopt",
        "other_allocator": r"(?:switch\w*|chang\w*|mov\w*|preload\w*|LD_PRELOAD\S*|link\w*|us(?:ing|e|ed)|with|under|via|try\w*|tried|replac\w*|instead|to|on|换成?|改用|使用|切换到?|mit|avec|con|com|на|с|auf) .{0,24}?(?:jemalloc|tcmalloc|mimalloc|musl|glibc)|(?:jemalloc|tcmalloc|mimalloc) (?:instead|preloaded|fix|solve|help|makes?|reduce)|换成? ?(?:jemalloc|tcmalloc|mimalloc)|jemalloc|tcmalloc|mimalloc",
        "madvdontneed": r"madvdontneed",
        "huge_pages_off": r"(?:disabl\w*|turn\w* off|without|off|never|禁用|关闭) .{0,20}?(?:thp|transparent[_ ]?huge|huge ?pages)|(?:thp|transparent[_ ]?huge[_ ]?pages?|huge ?pages)\W.{0,20}?(?:never|off|disabled|madvise)",
        "gogc": r"\bGOGC\b|SetGCPercent",
        "memory_limit": r"GOMEMLIMIT|SetMemoryLimit",
        "drop_caches": r"drop_caches|drop(?:ping|ped)? (?:the )?(?:page )?caches?",
        "process_ended": r"(?:after|even after|when|once|upon) .{0,30}?(?:kill(?:ing|ed)?|stopp(?:ing|ed)|exit(?:s|ed|ing)?|terminat\w+|ended|quit\w*)\b.{0,30}?(?:process|program|app\w*|service|container|daemon|server|test|it\b)?|(?:process|program|app\w*|service|container|daemon|test) (?:is |was |has |had )?(?:killed|stopped|exited|finished|ended|terminated|gone)|杀(?:掉|死)进程|进程(?:退出|结束)|停止进程|プロセス(?:を)?(?:終了|停止)",
        "load_stopped": r"(?:after|when|once|even (?:if|when|after)) .{0,30}?(?:load|traffic|requests?|benchmark|stress|load test|clients?|messages) .{0,16}?(?:stop\w*|end\w*|finish\w*|over|done|gone|ceas\w*|disconnect\w*|removed)|stop(?:ping|ped)? (?:the )?(?:load|traffic|requests|benchmark|stress)|压测(?:停止|结束)|停止(?:压测|请求|发压)",
    }.items()
}


def name_trials(text: str) -> list[str]:
    """The trials that a sentence names, whether or not anybody did them."""
    return [name for name, pattern in _TRIALS.items() if pattern.search(text)]


_AFTERWARDS = re.compile(
    r"\b(?:after|with|when|once|calling|setting|running|disabl\w+|using|switch\w*|chang\w*|add(?:ing|ed)|call|nach|mit|après|avec|tras|con|após|com|после|с)\b|后|後|调用|设置|使用|换|改|[:(]|→",
    re.IGNORECASE,
)


def tells_trial(text: str) -> bool:
    """A sentence that may tell what was measured after an intervention."""
    return bool(name_trials(text)) and _AFTERWARDS.search(text) is not None
