"""Support bundles: archives of every sort, whole, broken and hostile, made here."""

import bz2
import contextlib
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.errors import NothingReadable
from memwhy.model.units import KIB
from memwhy.sources import zstd
from memwhy.sources.documents import Evidenced, read_evidence

STATUS = "Name:\tweb\nPid:\t{pid}\nVmRSS:\t {rss} kB\nThreads:\t17\n"
FREE = (
    "              total        used        free      shared  buff/cache   available\n"
    "Mem:           4000        {used:4d}         500          10         900         700\n"
)
Files = dict[str, bytes]


def zipped(files: Files, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return out.getvalue()


def tarred(files: Files) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, raw in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
    return out.getvalue()


def packed_by_zstd(raw: bytes) -> bytes:
    module = zstd.find_zstd()
    assert module is not None, "the test needs Python 3.14 or backports.zstd (requirements-dev.txt)"
    packed: bytes = module.compress(raw)
    return packed


PACKERS = {
    "zip": zipped,
    "zip of lzma": lambda files: zipped(files, zipfile.ZIP_LZMA),
    "tar": tarred,
    "tar.gz": lambda files: gzip.compress(tarred(files)),
    "tar.bz2": lambda files: bz2.compress(tarred(files)),
    "tar.xz": lambda files: lzma.compress(tarred(files)),
    "tar.zst": lambda files: packed_by_zstd(tarred(files)),
    "zip in a zip": lambda files: zipped({"inner.zip": zipped(files)}),
    "tar.gz in a tar": lambda files: tarred({"inner.tgz": gzip.compress(tarred(files))}),
}


def rows(evidenced: Evidenced) -> list[tuple[str, str, int]]:
    return [
        (one.subject, one.where.file.rpartition("!")[2], one.reading.metrics["process.rss_bytes"] // KIB)
        for one in evidenced.observations
        if "process.rss_bytes" in one.reading.metrics
    ]


def problems(evidenced: Evidenced) -> dict[str, str]:
    return {one.where.file.partition("!")[2]: one.problem for one in evidenced.unread}


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS.keys())
def test_captures_in_an_archive_are_read_by_their_names(tmp_path: Path, pack: object) -> None:
    files = {"proc/4711/status": STATUS.format(pid=4711, rss=100).encode(), "notes.txt": b"nothing of use\n"}
    bundle = tmp_path / "bundle"
    bundle.write_bytes(pack(files))  # type: ignore[operator]
    evidenced = read_evidence([str(bundle)])
    assert rows(evidenced) == [("pid 4711", "proc/4711/status", 100)]
    assert list(problems(evidenced).values()) == ["no figures in any format that memwhy knows"]


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_members_are_read_in_natural_order(tmp_path: Path, pack: object) -> None:
    bundle = tmp_path / "bundle"
    bundle.write_bytes(pack({f"free.{n}": FREE.format(used=n).encode() for n in (10, 2, 1)}))  # type: ignore[operator]
    found = read_evidence([str(bundle)]).observations
    assert [one.reading.metrics["host.used_bytes"] >> 20 for one in found] == [1, 2, 10]
    assert [one.moment.value for one in found] == [0, 1, 2]


def test_an_archive_comes_in_by_standard_input_too() -> None:
    raw = zipped({"7/status": STATUS.format(pid=7, rss=100).encode()})
    assert rows(read_evidence(["-"], stdin=raw)) == [("pid 7", "7/status", 100)]


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress, gzip.compress, packed_by_zstd])
def test_a_single_packed_file_is_read(pack: object) -> None:
    raw = pack(FREE.format(used=5).encode())  # type: ignore[operator]
    assert [one.source for one in read_evidence(["-"], stdin=raw).observations] == ["pasted/free"]


def test_a_capture_that_the_zstd_command_packed_is_read() -> None:
    raw = (Path(__file__).parents[1] / "evidence" / "packed" / "free.txt.zst").read_bytes()
    assert [one.reading.metrics["host.total_bytes"] for one in read_evidence(["-"], stdin=raw).observations] == [
        24_105 << 20
    ]


def test_two_frames_of_zstd_are_one_text_and_a_cut_one_is_said() -> None:
    first, second = (packed_by_zstd(FREE.format(used=n).encode()) for n in (5, 6))
    whole = read_evidence(["-"], stdin=first + second)
    assert [one.reading.metrics["host.used_bytes"] >> 20 for one in whole.observations] == [5, 6]
    cut = read_evidence(["-"], stdin=first + second[:-6])
    assert len(cut.observations) == 1
    assert any("truncated" in one.problem for one in cut.unread)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 200))
def test_any_bytes_behind_zstds_magic_are_read_or_said_to_be_broken(noise: bytes, at: int) -> None:
    frame = packed_by_zstd(FREE.format(used=5).encode() * 9)
    for raw in (frame[:4] + noise, frame[:at] + noise + frame[at + len(noise) :]):
        with contextlib.suppress(NothingReadable):
            read_evidence(["-"], stdin=raw)


def test_without_a_module_for_zstd_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = packed_by_zstd(b"x")
    monkeypatch.setattr(zstd, "find_zstd", lambda: None)
    with pytest.raises(NothingReadable, match=r"zstd: unpack it first \(zstd -d\), or let memwhy do it: pip install"):
        read_evidence(["-"], stdin=raw)


