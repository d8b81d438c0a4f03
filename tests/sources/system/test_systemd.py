"""systemctl status: the memory of a unit, and who is in it beside its main process. Written after systemctl's own layout."""

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import GIB, MIB
from memwhy.sources.system import systemd
from memwhy.sources.system.systemd import WHOLE_UNIT

STATUS = """\
● press.service - Printing press
     Loaded: loaded (/lib/systemd/system/press.service; enabled; preset: enabled)
     Active: active (running) since Fri 2024-03-01 08:01:13 CET; 5 days ago
       Docs: man:press(8)
   Main PID: 918 (press)
      Tasks: 214 (limit: 9830)
     Memory: 5.1G (limit: 6.0G)
        CPU: 3h 12min 4.201s
     CGroup: /system.slice/press.service
             ├─  918 /usr/sbin/press -c /etc/press.conf --token=abc
             ├─ 1203 /usr/bin/python3 /etc/press/plate.py
             ├─ 1204 /usr/bin/python3 /etc/press/plate.py
             └─12131 /usr/bin/zstd -T0

Mar 06 10:00:00 web1 press[918]: ready"""


def read(text: str) -> list[Reading]:
    lines = text.split("\n")
    return [r for s in systemd.find(lines) for r in systemd.parse("\n".join(lines[s.first : s.last + 1]))]


def test_a_unit_has_its_memory_and_its_processes() -> None:
    assert read(STATUS) == [
        Reading(
            metrics={"cgroup.current_bytes": round(5.1 * GIB), "cgroup.limit_bytes": 6 * GIB},
            quanta={"cgroup.current_bytes": GIB // 10, "cgroup.limit_bytes": GIB // 10},
            facts={"process.comm": "press"},
            subject="container press.service",
            notes=(WHOLE_UNIT,),
            line=1,
            last_line=13,
        ),
        Reading(
            metrics={"process.children_count": 3},
            facts={"process.comm": "press", "children.program": "python3"},
            subject="pid 918",
            line=1,
            last_line=13,
        ),
    ]


@pytest.mark.parametrize("dress", ["> {}", "    {}", "{}\r", "- {}", "`{}`"])
def test_quotes_indents_and_lists_change_nothing(dress: str) -> None:
    dressed = "\n".join(dress.format(line) for line in STATUS.split("\n"))
    assert [reading.metrics for reading in read(dressed)] == [reading.metrics for reading in read(STATUS)]


def test_signs_of_a_plain_terminal_are_read_too() -> None:
    text = "* gate.service - Gate\n Main PID: 7 (gate)\n   Memory: 900.0M\n   CGroup: /system.slice/gate.service\n           |-7 /sbin/gate\n           `-9 /bin/sh run"
    assert [(r.subject, dict(r.metrics)) for r in read(text)] == [
        ("container gate.service", {"cgroup.current_bytes": 900 * MIB}),
        ("pid 7", {"process.children_count": 1}),
    ]


def test_tasks_are_threads_of_a_process_that_is_alone_in_its_unit() -> None:
    text = (
        "Main PID: 7 (gate)\nTasks: 12 (limit: 99)\nMemory: 40.5M\nCGroup: /system.slice/gate.service\n└─7 /sbin/gate"
    )
    assert [(r.subject, dict(r.metrics)) for r in read(text)] == [
        (None, {"cgroup.current_bytes": round(40.5 * MIB)}),
        ("pid 7", {"process.threads_count": 12}),
    ]


def test_two_units_below_each_other_are_two_readings() -> None:
    text = "\n".join(
        f"● {name}.service - X\nMain PID: {pid} ({name})\nMemory: {pid}.0M\n" for name, pid in (("a", 7), ("b", 9))
    )
    assert [(r.subject, r.metrics["cgroup.current_bytes"]) for r in read(text)] == [
        ("container a.service", 7 * MIB),
        ("container b.service", 9 * MIB),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["Memory: 16G", "Instance\nTasks: 3\nMemory: 4.0G", "requires:\n  Memory: 2G\n  CPU: 4", "see press.service - it is large"]
)  # fmt: skip
def test_a_size_of_memory_alone_is_no_unit(text: str) -> None:
    assert read(text) == []
    with pytest.raises(ParseError):
        systemd.parse(text)


def test_a_table_of_all_units_gives_the_largest_and_no_slices() -> None:
    text = (
        "Control Group                     Tasks   %CPU   Memory  Input/s Output/s\n"
        "/                                   412   30.1     7.1G        -        -\n"
        "/system.slice                       210   10.2     6.3G        -        -\n"
        "/system.slice/gate.service           12    0.3    41.0M        -        -\n"
        "/system.slice/press.service          88      -     5.2G     1.2K     3.4M\n"
        "/system.slice/idle.service            1      -        -        -        -\n"
    )
    assert [(r.subject, r.metrics["cgroup.current_bytes"], r.line) for r in read(text)] == [
        ("container press.service", round(5.2 * GIB), 5),
        ("container gate.service", 41 * MIB, 4),
    ]
