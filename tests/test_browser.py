"""The browser of the tests tells all that a page did: else what it does not tell proves nothing."""

import os
import time
from pathlib import Path

import pytest
from axe import violations
from browser import Browser, BrowserError, browsing, find_chromium

PAGE = """<!doctype html><html lang="en"><title>A page</title><meta name="viewport" content="width=device-width">
<style>body { background: white } @media (prefers-color-scheme: dark) { body { background: black } }
@media print { body { background: yellow } }</style>
<button onclick="this.textContent = 'clicked'">click</button><noscript>no script</noscript>
<script>console.log("said", 1); console.error("complained");</script>
<script src="https://example.com/elsewhere.js"></script><script>missing();</script></html>"""


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "page.html"
    path.write_text(PAGE)
    return path


def test_what_a_page_says_asks_for_and_fails_at_is_told(browser: Browser, page_file: Path) -> None:
    page = browser.page(page_file)
    assert page.messages[0] == "log: said 1"
    assert [error.splitlines()[0] for error in page.errors] == [
        "complained",
        "Failed to load resource: net::ERR_NAME_NOT_RESOLVED",
        "ReferenceError: missing is not defined",
    ]
    assert page.requests == [page_file.as_uri(), "https://example.com/elsewhere.js"]
    page.close()


def test_width_scheme_paper_and_scripts_are_as_asked(browser: Browser, page_file: Path) -> None:
    page = browser.page(page_file, width=400, scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    assert (page.evaluate("innerWidth"), page.evaluate(background)) == (400, "rgb(0, 0, 0)")
    page.look(media="print")
    assert page.evaluate(background) == "rgb(255, 255, 0)"
    page.click("button")
    assert page.evaluate("document.querySelector('button').textContent") == "clicked"
    page.look(javascript=False)
    page.open(page_file.as_uri())
    assert page.evaluate("document.body.innerText") == "clickno script"
    page.close()


def test_screenshots_show_the_page_and_print_makes_a_pdf(browser: Browser, page_file: Path, tmp_path: Path) -> None:
    page = browser.page(page_file)
    assert page.screenshot(tmp_path / "page.png", whole=True).read_bytes().startswith(b"\x89PNG")
    assert page.pdf(tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    page.close()


def test_what_never_becomes_true_is_given_up(browser: Browser, page_file: Path) -> None:
    page = browser.page(page_file)
    with pytest.raises(BrowserError, match="still not so: 1 > 2"):
        page.wait_until("1 > 2", within_s=0.2)
    with pytest.raises(BrowserError, match="missing is not defined"):
        page.evaluate("missing()")
    page.close()


def test_a_browser_leaves_no_process_behind() -> None:
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("no Chromium: `make browser` brings one")
    with browsing(chromium) as started:
        group = started.process.pid
        started.page()
    assert started.process.poll() is not None
    until = time.monotonic() + 10
    while members(group) and time.monotonic() < until:  # killed, but not gone before the kernel has come to it
        os.sched_yield()
    assert members(group) == []


def members(group: int) -> list[str]:
    """The processes of a group that still run."""
    return [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit() and group_of(entry) == group]


def group_of(process: Path) -> int | None:
    """A process's group, None where it has ended."""
    try:
        state, _, group = (process / "stat").read_text().rpartition(")")[2].split()[:3]
    except OSError:
        return None
    return None if state == "Z" else int(group)


def test_axe_finds_what_a_page_lacks(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text('<!doctype html><html><title>t</title><main><h1>h</h1><img src="data:,"><p>text</p></main></html>')
    page = browser.page(path)
    assert [found.split(":")[0] for found in violations(page)] == ["html-has-lang", "image-alt"]
    page.close()
