"""Asides: lines of a page that are nobody's trouble of today: changes, tests and benchmarks, sizes to order, examples of a
manual, a quotation that its author takes back. Large figures in them accuse nothing, so no reader is shown them.

What may as well be evidence (the output of a test, an example, a table of loads) is an aside only on a page on which
nobody complains or speaks of a program of his own.
"""

import re
from collections.abc import Iterator, Sequence

from memwhy.sources.changelog import listed_changes
from memwhy.sources.complaint import find_complaint
from memwhy.sources.words.quantities import flatten
from memwhy.sources.words.trials import name_trials

_LONGEST_LINE = 2000
_MOST_LINES = 20_000
"""Longer pages are logs, which nobody writes a manual in."""
_BENCHMARK = re.compile(r"^[\s>]{0,12}Benchmark[A-Z_]\S{0,200}\s+\d{1,12}\s.{0,200}\bns/op\b")
_TEST = re.compile(
    r"^[\s>]{0,12}(?:=== (?:RUN|PAUSE|CONT|NAME)\s|--- (?:PASS|SKIP): |ok\s{1,8}\S{1,200}\s{1,8}(?:\d{1,6}\.\d{1,4}s|\(cached\))|PASS$|goos: |goarch: )"
)
_FAILED = re.compile(r"^[\s>]{0,12}(?:--- FAIL: |FAIL\b|panic: )")
_SIZES = re.compile(
    r"\b(?:sizing|capacity planning|(?:hardware|system|memory|resource) requirements|requirements|recommended (?:hardware|sizes?|resources|settings|configuration|instances?)"
    r"|instance (?:types?|sizes?)|machine types?|plans? and pricing|pricing|tiers?|flavou?rs|reference (?:hardware|architecture)s?|dimensionierung|systemanforderungen|configuration requise|requisitos)\b"
    r"|(?:硬件|系统|配置|资源)要求|推荐配置|容量规划|动作環境|動作環境|推奨(?:構成|スペック)|サイジング|системные требования",
    re.IGNORECASE,
)
_ORDERED = re.compile(
    r"^(?:v?cpus?|cores?|(?:instance|machine|node|vm|server)[ _-](?:type|size|class)|instance|flavou?r|plan|tier|sku|price(?:/?\w{0,8})?|\$/\w{1,8}|cost|disk|storage|ssd|recommended(?: \w{1,12})?|minimum(?: \w{1,12})?|suggested(?: \w{1,12})?|preis|prix|precio|价格|规格|料金)$",
    re.IGNORECASE,
)
_SOLD = re.compile(
    r"^\W{0,4}(?:[a-z]{1,3}\d[a-z]{0,4}(?:-[a-z]{1,5})?\.(?:nano|micro|small|medium|large|metal|\d{0,3}xlarge)|(?:db|cache)\.[a-z]\d\w{0,3}\.\w{4,9}|[a-z]\d[a-z]{0,2}-(?:standard|highmem|highcpu|medium|small|micro)(?:-\d{1,3})?|Standard_[A-Z]\w{1,14})\W{0,4}$"
)
_LOAD = re.compile(
    r"^(?:(?:concurrent|active|max(?:imum)?|number of|no\. of|#|expected|simultaneous|parallel) ?)?(?:users?|clients?|connections?|conns|concurrency|nodes|pods|cores|tenants|devices|agents|hosts|series|active series|vus?|workers|threads|parallelism|batch size|req(?:uest)?s?/s(?:ec)?|rps|qps|tps|用户数?|连接数|并发数?|客户端数?|接続数|ユーザー?数|Benutzer|Nutzer|Clients?|usuarios|utilisateurs|пользовател\w{1,3})$",
    re.IGNORECASE,
)
_OURS = re.compile(
    r"(?<![\w'])(?:I|I'm|I've|I'd|my|me)(?![\w'])|\b(?:[Ww]e (?:are|were|have|had|see|saw|run|ran|use|used|get|got|find|found|noticed|observed?|hit|experience\w*|upgraded|updated|deployed|switched|tried|set)|[Ww]e're|[Ww]e've|[Oo]ur (?!documentation|docs|guide|recommend|advice|tool|library|website|community))\b"
    r"|我(?!们的?(?:建议|推荐))|咱|私|弊社|うちの|우리|제가|\b(?:mein|meine[rmns]?|unser|unsere[rmns]?|mon|ma|mes|notre|nos|nuestr[oa]s?|minha|meu|nosso|nossa)\b|(?<!\w)(?:у нас|у меня|наш\w{0,3}|мо[йяеи])(?!\w)"
)
_EXAMPLE = re.compile(
    r"\b(?:for example|for instance|e\.g\.|as an example|example output|sample output|example:|examples:|the output (?:looks|will look|should look|is something) like|(?:looks|look) (?:something )?like this|zum beispiel|z\.\s?b\.|par exemple|por ejemplo|por exemplo|например)"
    r"|例如|比如|譬如|示例|例えば|たとえば|出力例|예를 들",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"^[\s>]{0,8}#{1,6} {0,4}(?:sample|examples?|example output|示例|例|beispiele?|ejemplos?)\b", re.IGNORECASE
)
_QUOTED = re.compile(r"^\s{0,4}>")
_TAKEN_BACK = re.compile(
    r"(?:\b(?:no longer|not|never|stopped|nothing)|n't) (?:\w+ ){0,3}?(?:have|has|had|see|seeing|get|getting|experienc\w+|happen\w*|occur\w*|reproduc\w+|observ\w+|affect\w*|exist\w*|relevant|valid|applies|apply|an issue|a problem|the case|hit|face|facing|seen)\b.{0,60}?(?:any ?more|any longer|now|since|with (?:the )?(?:latest|current|newer?)|[.!]|$)"
    r"|\b(?:no longer|isn't|is not|not) (?:an issue|a problem|the case|relevant|valid|reproducible|affected|happening)\b|\b(?:problem|issue|leak|it|this|that) (?:is|was|has|seems to have|has been) (?:gone|disappeared|vanished|gone away|outdated|obsolete|history|went away)\b|\b(?:is|was) (?:obsolete|outdated|long ago|years old)\b|\bworks (?:fine|well) (?:for me )?now\b|\b(?:please|can|feel free to) (?:be )?closed?(?: (?:this|it|the issue|the ticket))?(?=[.!]|$)|\bignore (?:this|my|the above)\b|\bnever ?mind\b|\bfalse alarm\b"
    r"|(?:已经|现在)?(?:没有|不存在|没)(?:这个|该|此)?问题了|(?:不再|没再)(?:出现|发生|复现)|问题(?:已经)?(?:消失|不存在)|(?:もう|今は)(?:発生|起き|再現)(?:して|し)?(?:い)?(?:ない|ません)|더 이상 (?:발생|재현)"
    r"|\b(?:tritt|besteht|habe ich) (?:\w+ ){0,3}?nicht mehr\b|\bn'(?:ai|existe|apparaît|arrive) plus\b|\bya no (?:\w+ ){0,2}?(?:ocurre|sucede|pasa|tengo|existe)\b|\bnão (?:\w+ ){0,2}?mais\b|больше не (?:наблюда\w+|воспроизвод\w+|возника\w+|проявля\w+)|проблем\w (?:исчезл\w|ушл\w)",
    re.IGNORECASE,
)
_WITHIN = 3
"""So many blank lines part a word of introduction from what it introduces."""


