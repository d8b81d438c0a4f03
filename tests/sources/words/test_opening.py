"""The opening of a page is its first sentences, whatever language they are in, and no output of tools."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.sources.words import opening


def opens(page: str) -> list[str]:
    lines = page.split("\n")
    return [
        opening.parse("\n".join(lines[span.first : span.last + 1]))[0].facts["page.opening"]
        for span in opening.find(lines)
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "Our reverse proxy grows by 20 MB an hour.",
        "# Memory of the search daemon never goes down",
        "> We run redis 6.2 beside the app, and redis eats it all.",
        "Der Speicher von postgres wächst jeden Tag.",
        "La mémoire de nginx augmente sans cesse.",
        "La memoria de mysqld crece sin parar.",
        "A memória do mongod cresce sem parar.",
        "Память nginx постоянно растёт, 4 ГБ за день.",
        "minio 内存一直不释放",
        "Go 1.18 的服务，内存从 200MB 涨到 3GB",
        "redisのメモリが増え続けています",
        "redis 메모리가 계속 증가합니다",
    ],
)
def test_the_first_sentence_is_the_opening(sentence: str) -> None:
    assert opens(sentence) == [sentence]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Mem:  16431088  7702180  6520184  12044",
        "| a | b | c | d | e |",
        "```",
        "$ ps aux --sort=-rss | head -n 5",
        "[ 12.5] kernel: oom killer invoked by the task",
        "goroutine 18 [select, 20 minutes]:",
        "1 2 3 4 5 6 7 8 MB used in all",
        "<html lang=en and so on>",
        "内存 12",
    ],
)
def test_what_tools_print_is_no_opening(line: str) -> None:
    assert opens(line) == []


def test_only_the_first_lines_count() -> None:
    lines = [
        f"The {name} line has words that say something." for name in ("first", "second", "third", "fourth", "fifth")
    ]
    assert opens("\n\n".join(lines)) == lines[:4]
    assert opens("x\n" * 100 + lines[0]) == []


def test_an_opening_is_cut_to_what_is_looked_into() -> None:
    assert [len(text) for text in opens("words and more words " * 60)] == [600]


@given(st.text(max_size=300))
def test_any_text_gives_an_opening_or_a_parse_error(text: str) -> None:
    for span in opening.find(text.split("\n")):
        assert 0 <= span.first == span.last
    try:
        assert len(opening.parse(text)) == 1
    except ParseError:
        assert not text.strip()
