"""Sentences: lines of a page → paragraphs → sentences → clauses, with the names, quantities and moments in them marked.

A clause's `bones` is its text with every quantity, name and moment as one private character, so that patterns can speak of
`from Q to Q` whatever they are.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from memwhy.sources.words.moments import Told, read_moments
from memwhy.sources.words.quantities import Language, Quantity, flatten, read_quantities, tell_language
from memwhy.sources.words.vocabulary import Noun, read_nouns

Q_FIRST, N_FIRST, M_FIRST = 0xE000, 0xE800, 0xF000
Q, N, M = "[\ue000-\ue7ff]", "[\ue800-\uefff]", "[\uf000-\uf7ff]"
_ANY_MARK = re.compile("[\ue000-\uf7ff]")
_NAME = re.compile(N)
LONGEST_LINE = 4000
_MOST_LINES = 30  # of one paragraph
_WRAPPED_AT = 40  # nobody breaks a line of prose before
_MOST_MARKS = 400
_URL = re.compile(r"(?:https?|ftp)://[^\s)>\]]{1,300}|!?\[[^\]]{0,200}\]\((?:[^)]{1,300})\)|<!--.{0,300}?-->")
_TAG = re.compile(r"</?[A-Za-z]{1,10}(?: [^<>]{0,80})?/?>")
_MARKS = re.compile(r"\*{1,3}|~~|`+|(?<!\w)_|_(?!\w)")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_QUOTE = re.compile(r"^(?:\s{0,8}>\s?){0,4}\s*")
_ITEM = re.compile(r"^(?:[-*+•·]|\(?\d{1,2}[.)]|[a-z]\)|#{1,6}|[①-⑳])\s+")
_TICKED = re.compile(r"`[^`]{1,200}`")
_WORD = re.compile(r"[^\W\d_]{2,}")
_FEW_WORDS = 4
_MANY_WORDS = 8
_SIGNS = re.compile(r"[={}]|\w\(|->|\b(?:var|const|let|return|int|char|void)\b")
_FENCE = re.compile(r"^\s{0,12}(?:```|~~~)")
_MACHINE = re.compile(
    r"0x[0-9a-fA-F]{4,}|^\s*at [\w.$<]|[{}]\s*$|;\s*$|\(\*|\w::\w|^\s*(?://|/\*)|^\S{1,80}\.\w{1,4}:\d+|^[IWEF]\d{4,6} |^==\d+==|\\\\[nt]"
    r"|\S {2,}\S{1,60} {2,}\S{1,60} {2,}\S|^\s*[#$%❯] |^\S{1,40}@\S{1,60}[:~ ].{0,60}[$#%]|^\s*(?:goroutine|gc|scvg|scav) \d+|^[+\-]{3} |^@@ |\|\s*(?:grep|wc|awk|head|tail|sort)\b"
)
_CODE = re.compile(
    r":=|^\s*[\w.]{2,60}\(.{0,300}\)[;,]?\s*$|^\s*(?:var|func|def|import|package|return|class|elif|else:|const|static|public|private|#include|fmt\.|log\.|print)\b"
    r"|^\[\s{0,6}\d{1,10}\.\d{1,9}s?\]|^\[\d{4}-\d\d-\d\dT|^time=|^\{\"|^Showing |^Type: |^File: |^created by "
)
"""Output of machines and code, which says no sentences."""
_END = re.compile(
    r"(?<![ (]ca)(?<!approx)(?<! e\.g)(?<! i\.e)(?<! bzw)(?<! vs)[.!?]+[)\"'”]?(?=\s+[^\sa-zа-яё0-9]|\s*$)|(?<=[a-zа-яё0-9)]{2})(?<![ (](?:vs|ca|cf|ie|eg|no|nr|al|pp|st|zb))(?<!approx)(?<! etc)(?<!resp)(?<!incl)(?<! vers)(?<! avg)(?<! max)(?<! min)(?<! bzw)(?<! ver)(?<! usw)[.!]\s(?=[a-zа-яё]{2})|[。！？][)”」]?|;[ \t]{0,4}\n(?=[A-Z])|\s[-–—]{1,3}\s(?=[A-ZА-Я])"
)
_CLAUSE = re.compile(
    r"[;；，、,](?!\d{3}\b)|\s(?:but|while|whereas|although|though|even though|however|yet|despite|because|since|so that|aber|während|obwohl|jedoch|dabei|mais|alors que|tandis que|pourtant|pero|mientras|aunque|mas|enquanto|embora|но|а|хотя|при этом|тогда как)\s"
    r"|\s[–—]\s|但是?|而(?!且)|却|可是|不过|ですが|けど|しかし|のに|지만|는데|반면",
    re.IGNORECASE,
)


_TAKES_AS_TRUE = re.compile(
    r"\W{0,4}(?:but |so |and )?(?:why (?:is|are|does|do|did|has|was|were)|how come|warum|wieso|weshalb|pourquoi|por qué|por que|почему|how can|how could|为什么|为何|なぜ|왜)(?!\w* ?n't| not\b)",
    re.IGNORECASE,
)
"""A question that asks for the reason alone tells what it asks about."""
_ASKS = re.compile(
    r"\W{0,4}(?:(?:so|and|or|but) )?(?:should|shall|is|are|was|does|do|did|can|could|would|will|has|have|any|anyone|anybody|what|why|how|which|who|where|right|correct|normal|ok(?:ay)?|or|thoughts|ideas?|ist|sind|soll|muss|kann|est-ce|est-il|dois-je|es (?:normal|esto)|debería|é normal|devo|это|стоит|正常|是不是|怎么|吗|正常か)\b",
    re.IGNORECASE,
)
_AND = re.compile(r"\s(?:and|und|et|y|e|и)\s")
_SAYS = re.compile(rf"{N}\W{{0,3}}[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of a sentence. bones: its text with marks. text: its text without."""

    text: str
    bones: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and what is in it. line: 0-based, of the text that it stands in. asks: it is a question."""

    text: str
    first_line: int
    last_line: int
    language: Language
    quantities: tuple[Quantity, ...]
    nouns: tuple[Noun, ...]
    moments: tuple[Told, ...]
    clauses: tuple[Clause, ...]
    asks: bool


def nouns_of(sentence: Sentence, clause: Clause) -> list[Noun]:
    """The names in a clause, in order."""
    return [sentence.nouns[ord(c) - N_FIRST] for c in _NAME.findall(clause.bones)]


def quantity_at(sentence: Sentence, mark: str) -> Quantity:
    """The quantity that a mark in the bones stands for."""
    return sentence.quantities[ord(mark) - Q_FIRST]


@dataclass(slots=True)
class Paragraph:
    """Lines first..last (0-based) that belong together; texts: them, cleaned."""

    first: int
    texts: list[str]

    @property
    def last(self) -> int:
        return self.first + len(self.texts) - 1


def clean_line(line: str) -> str:
    """A line's words without quotes, links, tags and emphasis; single blanks."""
    text = _QUOTE.sub("", flatten(line[:LONGEST_LINE]), count=1)
    if "://" in text or "](" in text or "<!--" in text:
        text = _URL.sub(" ", text)
    if "<" in text and ">" in text:
        text = _TAG.sub(" ", text)
    return " ".join(_PRIVATE.sub("", _MARKS.sub(" ", text)).split())