def test_names_of_members_are_printed_without_controls_and_lead_nowhere(tmp_path: Path) -> None:
    files = {"../../etc/\x1b[31mstatus.1": STATUS.format(pid=1, rss=100).encode()}
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(zipped(files))
    evidenced = read_evidence([str(bundle)])
    assert [one.where.file for one in evidenced.observations] == [f"{bundle}!../../etc/?[31mstatus.1"]
    assert [path.name for path in tmp_path.iterdir()] == ["bundle.zip"]


def test_links_and_devices_are_left_out_and_said(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind in (
            ("a", tarfile.SYMTYPE),
            ("b", tarfile.CHRTYPE),
            ("c", tarfile.LNKTYPE),
            ("d", tarfile.FIFOTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("free")
        info.size = len(FREE.format(used=5))
        archive.addfile(info, io.BytesIO(FREE.format(used=5).encode()))
    evidenced = read_evidence(["-"], stdin=out.getvalue())
    assert [one.source for one in evidenced.observations] == ["pasted/free"]
    assert [one.problem for one in evidenced.unread] == [
        "4 link(s), device(s) or other members that are no plain files"
    ]


def test_an_encrypted_member_is_named(tmp_path: Path) -> None:
    raw = bytearray(zipped({"free": FREE.format(used=5).encode(), "status": STATUS.format(pid=1, rss=9).encode()}))
    for magic, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        raw[raw.find(magic) + at] |= 1
    evidenced = read_evidence(["-"], stdin=bytes(raw))
    assert problems(evidenced) == {"free": "encrypted: unpack it with its password first"}
    assert len(rows(evidenced)) == 1


def test_a_third_archive_within_archives_is_not_opened() -> None:
    inner = zipped({"a.zip": zipped({"b.zip": zipped({"free": FREE.format(used=5).encode()})})})
    with pytest.raises(NothingReadable, match="an archive within an archive within an archive"):
        read_evidence(["-"], stdin=inner)


@pytest.mark.parametrize("pack", ["zip", "tar.gz", "tar.xz", "tar.bz2", "tar.zst"])
def test_a_bomb_ends_early_and_what_stood_before_it_is_kept(pack: str) -> None:
    bomb = PACKERS[pack]({"1/free": FREE.format(used=5).encode(), "2/zeros": bytes(300 << 20)})
    assert len(bomb) < 2 << 20
    evidenced = read_evidence(["-"], stdin=bomb)
    assert [one.source for one in evidenced.observations] == ["pasted/free"]
    assert any("bomb" in one.problem for one in evidenced.unread)


def test_a_zip_whose_members_share_their_bytes_ends_early() -> None:
    """Overlapping members, as in D. Fifield's "better zip bomb": 2000 entries for the same 2 MiB of packed zeros."""
    raw = zipped({"a": FREE.format(used=5).encode() + b"0123456789\n" * 200_000})
    at = raw.index(b"PK\1\2")
    entry, end = raw[at : raw.index(b"PK\5\6")], bytearray(raw[raw.index(b"PK\5\6") :])
    struct.pack_into("<HHL", end, 8, 2000, 2000, len(entry) * 2000)
    evidenced = read_evidence(["-"], stdin=raw[:at] + entry * 2000 + bytes(end))
    assert "bomb" in evidenced.unread[-1].problem
    assert len(evidenced.inputs) < 50


def test_a_directory_of_members_that_is_a_lie_is_not_believed() -> None:
    raw = bytearray(zipped({"a": b"x"}))
    struct.pack_into("<L", raw, raw.index(b"PK\5\6") + 12, 1 << 31)
    with pytest.raises(NothingReadable, match="directory of members is larger"):
        read_evidence(["-"], stdin=bytes(raw))


@pytest.mark.parametrize("size", [-1, 1 << 40, 8 << 30])
def test_a_tar_whose_sizes_are_lies_is_not_believed(size: int) -> None:
    info = tarfile.TarInfo("x" * 10)
    info.size = size
    header = info.tobuf(tarfile.GNU_FORMAT)
    extended = tarfile.TarInfo("././@PaxHeader")
    extended.type, extended.size = tarfile.XHDTYPE, max(0, size)
    for raw in (header, extended.tobuf(tarfile.GNU_FORMAT)):
        with pytest.raises(NothingReadable):
            read_evidence(["-"], stdin=raw + bytes(2048))


BUNDLES = {name: pack({"7/status": STATUS.format(pid=7, rss=100).encode(), "free": FREE.format(used=5).encode() * 30}) for name, pack in PACKERS.items()}  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_gives_observations_or_a_reason(data: st.DataObject) -> None:
    raw = bytearray(BUNDLES[data.draw(st.sampled_from(sorted(BUNDLES)))])
    for _ in range(data.draw(st.integers(0, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    raw = raw[: data.draw(st.integers(1, len(raw)))]
    try:
        evidenced = read_evidence(["-"], stdin=bytes(raw))
    except NothingReadable as error:
        assert error.message
    else:
        assert evidenced.observations
