"""Where a heap's growth sits, over looks at who holds it whose truth is known."""

from build_held import cache, holders, line, table

from memwhy.model.holders import HeldGrowth, Holding
from memwhy.model.units import MIB
from memwhy.trend.holding import follow


def growth(*looks: tuple[Holding, ...]) -> HeldGrowth:
    found = follow([(20.0 * number, holders(*lines)) for number, lines in enumerate(looks)])
    assert found is not None
    return found


def test_one_look_shows_no_growth_and_two_of_the_same_moment_neither() -> None:
    assert follow([]) is None
    assert follow([(1.0, holders(cache(1)))]) is None
    assert follow([(1.0, holders(cache(1))), (1.0, holders(cache(2)))]) is None


def test_a_map_that_gains_entries_is_named_with_how_many_and_of_which_type() -> None:
    found = growth((cache(10), table(50)), (cache(20), table(50)), (cache(30), table(50)))
    (only,) = found.lines
    assert (only.path, only.kind, only.inner) == (("main.cache map[string]*main.Entry",), "global", "main.Entry")
    assert only.bytes == (10 * MIB + 4096, 20 * MIB + 4096, 30 * MIB + 4096)
    assert only.elements == (10 * 1024, 20 * 1024, 30 * 1024)
    assert only.inner_counts == (10 * 1024, 20 * 1024, 30 * 1024)
    assert (found.grown_bytes, only.grown_bytes) == (20 * MIB, 20 * MIB)


def test_what_holds_single_objects_only_is_followed_down_to_what_gains_them() -> None:
    def server(mebibytes: float) -> Holding:
        inner = line("field", ".sessions", "map[string]*main.Entry", 1, 64, *cache(mebibytes).children)
        return line("global", "main.server", "main.Server", 1, 128, inner)

    (only,) = growth((server(10),), (server(40),)).lines
    assert only.path == ("main.server main.Server", ".sessions map[string]*main.Entry")
    assert (only.inner, only.grown_bytes) == ("main.Entry", 30 * MIB)


def test_two_maps_of_one_structure_are_told_apart() -> None:
    def server(sessions: float, jobs: float) -> Holding:
        maps = [
            line("field", name, "map[string]*main.Entry", 1, 64, *cache(size).children)
            for name, size in ((".sessions", sessions), (".jobs", jobs))
        ]
        return line("global", "main.server", "main.Server", 1, 128, *maps)

    found = growth((server(10, 10),), (server(40, 30),)).lines
    assert [(one.path[-1], one.grown_bytes) for one in found] == [
        (".sessions map[string]*main.Entry", 30 * MIB),
        (".jobs map[string]*main.Entry", 20 * MIB),
    ]


def test_a_variable_is_one_line_whether_or_not_it_points_to_one_thing_only() -> None:
    entries = line("field", "", "main.Entry", 100, MIB)
    alone = line("goroutine", "main.main", "main.Entry", 100, MIB)
    beside = line(
        "goroutine",
        "main.main",
        "",
        0,
        0,
        line("field", "", "main.Entry", 3000, 30 * MIB),
        line("field", "", "main.Other", 1, 64),
    )
    (only,) = growth((alone,), (beside,)).lines
    assert (only.path, only.bytes) == (("stack of main.main",), (MIB, 30 * MIB + 64))
    assert (only.inner, only.inner_counts) == ("main.Entry", (100, 3000))
    assert entries.bytes == only.bytes[0]


def test_what_only_changed_its_place_is_no_growth() -> None:
    private = line("global", "main.cache", "[]main.Entry", 1, 40 * MIB)
    shared = line("shared", "", "[]main.Entry", 1, 40 * MIB, shared_by=("main.cache", "main.main"))
    grown = line("global", "main.list", "main.Node", 9000, 5 * MIB)
    before = line("global", "main.list", "main.Node", 900, 2 * MIB)
    assert [one.path for one in growth((private, before), (shared, grown)).lines] == [("main.list main.Node",)]


def test_churn_cancels_out() -> None:
    assert growth((cache(30),), (cache(30),)).lines == ()
