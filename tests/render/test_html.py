"""Pages: what they may do, what they say, and that nothing from outside is more than text there."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from build_case import watched
from build_stacks import GO, Habit, readings
from hypothesis import given
from hypothesis import strategies as st

from memwhy.attribution import attribute
from memwhy.causes import judge_all
from memwhy.conclude import conclude
from memwhy.model.case import Case
from memwhy.model.units import MIB
from memwhy.pictures import picture
from memwhy.render.html.drawn import heaviest, meter, sketched
from memwhy.render.html.page import HERE, libraries_of_charts
from memwhy.render.html.report import render
from memwhy.trend.stacks import grow

EVIL = '</script><img src=x onerror="alert(1)">\x1b[31m'


class Read(HTMLParser):
    """Elements with their attributes, texts by element, and whether every element was closed."""

    VOID = frozenset(("meta", "input", "img", "br", "link", "hr"))

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)

    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


def page_of(one: Case) -> str:
    findings = judge_all(one)
    report = conclude(one, findings, attribute(one, findings), evidence=(), overhead=None, tested=())
    return render(report, picture(one, report))


@pytest.fixture(scope="module")
def leaking() -> str:
    one = watched(grows={"layer.native_arenas_bytes": MIB})
    return page_of(replace(one, stacks=grow(readings([Habit(GO, lambda _: 1e6)], seconds=60))))


def test_every_element_is_closed_and_every_id_is_told_apart(leaking: str) -> None:
    read = Read(leaking)
    assert read.open == []
    assert len(set(read.ids())) == len(read.ids())


def test_every_link_leads_to_a_place_on_the_page(leaking: str) -> None:
    read = Read(leaking)
    links = {attributes["href"][1:] for tag, attributes in read.elements if tag == "a" and attributes["href"][0] == "#"}
    assert links <= set(read.ids())
    assert {"row-process.rss_bytes", "row-layer.native_arenas_bytes"} <= links


def test_only_its_own_scripts_and_styles_may_run(leaking: str) -> None:
    read = Read(leaking)
    policy = next(a["content"] for tag, a in read.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    for kind in ("script", "style"):
        bodies = re.findall(rf"<{kind}>(.*?)</{kind}>", leaking, re.DOTALL)
        assert bodies
        for body in bodies:
            digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy


def test_no_element_has_a_style_or_a_handler_of_its_own(leaking: str) -> None:
    names = {name for _, attributes in Read(leaking).elements for name in attributes}
    assert [name for name in names if name == "style" or name.startswith("on")] == []


def test_nothing_is_asked_of_anyone(leaking: str) -> None:
    asking = [
        (tag, name)
        for tag, attributes in Read(leaking).elements
        for name in attributes
        if name in ("src", "srcset", "action", "data", "poster") or (name == "href" and attributes[name][0] != "#")
    ]
    assert asking == []


def test_the_verdict_the_figures_and_the_words_of_the_picture_stand_in_it(leaking: str) -> None:
    read = Read(leaking)
    assert read.texts["h1"] == ["Native memory is allocated and not freed: feeds.Parse calls htmlReadMemory."]
    assert "native-leak" in " ".join(read.texts["span"])
    assert "native arenas grows from" in leaking
    assert leaking.count("<svg viewBox") >= 2


def test_the_scripts_data_is_what_was_drawn(leaking: str) -> None:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', leaking, re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
    timeline = data["timeline"]
    assert [sum(parts) for parts in zip(*(band["v"] for band in timeline["bands"]), strict=True)] == timeline["total"][
        "v"
    ]
    assert [band["key"] for band in timeline["bands"] if band["growing"]] == ["layer.native_arenas_bytes"]
    assert {flame["key"] for flame in data["flames"]} == {"native"}


def test_a_page_without_a_course_says_so_and_carries_no_chart_library() -> None:
    one = watched(without=("",))
    page = page_of(replace(one, total=None, series={}, account=None))
    assert "There is no picture" in page
    assert "uPlot" not in page
    assert len(page) < 80_000


def test_the_same_case_gives_the_same_page() -> None:
    assert page_of(watched()) == page_of(watched())


def test_names_from_outside_are_only_text() -> None:
    one = watched(grows={"layer.native_arenas_bytes": MIB}, facts={"host.name": EVIL, EVIL: "x"})
    frames = tuple(replace(frame, function=EVIL, module=EVIL) for frame in GO)
    one = replace(
        one, stacks=grow(readings([Habit(frames, lambda _: 1e6)], seconds=60)), ended=EVIL, moments=((9.0, EVIL),)
    )
    page = page_of(replace(one, target=replace(one.target, command=EVIL)))
    read = Read(page)
    assert [tag for tag, _ in read.elements if tag == "img"] == []
    assert sum(tag == "script" for tag, _ in read.elements) == page_of(
        watched(grows={"layer.native_arenas_bytes": MIB})
    ).count("</script>")
    assert "\x1b" not in page


@given(text=st.text(max_size=60))
def test_any_name_leaves_the_page_whole(text: str) -> None:
    one = watched(facts={"host.name": text}, seconds=10)
    assert Read(page_of(replace(one, target=replace(one.target, command=text)))).open == []


def test_vendored_files_end_no_script_and_stand_beside_their_licences() -> None:
    for text in libraries_of_charts():
        assert "</script" not in text.lower()
        assert "<!--" not in text
    names = {path.name for path in (HERE / "vendor").iterdir()}
    told = (HERE / "vendor" / "README.md").read_text()
    assert [name for name in names if name != "README.md" and name not in told] == []


def test_a_trees_table_counts_every_function_once() -> None:
    stacks = grow(readings([Habit(GO, lambda _: 1e6)], seconds=60))
    one = replace(watched(), stacks=stacks)
    findings = judge_all(one)
    report = conclude(one, findings, attribute(one, findings), evidence=(), overhead=None, tested=())
    (native,) = picture(one, report).flames
    rows = heaviest(native)
    assert [(node.name, own) for node, own, _ in rows] == [("malloc", native.total_bytes)]


def test_small_pictures_stay_within_their_bounds() -> None:
    points = [(float(i), i * i % 977 * MIB) for i in range(5000)]
    drawn = sketched(points)
    numbers = [float(text) for text in re.findall(r"-?\d+\.\d", drawn.partition('d="')[2])]
    assert all(0 <= number <= 120 for number in numbers)
    assert len(drawn) < 4000
    assert sketched([(0.0, 1)]) == ""
    assert 'width="96.0"' in meter(7.0)
