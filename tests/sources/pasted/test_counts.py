"""Numbers after a pipeline that counts."""

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import NS_PER_S
from memwhy.sources.pasted import counts
from memwhy.sources.span import Span


def series(text: str) -> list[tuple[str, int, int | None]]:
    return [(metric, n, r.elapsed_ns) for r in counts.parse(text) for metric, n in r.metrics.items()]


def test_a_loop_is_a_series_with_its_own_pace() -> None:
    text = "# while true; do netstat -an |grep CLOSE_WAIT| wc -l ; sleep 5; done\n804\n807\n\n810\n^C\n# "
    assert counts.parse(text) == tuple(
        Reading(
            metrics={"process.sockets_close_wait_count": number}, elapsed_ns=i * 5 * NS_PER_S, line=line, last_line=line
        )
        for i, (number, line) in enumerate([(804, 2), (807, 3), (810, 5)])
    )
    assert list(counts.find(["Hello", *text.split("\n")])) == [Span(first=1, last=5)]


def test_a_loop_typed_on_several_lines_keeps_its_pace() -> None:
    text = "$ while true\n> do\n>   ls /proc/77/fd | wc -l\n>   sleep 2m\n> done\n40\n48"
    text = text.replace("> ", "")
    assert series(text) == [("process.descriptors_count", 40, 0), ("process.descriptors_count", 48, 120 * NS_PER_S)]


@pytest.mark.parametrize(
    ("command", "metric"),
    [
        ("lsof -p `pidof app` | grep -ic sock", "process.sockets_count"),
        ("lsof -p 12 | wc -l", "process.descriptors_count"),
        ("sudo lsof -n -p 12 | grep -v mem | wc -l", "process.descriptors_count"),
        ("sudo ls -1 /proc/12/fd/ | wc -l", "process.descriptors_count"),
        ("ls -l /proc/12/fd | grep socket | wc -l", "process.sockets_count"),
        ("lsof -p 12 | grep FIFO | wc -l", "process.pipes_count"),
        ("lsof -p 12 | grep CLOSE_WAIT | wc -l", "process.sockets_close_wait_count"),
        ("ss -tan state time-wait | wc -l", "process.sockets_time_wait_count"),
        ("netstat -anp | grep 12/app | wc -l", "process.sockets_count"),
        ("netstat -an | grep -c ESTABLISHED", "process.sockets_established_count"),
        ("ps -efL | grep app | wc -l", "process.threads_count"),
        ("ps -eLf | wc -l", "process.threads_count"),
        ("ps -T -p 12 | wc -l", "process.threads_count"),
        ("ls /proc/12/task | wc -l", "process.threads_count"),
        ("jstack 12 | grep -c java.lang.Thread.State", "process.threads_count"),
        ("curl -s 'localhost:6060/debug/pprof/goroutine?debug=2' | grep -c ^goroutine", "go.goroutines_count"),
        ("grep -c 'chan send' quit.log", "go.goroutines_count"),
        ("grep -c '^goroutine ' quit.log", "go.goroutines_count"),
        ("cat quit.log | grep 'IO wait' | wc -l", "go.goroutines_count"),
        ("grep -c 'nid=' threads.txt", "process.threads_count"),
        ("grep -c 'java.lang.Thread.State' dump.txt", "process.threads_count"),
        ("wc -l < /proc/12/maps", "process.mappings_count"),
        ("sudo cat /proc/12/maps | wc -l", "process.mappings_count"),
        ("grep -c . /proc/12/maps", "process.mappings_count"),
        ("grep -c '^Size' /proc/12/smaps", "process.mappings_count"),
        ("pmap 12 | wc -l", "process.mappings_count"),
        ("ps aux | grep -c [s]hop-worker", "process.children_count"),
        ("ps -ef | grep shop-worker | grep -v grep | wc -l", "process.children_count"),
        ("pgrep -c shop-worker", "process.children_count"),
        ("pgrep -f shop-worker | wc -l", "process.children_count"),
    ],
)
def test_the_command_says_what_is_counted(command: str, metric: str) -> None:
    assert series(f"$ {command}\n  4523") == [(metric, 4523, None)]


@pytest.mark.parametrize(
    "command",
    [
        "cat app.log | wc -l",
        "ls | wc -l",
        "grep -c ERROR app.log",
        "ps aux | wc -l",
        "grep -c libfoo /proc/12/maps",
        "grep -c select query.sql",
        "grep -rc goroutine src",
    ],
)
def test_other_counts_are_left_alone(command: str) -> None:
    assert list(counts.find([f"$ {command}", "4523"])) == []
    with pytest.raises(ParseError):
        counts.parse(f"$ {command}\n4523")


