"""A headless Chromium that opens pages of ours and says all that happened in it, over the DevTools protocol on a pipe.

Standard library only: Playwright's wheel weighs 53 MB and does no more of what these tests ask. Nothing here can reach a network: every
name resolves to nothing, and what a page asked for stands in `Page.requests`.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
WITHIN_S = 60.0
FLAGS = (
    "--headless",
    "--no-sandbox",  # the sandbox wants privileges that a container lacks; only our own pages are opened
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--mute-audio",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
)
# The protocol's descriptors are 3 and 4, whatever numbers the pipes have here.
STARTER = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)

LOOKS: dict[str, Any] = {
    "width": 1280,
    "height": 800,
    "scale": 1,
    "scheme": "light",
    "media": "",
    "javascript": True,
}


class BrowserError(Exception):
    """The browser refused, broke off, or took too long."""


def find_chromium() -> str | None:
    """The Chromium that `tools/find_chromium.py` finds without bringing one."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import find_chromium as finder
    finally:
        sys.path.remove(str(ROOT / "tools"))
    return finder.present()


class Page:
    """One page, from before its first byte was read."""

    def __init__(self, browser: "Browser", target: str, session: str) -> None:
        self.browser = browser
        self.target = target
        self.session = session
        self.messages: list[str] = []
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.loaded = False
        self.looks = dict(LOOKS)

    def send(self, method: str, **given: Any) -> dict[str, Any]:
        """One command of the protocol to this page."""
        return self.browser.send(method, self.session, **given)

    def heard(self, method: str, told: dict[str, Any]) -> None:
        """Keep what the page reports: console, exceptions, what the browser itself found wrong, and requests."""
        if method == "Runtime.consoleAPICalled":
            text = " ".join(str(one.get("value", one.get("description", ""))) for one in told["args"])
            self.messages.append(f"{told['type']}: {text}")
            if told["type"] in ("error", "assert"):
                self.errors.append(text)
        elif method == "Runtime.exceptionThrown":
            detail = told["exceptionDetails"]
            self.errors.append(detail.get("exception", {}).get("description", detail["text"]))
        elif method == "Log.entryAdded":
            entry = told["entry"]
            self.messages.append(f"{entry['level']}: {entry['text']}")
            if entry["level"] == "error":
                self.errors.append(entry["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif method == "Page.loadEventFired":
            self.loaded = True

    def look(self, **looks: Any) -> None:
        """Set width, height, scale (of the window), scheme ("dark"), media ("print"), javascript (False: from the next page on).

        What is not named stays as it was.
        """
        unknown = looks.keys() - LOOKS.keys()
        assert not unknown, unknown
        self.looks |= looks
        width, height, scale = (self.looks[name] for name in ("width", "height", "scale"))
        scheme = {"name": "prefers-color-scheme", "value": self.looks["scheme"]}
        window = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 600}
        self.send("Emulation.setDeviceMetricsOverride", **window)
        self.send("Emulation.setEmulatedMedia", media=self.looks["media"], features=[scheme])
        self.send("Emulation.setScriptExecutionDisabled", value=not self.looks["javascript"])

    def open(self, address: str) -> None:
        """Go there and wait for its load event."""
        self.loaded = False
        answer = self.send("Page.navigate", url=address)
        if answer.get("errorText"):
            raise BrowserError(f"{address}: {answer['errorText']}")
        until = time.monotonic() + WITHIN_S
        while not self.loaded:
            self.browser.hear(until)

    def evaluate(self, expression: str) -> Any:
        """What a JavaScript expression gives, awaited. It runs in the page even where the page's own scripts may not."""
        answer = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            detail = answer["exceptionDetails"]
            raise BrowserError(detail.get("exception", {}).get("description", detail["text"]))
        return answer["result"].get("value")

    def wait_until(self, expression: str, within_s: float = WITHIN_S) -> None:
        """Wait for an expression to become true, looked at once a frame."""
        until = time.monotonic() + within_s
        while not self.evaluate(f"new Promise(done => requestAnimationFrame(() => done(Boolean({expression}))))"):
            if time.monotonic() > until:
                raise BrowserError(f"after {within_s:.0f} s it was still not so: {expression}")

    def click(self, selector: str) -> None:
        """A real click with the mouse into the middle of the first element that matches, scrolled into view.

        What is drawn above it moves it: it is clicked when it has stood still for a frame.
        """
        place = (
            f"new Promise(done => requestAnimationFrame(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "if (!e) return done(null);"
            "e.scrollIntoView({block: 'center', behavior: 'instant'}); const b = e.getBoundingClientRect();"
            "done([b.x + b.width / 2, b.y + b.height / 2]); }))"
        )
        before, box = None, self.evaluate(place)
        until = time.monotonic() + WITHIN_S
        while box is not None and box != before and time.monotonic() < until:
            before, box = box, self.evaluate(place)
        if box is None:
            raise BrowserError(f"nothing matches {selector}")
        at = {"x": box[0], "y": box[1], "button": "left", "clickCount": 1}
        self.send("Input.dispatchMouseEvent", type="mouseMoved", x=box[0], y=box[1])
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, **at)

    def press(self, key: str, *, code: int = 0, shift: bool = False) -> None:
        """A key by its DOM name; code: its virtual key code, where the browser itself acts on it (Tab is 9, Enter 13)."""
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "ArrowLeft": 37, "ArrowRight": 39}
        given: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": code or codes.get(key, 0), "modifiers": 8 * shift}
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        self.send("Input.dispatchKeyEvent", type="keyDown", text=text, **given)
        self.send("Input.dispatchKeyEvent", type="keyUp", **given)

    def type(self, text: str) -> None:
        """Text into what has the focus."""
        self.send("Input.insertText", text=text)

    def screenshot(self, path: Path, *, whole: bool = False) -> Path:
        """A PNG of the window, or of the page from top to bottom."""
        given: dict[str, Any] = {"format": "png"}
        if whole:
            size = self.send("Page.getLayoutMetrics")["cssContentSize"]
            given |= {"captureBeyondViewport": True, "clip": {**size, "x": 0, "y": 0, "scale": 1}}
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot", **given)["data"]))
        return path

    def pdf(self, path: Path) -> Path:
        """The page as it is printed on A4."""
        answer = self.send("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=False)
        path.write_bytes(base64.b64decode(answer["data"]))
        return path

    def close(self) -> None:
        """Close it; what it reported stays."""
        self.browser.pages.pop(self.session, None)
        self.browser.send("Target.closeTarget", targetId=self.target)


class Browser:
    """A running Chromium. Every answer is waited for WITHIN_S at most."""

    def __init__(self, process: "subprocess.Popen[bytes]", commands: int, replies: int) -> None:
        self.process = process
        self.commands = commands
        self.replies = replies
        self.pages: dict[str, Page] = {}
        self.number = 0
        self.rest = b""
        self.answers: dict[int, dict[str, Any]] = {}

    def send(self, method: str, session: str | None = None, **given: Any) -> dict[str, Any]:
        """One command, and its answer."""
        self.number += 1
        number = self.number
        message: dict[str, Any] = {"id": number, "method": method, "params": given}
        if session is not None:
            message["sessionId"] = session
        data = memoryview(json.dumps(message).encode() + b"\0")
        until = time.monotonic() + WITHIN_S
        while data:
            data = data[os.write(self.commands, data) :]
        while number not in self.answers:
            self.hear(until)
        answer = self.answers.pop(number)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']['message']}")
        return answer.get("result", {})

    def hear(self, until: float) -> None:
        """Take in what the browser says next: answers are kept, events told to their pages."""
        ready, _, _ = select.select([self.replies], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise BrowserError(f"no answer within {WITHIN_S:.0f} s")
        data = os.read(self.replies, 1 << 20)
        if not data:
            raise BrowserError(f"the browser has ended ({self.process.poll()})")
        *whole, self.rest = (self.rest + data).split(b"\0")
        for text in whole:
            message = json.loads(text)
            if "id" in message:
                self.answers[message["id"]] = message
            elif message.get("sessionId") in self.pages:
                self.pages[message["sessionId"]].heard(message["method"], message["params"])

    def page(self, address: str | Path | None = None, **looks: Any) -> Page:
        """A new page, opened at an address or at a file; looks: as `Page.look` takes them."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, target, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.send(f"{domain}.enable")
        page.look(**looks)
        if address is not None:
            page.open(address.resolve().as_uri() if isinstance(address, Path) else address)
        return page


@contextmanager
def browsing(chromium: str) -> Iterator[Browser]:
    """A browser of our own, ended with all that it started."""
    told, commands = os.pipe()
    replies, telling = os.pipe()
    home = tempfile.mkdtemp(prefix="memwhy-browser-")
    high = [fcntl.fcntl(pipe, fcntl.F_DUPFD, 10) for pipe in (told, telling)]
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", STARTER, *map(str, high), chromium, f"--user-data-dir={home}", *FLAGS],
            pass_fds=high,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for ours in (told, telling, *high):
            os.close(ours)
        browser = Browser(process, commands, replies)
        try:
            yield browser
        finally:
            end(process, browser)
    finally:
        os.close(commands)
        os.close(replies)
        shutil.rmtree(home, ignore_errors=True)


def end(process: "subprocess.Popen[bytes]", browser: Browser) -> None:
    """Ask it to close and wait until it has let go of the pipe, then end what is left of its own group of processes."""
    with suppress(BrowserError, OSError):
        browser.send("Browser.close")
        until = time.monotonic() + 10
        while True:
            browser.hear(until)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # not reaped yet, so the number is still its own
    process.wait()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium for the tests of one module. Skipped, and said, where none can be had."""
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("no Chromium: `make browser` brings one")
    with browsing(chromium) as started:
        yield started
