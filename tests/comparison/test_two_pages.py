"""The pages of compare, verify and check, as a browser shows them and without one: what they say, draw, and keep from doing."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from axe import violations
from browser import Browser
from build_given import NATIVE, PURE, given

from memwhy.cli.pages import comparison_page, gate_page, verification_page
from memwhy.comparison import Given, compare
from memwhy.model.case import Case
from memwhy.model.proof import Gate, Limit, Verification
from memwhy.model.units import KIB, MIB
from memwhy.proof import Run, gate, verify

EVIL = '</script><img src=x onerror="document.title = 1">'
PAGES = ("compare", "verify", "check")
IN_SIGHT = "document.documentElement.scrollWidth <= innerWidth"


def leaking(name: str = "before.memwhy", facts: dict[str, str] | None = None) -> Given:
    return given(name, facts or NATIVE, grows={"layer.native_arenas_bytes": 1.5 * MIB, "go.goroutines_count": 2.0})


def mended(name: str = "after.memwhy") -> Given:
    return given(name, PURE)


def run(side: Given) -> Run:
    return Run(case=side.case)


def proof() -> tuple[Verification, tuple[Given, ...]]:
    sides = leaking(), mended(), leaking("control.memwhy")
    return verify(run(sides[0]), run(sides[1]), control=run(sides[2])), sides


def written(kind: str) -> str:
    """The page of a kind, of a leak and its fix."""
    if kind == "compare":
        sides = leaking("A.memwhy", {**NATIVE, "env.GOGC": "400"}), mended("B.memwhy")
        return comparison_page(compare(*sides), sides)
    if kind == "verify":
        found, sides = proof()
        return verification_page(found, sides, settle_s=5.0)
    case = leaking().case
    return gate_page(held(case), case, settle_s=0.0)


def held(case: Case) -> Gate:
    return gate(case, Limit(bytes=0.5 * MIB))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    for kind in PAGES:
        (folder / f"{kind}.html").write_text(written(kind))
    return {kind: folder / f"{kind}.html" for kind in PAGES}


class Rows(HTMLParser):
    """The rows of a page's tables as texts, by the id of the section that they stand in, and every id."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self.ids: list[str] = []
        self.section = ""
        self.in_cell = self.in_picture = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = dict(attrs).get("id")
        if name:
            self.ids.append(name)
        if tag == "section":
            self.section = name or ""
        elif tag == "tr":
            self.rows.setdefault(self.section, []).append([])
        elif tag in ("th", "td"):
            self.rows[self.section][-1].append("")
            self.in_cell = True
        elif tag == "svg":
            self.in_picture = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("th", "td"):
            self.in_cell = False
        elif tag == "svg":
            self.in_picture = False

    def handle_data(self, data: str) -> None:
        if self.in_cell and not self.in_picture:
            self.rows[self.section][-1][-1] += data.strip()


# -- in a browser -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_draws_its_courses_and_asks_for_nothing(browser: Browser, pages: dict[str, Path], kind: str) -> None:
    page = browser.page(pages[kind])
    assert (page.errors, page.requests) == ([], [pages[kind].as_uri()])
    drawn = "[...document.querySelectorAll('#courses svg.courses polyline')].filter(one => one.getBoundingClientRect().width > 100).length"
    assert page.evaluate(drawn) >= {"compare": 4, "verify": 5, "check": 1}[kind]
    assert page.evaluate(
        "[...document.querySelectorAll('table svg.track circle')].every(c => c.getBoundingClientRect().width > 4)"
    )
    page.close()  # fmt: skip


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("looks", [{"width": 1280}, {"width": 400}, {"width": 1280, "scheme": "dark"}])
def test_nothing_keeps_people_from_a_page_and_nothing_goes_out_of_sight(
    browser: Browser, pages: dict[str, Path], kind: str, looks: dict[str, object]
) -> None:
    page = browser.page(pages[kind], **looks)
    assert violations(page) == []
    assert page.evaluate(IN_SIGHT)
    page.close()


@pytest.mark.parametrize("kind", PAGES)
def test_without_scripts_the_text_and_the_pictures_stand(browser: Browser, pages: dict[str, Path], kind: str) -> None:
    page = browser.page(pages[kind], javascript=False)
    shown = page.evaluate("document.body.innerText")
    assert "Search" not in shown
    assert "RSS" in shown
    visible = "[...document.querySelectorAll('svg.courses')].filter(one => one.getClientRects().length).length"
    assert page.evaluate(visible) >= 1
    assert page.evaluate("[...document.querySelectorAll('input, button')].every(one => !one.getClientRects().length)")
    page.close()


def test_print_shows_the_pictures_on_white_and_leaves_out_what_is_pressed(
    browser: Browser, pages: dict[str, Path], tmp_path: Path
) -> None:
    page = browser.page(pages["verify"], scheme="dark", media="print", width=794)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("[...document.querySelectorAll('input, button')].every(one => !one.getClientRects().length)")
    assert page.evaluate("document.querySelector('#courses svg.courses').getBoundingClientRect().width") > 500
    assert page.evaluate(IN_SIGHT)
    assert page.pdf(tmp_path / "page.pdf").stat().st_size > 10_000
    page.close()


