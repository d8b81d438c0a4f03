"""Who holds Go's heap on a page, in a real browser: a flame graph, a tree that unfolds, a search; on paper and without scripts."""

from pathlib import Path

import pytest
from axe import violations
from browser import Browser
from build_holders import shop
from build_report import HOSTILE, held

from memwhy.model.pictures import Pictures
from memwhy.pictures.retention import retention
from memwhy.render.html.report import render

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
DRAWN = "document.querySelectorAll('#flame-holders g.frame').length > 5"


def page_of(folder: Path, text: str = "") -> Path:
    holders = shop(text)
    drawn = retention(holders, 5.0)
    assert drawn is not None
    path = folder / "report.html"
    path.write_text(render(held(), Pictures(timeline=None, flames=(drawn,), holders=holders)))
    return path


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return page_of(tmp_path_factory.mktemp("held"))


def test_the_picture_is_drawn_and_nobody_is_asked(browser: Browser, report: Path) -> None:
    page = browser.page(report)
    page.wait_until(DRAWN)
    names = page.evaluate("d3.select('#flame-holders').datum().descendants().map(d => d.data.name)")
    assert names[:5] == ["Go heap", "main.cache map[string]*main.Entry", shown(1), "stack of main.serve []*main.Request",
                         "shared by main.byName, main.byNumber, main.recent …"]  # fmt: skip
    assert page.errors == page.messages == []
    assert [one for one in page.requests if not one.endswith("report.html")] == []


def shown(i: int) -> str:
    """The name of a root, as it stands everywhere."""
    one = shop().holdings[i]
    return f"{one.name} {one.type}"


def test_growth_alone_leaves_out_what_stayed(browser: Browser, report: Path) -> None:
    page = browser.page(report)
    page.wait_until(DRAWN)
    page.click("#only-holders")
    page.wait_until("d3.select('#flame-holders').datum().value < d3.select('#flame-holders').datum().data.now / 2")
    assert page.evaluate(
        "d3.select('#flame-holders').datum().children.map(d => d.data.name).includes('stack of main.serve []*main.Request')"
    )


def test_what_grows_is_open_and_a_line_folds(browser: Browser, report: Path) -> None:
    page = browser.page(report)
    lines = "[...document.querySelectorAll('.held .line:not(.head)')].filter(e => e.checkVisibility()).length"
    whole = page.evaluate(lines)
    assert whole == 8
    page.click(".held summary.line")
    page.wait_until(f"{lines} === 5")


def test_a_search_leads_to_a_line_that_was_folded(browser: Browser, report: Path) -> None:
    page = browser.page(report)
    page.click(".held summary.line")
    page.press("/")
    page.type("main.User")
    page.wait_until("document.getElementById('found').textContent.includes('found')")
    seen = "[...document.querySelectorAll('.held .line code')].filter(e => e.checkVisibility()).map(e => e.textContent)"
    page.wait_until(f"{seen}.length === 3")
    assert page.evaluate(seen) == ["main.cache map[string]*main.Entry", "[value] main.Entry", ".Owner main.User"]
    page.press("Escape")
    page.wait_until(f"{seen}.length > 3")


@pytest.mark.parametrize("width", [320, 1280])
def test_no_width_scrolls_sideways_whatever_things_are_called(browser: Browser, tmp_path: Path, width: int) -> None:
    path = page_of(tmp_path, HOSTILE)
    for javascript in (True, False):
        page = browser.page(path, width=width, javascript=javascript)
        assert page.evaluate(SIDEWAYS) == 0
        assert page.errors == []
        page.close()


@pytest.mark.parametrize(("looks", "kind"), [({"javascript": False}, "wide"), ({"javascript": False, "width": 400}, "narrow"),
                                             ({"media": "print"}, "wide")])  # fmt: skip
def test_without_scripts_and_on_paper_a_picture_stands_still(
    browser: Browser, report: Path, looks: dict[str, object], kind: str
) -> None:
    page = browser.page(report, **looks)
    seen = "[...document.querySelectorAll('#retention .static svg')].filter(s => s.getBoundingClientRect().height > 50).map(s => s.parentElement.className)"
    assert page.evaluate(seen) == [kind]
    assert page.evaluate("document.querySelector('.held .line:not(.head)').checkVisibility()")
    assert page.evaluate("document.getElementById('flame-holders').offsetHeight") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anyone_out(browser: Browser, report: Path, scheme: str) -> None:
    page = browser.page(report, scheme=scheme, width=400)
    page.wait_until(DRAWN)
    assert violations(page) == []