def _without_commands(line: str) -> str:
    """A line of words without the commands that it names in backticks; one that has little else is left as it is."""
    if line.rstrip().endswith(";") and len(_WORD.findall(line)) >= _MANY_WORDS and not _SIGNS.search(line):
        line = line.rstrip(" \t;")  # a sentence, not a statement of a program
    if "`" not in line:
        return line
    words = _TICKED.sub("x", line)  # blanks would look like columns
    return words if len(_WORD.findall(words)) >= _FEW_WORDS else line


def find_paragraphs(lines: Sequence[str], skip: frozenset[int] | set[int] = frozenset()) -> Iterator[Paragraph]:
    """Runs of lines that may hold sentences. Items, headings and lines within fences stand alone."""
    paragraph: Paragraph | None = None
    fenced = False
    for i, line in enumerate(lines):
        if _FENCE.match(line):
            fenced = not fenced
            if paragraph is not None:
                yield paragraph
                paragraph = None
            continue
        usable = (
            i not in skip
            and len(line) <= LONGEST_LINE
            and line.strip()
            and not (_MACHINE.search(bare := _without_commands(line)) or _CODE.search(bare))
        )
        text = clean_line(line) if usable else ""
        if not text:
            if paragraph is not None:
                yield paragraph
                paragraph = None
            continue
        stripped = line.strip(" >\t")
        alone = fenced or line.startswith(("    ", "\t")) or stripped.startswith("#")
        if paragraph is not None and (
            alone
            or _ITEM.match(stripped)
            or paragraph.last + 1 != i
            or len(paragraph.texts) >= _MOST_LINES
            or len(paragraph.texts[-1].encode()) < _WRAPPED_AT
        ):
            yield paragraph
            paragraph = None
        if paragraph is None:
            paragraph = Paragraph(i, [])
        paragraph.texts.append(_ITEM.sub("", text))
        if alone:
            yield paragraph
            paragraph = None
    if paragraph is not None:
        yield paragraph


