"""Quantities in people's words: `4.2 GB`, `1.234,5 МБ`, `≈ 28 тыс.`, `2万`, `800mb / day`, in the numerals of ten languages.

Prefixes are binary, as the tools that people quote mean them. Separators: with both `.` and `,` the last one is the
decimal's; one of them before exactly three digits parts thousands in a count, and in an amount where that is the
language's way.
"""

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Literal

Language = Literal["en", "de", "fr", "es", "pt", "ru", "zh", "ja", "ko"]
COMMA_LANGUAGES = ("de", "fr", "es", "pt", "ru")
MOST = 1 << 60
"""No figure about memory is larger."""

_WIDE = {0xFF01 + i: chr(0x21 + i) for i in range(94)} | dict.fromkeys((0x3000, 0xA0, 0x2007, 0x2009, 0x202F), " ")
_SAME = str.maketrans({**{chr(k): v for k, v in _WIDE.items()}, "，": ";", "−": "-", "’": "'", "\t": " "})

_POWERS = {
    0: "bytes byte octets octet байтов байта байт 字节 字節 バイト 바이트",
    1: "kilobytes kilobyte kibibytes kibibyte kbytes kbyte kib kb ki килобайтов килобайта килобайт кбайт кб кib",
    2: "megabytes megabyte mebibytes mebibyte mbytes mbyte mib mb mi megs meg megas мегабайтов мегабайта мегабайт мбайт мб"
    " мегов 兆字节 兆 メガバイト メガ 메가바이트 메가",
    3: "gigabytes gigabyte gibibytes gibibyte gbytes gbyte gib gb gi gigs gig gigas гигабайтов гигабайта гигабайт гбайт гб"
    " гигов гига гиг 千兆字节 ギガバイト ギガ 기가바이트 기가",
    4: "terabytes terabyte tebibytes tib tb ti терабайт тб",
}
_FRENCH = {"ko": 1, "kio": 1, "mo": 2, "mio": 2, "go": 3, "gio": 3}
_UNITS = {word: power for power, words in _POWERS.items() for word in words.split()}
_LETTERS = {"k": 1, "m": 2, "g": 3, "t": 4, "b": 0, "к": 1, "м": 2, "г": 3}
_COUNTS = {
    "k": 1000, "千": 1000, "천": 1000, "thousand": 1000, "тыс": 1000, "тысяч": 1000, "тысячи": 1000, "tausend": 1000, "mille": 1000,
    "mil": 1000, "万": 10_000, "萬": 10_000, "만": 10_000, "million": 10**6, "millionen": 10**6, "millions": 10**6, "億": 10**8, "亿": 10**8,
}  # fmt: skip
_NS = {
    "s": 10**9,
    "min": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86400 * 10**9,
    "w": 7 * 86400 * 10**9,
    "mo": 30 * 86400 * 10**9,
}
_DURATIONS = {
    "s": "seconds second secs sec s sekunden sekunde secondes seconde segundos segundo секунды секунду секунд сек 秒钟 秒 초",
    "min": "minutes minute mins min m minuten minutos minuto минуты минуту минут мин 分钟 分鐘 分間 分 분",
    "h": "hours hour hrs hr h stunden stunde std heures heure horas hora часов часа час 个小时 個小時 小时 小時 時間 시간 ч",
    "d": "days day d tagen tage tag jours jour días día dias dia сутки суток дней дня день 天 日間 日 일",
    "w": "weeks week w wochen woche semaines semaine semanas semana недели неделю недель 周 週間 週 주",
    "mo": "months month monaten monate monat mois meses mes месяцев месяца месяц 个月 か月 개월",
}
_DURATION_NS = {word: _NS[unit] for unit, words in _DURATIONS.items() for word in words.split()}