def test_the_slider_tells_every_runs_value_at_a_moment_by_keyboard_and_by_mouse(
    browser: Browser, pages: dict[str, Path]
) -> None:
    page = browser.page(pages["verify"])
    said = "document.querySelector('.reader output').textContent"
    page.evaluate("document.querySelector('.reader input').focus()")
    page.press("ArrowLeft")
    at_end = page.evaluate(said)
    assert re.fullmatch(
        r"1 min: before \+[\d.]+ MiB, after [+-]?[\d.]+ (KiB|MiB|B), unfixed, beside it \+[\d.]+ MiB", at_end
    ), at_end
    page.click("#courses .wide-only svg")
    assert re.match(r"(2\d|3\d) s: before \+[\d.]+ MiB", page.evaluate(said)), page.evaluate(said)
    assert (
        page.evaluate("document.querySelector('#courses .wide-only .cursor').getAttribute('visibility')") == "visible"
    )
    page.close()  # fmt: skip


def test_search_leaves_what_has_the_words(browser: Browser, pages: dict[str, Path]) -> None:
    page = browser.page(pages["compare"])
    page.evaluate("document.getElementById('search').focus()")
    page.type("GOGC")
    page.wait_until("document.getElementById('found').textContent")
    texts = "[...document.querySelectorAll('main tr, main li')].filter(one => one.getClientRects().length).map(one => one.textContent)"
    shown = page.evaluate(texts)
    assert shown
    assert all("gogc" in text.lower() or "told by" in text for text in shown), shown
    page.close()


def test_the_theme_can_be_chosen(browser: Browser, pages: dict[str, Path]) -> None:
    page = browser.page(pages["verify"])
    line = "getComputedStyle(document.querySelector('.courses .trace-1')).stroke"
    assert page.evaluate(line) == "rgb(0, 114, 178)"
    page.click("#theme")
    assert page.evaluate(line) == "rgb(108, 196, 245)"
    page.close()


def test_names_from_outside_are_text_and_do_nothing(browser: Browser, tmp_path: Path) -> None:
    sides = leaking(EVIL, {**NATIVE, "env.GODEBUG": EVIL}), mended(EVIL)
    path = tmp_path / "evil.html"
    path.write_text(comparison_page(compare(*sides), sides))
    page = browser.page(path)
    assert (page.errors, page.requests) == ([], [path.as_uri()])
    assert page.evaluate("document.querySelectorAll('img').length") == 0
    assert EVIL in page.evaluate("document.body.innerText")
    page.close()


# -- without one --------------------------------------------------------------------------------------


def test_the_page_of_a_proof_has_every_rate_before_beside_and_after_with_its_interval() -> None:
    rows = Rows(written("verify")).rows["rates"]
    assert [row[:2] for row in rows[1:4]] == [["RSS", "before"], ["RSS", "unfixed, beside it"], ["RSS", "after"]]
    assert [row[0] for row in rows[4:]] == ["native arenas", "native arenas"]
    rate, interval = rows[1][2:4]
    low, high = map(float, re.findall(r"-?[\d.]+", interval))
    assert low <= float(rate.split()[0]) <= high
    assert low <= 90.0 <= high


def test_the_page_of_a_proof_marks_what_would_have_been_seen_and_what_was_left_out() -> None:
    page = written("verify")
    assert 'class="mark"' in page
    assert "the least growth that this run would have shown" in page
    assert 'class="mw-veil"' in page
    assert ">left out</text>" in page


def test_the_page_of_a_check_draws_its_limit() -> None:
    page = written("check")
    assert page.count('class="limit"') >= 2
    assert "limit exceeded" in page


def test_the_page_of_a_comparison_ranks_what_differs_as_the_text_does_with_bars_no_longer_than_their_row() -> None:
    sides = leaking("A", {**NATIVE, "env.GOGC": "400"}), mended("B")
    found = compare(*sides)
    page = comparison_page(found, sides)
    ranked = re.findall(r'<div class="head"><span>(.*?)</span>', page)
    assert ranked == [one.what for one in found.differences if one.bound == "layers" and (one.bytes or one.bytes_per_s)]
    shares = [float(share) for share in re.findall(r'class="fill" width="([\d.]+)%"', page)]
    assert shares
    assert max(shares) <= 100


def test_the_page_shows_both_environments() -> None:
    rows = {row[0]: row[1:3] for row in Rows(written("compare")).rows["environment"][1:]}
    assert rows["cgo"] == ["on", "off"]
    assert rows["GOGC"] == ["400", "not set"]


def test_ids_are_there_once_and_links_lead_somewhere() -> None:
    for kind in PAGES:
        page = written(kind)
        ids = Rows(page).ids
        assert len(ids) == len(set(ids)), kind
        assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids), kind


def test_what_has_no_course_has_a_page_without_pictures() -> None:
    bare = [
        replace(side, case=replace(side.case, total=None, series={}, account=None)) for side in (leaking(), mended())
    ]
    page = comparison_page(compare(*bare), bare)
    assert '<svg viewBox' not in page  # fmt: skip
    assert "Side by side" in page
    proof_of_nothing = verify(run(bare[0]), run(bare[1]))
    assert "cannot be compared" in verification_page(proof_of_nothing, bare, settle_s=0.0)
    assert "undecided" in gate_page(gate(bare[0].case, Limit(bytes=KIB)), bare[0].case, settle_s=0.0)


def test_the_same_runs_give_the_same_page() -> None:
    for kind in PAGES:
        assert written(kind) == written(kind)