def find_asides(lines: Sequence[str]) -> set[int]:
    """Indices of the lines of a page that are asides."""
    aside = set(listed_changes(lines))
    if len(lines) > _MOST_LINES:
        return aside
    plain = [flatten(line[:_LONGEST_LINE]) for line in lines]
    aside |= {i for i, line in enumerate(plain) if "ns/op" in line and _BENCHMARK.match(line)}
    aside.update(_taken_back(plain))
    aside |= {i for first, last in _tables(plain) if _is_for_sale(plain, first, last) for i in range(first, last + 1)}
    maybe = {*_tests(plain), *_examples(plain), *_loads(plain)} - aside
    rest = [line for i, line in enumerate(plain) if i not in aside and i not in maybe]
    if maybe and not _is_somebodys(rest):
        aside |= maybe
    return aside


def _is_somebodys(rest: Sequence[str]) -> bool:
    """Outside of what may be asides somebody complains, or speaks of his own program."""
    return (
        any(_OURS.search(line) for line in rest)
        or find_complaint([line for line in rest if not line.lstrip(" >").startswith(("#", "|"))]) is not None
    )


def _tests(lines: Sequence[str]) -> Iterator[int]:
    """What `go test` printed, from its first to its last own line; nothing where a test failed."""
    if any(_FAILED.match(line) for line in lines):
        return
    marks = [i for i, line in enumerate(lines) if _TEST.match(line)]
    if len(marks) > 1:
        yield from range(marks[0], marks[-1] + 1)


