"""`memwhy report` in a real browser: charts drawn, trees that answer a click, dark, narrow, on paper and without scripts."""

from pathlib import Path

import pytest
from axe import violations
from browser import Browser, Page
from memwhy_command import run_memwhy

CRAWLER = Path(__file__).parent / "evidence" / "crawler"
POST = """\
free -m on Monday:
              total        used        free      shared  buff/cache   available
Mem:          15890        5120        8000          12        2770       10400

and RSS 3.2 GB while HeapAlloc = 61000000, Sys = 190000000
"""
PAINTED = """(() => {
  const drawn = document.querySelector("#timeline canvas");
  const canvas = Object.assign(document.createElement("canvas"), {width: drawn.width, height: drawn.height});
  canvas.getContext("2d", {willReadFrequently: true}).drawImage(drawn, 0, 0);
  const bytes = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const seen = new Set();
  for (let i = 0; i < bytes.length; i += 4) seen.add(bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2]);
  return seen.size;
})()"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a service that forgets C memory and Go memory, watched with a sampler in it."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    done = run_memwhy("report", str(CRAWLER / "leaking.memwhy"), "-o", str(path), "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")
    return path


@pytest.fixture(scope="module")
def pasted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of figures that somebody pasted once."""
    folder = tmp_path_factory.mktemp("pasted")
    (folder / "post.txt").write_text(POST)
    done = run_memwhy("report", str(folder / "post.txt"), "-o", str(folder / "report.html"), "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")
    return folder / "report.html"


def quiet(page: Page) -> None:
    """Nothing went wrong, and nothing but the file itself was asked for."""
    assert page.errors == []
    assert page.messages == []
    assert [address for address in page.requests if not address.endswith("report.html")] == []


def test_it_opens_without_an_error_and_asks_nobody(browser: Browser, report: Path, pasted: Path) -> None:
    for path in (report, pasted):
        page = browser.page(path)
        assert page.evaluate("document.querySelector('main').innerText.length") > 500
        quiet(page)
        page.close()


def test_the_chart_is_drawn_and_redrawn_when_it_gets_dark(browser: Browser, report: Path) -> None:
    page = browser.page(report)
    assert page.evaluate(PAINTED) > 8
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(20, 24, 29)")
    assert page.evaluate(PAINTED) > 8
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == light
    quiet(page)


def test_the_systems_dark_theme_is_taken(browser: Browser, report: Path) -> None:
    page = browser.page(report, scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 29)"
    assert page.evaluate("document.getElementById('theme').getAttribute('aria-pressed')") == "true"


def test_the_legend_says_the_figures_under_the_cursor(browser: Browser, report: Path) -> None:
    page = browser.page(report)
    total = "document.querySelector('#legend output').textContent"
    last = page.evaluate(total)
    page.evaluate("document.getElementById('timeline').focus()")
    page.press("Home")
    page.wait_until(f"{total} !== {last!r}")
    assert page.evaluate("document.getElementById('moment').textContent").startswith("at 0 s")


def test_a_layer_that_is_left_out_comes_back(browser: Browser, report: Path) -> None:
    page = browser.page(report)
    stack = "window.memwhy.chart.data[1].at(-1)"
    whole = page.evaluate(stack)
    page.click("#legend .grow button")
    assert page.evaluate(stack) < whole
    page.click("#legend .grow button")
    assert page.evaluate(stack) == whole


def test_the_later_half_can_be_seen_alone(browser: Browser, report: Path) -> None:
    page = browser.page(report)
    span = "window.memwhy.chart.scales.x.max - window.memwhy.chart.scales.x.min"
    whole, end = page.evaluate(span), page.evaluate("window.memwhy.chart.scales.x.max")
    page.click("#later")
    page.wait_until(f"Math.abs({span} - {whole} / 2) < 0.01")
    assert page.evaluate("window.memwhy.chart.scales.x.max") == pytest.approx(end)
    page.click("#whole")
    page.wait_until(f"Math.abs({span} - {whole}) < 0.01")


