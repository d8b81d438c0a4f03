"""Subjects of one page that are one and the same."""

from memwhy.model.reading import Moment, Observation, Reading, Where
from memwhy.sources.owners import unify


def _row(subject: str, line: int, *, comm: str = "web", order: int = 0, bytes_: int = 1) -> Observation:
    return Observation(
        source="system/ps",
        subject=subject,
        moment=Moment(clock="order", value=order),
        where=Where(file="page", first_line=line, last_line=line),
        reading=Reading(metrics={"process.rss_bytes": bytes_}, facts={"process.comm": comm}),
    )


def _told(observations: tuple[Observation, ...]) -> list[tuple[str, int, int]]:
    return [(one.subject, one.moment.value, one.reading.metrics["process.rss_bytes"]) for one in observations]


def test_a_restarted_service_is_one_subject_read_in_the_order_of_the_page() -> None:
    page = (_row("pid 1099", 20, bytes_=5), _row("pid 204", 4, bytes_=2))
    assert _told(unify(page)) == [("process web", 0, 2), ("process web", 1, 5)]


def test_two_processes_in_rows_of_one_table_stay_two() -> None:
    page = (_row("pid 18", 4), _row("pid 31", 5))
    assert unify(page) == page


def test_a_command_named_without_a_pid_is_the_one_that_has_it() -> None:
    page = (_row("pid 18", 4), _row("process web", 30, bytes_=9))
    assert _told(unify(page)) == [("process web", 0, 1), ("process web", 1, 9)]


def test_different_commands_are_never_brought_together() -> None:
    page = (_row("pid 18", 4, comm="web"), _row("pid 31", 40, comm="db"))
    assert unify(page) == page