def test_two_counts_of_one_loop_take_turns() -> None:
    text = "me@box:~$ while true; do date; ls /proc/77/task | wc -l; ls /proc/77/fd | wc -l; sleep 1m; done\n"
    text += "Mon Nov 23 03:04:37 UTC 2026\n12\n40\nMon Nov 23 03:05:37 UTC 2026\n14\n80"
    minute = 60 * NS_PER_S
    assert series(text) == [
        ("process.threads_count", 12, 0),
        ("process.descriptors_count", 40, 0),
        ("process.threads_count", 14, minute),
        ("process.descriptors_count", 80, minute),
    ]
    assert {reading.subject for reading in counts.parse(text)} == {"pid 77"}


def test_dates_between_the_numbers_are_their_times() -> None:
    text = "$ while :; do date; ls /proc/77/fd | wc -l; sleep 60; done\n"
    text += "Sat Jan 31 10:00:00 UTC 2026\n40\nSat Jan 31 10:01:02 UTC 2026\n48\n"
    assert [(r.wall_ns, r.elapsed_ns) for r in counts.parse(text)] == [
        (1769853600 * NS_PER_S, None),
        (1769853662 * NS_PER_S, None),
    ]


def test_labels_name_whose_each_number_is() -> None:
    text = (
        '$ for i in a b; do echo -n "$i: "; kubectl exec $i -- netstat -an | grep CLOSE_WAIT | wc -l; done\na: 5\nb: 7'
    )
    assert [(r.subject, dict(r.metrics)) for r in counts.parse(text)] == [
        ("a", {"process.sockets_close_wait_count": 5}),
        ("b", {"process.sockets_close_wait_count": 7}),
    ]


def test_a_sentence_may_give_a_command_with_its_number() -> None:
    line = "After a day `ls /proc/12/fd | wc -l` gives 4,523, and `ulimit -n` 8192."
    assert list(counts.find([line])) == [Span(first=0, last=0)]
    assert counts.parse(line) == (
        Reading(metrics={"process.descriptors_count": 4523}, subject="pid 12", line=1, last_line=1),
    )


def test_wc_names_the_file_whose_lines_it_counts() -> None:
    text = (
        "$ wc -l /proc/4711/maps\n65012 /proc/4711/maps\n\nand later\n\n$ wc -l /proc/4711/maps\n65529 /proc/4711/maps"
    )
    assert [(r.subject, dict(r.metrics)) for r in counts.parse(text)] == [
        ("pid 4711", {"process.mappings_count": 65012}),
        ("pid 4711", {"process.mappings_count": 65529}),
    ]


def test_of_several_states_in_one_dump_the_largest_is_the_least_number_of_goroutines() -> None:
    text = (
        "$ grep -c 'chan send' quit.log\n1480\n$ grep -c 'IO wait' quit.log\n12\n$ grep -c 'chan send' quit2.log\n1999"
    )
    spans = list(counts.find(text.split("\n")))
    assert spans == [Span(first=0, last=1), Span(first=4, last=5)]
    assert [
        reading.metrics
        for span in spans
        for reading in counts.parse("\n".join(text.split("\n")[span.first : span.last + 1]))
    ] == [{"go.goroutines_count": 1480}, {"go.goroutines_count": 1999}]
    text += "\n$ grep -c '^goroutine ' quit.log\n1502"
    assert next(iter(counts.find(text.split("\n")))) == Span(first=4, last=5)
    assert counts.parse("$ grep -c 'chan send' quit.log\n1480")[0].notes == (
        "goroutines of one state only: there are at least so many",
    )


def test_a_count_of_lsofs_lines_is_said_to_be_too_high() -> None:
    assert counts.parse("$ lsof -p 12 | wc -l\n45")[0].notes == (
        "lsof counts libraries and mapped files as well: there are somewhat fewer descriptors",
    )


def test_words_after_the_command_are_no_numbers() -> None:
    with pytest.raises(ParseError):
        counts.parse("$ lsof -p 12 | wc -l\nlsof: WARNING: can't stat() fuse file system\n12 files")


def test_processes_of_one_program_are_counted_with_its_name() -> None:
    text = "# ps aux | grep -c [s]hop-worker\n27"
    (reading,) = counts.parse(text)
    assert (dict(reading.metrics), dict(reading.facts)) == (
        {"process.children_count": 27},
        {"children.program": "shop-worker"},
    )


@pytest.mark.parametrize("command", ["ps aux | grep -c defunct", "ls /srv | grep -c shop", "ps aux | wc -l"])
def test_what_has_no_memory_or_no_name_is_no_count_of_processes(command: str) -> None:
    assert list(counts.find([f"$ {command}", "27"])) == []
