"""What a run ran on and was built from, by its facts: one value a kind, so that two runs can be held against each other."""

import math
import re
from collections.abc import Callable

from memwhy.comparison.components import Pair, components
from memwhy.comparison.given import Given
from memwhy.comparison.rules import RULES
from memwhy.model.digits import whole_number
from memwhy.model.units import human_bytes

Value = str | None
"""None: nobody tells. "": it does not apply to this run."""
NOT_SET = "not set"
_NOTHING = (NOT_SET, "none")
CHANGED_DEFAULTS = {
    "asynctimerchan": (23, "1"), "containermaxprocs": (25, "0"), "cryptocustomrand": (26, "1"),
    "decoratemappings": (25, "0"), "gotestjsonbuildtext": (24, "1"), "gotypesalias": (23, "0"),
    "httpcookiemaxnum": (24, "0"), "httplaxcontentlength": (22, "1"), "httpmuxgo121": (22, "1"),
    "httpservecontentkeepheaders": (23, "1"), "httpservecontentmaxranges": (26, "1"), "multipathtcp": (24, "0"),
    "netedns0": (19, "0"), "panicnil": (21, "1"), "randseednop": (24, "0"), "rsa1024min": (24, "0"),
    "tls10server": (22, "1"), "tls3des": (23, "1"), "tlsmlkem": (24, "0"), "tlsrsakex": (22, "1"),
    "tlssecpmlkem": (26, "0"), "tlssha1": (25, "1"), "tlsunsafeekm": (22, "1"), "tracebacklabels": (27, "0"),
    "updatemaxprocs": (25, "0"), "urlmaxqueryparams": (24, "0"), "urlstrictcolons": (26, "0"),
    "winreadlinkvolume": (23, "0"), "winsymlink": (23, "0"), "x509keypairleaf": (23, "0"),
    "x509negativeserial": (23, "1"), "x509rsacrt": (24, "0"), "x509sha256skid": (25, "0"),
    "x509sslcertoverrideplatform": (27, "0"), "x509usepolicies": (24, "0"),
}  # fmt: skip
"""GODEBUG settings whose default changed: the minor version of Go that did it, and the value that restores what was before
(internal/godebugs/table.go of Go 1.26 and 1.27)."""
ARENAS_PER_CPU = 8
"""Of glibc on 64 bit (malloc/arena.c: NARENAS_FROM_NCORES)."""
_ARENA_MAX_TUNABLE = re.compile(r"(?:^|:)glibc\.malloc\.arena_max=(\d{1,6})(?::|$)")
_QUOTA = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)
_GO_MINOR = re.compile(r"go1\.(\d{1,3})")


def _fact(name: str, *sources: str, absent: str = NOT_SET) -> Callable[[Given], Value]:
    """A fact; `absent` where it is missing though one of the sources was read."""

    def read(side: Given) -> Value:
        value = side.case.facts.get(name)
        return value if value or not side.sources & set(sources) else absent

    return read


def _yes(name: str, yes: str, no: str) -> Callable[[Given], Value]:
    return lambda side: {"1": yes, "0": no}.get(side.case.facts.get(name, ""))


def _of_go(read: Callable[[Given], Value]) -> Callable[[Given], Value]:
    """The same, but not asked of what is known to be no Go program."""
    return lambda side: read(side) if side.case.target.runtime in ("go", "unknown") else ""


def _libc(side: Given) -> Value:
    facts = side.case.facts
    if facts.get("libraries") == "" and facts.get("binary.static", "1") == "1":
        return ""
    package = facts.get("libc.package")
    return f"{facts['libc']} ({package})" if package and "libc" in facts else facts.get("libc")


def _allocator(side: Given) -> Value:
    if (libc := _libc(side)) is None or libc == "":
        return libc
    return side.case.facts.get("allocator", "that of the C library")


def arenas_bound(side: Given) -> int | None:
    """How many arenas glibc's malloc may make; None where it is not known, or another malloc is at work."""
    told = _arenas_told(side)
    return told[0] if told is not None else None


def _arenas_told(side: Given) -> tuple[int, str] | None:
    """The bound, and what sets it."""
    facts = side.case.facts
    if not (_libc(side) or "").startswith("glibc") or "allocator" in facts:
        return None
    tuned = _ARENA_MAX_TUNABLE.search(facts.get("env.GLIBC_TUNABLES", ""))
    if bound := whole_number(facts.get("env.MALLOC_ARENA_MAX", "")):
        return bound, "MALLOC_ARENA_MAX"
    if tuned and (bound := whole_number(tuned[1])):
        return bound, "GLIBC_TUNABLES"
    count = cpus(side)
    return None if count is None else (ARENAS_PER_CPU * count, f"{count} CPUs")


def _arenas(side: Given) -> Value:
    told = _arenas_told(side)
    if told is None:
        libc = _libc(side)
        return None if libc is None or (libc.startswith("glibc") and "allocator" not in side.case.facts) else ""
    return f"at most {told[0]} ({told[1]})"


