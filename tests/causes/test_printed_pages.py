"""Pages with what programs print of themselves: the cause that a careful reader names, or none."""

from pathlib import Path

import pytest

from memwhy.diagnose import explain

_STEPS = "\n".join(str(2_000_000 + 320 * i) for i in range(20))
_SAW = "\n".join(str(2_000_000 + 320 * (i % 6)) for i in range(20))
_GROWTH = (
    "2024-05-0{day} 10:00:0{day} INFO growth: [('dict', {dicts}, 9), ('Session', {sessions}, 5), ('list', 4000, 1)]"
)
_CODE = "Our script gets larger with each job.\n\n```php\necho memory_get_usage(), PHP_EOL;\n```\n\n```\n"
PAGES = {
    "PHP that has more at every request": (f"{_CODE}{_STEPS}\n```\n", "heap-leak"),
    "PHP that comes back": (f"{_CODE}{_SAW}\n```\n", None),
    "a collected heap that rises between two collections": (
        f"Is this a leak?\n\n```\nConsole.WriteLine(GC.GetTotalMemory(false));\n```\n\n{_STEPS}\n",
        None,
    ),
    "objects of one class at every look": (
        "Memory leak in our bot.\n\n"
        + "\n".join(_GROWTH.format(day=i, dicts=50_000 + 9 * i, sessions=1_500 + 5 * i) for i in range(1, 5)),
        "heap-leak",
    ),
    "few objects, and builtin types": (
        "Memory leak in our bot.\n\n"
        + "\n".join(_GROWTH.format(day=i, dicts=50_000 + 9 * i, sessions=20 + 5 * i) for i in range(1, 5)),
        None,
    ),
    "a loop that leaves an object each time": (
        "Memory grows with the number of queries. A loop of 500 between two snapshots:\n\n```\n[<StatisticDiff traceback=<Traceback "
        "(<Frame filename='query.py' lineno=12>,)> size=32500 (+32000) count=503 (+500)>]\n```\n",
        "heap-leak",
    ),
    "a loop that leaves next to nothing": (
        "Memory grows with the number of queries. A loop of 500 between two snapshots:\n\n```\n[<StatisticDiff traceback=<Traceback "
        "(<Frame filename='query.py' lineno=12>,)> size=628 (+128) count=5 (+2)>]\n```\n",
        None,
    ),
    "a .NET heap that is empty and committed": (
        "After the import our service keeps its memory.\n\n```\nGC.GetTotalMemory(true): 60 MiB\nHeapSizeBytes: 61 MiB\n"
        "TotalCommittedBytes: 6,100 MiB\nProcess WorkingSet: 6,400 MiB\n```\n",
        "heap-retained",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_what_programs_print_of_themselves_is_judged(name: str, tmp_path: Path) -> None:
    page, cause = PAGES[name]
    path = tmp_path / "page.md"
    path.write_text(page)
    found = explain([str(path)]).conclusion.cause
    assert found == cause or (cause is None and found in ("undetermined", "steady"))