def test_a_click_in_a_flame_graph_zooms_and_escape_leads_back(browser: Browser, report: Path) -> None:
    page = browser.page(report)
    page.evaluate("document.getElementById('flame-goroutines').scrollIntoView()")
    wide = "[...document.querySelectorAll('#flame-goroutines g.frame')].map(g => [g.getAttribute('name'), +g.getAttribute('width')])"
    page.wait_until(f"{wide}.length > 1")
    boxes = page.evaluate(wide)
    whole = max(width for _, width in boxes)
    narrow = next(name for name, width in boxes if 0.05 * whole < width < 0.9 * whole)
    page.evaluate(
        f"[...document.querySelectorAll('#flame-goroutines g.frame')].find(g => g.getAttribute('name') === {narrow!r})"
        ".dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    )
    zoomed = f"{wide}.some(([name, width]) => name === {narrow!r} && Math.abs(width - {whole}) < 1)"
    page.wait_until(zoomed)
    assert narrow in page.evaluate("document.getElementById('says-goroutines').textContent")
    page.evaluate("document.getElementById('flame-goroutines').focus()")
    page.press("Escape")
    page.wait_until(f"!({zoomed})")
    quiet(page)


def test_growth_alone_leaves_out_what_was_there_before(browser: Browser, report: Path) -> None:
    page = browser.page(report)
    page.wait_until("document.querySelectorAll('#flame-native g.frame').length > 1")
    page.click("#only-native")
    page.wait_until("document.getElementById('only-native').getAttribute('aria-pressed') === 'true'")
    assert page.evaluate("d3.select('#flame-native').datum().value < d3.select('#flame-native').datum().data.now")


def test_one_box_searches_words_tables_and_trees(browser: Browser, report: Path) -> None:
    page = browser.page(report)
    page.press("/")
    page.type("malloc_trim")
    page.wait_until("/^[1-9][0-9]* found$/.test(document.getElementById('found').textContent)")
    shown = "[...document.querySelectorAll('main > section')].filter(s => s.offsetHeight).length"
    some = page.evaluate(shown)
    page.press("Escape")
    page.wait_until(f"{shown} > {some}")
    page.type("main.main")
    page.wait_until("d3.select('#flame-native').datum().descendants().some(d => d.highlight)")
    page.press("Escape")
    page.type("no such words anywhere")
    page.wait_until("document.getElementById('found').textContent === 'nothing found'")
    quiet(page)


def test_a_name_in_a_sentence_leads_to_its_row_and_its_band(browser: Browser, report: Path) -> None:
    page = browser.page(report)
    page.evaluate("location.hash = '#row-layer.native_arenas_bytes'")
    page.wait_until("document.querySelector('tr:target') !== null")
    assert page.evaluate("document.querySelector('tr:target th').textContent") == "native arenas"
    page.wait_until(
        "Math.abs(document.querySelector('tr:target').getBoundingClientRect().top - innerHeight / 2) < innerHeight / 2"
    )


@pytest.mark.parametrize("width", [320, 400, 768, 1280])
@pytest.mark.parametrize("javascript", [True, False])
def test_no_width_scrolls_sideways(browser: Browser, report: Path, pasted: Path, width: int, javascript: bool) -> None:
    for path in (report, pasted):
        page = browser.page(path, width=width, javascript=javascript)
        assert page.evaluate(SIDEWAYS) == 0
        page.close()


@pytest.mark.parametrize(("width", "kind"), [(1280, "wide"), (400, "narrow")])
def test_without_scripts_the_picture_and_all_words_are_there(
    browser: Browser, report: Path, width: int, kind: str
) -> None:
    page = browser.page(report, width=width, javascript=False)
    seen = "[...document.querySelectorAll('.static svg')].filter(s => s.getBoundingClientRect().height > 100).map(s => s.parentElement.className)"
    assert page.evaluate(seen) == [kind]
    assert page.evaluate("[...document.querySelectorAll('button')].filter(b => b.offsetHeight).length") == 0
    assert page.evaluate("document.getElementById('flame-native').offsetHeight") == 0
    assert page.evaluate("document.querySelectorAll('#layers tbody tr').length") > 10
    quiet(page)


def test_on_paper_stands_the_picture_and_no_control(browser: Browser, report: Path) -> None:
    page = browser.page(report, media="print", scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("document.querySelector('.static .wide svg').getBoundingClientRect().height") > 100
    assert page.evaluate("[...document.querySelectorAll('button, input, nav')].filter(b => b.offsetHeight).length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_keeps_anyone_out(browser: Browser, report: Path, pasted: Path, scheme: str, width: int) -> None:
    for path in (report, pasted):
        page = browser.page(path, scheme=scheme, width=width)
        assert violations(page) == []
        page.close()


def test_everything_that_can_be_used_is_reached_by_the_keyboard(browser: Browser, report: Path) -> None:
    page = browser.page(report)
    page.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the answer"
    reached = set()
    for _ in range(80):
        page.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    assert {"search", "theme", "whole", "timeline"} <= reached


def test_a_redacted_page_names_no_host(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    (tmp_path / "post.txt").write_text("root@oddsdb17.example.org:~# free -m\n" + POST.partition("\n")[2])
    done = run_memwhy("report", str(tmp_path / "post.txt"), "-o", str(path), "--redact", "--quiet")
    assert done.code == 0
    assert "oddsdb17" not in path.read_text()


def test_evidence_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "post.txt").write_text(POST)
    done = run_memwhy("report", str(tmp_path / "post.txt"), "-o", str(tmp_path / "post.txt"))
    assert done.code == 2
    assert "it would be overwritten" in done.err
    assert (tmp_path / "post.txt").read_text() == POST


def test_explain_gives_the_same_page_as_a_format(report: Path) -> None:
    done = run_memwhy("explain", str(CRAWLER / "leaking.memwhy"), "--format", "html", "--quiet")
    assert done.code == 0
    assert done.out == report.read_text()
