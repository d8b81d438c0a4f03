"""bundle and --redact: one file from the sick host, an answer that may be published."""

import re
from pathlib import Path

from memwhy_command import IDLE, process_of, run_memwhy

PAGE = """On the server
root@db7:~# free -m
              total        used        free      shared  buff/cache   available
Mem:           7821        2000        4000          10        1000        5000
"""


def test_a_bundle_is_explained_elsewhere_and_its_secrets_stay_at_home(tmp_path: Path) -> None:
    bundle = tmp_path / "sick.memwhy"
    with process_of(IDLE, "--token", "hunter2", "DB_PASSWORD=swordfish", "--port", "80") as target:
        done = run_memwhy("bundle", target.pid, "--for", "2s", "-o", bundle)
    assert done.code == 0, done.err
    assert f"next: send it, and there: memwhy explain {bundle}" in done.err
    everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"hunter2" not in everything and b"swordfish" not in everything
    arguments = run_memwhy("dump", bundle, "--source", "proc/cmdline").out
    assert "\n--token\n***\nDB_PASSWORD=***\n--port\n80\n" in arguments
    answer = run_memwhy("explain", bundle, "--format", "json").report
    assert answer["total"]["metric"] == "process.rss_bytes"
    assert {row["source"] for row in answer["evidence"]} >= {"proc/cmdline", "proc/neighbours", "proc/smaps"}


def test_a_bundle_has_a_name_of_its_own_when_none_is_given(tmp_path: Path) -> None:
    with process_of(IDLE) as target:
        done = run_memwhy("bundle", target.pid, "--for", "1s", "-q", cwd=tmp_path)
    assert done.code == 0, done.err
    assert [re.sub(r"\d{8}-\d{6}", "DATE", path.name) for path in tmp_path.iterdir()] == [
        f"memwhy-{target.pid}-DATE.memwhy"
    ]


def test_a_bundle_of_nobody_is_an_error_of_one_line(tmp_path: Path) -> None:
    done = run_memwhy("bundle", "999999999", cwd=tmp_path)
    assert (done.code, done.err.splitlines()[0]) == (3, "memwhy: no process has pid 999999999")
    assert list(tmp_path.iterdir()) == []


def test_a_redacted_answer_names_no_host(tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_text(PAGE * 4)
    plain = run_memwhy("explain", "page.txt", cwd=tmp_path)
    assert "db7" in plain.out
    for form in ("text", "markdown", "json"):
        masked = run_memwhy("explain", "page.txt", "--redact", "--format", form, cwd=tmp_path)
        assert masked.code == 0, masked.err
        assert "db7" not in masked.out and "host-1" in masked.out
    assert (
        run_memwhy("explain", "page.txt", "--redact", "--format", "json", cwd=tmp_path).report["total"]["bytes"]
        == 2000 << 20
    )
