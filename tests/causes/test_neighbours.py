"""Who else has it, on whole pages: processes of one container, of one unit, of one host; and the cache beside them."""

from pathlib import Path

import pytest

from memwhy.diagnose import explain

PS = "USER  PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n"
UNIT = (
    "● press.service - Press\n   Main PID: 918 (press)\n      Tasks: 61 (limit: 9830)\n     Memory: 5.1G\n"
    "     CGroup: /system.slice/press.service\n             ├─  918 /usr/sbin/press\n"
)
PAGES = {
    "a list without its header, sorted": (
        "The web container is at 3 GB.\n\n/ # ps -o pid,rss,args | sort -k2 -n | tail -3\n"
        "    1 92m /srv/shop serve\n 2211 1402m ffmpeg -i a\n 2212 1511m ffmpeg -i b\n",
        "other-process",
    ),
    "a few of many": (
        f"The container grew from 400 MB to 5 GB.\n\n{PS}app     1  1.6  0.7 698200 131884 ?      Ssl  Oct05  24:18 node bot.js\n"
        "app   311  0.0  0.6 504112 106004 ?      Sl   Oct06   0:02 /usr/lib/browser -headless\n"
        "app   333  0.0  0.6 504112 105004 ?      Sl   Oct06   0:02 /usr/lib/browser -headless\n\n# pgrep -c browser\n44\n",
        "other-process",
    ),
    "a unit with helpers": (
        f"press takes 5 GB?\n\n{UNIT}             ├─ 1203 /usr/bin/plate a\n             └─ 1204 /usr/bin/plate b\n\n"
        "$ grep VmRSS /proc/918/status\nVmRSS:     23456 kB\n",
        "other-process",
    ),
    "a unit of one process": (
        f"press takes 5 GB?\n\n{UNIT}\n$ grep VmRSS /proc/918/status\nVmRSS:     23456 kB\n",
        "file-cache",
    ),
    "a unit alone": (f"Our unit:\n\n{UNIT}", "undetermined"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_shows_who_else_is_there_is_answered(name: str, tmp_path: Path) -> None:
    page, cause = PAGES[name]
    path = tmp_path / "page.md"
    path.write_text(page)
    assert explain([str(path)]).conclusion.cause == cause
