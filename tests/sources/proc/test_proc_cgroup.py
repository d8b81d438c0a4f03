"""Finding the cgroup that accounts a process's memory: hosts, containers, namespaces, hybrid mode, made as trees."""

from pathlib import Path

import pytest

from memwhy.model.reading import Reading
from memwhy.sources.proc import cgroup

V2_STAT = "anon 1000\nfile 2000\nkernel 300\nsock 4\nshmem 5\nslab 60\ninactive_file 700\n"
V1_STAT = "cache 1\nrss 2\nhierarchical_memory_limit 9223372036854771712\ntotal_cache 2000\ntotal_rss 1000\ntotal_inactive_file 700\ntotal_shmem 5\n"  # fmt: skip
V2_MOUNT = "30 1 0:26 {root} {point} rw - cgroup2 cgroup2 rw,nsdelegate"
V1_MOUNT = "35 1 0:32 {root} {point} rw - cgroup cgroup rw,memory"


class Tree:
    """A captured tree: ROOT/proc, ROOT/sys, as one machine shows them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.proc = str(folder / "proc")

    def put(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    def process(self, membership: str, ours: str = "", theirs: str = "") -> None:
        self.put("proc/7/cgroup", membership + "\n")
        self.put("proc/self/mountinfo", ours + "\n")
        self.put("proc/7/mountinfo", theirs + "\n")

    def group(self, folder: str, **content: str) -> None:
        for name, text in content.items():
            self.put(f"{folder}/memory.{name}", text + "\n")

    def parse(self) -> Reading:
        return cgroup.parse(cgroup.read(self.proc, 7))


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_on_a_v2_host_the_tightest_limit_on_the_way_up_counts(tree: Tree) -> None:
    tree.process("0::/app.slice/web", V2_MOUNT.format(root="/", point="/sys/fs/cgroup"))
    base = "sys/fs/cgroup/app.slice"
    tree.group(f"{base}/web", current="5000", max="max", high="max", stat=V2_STAT, events="low 0\noom 2\noom_kill 1")
    tree.group(base, current="9000", max="8192", stat=V2_STAT)
    assert tree.parse() == Reading(
        metrics={
            "cgroup.current_bytes": 5000,
            "cgroup.anon_bytes": 1000,
            "cgroup.file_bytes": 2000,
            "cgroup.inactive_file_bytes": 700,
            "cgroup.shmem_bytes": 5,
            "cgroup.kernel_bytes": 300,
            "cgroup.slab_bytes": 60,
            "cgroup.sock_bytes": 4,
            "cgroup.oom_kills_count": 1,
            "cgroup.limit_bytes": 8192,
        },
        facts={
            "cgroup.path": "/app.slice/web",
            "cgroup.version": "2",
            "cgroup.high": "max",
            "cgroup.limit_from": "../memory.max",
        },
    )


def test_inside_a_container_with_its_own_cgroup_namespace(tree: Tree) -> None:
    tree.process("0::/", V2_MOUNT.format(root="/", point="/sys/fs/cgroup"))
    tree.group("sys/fs/cgroup", current="5000", max="6000", stat=V2_STAT)
    reading = tree.parse()
    assert (reading.metrics["cgroup.current_bytes"], reading.metrics["cgroup.limit_bytes"]) == (5000, 6000)
    assert reading.facts["cgroup.limit_from"] == "memory.max"


def test_inside_a_v1_container_that_sees_the_hosts_paths(tree: Tree) -> None:
    tree.process(
        "4:memory:/docker/abc\n0::/docker/abc", V1_MOUNT.format(root="/docker/abc", point="/sys/fs/cgroup/memory")
    )
    tree.group(
        "sys/fs/cgroup/memory", usage_in_bytes="5000", limit_in_bytes="7000", stat=V1_STAT, oom_control="oom_kill 3"
    )
    assert tree.parse() == Reading(
        metrics={
            "cgroup.current_bytes": 5000,
            "cgroup.limit_bytes": 7000,
            "cgroup.file_bytes": 2000,
            "cgroup.anon_bytes": 1000,
            "cgroup.inactive_file_bytes": 700,
            "cgroup.shmem_bytes": 5,
            "cgroup.oom_kills_count": 3,
        },
        facts={"cgroup.path": "/docker/abc", "cgroup.version": "1", "cgroup.limit_from": "memory.limit_in_bytes"},
    )


def test_a_neighbour_container_is_seen_through_its_own_mounts(tree: Tree) -> None:
    ours = V2_MOUNT.format(root="/", point="/sys/fs/cgroup")
    theirs = V2_MOUNT.format(root="/../def", point="/sys/fs/cgroup")
    tree.process("0::/../def", ours, theirs)
    tree.group("sys/fs/cgroup", current="1", max="2", stat=V2_STAT)
    tree.group("proc/7/root/sys/fs/cgroup", current="5000", max="6000", stat=V2_STAT)
    assert tree.parse().metrics["cgroup.current_bytes"] == 5000


def test_hybrid_mode_reads_the_hierarchy_that_has_the_memory_controller(tree: Tree) -> None:
    mounts = [
        V2_MOUNT.format(root="/", point="/sys/fs/cgroup/unified"),
        V1_MOUNT.format(root="/", point="/sys/fs/cgroup/memory"),
    ]
    tree.process("0::/user.slice\n9:cpu,cpuacct:/x\n4:memory:/jobs", "\n".join(mounts))
    tree.put("sys/fs/cgroup/unified/user.slice/cgroup.procs", "7\n")
    unlimited = "9223372036854771712"
    tree.group("sys/fs/cgroup/memory/jobs", usage_in_bytes="5000", limit_in_bytes=unlimited, stat=V1_STAT)
    reading = tree.parse()
    assert reading.metrics["cgroup.current_bytes"] == 5000
    assert "cgroup.limit_bytes" not in reading.metrics


def test_a_cgroup_without_the_memory_controller_is_accounted_in_the_one_above(tree: Tree) -> None:
    tree.process("0::/svc/leaf", V2_MOUNT.format(root="/", point="/sys/fs/cgroup"))
    tree.put("sys/fs/cgroup/svc/leaf/cgroup.procs", "7\n")
    tree.group("sys/fs/cgroup/svc", current="5000", max="6000", stat=V2_STAT)
    reading = tree.parse()
    assert reading.metrics["cgroup.current_bytes"] == 5000
    assert reading.metrics["cgroup.limit_bytes"] == 6000
    assert reading.notes == (
        "the process's own cgroup accounts no memory: these figures are those of a cgroup 1 above it",
    )


def test_no_memory_controller_anywhere_is_said(tree: Tree) -> None:
    tree.process("0::/svc", V2_MOUNT.format(root="/", point="/sys/fs/cgroup"))
    assert tree.parse() == Reading(
        facts={"cgroup.path": "/svc", "cgroup.version": "2"},
        notes=("no memory controller can be seen for this cgroup",),
    )


def test_without_mountinfo_the_usual_places_are_tried(tree: Tree) -> None:
    tree.put("proc/7/cgroup", "0::/svc\n")
    tree.group("sys/fs/cgroup/svc", current="5000", max="max", stat=V2_STAT)
    assert tree.parse().metrics["cgroup.current_bytes"] == 5000


def test_a_hostile_path_never_leaves_the_mount(tree: Tree) -> None:
    tree.put("secret/memory.current", "1\n")
    tree.process("0::/a/../../../../secret", V2_MOUNT.format(root="/", point="/sys/fs/cgroup"))
    tree.group("sys/fs/cgroup/a", current="5000")
    assert "cgroup.current_bytes" not in tree.parse().metrics


def test_kernel_memory_before_linux_5_18_is_the_sum_of_its_parts() -> None:
    raw = b"==> memory.stat <==\nanon 10\nfile 20\nkernel_stack 1\npagetables 2\npercpu 3\nslab 4\n"
    assert cgroup.parse(raw).metrics["cgroup.kernel_bytes"] == 10


def test_v1_takes_the_hierarchical_limit_where_it_is_tighter() -> None:
    raw = b"==> memory.limit_in_bytes <==\n9000\n\n==> memory.stat <==\nhierarchical_memory_limit 4000\ntotal_rss 1\n"
    reading = cgroup.parse(raw)
    assert reading.metrics["cgroup.limit_bytes"] == 4000
    assert reading.facts["cgroup.limit_from"] == "memory.stat hierarchical_memory_limit"


def test_dots_for_rows_that_were_left_out_of_memory_stat_end_nothing() -> None:
    lines = [
        "anon 700",
        "file 900",
        "...",
        "inactive_file 500",
        "slab_reclaimable 120000",
        "slab 130000",
        "...",
        "Why?",
    ]
    (span,) = cgroup.find(lines)
    assert (span.first, span.last) == (0, 5)
    reading = cgroup.parse("\n".join(lines[:6]).encode())
    assert reading.metrics["cgroup.slab_bytes"] == 130_000