def cpus(side: Given) -> int | None:
    """How many CPUs the process may run on; those of the host, where only they are known."""
    told = side.case.facts.get("process.cpus") or side.case.facts.get("host.cpus") or ""
    return whole_number(told) or None


def _cpus(side: Given) -> Value:
    count, quota = cpus(side), side.case.facts.get("cgroup.cpu_quota")
    return None if count is None else f"{count}, quota {quota}" if quota else str(count)


def _gomaxprocs(side: Given) -> Value:
    """GOMAXPROCS as set, else by affinity, from Go 1.25 on by the cgroup's quota too (doc/godebug.md: containermaxprocs)."""
    facts = side.case.facts
    if side.case.target.runtime != "go":
        return ""
    told = facts.get("env.GOMAXPROCS", "")
    if set_to := whole_number(told):
        return str(set_to)
    count, version = cpus(side), _GO_MINOR.match(facts.get("go.version", ""))
    if count is None or version is None:
        return None
    quota = facts.get("cgroup.cpu_quota", "")
    if _QUOTA.fullmatch(quota) and int(version[1]) >= 25 and godebug(side).get("containermaxprocs") != "0":
        count = min(count, max(2, math.ceil(float(quota))))
    return str(count)


def godebug(side: Given) -> dict[str, str]:
    """GODEBUG as it is in effect: defaults that the linker left, or that this version of Go has not changed yet, and what the
    environment sets above them."""
    facts = side.case.facts
    words = f"{facts.get('go.godebug', '')},{facts.get('env.GODEBUG', '')}".split(",")
    told = dict(word.strip().split("=", 1) for word in words if "=" in word)
    version = _GO_MINOR.match(facts.get("go.version", ""))
    if version is None:
        return told
    return {key: old for key, (minor, old) in CHANGED_DEFAULTS.items() if int(version[1]) < minor} | told


def _go_line(side: Given) -> Value:
    """go.mod's go line as far as the defaults tell it: one that is older keeps the defaults that were changed since (cmd/go,
    DefaultGODEBUG), all that this patch release knows of: more than half of ours. A few are a //go:debug line's: then it is not told."""
    facts = side.case.facts
    if side.case.target.runtime != "go":
        return ""
    if "go.build_settings" not in facts:
        return None
    words = {word.strip() for word in facts.get("go.godebug", "").split(",")}
    kept = {key: minor for key, (minor, old) in CHANGED_DEFAULTS.items() if f"{key}={old}" in words}
    version = _GO_MINOR.match(facts.get("go.version", ""))
    if not kept:
        return "that of its Go version"
    oldest = min(kept.values())
    since = {key for key, (minor, _) in CHANGED_DEFAULTS.items() if version and oldest <= minor <= int(version[1])}
    return f"before 1.{oldest}" if 2 * len(since & kept.keys()) > len(since) else None


def _build(side: Given) -> Value:
    facts = side.case.facts
    settings = build_settings(side)
    if revision := settings.get("vcs.revision"):
        return f"revision {revision[:12]}" + (" and changes" if settings.get("vcs.modified") == "true" else "")
    build_id = facts.get("binary.build_id") or facts.get("binary.go_build_id") or facts.get("profile.build_id")
    return f"build id {build_id[:20]}" if build_id else None


def build_settings(side: Given) -> dict[str, str]:
    """Go's build settings, as `go version -m` lists them."""
    lines = side.case.facts.get("go.build_settings", "").split("\n")
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _setting(*names: str, absent: str) -> Callable[[Given], Value]:
    def read(side: Given) -> Value:
        settings = build_settings(side)
        if not settings:
            return "" if side.case.target.runtime not in ("go", "unknown") else None
        return (
            " ".join(
                settings[name] if len(names) == 1 else f"{name}={settings[name]}" for name in names if name in settings
            )
            or absent
        )

    return read


def _limit(side: Given) -> Value:
    limit = side.last("cgroup.limit_bytes")
    if limit is not None:
        return human_bytes(limit)
    return "none" if "cgroup.current_bytes" in side.case.series else None


def _runtime(side: Given) -> Value:
    return None if side.case.target.runtime == "unknown" else side.case.target.runtime


def program_of(side: Given) -> Value:
    """The path of its main package, else what it is called."""
    return side.case.facts.get("go.main_path") or side.case.target.command


