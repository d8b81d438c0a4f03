"""Time stamps as logs and `date` print them → nanoseconds since 1970."""

import calendar
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from memwhy.model.units import NS_PER_S

_MONTHS = {
    name: i
    for i, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_MONTH = r"(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = r"(?P<h>\d\d?):(?P<m>\d\d):(?P<s>\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
_ISO = re.compile(
    rf"(?<!\d)(?P<year>\d{{4}})[-/](?P<mon>\d\d)[-/](?P<day>\d\d)[T _]{_CLOCK}"
    r"(?:\s?(?P<zone>Z|UTC|[+-]\d\d:?\d\d)(?![\d:]))?"
)
_DATE = re.compile(
    rf"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(?:{_MONTH} +(?P<day>\d\d?)|(?P<day2>\d\d?) +(?P<month2>[A-Z][a-z]{{2}})"
    rf" +(?P<year2>\d{{4}})),? +{_CLOCK}(?: (?P<half>AM|PM))?(?: (?P<zone>[A-Z]{{2,5}}|[+-]\d{{4}}))?(?: +(?P<year>\d{{4}}))?"
)
_SYSLOG = re.compile(rf"^\W{{0,3}}{_MONTH} +(?P<day>\d\d?) {_CLOCK}\s")
_GLOG = re.compile(rf"^[\s>|`*]{{0,12}}[IWEF](?P<yy>\d\d)?(?P<mon>\d\d)(?P<day>\d\d) {_CLOCK}\s")
_SINCE_START = re.compile(r"\bm=\+(\d+)(?:\.(\d{1,9}))?")
_PPROF = re.compile(
    rf"{_MONTH} +(?P<day>\d\d?), (?P<year>\d{{4}}) at (?P<h>\d\d?):(?P<m>\d\d)(?P<half>am|pm) \((?P<zone>[^)]+)\)"
)
_PPROF_NEW = re.compile(
    rf"(?P<year>\d{{4}})-(?P<mon>\d\d)-(?P<day>\d\d) {_CLOCK}(?: (?P<zone>[A-Z]{{1,5}}|[+-]\d\d(?:\d\d)?))?"
)
_LONG_MONTH = r"(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mär|Mai|Okt|Dez)[a-zä]{0,6}\.?(?![A-Za-z])"
_BARE_DATES = (
    re.compile(r"(?<![\d.])(?P<year>\d{4})[-/.](?P<mon>\d\d?)[-/.](?P<day>\d\d?)(?![\d.]\d|[-/])"),
    re.compile(r"(?<![\d.])(?P<day>\d\d?)\.(?P<mon>\d\d?)\.(?P<year>\d{4})(?!\d|\.\d)"),
    re.compile(r"(?:(?P<year>\d{4})年)?(?<!\d)(?P<mon>\d\d?)月(?P<day>\d\d?)[日号]"),
    re.compile(rf"(?<![A-Za-z]){_LONG_MONTH} (?P<day>\d\d?)(?:st|nd|rd|th)?(?![\d:.])(?:,? (?P<year>20\d\d)(?!\d))?"),
    re.compile(rf"(?<![\d:.])(?P<day>\d\d?)(?:st|nd|rd|th|\.)? {_LONG_MONTH}(?:,? (?P<year>20\d\d)(?!\d))?"),
)
_OTHER_MONTHS = {"mär": "mar", "mai": "may", "okt": "oct", "dez": "dec"}
_TIME_OF_DAY = re.compile(
    r"(?:(?:^|(?<![A-Za-z])(?:at|um|gegen|à|a las|às|@|by|around|time:?)\s|[\[(]|在|в )\s?)(?P<h>\d\d?)(?::|h)(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?"
    r"(?:\s?(?P<half>am|pm)(?![a-z]))?(?![\d:]|\.\d)|(?P<ch>\d\d?)[点點時时](?P<cm>[0-5]?\d)?分?",
    re.IGNORECASE,
)

ZONE_HOURS = {
    "Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3,
    "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
    "EDT": -4, "EST": -5, "CDT": -5, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8,
}  # fmt: skip
"""Abbreviations that name one offset in practice; IST and CST name several and are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A point in time. note: what is uncertain about it, "" if nothing. since_start: wall_ns counts from the start of the
    program that wrote it."""

    wall_ns: int
    note: str = ""
    since_start: bool = False


_YEARS = range(1970, 2200)
"""Go's zero time is of the year 1."""


@lru_cache(maxsize=512)
def _midnight_s(year: int, month: int, day: int) -> int | None:
    if year not in _YEARS:
        return None
    try:
        return calendar.timegm(date(year, month, day).timetuple())
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=512)
def _zone_s(zone: str) -> int | None:
    """Seconds east of Greenwich, or None for a zone that names several offsets or none."""
    if zone in ZONE_HOURS:
        return ZONE_HOURS[zone] * 3600
    match = re.fullmatch(r"([+-])(\d\d):?(\d\d)?", zone)
    if match is None:
        return None
    east = int(match[2]) * 3600 + int(match[3] or 0) * 60
    return -east if match[1] == "-" else east


def _since_midnight_ns(parts: dict[str, str | None]) -> int | None:
    hour, minute, second = int(parts.get("h") or 0), int(parts.get("m") or 0), int(parts.get("s") or 0)
    half = (parts.get("half") or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59 or second > 60:
        return None
    fraction = parts.get("fraction")
    return (hour * 3600 + minute * 60 + second) * NS_PER_S + (int(fraction.ljust(9, "0")) if fraction else 0)


def _combine(parts: dict[str, str | None], *, year: int | None = None) -> Stamp | None:
    month_name = parts.get("month") or parts.get("month2")
    month = _MONTHS.get(month_name.lower(), 0) if month_name else int(parts.get("mon") or 0)
    year_text = parts.get("year") or parts.get("year2")
    if year_text is None and year is None:
        return None
    midnight = _midnight_s(int(year_text or year or 0), month, int(parts.get("day") or parts.get("day2") or 0))
    inside = _since_midnight_ns(parts)
    if midnight is None or inside is None:
        return None
    zone = parts.get("zone")
    east = 0 if zone is None else _zone_s(zone)
    note = "" if year_text or parts.get("yy") else "the time stamps have no year; 1970 is put in, differences are right"
    if east is None:
        note, east = f"the zone {zone} names several offsets; the times are taken as UTC", 0
    return Stamp(wall_ns=(midnight - east) * NS_PER_S + inside, note=note)


@lru_cache(maxsize=8192)  # a long log's piece, which is looked at more than once
def _read_iso(text: str) -> Stamp | None:
    match = _ISO.match(text)
    return _combine(match.groupdict()) if match else None


def read_stamp(line: str) -> Stamp | None:
    """The first time stamp near the beginning of a log line; zone-less ones are taken as UTC.

    `m=+12.5` alone (the monotonic part of Go's time.Time.String) counts from the start of the program.
    """
    head = line[:160]
    match = _ISO.search(head)
    if match is not None:
        return _read_iso(match[0])
    if ":" in head:
        match = _DATE.search(head)
        if match is not None:
            return _combine(match.groupdict())
        match = _SYSLOG.match(head)
        if match is not None:
            return _combine(match.groupdict(), year=1970)
        match = _GLOG.match(head)
        if match is not None:
            return _combine(match.groupdict(), year=2000 + int(match["yy"]) if match["yy"] else 1970)
    match = _SINCE_START.search(head)
    if match is not None and len(match[1]) < 10:
        wall_ns = int(match[1]) * NS_PER_S + int((match[2] or "").ljust(9, "0"))
        return Stamp(wall_ns=wall_ns, note="the times count from the start of the program (m=+…)", since_start=True)
    return None


def read_pprof_time(text: str) -> Stamp | None:
    """The `Time:` line of `go tool pprof`: `Jan 11, 2019 at 7:01am (UTC)`, newer `2026-01-31 07:01:02 UTC`."""
    match = _PPROF.search(text[:120]) or _PPROF_NEW.search(text[:120])
    return None if match is None else _combine(match.groupdict())


def read_date(text: str) -> Stamp | None:
    """The midnight of a calendar date in words: `2024-01-05`, `Jan 5`, `5 January 2024`, `05.01.2024`, `1月5日`.

    Dates that another country reads otherwise (`1/5/2024`) are left alone; None then, and where there is none.
    """
    for pattern in _BARE_DATES:
        match = pattern.search(text[:300])
        if match is None:
            continue
        parts = match.groupdict()
        if parts.get("month"):
            parts["month"] = _OTHER_MONTHS.get(parts["month"].lower(), parts["month"])
        stamp = _combine(parts, year=1970)
        if stamp is not None:
            return stamp
    return None


def read_time_of_day(text: str) -> int | None:
    """Nanoseconds since midnight of `at 09:10`, `15:10 …` at the beginning, `3:05 pm`, `9点10分`; None without one."""
    match = _TIME_OF_DAY.search(text[:300])
    if match is None:
        return None
    groups = match.groupdict()
    if groups["ch"]:
        groups["h"], groups["m"] = groups["ch"], groups["cm"]
    return _since_midnight_ns(groups)
