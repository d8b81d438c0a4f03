"""Who else has it, on whole pages: processes of one container, of one unit; the cache, the kernel, files that are mapped."""

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
    "a cgroup whose kernel memory is told": (
        "The pod has 2 GB, RSS of its only process is 120 MB.\n\n"
        "$ cat /sys/fs/cgroup/memory/memory.usage_in_bytes /sys/fs/cgroup/memory/memory.kmem.usage_in_bytes\n2040109465\n1701412864\n",
        "kernel-memory",
    ),
    "a kernel that cannot make a cgroup": (
        "runc: mkdir /sys/fs/cgroup/memory/docker/1f2e3d: cannot allocate memory\n\n# grep memory /proc/cgroups\nmemory\t9\t64211\t1\n",
        "kernel-memory",
    ),
    "page tables of a segment that many map": (
        "The machine swaps.\n\nMemTotal: 264050248 kB\nMemFree: 1420916 kB\nBuffers: 21304 kB\nCached: 171740512 kB\n"
        "Shmem: 92344120 kB\nSUnreclaim: 902116 kB\nPageTables: 71120884 kB\nAnonPages: 9811320 kB\n",
        "kernel-memory",
    ),
    "a list that is cut": (
        "The index daemon has RES 6.4 GB, its heap is 300 MB. The largest of pmap -x:\n\n"
        "00007f11c2a51000  131072  131072       0 r--s-  seg_1\n00007f11cac51000  131072  131072       0 r--s-  seg_2\n"
        "00007f11d2c51000  131072  131072       0 r--s-  seg_3\n(45 more of these)\n",
        "file-cache",
    ),
    "workers in a sentence": (
        "Host memory grows until it swaps. The master stays at 60 MB, but there are 40 workers of 90 MB each by the evening.\n",
        "other-process",
    ),
    "a number of workers that multiplies": (
        "Memory rises from 480MB to over 5 GB during reloads.\nThe number of worker-processes rises from the default 8 to over 60.\n",
        "other-process",
    ),
    "memory.stat typed by hand": (
        "RSS of the exporter is flat, the working set is 223 MiB:\n\nanon: 19 MB\nfile: 0.9 MB\nkernel_stack: 2 MB\nslab_reclaimable: 192 MB\n",
        "kernel-memory",
    ),
    "daemons of which nobody says anything": (
        "How do I change the log driver? This runs:\n\n"
        "root      1021  1.4  0.2 7834560 98764 ?       Ssl  Mar01  91:12 /usr/bin/dockerd -H fd://\n"
        "root      1060  0.4  0.1 6834560 48764 ?       Ssl  Mar01  91:12 containerd --config /etc/containerd.toml\n",
        "undetermined",
    ),
    "containers of one host": (
        "Does the registry container leak? The host is at 15 of 16 GB.\n\n"
        "CONTAINER ID   NAME         CPU %     MEM USAGE / LIMIT     MEM %     NET I/O           BLOCK I/O        PIDS\n"
        "8c601a0d8404   registry     0.01%     38.1MiB / 15.6GiB     0.24%     1.2GB / 3GB       1MB / 0B         14\n"
        "9c601a0d8405   search       2.01%     11.9GiB / 15.6GiB     76.2%     1.2GB / 3GB       1MB / 0B         114\n",
        "other-process",
    ),
    "buffers of sockets": (
        "The proxy's host runs out of memory.\n\nsockets: used 402311\nTCP: inuse 388123 orphan 120 tw 3312 alloc 401002 mem 4194304\n",
        "kernel-memory",
    ),
    "a list of processes of which nobody says anything": (
        "Why is my timezone wrong?\n\n/ # ps -o pid,rss,args\n    1 12m /srv/app\n   22 400m /usr/bin/java -jar x.jar\n",
        "undetermined",
    ),
    "files of which nobody says anything": (
        "How do I read this?\n\n00007f01c2a51000   65536   65536       0 r--s- a.dat\n"
        "00007f01c6c51000   65536   65536       0 r--s- b.dat\n00007f01cac50000   65536   65536       0 r--s- c.dat\n",
        "undetermined",
    ),
    "a unit alone": (f"Our unit:\n\n{UNIT}", "undetermined"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_shows_who_else_is_there_is_answered(name: str, tmp_path: Path) -> None:
    page, cause = PAGES[name]
    path = tmp_path / "page.md"
    path.write_text(page)
    assert explain([str(path)]).conclusion.cause == cause
