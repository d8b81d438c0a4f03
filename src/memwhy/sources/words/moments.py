"""Moments in people's words: `after 4 hours`, `2天后`, `nach zwei Tagen`, `at start`, `T+30min` → nanoseconds since a beginning."""

import re
from dataclasses import dataclass

from memwhy.sources.words.quantities import DURATION_UNIT, duration_ns
from memwhy.sources.words.wording import any_of, head_letters

_WORD_NUMBERS = {
    "a": "1", "an": "1", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "ten": "10", "half an": "0.5", "half a": "0.5", "couple of": "2", "ein": "1", "eine": "1", "einem": "1", "einer": "1", "zwei": "2",
    "drei": "3", "vier": "4", "un": "1", "une": "1", "deux": "2", "trois": "3", "quatre": "4", "una": "1", "dos": "2", "tres": "3",
    "um": "1", "uma": "1", "dois": "2", "duas": "2", "três": "3", "cinco": "5", "cuatro": "4", "seis": "6", "cinq": "5", "fünf": "5", "sechs": "6", "двух": "2", "трех": "3", "трёх": "3",
    "четырех": "4", "пяти": "5", "пару": "2", "один": "1", "одну": "1", "два": "2", "две": "2", "три": "3",
    "一": "1", "两": "2", "二": "2", "三": "3", "半": "0.5", "하루": "1", "": "1",
}  # fmt: skip
_NUMBER = (
    r"(?P<number>\d{1,6}(?:[.,]\d{1,3})?|(?:"
    + "|".join(sorted(map(re.escape, filter(None, _WORD_NUMBERS)), key=len, reverse=True))
    + r")(?![A-Za-z]))"
)
_DURATION = rf"(?:about |around |some |~ ?|≈ ?|almost |nearly |roughly |over |more than |etwa |ca\.? |environ |unos |cerca de |около |примерно |约|大约)?(?:a )?{_NUMBER}[ -]?(?P<unit>{DURATION_UNIT})"
_BEFORE = (
    r"(?:\b(?:after|within|in|over|for|at|since|during|past|running|uptime:?|nach|innerhalb von|après|en|tras|después de|al cabo de"
    r"|depois de|após|em|durante|через|спустя|за|после|T ?=|t ?=)\s*|[T@+]\s?\+?)"
)
_AFTER = r"\s?(?:later|after|in|of (?:uptime|running|runtime|run|load|use|traffic)|uptime|后|以后|之后|後|たつと|経過|뒤|후|만에|später|plus tard|después|más tarde|depois|спустя|\))"
_EITHER = (
    rf"(?P<pre>{_BEFORE}){_DURATION}"
    + "|"
    + (_DURATION + _AFTER).replace("(?P<number>", "(?P<number2>").replace("(?P<unit>", "(?P<unit2>")
)
_FIND = re.compile(rf"(?<![A-Za-z0-9])(?={head_letters(_EITHER, 2)})(?:{_EITHER})", re.IGNORECASE)
_IDEOGRAM = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_CJK = re.compile(
    rf"(?:运行|跑了|过了|经过|約|约)?{_NUMBER}(?:多)?(?P<unit>{DURATION_UNIT})(?:后|以后|之后|後|内|で|後に|뒤|후|만에|동안)",
    re.IGNORECASE,
)
_START = any_of(
    r"\b(?:(?:right |just |shortly |directly |immediately )?(?:after|on|at|from)[ -](?:the |a |fresh |process |service |app )?(?:start(?:up|ing)?|boot|launch|restart(?:ing)?)(?![ -]?(?:ed|of))"
    r"|initially|at first|freshly (?:re)?started|(?:newly|just) (?:re)?started|in the beginning|at the beginning|baseline|at rest|fresh start"
    r"|(?:direkt |gleich )?(?:nach dem|beim) (?:Neus|S)tart|anfangs|am Anfang|zu Beginn|au (?:démarrage|début|lancement)|al (?:inicio|arrancar|principio)|no início|ao iniciar"
    r"|(?:сразу )?(?:после|при) (?:запуск|старт|перезапуск)\w*|сначала|в начале)(?![A-Za-zА-Яа-я])"
    r"|刚?启动(?:时|后|之后)|剛啟動|刚开始|一开始|初始|起動(?:直後|時|後)|最初(?:は)?|처음(?:에는?)?|시작 ?(?:시|직후|할 ?때)",
)
_ROUGHLY = any_of(
    r"\bat (?:(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon|midnight)\b(?! (?:point|time|of|or|to|end|place|thing))|\d{1,2} ?(?:[ap]m|o'clock)\b)(?: o'clock)?(?: in the (?:morning|evening|afternoon)| at night)?"
    r"|\b(?:after|in|on|by|during|at) the (?:\d{1,2}(?:st|nd|rd|th)|first|second|third|fourth|fifth|last)(?: (?:round|run|day|hour|week|test|pass|iteration|request|batch|night|morning|month|cycle)\b|(?=[ :,] ?[~≈]?\d))|\b\d{1,2}(?:st|nd|rd|th)(?= ?:)"
    r"|\b(?:on|by|since|until|last|this|next) (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b(?: (?:morning|night|evening|noon))?|\b(?:this|yesterday) morning|\byesterday|\blast (?:night|week|month)|\b(?:a|one|two|three|\d{1,3}) (?:hours?|days?|weeks?|months?) ago\b"
    r"|\b(?:overnight|after (?:one|a|the) (?:night|while|weekend|few \w+)|later|now|today|eventually|finally|then|by the end|at the end|in the end|(?:the )?next (?:day|morning)"
    r"|am nächsten (?:Tag|Morgen)|le lendemain|al día siguiente|no dia seguinte|на следующ\w+ \w+|через ночь|сейчас|потом|jetzt|maintenant|ahora|agora)\b|一晚|第二天|现在|目前|之后|翌日|今は|지금|다음 ?날",
)
_STAGE = re.compile(
    r"\b(?:before|after|start|begin\w*|end|final|initial|baseline|idle|warm\w*|load|peak|steady|step|stage|phase|round|run|iteration|iter|pass|cycle|sample|first|last|"
    r"then|now|later|restart|gc|free[ds]?|alloc\w*|clos\w+|stop\w*|finish\w*|vorher|nachher|vor|nach|Beginn|Ende|avant|après|début|fin|antes|después|depois|inicio|início|"
    r"do|до|после|начало|конец|requests?|reqs?|jobs?|calls?|messages?|connections?|files?|users?|clients?|day|hour|min(?:ute)?|week|t\d{1,4})\b|前|后|後|启动|空闲|结束|初始|开始|初期|終了|전|후",
    re.IGNORECASE,
)
_VERSION = re.compile(r"v?\d{1,4}\.\d{1,4}\.\d{1,4}(?:[-+.]\w{1,12})?|v\d{1,4}(?:\.\d{1,4})?", re.IGNORECASE)
_CLOCK = re.compile(r"^(?P<h>\d{1,3}):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Where a moment stands in a text, and how long after the beginning it is; None when the words say only that time passed."""

    start: int
    end: int
    elapsed_ns: int | None


def read_duration(text: str) -> int | None:
    """Nanoseconds of a text that is a duration and nothing else: `5m`, `2 hours`, `30 分钟`."""
    match = re.fullmatch(rf"\s*(?:T ?\+ ?|\+|@|t ?= ?|~|≈)?{_DURATION}\s*", text, re.IGNORECASE)
    return None if match is None else _ns(match["number"], match["unit"])


def _ns(number: str, unit: str) -> int | None:
    return duration_ns(_WORD_NUMBERS.get(number.lower(), number), unit)


def read_moments(text: str) -> tuple[Told, ...]:
    """The moments that a flattened text tells, in order."""
    found = [Told(start=m.start(), end=m.end(), elapsed_ns=0) for m in _START.finditer(text)]
    for pattern in (_FIND, _CJK) if _IDEOGRAM.search(text) else (_FIND,):
        for match in pattern.finditer(text):
            groups = match.groupdict()
            number, unit = groups["number"] or groups.get("number2"), groups["unit"] or groups.get("unit2")
            if unit == "M":
                continue  # `at 820M` is an amount
            told = Told(start=match.start(), end=match.end(), elapsed_ns=_ns(number or "", unit or ""))
            if not any(told.start < one.end and one.start < told.end for one in found):
                found.append(told)
    for match in _ROUGHLY.finditer(text):
        if not any(match.start() < one.end and one.start < match.end() for one in found):
            found.append(Told(start=match.start(), end=match.end(), elapsed_ns=None))
    return tuple(sorted(found, key=lambda told: told.start))


def is_stage(label: str) -> bool:
    """It names a point in the course of one process, not another process or variant."""
    if _VERSION.fullmatch(label.strip()):
        return False
    return bool(_STAGE.search(label)) or bool(re.fullmatch(r"[#T+~]?\s?\d[\d.,:kKmM ]{0,12}", label.strip()))


def clock_ns(label: str) -> int | None:
    """Nanoseconds of `12:30` or `12:30:05`, hours first."""
    match = _CLOCK.match(label.strip())
    if match is None:
        return None
    return ((int(match["h"]) * 60 + int(match["m"])) * 60 + int(match["s"] or 0)) * 10**9
