"""The second run of a pair: in the environment of the first but for the variable, and ended by us like the first."""

import sys

from memwhy_command import run_memwhy

from memwhy.cli.run import changed


def test_of_a_list_of_settings_only_those_that_are_named_change() -> None:
    given = {"GODEBUG": "gctrace=1,madvdontneed=0", "GLIBC_TUNABLES": "glibc.malloc.arena_max=3", "HOME": "/h"}
    assert changed(given, {"GODEBUG": "madvdontneed=1"}) == {**given, "GODEBUG": "gctrace=1,madvdontneed=1"}
    assert changed(given, {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}) == {
        **given, "GLIBC_TUNABLES": "glibc.malloc.arena_max=3:glibc.malloc.tcache_count=0",
    }  # fmt: skip
    assert changed(given, {"HOME": "/x"}) == {**given, "HOME": "/x"}
    assert changed({}, {"GODEBUG": "madvdontneed=1"}) == {"GODEBUG": "madvdontneed=1"}


def test_a_run_that_we_end_for_the_second_one_is_not_told_as_an_exit() -> None:
    command = [sys.executable, "-c", "import time\ntime.sleep(60)"]
    done = run_memwhy("run", "--for", "3s", "--probe", "env:MALLOC_ARENA_MAX=²", "--format", "json", "--", *command)
    assert "as it is: " in done.err and "with MALLOC_ARENA_MAX=²: " in done.err
    assert "exit code" not in done.err
    assert "Traceback" not in done.err
