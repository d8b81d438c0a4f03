"""`memwhy lint` as a person or a CI job calls it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from memwhy.cli import main
from memwhy.render import lint as view

ROOT = Path(__file__).parent.parent.parent
SHOP = ROOT / "tests" / "evidence" / "lint-tools"
MEASURED = ROOT / "tests" / "evidence" / "lint-diagnosis"
SCHEMA = json.loads(Path(view.__file__).with_name("lint-1.schema.json").read_text())


def lint(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["lint", "-q", *arguments])
    return code, capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["lint", "-q", *arguments])
    return code, capsys.readouterr().err


def test_suspects_are_exit_code_1_and_worded_so(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = lint(capsys, str(SHOP))
    assert code == 1
    assert "A suspect is a line that reads like a leak" in " ".join(out.split())
    assert "shop.go:14  example.org/shop.Status" in out
    assert "\n  measured" not in out


def test_nothing_suspected_is_exit_code_0(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = lint(capsys, str(ROOT / "specimens" / "steady"))
    assert (code, out.split(" in ")[0]) == (0, "Nothing is suspected")


def test_fail_on_says_what_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(capsys, str(SHOP), "--fail-on", "never")[0] == 0
    assert lint(capsys, str(SHOP), "--fail-on", "certain")[0] == 0
    measured = str(ROOT / "specimens" / "odds-scraper"), "--diagnosis", str(MEASURED / "odds-scraper.json")
    assert lint(capsys, *measured, "--fail-on", "certain")[0] == 1


def test_what_was_measured_comes_first_and_says_how_many_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    _, out = lint(capsys, str(ROOT / "specimens"), "--diagnosis", str(MEASURED / "odds-scraper.json"))
    first = out.split("\n\n")[1]
    assert first.startswith("odds-scraper/scraper/race_leaky.go:7")
    assert "MiB/s) of native arenas came by this very line" in first
    assert "document.free() before the return in line 12" in first


def test_json_follows_its_schema_with_and_without_a_diagnosis(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        (str(SHOP), "--all"),
        (str(ROOT / "specimens"), "--diagnosis", str(MEASURED / "cgo-strings.json")),
    ):
        found = json.loads(lint(capsys, *arguments, "--json")[1])
        jsonschema.Draft202012Validator(SCHEMA).validate(found)
        assert found["found"]


def test_sarif_has_what_code_scanning_asks_for(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    source = (
        (SHOP / "shop.go")
        .read_text()
        .replace("http.Get(url)", "http.Get(url) //memwhy:ignore response-body read elsewhere")
    )
    (tmp_path / "shop.go").write_text(source)
    log = json.loads(lint(capsys, str(tmp_path), "--sarif")[1])
    assert (log["version"], log["$schema"].endswith("sarif-schema-2.1.0.json"), len(log["runs"])) == ("2.1.0", True, 1)
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"] == "memwhy"
    assert all(rule["id"] and rule["shortDescription"]["text"] for rule in rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert (place["artifactLocation"]["uri"], place["region"]["startLine"] > 0) == ("shop.go", True)
    silenced = [result for result in run["results"] if "suppressions" in result]
    assert [one["suppressions"][0]["justification"] for one in silenced] == ["read elsewhere"]


def test_what_is_measured_is_an_error_in_sarif(capsys: pytest.CaptureFixture[str]) -> None:
    out = lint(
        capsys, str(ROOT / "specimens" / "odds-scraper"), "--diagnosis", str(MEASURED / "odds-scraper.json"), "--sarif"
    )[1]
    (result,) = json.loads(out)["runs"][0]["results"]
    assert (result["level"], result["properties"]["bytes"] > 10 << 20) == ("error", True)
    assert [
        step["location"]["physicalLocation"]["region"]["startLine"]
        for step in result["codeFlows"][0]["threadFlows"][0]["locations"]
    ][-1] == 12


def test_markdown_shows_code_as_blocks_that_the_code_cannot_end(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "a.go").write_text(
        'package a\n\nimport "net/http"\n\nfunc f() {\n\tr, _ := http.Get(`http://a/` + "```")\n\t_ = r.StatusCode\n}\n'
    )
    out = lint(capsys, str(tmp_path), "--markdown")[1]
    assert "````\n" in out
    assert out.startswith("### 1 suspect in")


def test_comments_silence_and_are_counted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    source = (SHOP / "shop.go").read_text()
    (tmp_path / "shop.go").write_text(
        source.replace("func Status", "//memwhy:ignore response-body read elsewhere\nfunc Status")
        + "//memwhy:ignore unbounded-map none\n"
    )
    out = lint(capsys, str(tmp_path), "-v")[1]
    assert "Status" not in out
    assert "by memwhy:ignore in line 13: read elsewhere" in " ".join(out.split())
    assert "nothing is suspected there" in " ".join(out.split())


def test_rules_are_asked_and_left_out_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    only = json.loads(lint(capsys, str(SHOP), "--rules", "defer-in-loop", "--json")[1])
    without = json.loads(lint(capsys, str(SHOP), "--rules=-defer-in-loop", "--json")[1])
    assert {one["rule"] for one in only["found"]} == {"defer-in-loop"}
    assert "defer-in-loop" not in {one["rule"] for one in without["found"]}
    assert refused(capsys, str(SHOP), "--rules", "no-such")[0] == 2
    code, out = lint(capsys, "--rules", "list")
    assert (code, "unbounded-map  heap-leak" in out) == (0, True)


def test_the_examples_of_its_help_run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit):
        main(["lint", "--help"])
    rows = [
        row.strip().split("  ")[0].split()[1:]
        for row in capsys.readouterr().out.splitlines()
        if row.startswith("  memwhy lint ")
    ]
    (tmp_path / "shop.go").write_text((SHOP / "shop.go").read_text())
    for name in {word for row in rows for word in row if word.endswith(".memwhy")}:
        (tmp_path / name).write_text((MEASURED / "odds-scraper.json").read_text())
    monkeypatch.chdir(tmp_path)
    assert len(rows) == 5
    assert [main([*row, "-q"]) for row in rows] == [1, 1, 1, 1, 0]


@pytest.mark.parametrize(
    ("name", "says"),
    [("no-such", "no such directory"), ("file.go", "not a directory"), ("", "no directory was given")],
)
def test_what_is_no_directory_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "file.go").write_text("package a\n")
    code, err = refused(capsys, *([str(tmp_path / name)] if name else []))
    assert (code, says in err) == (2, True)


def test_an_empty_directory_has_nothing_suspected(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out = lint(capsys, str(tmp_path))
    assert (code, "0 files" in " ".join(out.split())) == (0, True)  # a long path breaks the line


def test_broken_huge_and_looping_files_are_left_out_and_counted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "broken.go").write_text("package a\n\nfunc f( {\n\tif }}}\n" + "(" * 500)
    (tmp_path / "random.go").write_bytes(bytes(range(256)) * 10)
    (tmp_path / "huge.go").write_bytes(b"package a\n" + b"// x\n" * 1_200_000)
    (tmp_path / "deep.go").write_text("package a\n\nvar x = " + "(" * 5000 + "1" + ")" * 5000 + "\n")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.go")
    (tmp_path / "good.go").write_text(
        'package a\n\nimport "net/http"\n\nfunc g() {\n\tr, _ := http.Get("x")\n\t_ = r.StatusCode\n}\n'
    )
    found = json.loads(lint(capsys, str(tmp_path), "--json")[1])
    assert [(one["file"], one["line"]) for one in found["found"]] == [("good.go", 6)]
    assert {one["why"] for one in found["skipped"]} >= {"larger than 4 MiB", "not a regular file"}


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b'{"schema": "memwhy/diagnosis/1"}', b"\x00" * 100, b'{"schema": "memwhy/diagnosis/1", "verdict": []}'],
)
def test_a_diagnosis_that_is_none_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "report").write_bytes(raw)
    code, err = refused(capsys, str(SHOP), "--diagnosis", str(tmp_path / "report"))
    assert (code, err.startswith("memwhy: ")) == (2, True)


def test_names_from_the_source_cannot_act_on_a_terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "a\x1b[31m.go").write_text(
        'package a\n\nimport "net/http"\n\nfunc g() {\n\tr, _ := http.Get("\x1b[2J\u202e")\n\t_ = r.StatusCode\n}\n'
    )
    for form in ("text", "markdown", "json", "sarif"):
        out = lint(capsys, str(tmp_path), "--format", form)[1]
        assert "\x1b" not in out
        assert "\u202e" not in out


def test_the_same_source_gives_the_same_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(capsys, str(SHOP), "--json") == lint(capsys, str(SHOP), "--json")


def test_nothing_of_the_parser_is_imported_for_help() -> None:
    code = "import sys; from memwhy.cli import main; main(['--help']); sys.exit('tree_sitter' in sys.modules or 'memwhy.lint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=False).returncode == 0


def test_explain_shows_the_lines_of_the_source(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "post.txt").write_text(
        "my go program grows, RSS 1 GB after 1 h and 2 GB after 2 h and 3 GB after 3 h\n"
    )
    main(["explain", "-q", str(tmp_path / "post.txt"), "--source", str(SHOP), "--format", "json"])
    assert json.loads(capsys.readouterr().out)["source"]["notes"] == ["the diagnosis (undetermined) blames no code"]
    assert main(["explain", "-q", str(tmp_path / "post.txt"), "--source", str(tmp_path / "gone")]) == 2
