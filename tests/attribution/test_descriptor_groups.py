"""Descriptors by whom they lead to, and who keeps them open, by numbers that agree."""

import pytest
from build_profiles import Stack, of, seen

from memwhy.attribution.descriptors import descriptor_groups, habit_of
from memwhy.model.case import SeenProfile
from memwhy.model.profile import Waiting

UNREAD = ("net/http.(*persistConn).readLoop",)
IDLE = (
    "internal/poll.runtime_pollWait",
    "net.(*conn).Read",
    "net/http.(*persistConn).Read",
    "bufio.(*Reader).Peek",
    "net/http.(*persistConn).readLoop",
)
OUT = ("tcp established", "to 10.0.0.5:443")


def course(kind: str, stacks: dict[Stack, float], *, every_s: float = 10.0, count: int = 5) -> list[SeenProfile]:
    return [
        seen(kind, every_s * i, {stack: round(5 + per_s * every_s * i) for stack, per_s in stacks.items()})
        for i in range(count)
    ]


def test_connections_are_named_by_peer_with_what_keeps_them_and_the_numbers_it_rests_on() -> None:
    sockets = course("sockets", {OUT: 4.0, ("tcp established", "to 10.0.0.9:5432"): 0.0})
    waits = course("goroutine", {UNREAD: 4.0, ("main.serve",): 0.0}, every_s=11.0)
    (holder,) = descriptor_groups(of(*sockets, *waits))
    assert (holder.function, holder.method, holder.module) == ("tcp established to 10.0.0.5:443", "descriptors", None)
    assert holder.count == pytest.approx(160, abs=1)
    assert holder.count_per_s == pytest.approx(4.0, rel=0.02)
    assert holder.note == (
        "165 now; as many goroutines (+176, +4.0/s) stand in net/http.(*persistConn).readLoop: HTTP client connection, an answer "
        "has come and its body is neither read to its end nor closed; bytes are the stacks of these goroutines, 2.0 KiB each, the "
        "smallest that Go has: StackInuse was not read"
    )
    assert holder.bytes == 160 * 2048


def test_an_order_has_numbers_and_no_pace_by_the_second() -> None:
    rows = [
        seen(kind, float(i), {stack: 5 + 40 * i}, clock="order")
        for kind, stack in (("sockets", OUT), ("goroutine", UNREAD))
        for i in range(5)
    ]
    (holder,) = descriptor_groups(of(*rows))
    assert (holder.count, holder.count_per_s, holder.bytes_per_s) == (160, None, None)
    assert "; as many goroutines (+160) stand in " in holder.note


def test_goroutines_of_another_number_explain_no_connection() -> None:
    (holder,) = descriptor_groups(of(*course("sockets", {OUT: 4.0}), *course("goroutine", {UNREAD: 1.0})))
    assert (holder.note, holder.bytes, holder.stack) == ("165 now", 0, ())


def test_a_goroutine_of_the_programs_own_that_came_with_each_is_named_with_who_started_it() -> None:
    waits = course("goroutine", {("main.handle", "main.accept.func1"): 4.0})
    told = Waiting(state="select", created_by="main.accept")
    look = seen(
        "goroutine",
        45.0,
        {("main.handle", "main.accept.func1"): 185},
        waiting={("main.handle", "main.accept.func1"): told},
    )
    (holder,) = descriptor_groups(of(*course("sockets", {OUT: 4.0}), *waits, look))
    assert "stand in main.handle, started by main.accept" in holder.note


def test_accepted_ones_are_one_group_a_port_with_where_they_come_from() -> None:
    sockets = course(
        "sockets",
        {
            ("tcp close-wait", "accepted on port 8080", "from 10.0.0.7"): 3.0,
            ("tcp close-wait", "accepted on port 8080", "from 10.0.0.8"): 1.0,
        },
    )
    (holder,) = descriptor_groups(of(*sockets))
    assert holder.function == "tcp close-wait accepted on port 8080"
    assert holder.note == "170 now; from 10.0.0.7 (125), 10.0.0.8 (45)"


def test_files_are_named_by_name_and_sockets_only_once() -> None:
    files = course("descriptors", {("file", "/tmp/upload-#"): 2.0, ("socket",): 4.0})
    found = descriptor_groups(of(*files, *course("sockets", {OUT: 4.0})))
    assert [holder.function for holder in found] == ["tcp established to 10.0.0.5:443", "file /tmp/upload-#"]
    alone = descriptor_groups(of(*files))
    assert [holder.function for holder in alone] == ["socket", "file /tmp/upload-#"]


def test_whose_code_makes_requests_is_told_by_what_clients_allocate() -> None:
    asking = ("net/http.(*Request).Clone", "net/http.(*Client).do", "net/http.Get", "main.fetch", "main.main")
    allocated = seen("alloc_space", 40.0, {asking: 3 << 20, ("main.other",): 9 << 20})
    (holder,) = descriptor_groups(
        of(
            *course("sockets", {OUT: 4.0}),
            *course("goroutine", {UNREAD: 4.0}),
            allocated,
            facts={"go.main_module": "a.org/b"},
        )
    )
    assert "requests are made in main.fetch (100%) of what HTTP clients allocated" in holder.note


@pytest.mark.parametrize(
    ("stack", "words"),
    [
        (UNREAD, "neither read to its end nor closed"),
        (IDLE, "idle or waiting for an answer"),
        (("database/sql.(*Rows).awaitDone",), "rows.Close() is missing"),
        (("database/sql.(*Tx).awaitDone",), "neither committed nor rolled back"),
    ],
)
def test_what_holds_a_connection_is_told_by_where_its_goroutine_stands(stack: Stack, words: str) -> None:
    habit = habit_of(stack)
    assert habit is not None
    assert words in habit.says


def test_other_goroutines_tell_nothing_of_connections() -> None:
    assert habit_of(("main.serve", "main.main")) is None
    assert descriptor_groups(of()) == ()
