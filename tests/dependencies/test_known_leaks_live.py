"""A watched program whose growth leads into a catalogued module is told so; its twin, which links the same module, is not accused."""

import json
from pathlib import Path
from typing import Any

from memwhy_command import check_answer, run_memwhy
from shop_program import started


def watched(shop: Path, what: str) -> dict[str, Any]:
    with started(shop, what) as pid:
        done = run_memwhy("watch", str(pid), "--native", "--for", "20s", "--format", "json", "--quiet")
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    check_answer(found)
    return found


def test_a_native_leak_whose_stack_leads_into_a_catalogued_module_names_its_known_leak(shop: Path) -> None:
    found = watched(shop, "leaks")
    assert found["verdict"]["cause"] == "native-leak"
    [known] = found["known_leaks"]
    assert (known["module"], known["version"], known["standing"], known["by"], known["fits"], known["fixed"]) == (
        "github.com/mattn/go-sqlite3", "v1.14.24", "leaks", "stack", True, "v1.14.47",
    )  # fmt: skip
    assert known["because"].startswith(
        "what grows was asked for in github.com/mattn/go-sqlite3.(*SQLiteConn).GetFilename"
    )


def test_a_program_that_links_the_module_and_does_not_grow_is_not_accused(shop: Path) -> None:
    found = watched(shop, "pings")
    assert found["verdict"]["cause"] != "native-leak"
    assert "known_leaks" not in found