SETTINGS = ("-tags", "-ldflags", "-gcflags", "GOEXPERIMENT", "GOAMD64", "GOARM64")
"""Go's build settings that may choose other code."""
_ENVIRON = "proc/environ"
KINDS: tuple[tuple[str, str, Callable[[Given], Value]], ...] = (
    ("runtime", "runtime", _runtime),
    ("program", "program", program_of),
    ("build", "binary", _build),
    *(("settings", name, _setting(name, absent=NOT_SET)) for name in SETTINGS),
    ("sanitizer", "sanitizer", _setting("-race", "-msan", "-asan", absent="none")),
    ("cgo", "cgo", _of_go(_yes("go.cgo", "on", "off"))),
    ("libc", "C library", _libc),
    ("allocator", "allocator", _allocator),
    ("preload", "LD_PRELOAD", _fact("env.LD_PRELOAD", _ENVIRON)),
    ("arenas", "malloc's arenas", _arenas),
    ("tunables", "GLIBC_TUNABLES", _fact("env.GLIBC_TUNABLES", _ENVIRON)),
    ("static", "linking", _yes("binary.static", "static", "dynamic")),
    ("go", "Go version", _of_go(_fact("go.version"))),
    ("go_line", "go.mod's go line", _go_line),
    ("gomaxprocs", "GOMAXPROCS", _gomaxprocs),
    ("gogc", "GOGC", _of_go(_fact("env.GOGC", _ENVIRON))),
    ("gomemlimit", "GOMEMLIMIT", _of_go(_fact("env.GOMEMLIMIT", _ENVIRON))),
    ("thp", "transparent huge pages", _fact("thp.enabled")),
    ("cgroup_limit", "cgroup limit", _limit),
    ("stack_limit", "stack limit", _fact("limit.stack")),
    ("cpus", "CPUs", _cpus),
    ("kernel", "kernel", _fact("host.kernel")),
    ("machine", "machine", _fact("host.machine")),
    ("os", "system", lambda side: side.case.facts.get("process.os") or side.case.facts.get("host.os")),
)
"""Kind, what to call it, and how to read it off a run."""
_RANKED_ELSEWHERE = ("env.GODEBUG", "env.GOGC", "env.GOMEMLIMIT", "env.GOMAXPROCS", "env.LD_PRELOAD", "env.GLIBC_TUNABLES",
                     "env.MALLOC_ARENA_MAX")  # fmt: skip


def pairs(a: Given, b: Given) -> tuple[list[Pair], list[str], list[str]]:
    """(what differs, what is alike, what only one side tells)."""
    differing: list[Pair] = []
    same: list[str] = []
    unknown: list[str] = []
    for kind, what, read in KINDS:
        values = read(a), read(b)
        if "" in values or values == (None, None):
            continue
        if None in values:
            told = values[0] or values[1]
            who = "B" if values[1] is None else "A"
            unknown += [f"{what}: {who} does not tell it, the other says {told}"] if told not in _NOTHING else []
        elif _alike(kind, *values):
            same += [f"{what} {values[0]}"] if values[0] != NOT_SET else []
        else:
            differing.append(Pair(kind=kind, what=what, a=values[0] or "", b=values[1] or ""))
    differing += _godebug_pairs(a, b) + _environment_pairs(a, b)
    made_of = components(a, b)
    return differing + made_of[0], same + made_of[1], unknown + made_of[2]


def _alike(kind: str, a: Value, b: Value) -> bool:
    """A C library whose package only one side tells is the same where the versions are."""
    if kind == "libc" and a and b and ("(" in a) != ("(" in b):
        return a.partition(" (")[0] == b.partition(" (")[0]
    return a == b


def _godebug_pairs(a: Given, b: Given) -> list[Pair]:
    """A row for each GODEBUG setting that differs and is known to touch memory, and one for all others."""
    if any(side.case.target.runtime != "go" for side in (a, b)):
        return []
    told = {"go.build_settings", "go.godebug", "env.GODEBUG"}
    if not all(side.case.facts.keys() & told for side in (a, b)):
        return []
    if any("env.GODEBUG" in side.case.facts for side in (a, b)) and not all(_environment_read(side) for side in (a, b)):
        return []
    settings = godebug(a), godebug(b)
    keys = [
        key for key in sorted(settings[0].keys() | settings[1].keys()) if settings[0].get(key) != settings[1].get(key)
    ]
    found = []
    for key in [key for key in keys if f"godebug.{key}" in RULES]:
        a_value, b_value = (told.get(key, NOT_SET) for told in settings)
        found.append(Pair(kind=f"godebug.{key}", what=f"GODEBUG {key}", a=a_value, b=b_value))
    others = [key for key in keys if f"godebug.{key}" not in RULES]
    if others:
        said = [",".join(f"{key}={told[key]}" for key in others if key in told) or NOT_SET for told in settings]
        found.append(Pair(kind="godebug", what="GODEBUG, other settings", a=said[0], b=said[1]))
    return found


def _environment_read(side: Given) -> bool:
    return _ENVIRON in side.sources or "env.GODEBUG" in side.case.facts


def _environment_pairs(a: Given, b: Given) -> list[Pair]:
    """Every other variable of the allow-list that differs, where both environments were read."""
    if not all(_ENVIRON in side.sources for side in (a, b)):
        return []
    names = {name for side in (a, b) for name in side.case.facts if name.startswith("env.")} - set(_RANKED_ELSEWHERE)
    return [
        Pair(kind="malloc" if name.startswith("env.MALLOC_") else name, what=name[4:], a=values[0], b=values[1])
        for name in sorted(names)
        if (values := [side.case.facts.get(name, NOT_SET) for side in (a, b)])[0] != values[1]
    ]
