"""A pytest plugin: a test fails when the process keeps memory of every call. Nothing dear is imported before it is asked.

    def test_parsing_keeps_nothing(growth):
        growth(lambda: parse(DOCUMENT), max_growth="64B/call")

    @pytest.mark.memwhy(max_growth="1MiB/1000 calls")
    def test_the_same_with_the_test_itself_as_the_call(): ...

It looks at the resident memory of the whole process, so what C code keeps counts as well, and at what malloc and Python have
in use, for a leak goes into memory that was freed before first. See docs/verify.md.
"""

import functools
import gc
import inspect
import os
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from memwhy.model.proof import Gate, Limit

MAX_GROWTH, SECONDS, UNDECIDED = "64B/call", "5s", "skip"
UNDECIDED_WAYS = ("skip", "xfail", "fail", "pass")
_OPTIONS = ("max_growth", "calls", "seconds", "undecided")
_MEASURED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Defaults of a whole project."""
    parser.addini("memwhy_max_growth", "growth that is allowed (default: 64B/call)", default=MAX_GROWTH)
    parser.addini("memwhy_seconds", "about how long a function is called (default: 5s)", default=SECONDS)
    parser.addini("memwhy_undecided", "skip, xfail, fail or pass where the data cannot decide", default=UNDECIDED)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "memwhy(max_growth, calls, seconds, undecided): call the test, or what its fixture `growth` is given, again and"
        " again; it fails when memory grows faster than max_growth, such as '1MiB/1000 calls'",
    )


@pytest.fixture
def growth(request: pytest.FixtureRequest) -> "Callable[..., Gate]":
    """growth(call, max_growth=…, calls=…, seconds=…, undecided=…): fails the test when growth per call is shown."""
    return functools.partial(_measure, request.node)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, None, None]:
    """A marked test without the fixture is itself what is called again and again, with the same fixtures each time."""
    test = pyfuncitem.obj
    if pyfuncitem.get_closest_marker("memwhy") is None or "growth" in pyfuncitem.fixturenames:
        yield
        return
    if inspect.iscoroutinefunction(test):
        pytest.fail(
            "the marker memwhy cannot call an async test; in a plain one: growth(lambda: asyncio.run(call()))",
            pytrace=False,
        )

    @functools.wraps(test)
    def again(*args: object, **fixtures: object) -> None:
        _measure(pyfuncitem, lambda: test(*args, **fixtures))

    pyfuncitem.obj = again
    try:
        yield
    finally:
        pyfuncitem.obj = test


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """A marked test that came to its end unmeasured fails: a method of unittest.TestCase is called by unittest alone."""
    if item.get_closest_marker("memwhy") is not None and not item.stash.get(_MEASURED, False):
        pytest.fail(
            "the marker memwhy measured nothing: it takes plain test functions, and tests that call the fixture growth",
            pytrace=False,
        )


def _measure(item: pytest.Item, call: Callable[[], object], **given: object) -> "Gate":
    """Call, read, decide; the test ends here unless growth above the limit is excluded, or allowed to be undecided."""
    options = _options(item, given)
    limit, for_s, undecided = _understood(options)
    from memwhy.model.errors import UsageError
    from memwhy.proof.own import in_use_reader
    from memwhy.proof.repeated import repeat

    item.stash[_MEASURED] = True
    calls = options["calls"]
    try:
        page_bytes = os.sysconf("SC_PAGE_SIZE")
        found = repeat(
            call, _resident_bytes, limit, in_use=in_use_reader(), calls=calls, for_s=for_s, page_bytes=page_bytes
        )
    except UsageError as error:
        pytest.fail(f"memwhy: {error.message} ({error.help})", pytrace=False)
    except FileNotFoundError as error:
        if error.filename is None or "smaps_rollup" not in str(error.filename):
            raise
        pytest.skip("memwhy reads /proc/self/smaps_rollup: Linux 4.14 and newer")
    text = " ".join((found.headline, *found.because, *([found.next_step] if found.next_step else [])))
    if found.pace is not None and found.pace.slope is not None:
        item.user_properties.append(("memwhy_bytes_per_call", round(found.pace.slope, 3)))
    if found.outcome == "exceeded" or (found.outcome == "undecided" and undecided == "fail"):
        pytest.fail(f"memwhy: {text}", pytrace=False)
    if found.outcome == "undecided" and undecided != "pass":
        (pytest.skip if undecided == "skip" else pytest.xfail)(f"memwhy: {text}")
    return found


def _options(item: pytest.Item, given: dict[str, Any]) -> dict[str, Any]:
    """What is given in the call, else in the nearest marker, else for the project."""
    marker = item.get_closest_marker("memwhy")
    marked = dict(marker.kwargs) if marker is not None else {}
    if marker is not None and marker.args:
        marked["max_growth"] = marker.args[0]
    unknown = sorted((set(marked) | set(given)) - set(_OPTIONS))
    if unknown or (marker is not None and len(marker.args) > 1):
        pytest.fail(f"memwhy takes {', '.join(_OPTIONS)}; not {', '.join(unknown) or 'two limits'}", pytrace=False)
    own: dict[str, Any] = {
        name: item.config.getini(f"memwhy_{name}") for name in ("max_growth", "seconds", "undecided")
    }
    return {"calls": None, **own, **marked, **{name: value for name, value in given.items() if value is not None}}


def _understood(options: dict[str, Any]) -> "tuple[Limit, float, str]":
    """The limit, the time in seconds and the way out, or a failure that says what is wrong with them."""
    from memwhy.model.errors import UsageError
    from memwhy.model.units import parse_duration
    from memwhy.proof.limit import parse_limit

    try:
        limit, for_s = parse_limit(str(options["max_growth"])), parse_duration(str(options["seconds"]))
        if limit.per != "work":
            raise UsageError(f"{options['max_growth']!r} is per time, and calls are what is counted", help="64B/call")
        if limit.unit != "call":
            raise UsageError(
                f"{options['max_growth']!r} is not per call, and calls are what is counted", help="64B/call"
            )
        if options["undecided"] not in UNDECIDED_WAYS:
            raise UsageError(f"undecided={options['undecided']!r}", help=f"one of {', '.join(UNDECIDED_WAYS)}")
        calls = options["calls"]
        if for_s <= 0 or (calls is not None and (not isinstance(calls, int) or calls < 1)):
            raise UsageError(f"calls={calls!r}, seconds={options['seconds']!r}", help="a whole number, a time above 0")
    except UsageError as error:
        pytest.fail(f"memwhy: {error.message} ({error.help})", pytrace=False)
    return limit, for_s, str(options["undecided"])


def _resident_bytes() -> int:
    """Of this process, to the page, once garbage in cycles is gone: /proc/self/status may be some pages behind."""
    from memwhy.sources.proc import smaps_rollup

    gc.collect()
    return smaps_rollup.parse(smaps_rollup.read("/proc", os.getpid())).metrics["process.rss_bytes"]