def _longest_first(words: dict[str, int]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_END = r"(?![A-Za-z0-9_]|[а-яё])"
DURATION_UNIT = rf"(?:{_longest_first(_DURATION_NS)}){_END}"
_NUMBER = (
    r"\d{1,3}(?:(?:,\d{3}){1,5}(?:\.\d{1,9})?|(?:\.\d{3}){2,5}(?:,\d{1,9})?|\.\d{3},\d{1,9}|(?:'\d{3}){1,5}(?:\.\d{1,9})?"
    r"|(?: \d{3}){1,5}(?=\s?(?:[KMGkmgКМГкмг]|bytes|th|fi|fd|по|gor|гор)))(?!\d)|\d{1,18}(?:[.,]\d{1,15})?"
)
_QUANTITY = re.compile(
    rf"(?<![A-Za-z0-9_.,/#@^])(?<!\d[-:])(?P<about>[~≈]\s?)?(?P<bound>(?<![-=])[<>≤≥]=?\s?)?(?P<sign>[+-](?=\d))?(?P<number>{_NUMBER})"
    rf"(?![.,]?\d)(?:多(?=\s?[KMGkmg])|\+(?=\s?[KMGTkmgt]))?(?P<unit>\s?-?(?:(?P<word>{_longest_first(_UNITS)}|{_longest_first(_FRENCH)}){_END}|(?P<letter>[KMGTkmgtbBКМГкмг]){_END}"
    rf"|(?P<count>{_longest_first({k: v for k, v in _COUNTS.items() if k != 'k'})})(?![A-Za-z0-9_])))?"
    rf"(?P<plus>\+)?(?P<rate>\s?(?:/\s?(?:an? )?|per |an? |each |every |pro |par |por |al? |в |за )(?:(?P<many>\d{{1,3}})\s?)?(?P<per>{DURATION_UNIT})(?!\s(?:ago|later|earlier|before|old|after)\b)|\s(?P<ly>daily|hourly|täglich|stündlich|diarios?)\b)?",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_RATE_BEFORE = re.compile(
    r"(?:每|毎|매)\s?(?:个|個)?(?P<per>秒|分钟|分|小时|小時|時間|시간|天|日|일|周|週)\D{0,12}$|(?P<day>하루에?|1日に?|一天|一日)\D{0,12}$"
)

_TELL: tuple[tuple[Language, re.Pattern[str]], ...] = (
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ru", re.compile(r"[а-яё]", re.IGNORECASE)),
)
_STOP: dict[Language, re.Pattern[str]] = {
    "de": re.compile(r"\b(?:der|die|das|und|nach|von|auf|ist|nicht|mit|ein|eine|bei|steigt|wächst|wird|Speicher\w{0,12}|Stunden|Tagen|dem|den|bleibt|belegt|beim)\b"),
    "fr": re.compile(r"\b(?:le|la|les|des|du|et|est|après|une?|mémoire|avec|dans|pas|jusqu|consomme|monte|heures|jours|au|sur|il)\b"),
    "es": re.compile(r"\b(?:el|los|las|una?|después|memoria|con|hasta|crece|proceso|del|sube|horas|días|está|después|hilos)\b"),
    "pt": re.compile(r"\b(?:os?|as|uma?|depois|após|memória|com|até|cresce|processo|do|da|sobe|horas|dias|está|não|para)\b"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number with what stands right at it. size, size_quantum: bytes, where a unit makes it so; count, count_quantum where
    it can be a number of things. delta: written with a sign. bound: `<`, `>` before it. per_ns: it is a rate per so long.
    bare: neither a unit nor a word of number stands at it. letter: its unit is one letter. width: bytes of the unit.
    """

    start: int
    end: int
    numeral: str
    size: int | None
    size_quantum: int
    count: int | None
    count_quantum: int
    delta: str = ""
    bound: str = ""
    per_ns: int | None = None
    bare: bool = False
    letter: bool = False
    width: int = 0


def flatten(text: str) -> str:
    """Full-width forms, odd blanks and minus signs as their plain ASCII, character for character."""
    return text.translate(_SAME)


def tell_language(text: str) -> Language:
    """The language of a text by its script, else by its small words; English when nothing speaks for another."""
    text = text[:2000]
    for language, script in _TELL:
        if script.search(text):
            return language
    scores = {language: len(set(stop.findall(text))) for language, stop in _STOP.items()}
    best = max(scores, key=lambda language: scores[language])
    return best if scores[best] >= 2 else "en"


def unit_power(word: str) -> int | None:
    """1024's power of a unit that stands alone: `MiB`, `gb`, `kbytes`, `M`; None when it is none."""
    word = word.lower().strip(" .")
    power = _UNITS.get(word, _FRENCH.get(word))
    return _LETTERS.get(word) if power is None and word != "b" else power


def duration_ns(number: str, unit: str) -> int | None:
    """Nanoseconds of `4`, `hours`; None when that is no duration."""
    width = _DURATION_NS.get(unit.lower())
    value = read_number(number, comma=True, count=False, large_unit=True)
    return None if width is None or value is None or value[0] * width > MOST else round(value[0] * width)


def read_number(text: str, *, comma: bool, count: bool, large_unit: bool = False) -> tuple[Fraction, int] | None:
    """(value, decimals) of a numeral as people write it. comma: the language's decimal sign; count: whole things are
    counted; large_unit: GB or TB, of which nobody has a thousand. None when the numeral makes no sense.
    """
    text = text.replace(" ", "").replace("'", "")
    dot, comma_at = text.rfind("."), text.rfind(",")
    if dot >= 0 and comma_at >= 0:
        text = text.replace(",", "") if dot > comma_at else text.replace(".", "").replace(",", ".")
    elif dot >= 0 or comma_at >= 0:
        sign = "." if dot >= 0 else ","
        parts = text.split(sign)
        grouped = len(parts[0]) <= 3 and parts[0] != "0" and all(len(part) == 3 for part in parts[1:])
        own_way = sign == "." if comma else sign == ","
        if len(parts) > 2 and not grouped:
            return None
        thousands = grouped and (
            len(parts) > 2 or count or (own_way and not large_unit) or (sign == "," and not comma and not large_unit)
        )
        text = "".join(parts) if thousands else ".".join(parts)
    whole, _, decimals = text.partition(".")
    if not whole.isascii() or not whole.isdigit() or (decimals and not decimals.isdigit()) or len(text) > 40:
        return None
    return Fraction(text), len(decimals)


@lru_cache(maxsize=4096)
def read_quantities(text: str, language: Language) -> tuple[Quantity, ...]:
    """All quantities of a flattened text, in order."""
    found: list[Quantity] = []
    if _DIGIT.search(text) is None:
        return ()
    for match in _QUANTITY.finditer(text):
        found.append(_quantity(text, match, language))
    return tuple(found)


def _quantity(text: str, match: re.Match[str], language: Language) -> Quantity:
    word, letter, many = (match[name] for name in ("word", "letter", "count"))
    gap = (match["unit"] or "")[:1] in (" ", "-")
    if (
        word
        and word.lower() in _FRENCH
        and (language != "fr" or not word[:1].isupper())
        and (gap or not word.istitle())
    ):
        word = None  # `4 Go services`
    if letter and ((letter.islower() and gap) or letter in "bB"):
        letter = None  # `in 5 m`
    unit = word or letter
    power = _UNITS.get(unit.lower(), _FRENCH.get(unit.lower(), _LETTERS.get(unit.lower(), 0))) if unit else 0
    size = _scaled(match["number"], language, 1024**power, count=False, large=power > 2) if unit else None
    factor = 1 if unit is None and many is None else _COUNTS.get((many or letter or "").lower())
    count = _scaled(match["number"], language, factor, count=True) if factor and not word else None
    bare = unit is None and many is None
    return Quantity(
        start=match.start(), end=match.end("number") if bare and match["unit"] else match.end(), numeral=match["number"],
        size=size[0] if size else None, size_quantum=size[1] if size else 1,
        count=count[0] if count else None, count_quantum=count[1] if count else 1,
        delta=match["sign"] or "", bound=(match["bound"] or "").strip(), per_ns=None if bare else _per(text, match),
        bare=bare, letter=letter is not None, width=1024**power if size else 0,
    )  # fmt: skip


def in_unit_of(quantity: Quantity, other: Quantity, language: Language) -> Quantity:
    """A bare number read in another's unit: `from 200 to 3500 MB`."""
    if not quantity.bare or not other.width or quantity.size is not None:
        return quantity
    size = _scaled(quantity.numeral, language, other.width, count=False, large=other.width > 1 << 20)
    return quantity if size is None else replace(quantity, size=size[0], size_quantum=size[1], width=other.width)


def _per(text: str, match: re.Match[str]) -> int | None:
    if match["per"]:
        return _DURATION_NS[match["per"].lower()] * max(1, int(match["many"] or 1))
    if match["ly"]:
        return _NS["h"] if match["ly"].lower() in ("hourly", "stündlich") else _NS["d"]
    before = _RATE_BEFORE.search(text[max(0, match.start() - 20) : match.start()])
    return None if before is None else _NS["d"] if before["day"] else _DURATION_NS.get(before["per"])


def _scaled(number: str, language: Language, width: int, *, count: bool, large: bool = False) -> tuple[int, int] | None:
    """(value, quantum), exact in integers."""
    read = read_number(number, comma=language in COMMA_LANGUAGES, count=count, large_unit=large)
    if read is None:
        return None
    value, decimals = read
    if count and (value * width).denominator != 1:
        return None
    if value * width >= MOST:
        return None
    return round(value * width), max(1, width // 10 ** min(decimals, 40))