def _tables(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """First and last line of every table with upright strokes."""
    first: int | None = None
    for i, line in enumerate([*lines, ""]):
        if line.count("|") > 1:
            first = i if first is None else first
        elif first is not None:
            if i - first > 2:
                yield first, i - 1
            first = None


def _cells(line: str) -> list[str]:
    return [cell.strip(" *`_") for cell in line.strip(" >").removeprefix("|").removesuffix("|").split("|")]


def _is_for_sale(lines: Sequence[str], first: int, last: int) -> bool:
    """A table of machines that can be had: columns of an order, rows with names of instance types."""
    head = _cells(lines[first])
    if any(re.search(r"\b(?:rss|res|resident|heap|goroutines?|used|usage)\b", cell, re.IGNORECASE) for cell in head):
        return False
    ordered = sum(_ORDERED.match(cell) is not None for cell in head)
    sold = sum(_SOLD.match(_cells(line)[0]) is not None for line in lines[first + 1 : last + 1])
    return ordered > 1 or sold > 1


def _loads(lines: Sequence[str]) -> Iterator[int]:
    """Tables whose rows are loads and not moments, under a heading of sizes or with a column of what is recommended."""
    heading = ""
    tables = dict(_tables(lines))
    for i, line in enumerate(lines):
        if line.startswith("#") or (line.strip() and "|" not in line and line.rstrip().endswith(":")):
            heading = line
        if i not in tables:
            continue
        head = _cells(line)
        if _LOAD.match(head[0]) or _SIZES.search(heading) or any(_ORDERED.match(cell) for cell in head):
            yield from range(i, tables[i] + 1)


def _examples(lines: Sequence[str]) -> Iterator[int]:
    """Lines that say that they give an example, and the block that they introduce."""
    for i, line in enumerate(lines):
        if not (_EXAMPLE.search(line) or _TITLE.match(line)):
            continue
        yield i
        if line.rstrip(" *_`").endswith((":", "：")) or _TITLE.match(line):
            yield from _block_below(lines, i)


def _block_below(lines: Sequence[str], at: int) -> Iterator[int]:
    """The fenced, indented or plain block that follows a line."""
    i = at + 1
    while i < len(lines) and i - at <= _WITHIN and not lines[i].strip():
        i += 1
    if i >= len(lines):
        return
    fenced = lines[i].lstrip().startswith(("```", "~~~"))
    indented = lines[i].startswith(("    ", "\t"))
    for j in range(i, len(lines)):
        line = lines[j]
        if fenced and j > i and line.lstrip().startswith(("```", "~~~")):
            return
        if not fenced and (line.startswith("#") or (line.strip() and indented and not line.startswith(("  ", "\t"))) or (not indented and not line.strip())):  # fmt: skip
            return
        yield j


def _taken_back(lines: Sequence[str]) -> Iterator[int]:
    """Quotations above a sentence, in words of today, that says that it is over, and tells of nothing that was changed."""
    quoted = [i for i, line in enumerate(lines) if _QUOTED.match(line)]
    if not quoted:
        return
    own = [(i, line) for i, line in enumerate(lines) if line.strip() and not _QUOTED.match(line)]
    over = max((i for i, line in own if _TAKEN_BACK.search(line) and not name_trials(line)), default=-1)
    if (
        over < 0
        or find_complaint([line for i, line in own if i > quoted[0] and not _TAKEN_BACK.search(line)]) is not None
    ):
        return
    yield from (i for i in quoted if i < over)