@dataclass(frozen=True, slots=True)
class Raw:
    """A sentence before anything is marked in it; lines are 0-based, of the text that its paragraph stands in."""

    text: str
    first_line: int
    last_line: int
    language: Language


def split_sentences(paragraph: Paragraph) -> Iterator[Raw]:
    """The sentences of a paragraph in order."""
    whole = "\n".join(paragraph.texts)
    language = tell_language(whole)
    at = 0
    for end in [*(match.end() for match in _END.finditer(whole)), len(whole)]:
        raw, start = whole[at:end], at
        at = end
        text = raw.strip()
        if len(text) < 3:
            continue
        lead = len(raw) - len(raw.lstrip())
        first = paragraph.first + whole.count("\n", 0, start + lead)
        last = first + text.count("\n")
        yield Raw(text.replace("\n", " ")[:LONGEST_LINE], first, last, language)  # nobody says a longer one


def sentences_of(paragraph: Paragraph) -> Iterator[Sentence]:
    """The sentences of a paragraph in order, with what is in them."""
    return map(mark, split_sentences(paragraph))


@lru_cache(maxsize=16_384)  # all of a page: another reader comes back to each
def mark(raw: Raw) -> Sentence:
    """A sentence with the names, quantities and moments in it. Remembered, for several readers ask the same."""
    text = raw.text
    marks = _read_marks(text, raw.language)
    quantities, nouns, moments, bones = marks
    clauses = tuple(Clause(text=_flesh(piece, text, marks), bones=piece) for piece in _split(bones))
    asks = text.rstrip(" )\"'").endswith(("?", "？")) and not _TAKES_AS_TRUE.match(text)
    if asks and (stated := _stated(clauses)):
        clauses, asks = stated, False
    return Sentence(text, raw.first_line, raw.last_line, raw.language, quantities, nouns, moments, clauses, asks)


def _stated(clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    """The clauses of a question before the one that asks: `VIRT is 118g, should I worry?`."""
    if (
        len(clauses) < 2
        or any(_ASKS.match(clause.text) for clause in clauses[:-1])
        or not _ASKS.match(clauses[-1].text)
    ):
        return ()
    return tuple(clauses[:-1])


def _split(bones: str) -> Iterator[str]:
    """Clauses; `and` parts two of them where each has a name with a verb after it."""
    for piece in _CLAUSE.split(bones):
        parts = _AND.split(piece)
        if len(parts) > 1 and all(_SAYS.search(part) for part in parts):
            yield from parts
        elif piece.strip():
            yield piece


_Marks = tuple[tuple[Quantity, ...], tuple[Noun, ...], tuple[Told, ...], str]


def _read_marks(text: str, language: Language) -> _Marks:
    """Quantities, names and moments of a sentence and its bones. What lies within a moment or a name is no quantity."""
    moments = read_moments(text)[:_MOST_MARKS]
    nouns = read_nouns(text)[:_MOST_MARKS]
    nouns = tuple(n for n in nouns if not _within(n, moments))
    quantities = tuple(
        q for q in read_quantities(text, language)[:_MOST_MARKS] if not _within(q, moments) and not _within(q, nouns)
    )
    marks = [
        *((q.start, q.end, chr(Q_FIRST + i)) for i, q in enumerate(quantities)),
        *((n.start, n.end, chr(N_FIRST + i)) for i, n in enumerate(nouns)),
        *((m.start, m.end, chr(M_FIRST + i)) for i, m in enumerate(moments)),
    ]
    marks.sort()
    pieces, at = [], 0
    for start, end, mark in marks:
        if start < at:
            continue
        pieces += [text[at:start], mark]
        at = end
    pieces.append(text[at:])
    return quantities, nouns, moments, "".join(pieces)


def _within(one: Quantity | Noun, others: Iterable[Told | Noun]) -> bool:
    return any(one.start < other.end and other.start < one.end for other in others)


def _flesh(piece: str, text: str, marks: _Marks) -> str:
    quantities, nouns, moments, _ = marks

    def word(match: re.Match[str]) -> str:
        code = ord(match[0])
        if code < N_FIRST:
            one: Quantity | Noun | Told = quantities[code - Q_FIRST]
        else:
            one = nouns[code - N_FIRST] if code < M_FIRST else moments[code - M_FIRST]
        return text[one.start : one.end]

    return _ANY_MARK.sub(word, piece).strip()
