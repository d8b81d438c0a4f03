"""The lines above top's table: memory of the host in every layout, uptime, the number of tasks.

Layouts: `Mem:  25165824k total, 23833672k used` (procps to 3.2, used counts the cache, which stands on the Swap line),
`KiB Mem:` (3.3, the same), `MiB Mem :` (since 3.3.10, used without cache), BusyBox (`Mem: 1820840K used`), macOS
(`PhysMem:`), FreeBSD (`Mem: 1234M Active`), htop's bars. Source: top(1), top.c of procps, busybox and FreeBSD, Meter.c of htop.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from memwhy.model.units import KIB, NS_PER_S
from memwhy.sources.pasted.amounts import exact_bytes
from memwhy.sources.system.cells import size_of

_MEMORY = re.compile(r"(?P<unit>[KMGTPE]iB )?Mem ?: ?(?P<rest>\d.{10,160})")
_SWAP = re.compile(r"(?P<unit>[KMGTPE]iB )?Swap ?: ?(?P<rest>\d.{10,160})")
_MACOS = re.compile(r"PhysMem: (?P<rest>\d.{5,160})")
_AMOUNT = re.compile(
    r"(\d{1,16}(?:[.,]\d{1,3})?)([bkmgtpBKMGTP]?)[+-]?\+? "
    r"(total|used|free|unused|buffers|buff/cache|cached(?: Mem)?|avail Mem|shrd|buff|Active|Inact|Laundry|Wired|Buf|Free|Total|Used)(?![a-z])"
)
_BAR = re.compile(
    r"(Mem|Swp)\[[|#*\s]{0,200}(\d{1,9}(?:\.\d{1,3})?)([BKMGT]?)(?:i?B)?/(\d{1,9}(?:\.\d{1,3})?)([BKMGT]?)(?:i?B)?\]"
)
_TASKS = re.compile(r"(Tasks|Threads|Processes): ?(\d{1,7})(?: total)?[,; ]")
_UP = re.compile(
    r"(?:^|\s)(\d{1,2}):(\d\d):(\d\d) up (?:(\d{1,5}) days?,? ?)?(?:(\d{1,2}):(\d\d)|(\d{1,2}) min|(\d{1,2}) hrs?)?"
)
_ARC = re.compile(r"ARC: (\d{1,9}(?:[.,]\d{1,3})?)([KMGT]) Total")
_WIRED = frozenset(("Active", "Inact", "Wired", "Free"))
_UNITS = {"KiB": 1, "MiB": 2, "GiB": 3, "TiB": 4, "PiB": 5, "EiB": 6}
_DAY_S = 86_400
_MEGABYTES = {
    "total": "total", "used": "used", "free": "free", "unused": "free", "Free": "free", "shrd": "shared",
    "buff/cache": "buff_cache",
}  # fmt: skip


@dataclass(slots=True)
class Summary:
    """What stood above one table. parts: (bytes, quantum) by word; swap likewise; tasks counts threads where threads is set."""

    parts: dict[str, tuple[int, int]] = field(default_factory=dict)
    swap: dict[str, tuple[int, int]] = field(default_factory=dict)
    tasks: int | None = None
    threads: bool = False
    elapsed_ns: int | None = None
    memory_line: bool = False
    arc: tuple[int, int] | None = None

    def figures(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """host.* metrics and their quanta. used is without the cache, and not given where the cache is not told."""
        found = {_MEGABYTES[word]: amount for word, amount in self.parts.items() if word in _MEGABYTES}
        cached = self.swap.get("cached") or self.parts.get("cached")
        buffers = self.parts.get("buffers") or self.parts.get("buff")
        if "shrd" in self.parts and {"used", "free"} <= found.keys():  # BusyBox: what is not free is used
            found["total"] = (found["used"][0] + found["free"][0], found["used"][1] + found["free"][1])
        if buffers is not None and cached is not None:
            found["buff_cache"] = (buffers[0] + cached[0], buffers[1] + cached[1])
            if "used" in found:
                used = found["used"]
                found["used"] = (max(0, used[0] - found["buff_cache"][0]), used[1] + found["buff_cache"][1])
        elif buffers is not None:
            found.pop("used", None)  # it counts a cache that the page does not show
        if "total" not in found and "unused" in self.parts and "used" in found:
            found["total"] = (found["used"][0] + found["free"][0], found["used"][1] + found["free"][1])
        if self.parts.keys() >= _WIRED:
            found |= self._of_freebsd()
        if "avail Mem" in self.swap:
            found["available"] = self.swap["avail Mem"]
        if "total" in self.swap:
            found["swap_total"] = self.swap["total"]
        if "used" in self.swap:
            found["swap_used"] = self.swap["used"]
        metrics = {f"host.{name}_bytes": value for name, (value, _) in found.items()}
        return metrics, {f"host.{name}_bytes": quantum for name, (_, quantum) in found.items()}

    def _of_freebsd(self) -> dict[str, tuple[int, int]]:
        """Its queues sum to what there is; ZFS's cache (the ARC) is wired too, and given back when memory is short."""
        queues = [self.parts[word] for word in (*sorted(_WIRED), "Laundry") if word in self.parts]
        quantum = sum(width for _, width in queues)
        total, arc = sum(value for value, _ in queues), self.arc[0] if self.arc else 0
        left = total - self.parts["Free"][0] - self.parts["Inact"][0] - arc
        found = {"total": (total, quantum), "used": (max(0, left), quantum)}
        found["wired"] = (max(0, self.parts["Wired"][0] - arc), self.parts["Wired"][1])
        return found | ({"buff_cache": self.arc} if self.arc else {})

    def take(self, text: str) -> bool:
        """Read a plain line; whether it is one of a summary."""
        if text.startswith("top - ") or " up " in text:
            up = _UP.search(text[:200])
            if up is not None and (text.startswith("top - ") or "load average" in text):
                self.elapsed_ns = _since_boot_day_ns(up)
                return True
            return text.startswith("top - ")
        if tasks := _TASKS.match(text):
            self.tasks, self.threads = int(tasks[2]), tasks[1] == "Threads"
            return True
        if text.startswith(("%Cpu", "Cpu(s)", "CPU:", "CPU usage:", "Load Avg:", "SharedLibs:", "MemRegions:", "ARC:")):
            if arc := _ARC.match(text):
                self.arc = exact_bytes(arc[1].replace(",", "."), 1024 ** " kmgtp".index(arc[2].lower()))
            return True
        if text.startswith(("Networks:", "Disks:", "VM:", "last pid:", "Load average:", "Uptime:")):
            return True
        return self._take_memory(text)

    def _take_memory(self, text: str) -> bool:
        bars = _BAR.findall(text) if "[" in text and "/" in text else []
        for which, used, used_unit, total, total_unit in bars:
            amounts = [size_of(used + used_unit.lower(), 1), size_of(total + total_unit.lower(), 1)]
            if amounts[0] is not None and amounts[1] is not None:
                target = self.parts if which == "Mem" else self.swap
                target["used"], target["total"] = amounts[0], amounts[1]
                self.memory_line = self.memory_line or which == "Mem"
        if bars:
            return True
        for pattern, target in ((_MEMORY, self.parts), (_MACOS, self.parts), (_SWAP, self.swap)):
            match = pattern.match(text)
            if match is None:
                continue
            unit = 1024 ** _UNITS[match["unit"].strip()] if pattern is not _MACOS and match["unit"] else KIB
            found = _amounts(match["rest"], unit)
            # FreeBSD's and macOS's words beside a free figure say enough; else two of them have to be there
            if len(found) < 2:
                return False
            target |= found
            self.memory_line = self.memory_line or target is self.parts
            return True
        return False


def _amounts(rest: str, unit: int) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for number, suffix, word in _AMOUNT.findall(rest):
        width = 1024 ** " kmgtp".index(suffix.lower()) if suffix and suffix not in "bB" else unit
        name = word.lower() if word in ("Total", "Used") else "cached" if word.startswith("cached") else word
        found.setdefault(name, exact_bytes(number.replace(",", "."), width))
    return found


def _since_boot_day_ns(up: re.Match[str]) -> int:
    """The clock of the line plus the midnights since boot: seconds that all outputs of one host share.

    Uptime is printed to the minute only, the clock to the second; the number of midnights is what uptime adds.
    """
    clock_s = int(up[1]) * 3600 + int(up[2]) * 60 + int(up[3])
    up_s = int(up[4] or 0) * _DAY_S + int(up[5] or up[8] or 0) * 3600 + int(up[6] or up[7] or 0) * 60
    return (clock_s + _DAY_S * max(0, round((up_s - clock_s) / _DAY_S + 0.5))) * NS_PER_S
