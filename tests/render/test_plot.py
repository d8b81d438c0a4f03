"""Static pictures: the same bytes for the same recording, well-formed, within their frame, readable, and safe with any name."""

import re
import struct
import sys
import xml.etree.ElementTree as ET
import zlib
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memwhy_command import run_memwhy

import memwhy
from memwhy.cli.plotting import plot_report
from memwhy.model.errors import MemwhyError
from memwhy.model.pictures import Timeline
from memwhy.render import plot, raster

CRAWLER = Path(__file__).parents[1] / "evidence" / "crawler"
LEAKING, FIXED = CRAWLER / "leaking.memwhy", CRAWLER / "fixed.memwhy"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def report() -> memwhy.Report:
    return memwhy.diagnose(LEAKING)


@pytest.fixture(scope="module")
def sketch(report: memwhy.Report) -> Timeline:
    assert report.pictures.sketch is not None
    return report.pictures.sketch


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def has_ink(png: bytes) -> bool:
    """Whether anything but one colour is in it: a PNG's rows are then more than a few bytes."""
    at, packed = 8, b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            packed += png[at + 8 : at + 8 + length]
        at += length + 12
    return len(set(zlib.decompress(packed))) > 3


def test_the_picture_of_a_report_is_the_same_for_ever(
    report: memwhy.Report, sketch: Timeline, golden: Callable[[str, str], None]
) -> None:
    golden("../../docs/img/crawler.svg", plot.of_report(report, sketch))


def test_the_picture_says_the_headline_the_verdict_the_rate_and_the_day(
    report: memwhy.Report, sketch: Timeline
) -> None:
    root = ET.fromstring(plot.of_report(report, sketch))
    assert (root.get("width"), root.get("height")) == ("1200", "675")
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert words[:4] == [
        "Native memory is lost: malloc'ed blocks that nothing",
        "points to any more; main.decode calls decode.",
        "native-leak · high (0.95) · crawler · pid 10239 · go1.26.8 · seen for 60 s",
        "RSS +96.1 MiB per minute (95 %: 95.7 to 96.5) · 2026-11-23 16:21 UTC",
    ]
    assert {"RSS 106.0 MiB", "▲ native arenas 71.8 MiB", "held by Go 29.4 MiB"} <= set(words)


def test_a_total_that_does_not_grow_is_said_to_be_flat() -> None:
    fixed = memwhy.diagnose(FIXED)
    assert "RSS +0.3 MiB per minute (95 %: -0.3 to 0.9), flat · 2026-11-23 16:21 UTC" in fixed.to_svg()


def test_no_letter_is_smaller_than_10_px_at_half_size(report: memwhy.Report, sketch: Timeline) -> None:
    svg = plot.of_report(report, sketch)
    assert min(float(size) for size in re.findall(r'font-size="([\d.]+)"', svg)) >= 20


@given(st.text(max_size=400))
@settings(max_examples=60)
def test_any_headline_and_name_keeps_the_picture_well_formed_and_in_its_frame(
    report: memwhy.Report, sketch: Timeline, text: str
) -> None:
    wild = replace(
        report,
        conclusion=replace(report.conclusion, headline=text),
        target=replace(report.target, command=text),
    )
    root = ET.fromstring(plot.of_report(wild, sketch))
    words = list(root.findall(f"{SVG}text"))
    assert len([one for one in words if one.get("font-weight")]) <= 3
    assert all(float(one.get("y", "nan")) < 250 for one in words)


def test_a_png_is_of_the_pictures_size(report: memwhy.Report, sketch: Timeline) -> None:
    whole = raster.png(plot.of_report(report, sketch))
    assert (size_of(whole), has_ink(whole)) == ((1200, 675), True)


def test_letters_come_from_our_own_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(text: str) -> bytes:
        return raster.png(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="200" height="30"><text y="20">{text}</text></svg>'
        )

    with_ours = drawn("RSS ±12 MiB ▲ –")
    assert has_ink(with_ours)
    monkeypatch.setattr(raster, "FONTS", Path("/nowhere"))
    assert not has_ink(drawn("RSS ±12 MiB ▲ –"))


def test_fonts_are_shipped_with_their_licence() -> None:
    assert sorted(path.name for path in raster.FONTS.iterdir()) == [
        "DejaVuSans-Bold.ttf",
        "DejaVuSans.ttf",
        "LICENSE",
        "README.md",
    ]


def test_without_resvg_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MemwhyError, match="a PNG wants resvg") as caught:
        raster.png("<svg/>")
    assert caught.value.help == "pip install 'memwhy[png]', or let the file's name end in .svg"


@pytest.mark.parametrize(
    ("ending", "arguments"),
    [
        ("svg", ["verify", LEAKING, FIXED, "--after", "5s"]),
        ("svg", ["compare", LEAKING, FIXED]),
        ("png", ["explain", LEAKING]),
    ],
)
def test_commands_write_their_pictures(
    tmp_path: Path, golden: Callable[[str, str], None], ending: str, arguments: list[str | Path]
) -> None:
    path = tmp_path / f"drawn.{ending}"
    done = run_memwhy(*arguments, "--plot", path)
    assert (done.code, done.err.splitlines()[-1]) == (0, f"picture written to {path}")
    if ending == "svg":
        golden(f"plot-{arguments[0]}.svg", path.read_text())
    else:
        assert size_of(path.read_bytes()) == (1200, 675)


def test_a_watch_and_a_run_write_their_pictures(tmp_path: Path) -> None:
    path = tmp_path / "watch.svg"
    program = "import time; kept = [bytearray(1 << 20) for _ in range(4)]; time.sleep(3)"
    done = run_memwhy("run", "--plot", path, "--tick", "250ms", "--", sys.executable, "-c", program)
    assert done.code == 0
    assert f"picture written to {path}" in done.err
    assert "python" in path.read_text()


def test_a_page_without_two_moments_has_no_picture_and_that_is_said(tmp_path: Path) -> None:
    page = tmp_path / "post.txt"
    page.write_text("RSS 2.5 GB\n")
    done = run_memwhy("explain", page, "--plot", tmp_path / "x.png")
    assert done.code == 0
    assert f"{tmp_path / 'x.png'} was not made: nothing was read at two moments" in done.err
    assert not (tmp_path / "x.png").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x.pdf", "--plot x.pdf is no picture's name"),
        ("nowhere/x.svg", "nowhere/x.svg: No such file or directory"),
    ],
)
def test_a_picture_that_cannot_be_written_is_said(tmp_path: Path, name: str, said: str) -> None:
    done = run_memwhy("explain", LEAKING, "-q", "--plot", name, cwd=tmp_path)
    assert (done.code, done.err.partition("\n")[0]) == (2, f"memwhy: {said}")


def test_a_redacted_answer_has_a_redacted_picture(report: memwhy.Report, tmp_path: Path) -> None:
    private = replace(report, target=replace(report.target, command="http://ann:hunter2@db7/"))
    path = tmp_path / "x.svg"
    for redact in (True, False):
        options = Namespace(plot=str(path), redact=redact, quiet=True)
        plot_report(private, report.pictures, options)
        assert ("hunter2" in path.read_text()) is not redact


def test_a_notebook_shows_verdict_picture_and_table_escaped(report: memwhy.Report) -> None:
    shown = replace(report, target=replace(report.target, command="<script>"))._repr_html_()
    root = ET.fromstring(shown.replace("&#x27;", "'"))
    assert root.get("class") == "memwhy"
    assert [one.tag.removeprefix(SVG) for one in root][:3] == ["p", "svg", "table"]
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    assert shown == replace(report, target=replace(report.target, command="<script>"))._repr_html_()
