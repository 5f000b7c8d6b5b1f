"""The formats that other programs read: checked against schemas where one is there, else by reading them back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from hplint.model import Edit, Finding, Fix, Level, Position, Related, Safety, Span
from hplint.registry import registry
from hplint.report import Report, azure, gitlab, junit, rdjson, sarif
from hplint.rule import Rule
from hplint.source import Source
from tests.commands import hplint
from tests.plugin import plugin_folder, project

__all__ = ["plugin_folder", "project"]

FORMATS = ("azure", "gitlab", "junit", "rdjson", "sarif")
TEXT = "import torch\nx = '\U0001d538\xe9', BLUE\ny = (1,\n  2)\n"


def span(line: int, column: int, end_line: int, end_column: int) -> Span:
    return Span(Position(line, column), Position(end_line, end_column))


WHERE = span(2, 11, 2, 15)


def finding(path: str | None = "a.py", level: Level = Level.ERROR, at: Span | None = WHERE, **more: Any) -> Finding:
    return Finding("HP101", "unexpected-argument", level, "`x` is wrong", path, at, **more)


def source_of(path: str) -> Source:
    return Source(path, TEXT)


def rule_of(finding: Finding) -> Rule | None:
    return registry().get(finding.code)


def fixed(*edits: tuple[Span, str]) -> Fix:
    return Fix("mend it", tuple(Edit("a.py", at, text) for at, text in edits), Safety.UNSAFE)


EVERYTHING = Report(
    (
        finding(fix=fixed((WHERE, "GREEN"))),
        finding(level=Level.WARNING, at=span(3, 5, 4, 5), related=(Related("b/c d.py", span(1, 1, 1, 7), "here"),)),
        finding(level=Level.ADVICE, at=span(3, 1, 4, 1)),
        finding("fo\xe4/\u4f60 [%].py", Level.PEDANTIC),
        finding("/abs/olute.py"),
        finding("<stdin>", at=span(1, 1, 1, 1)),
        finding("control\x1b\n;,.py"),
        finding(None, at=None),
        finding("a.py", at=None),
        Finding("XX999", "of-a-plugin", Level.ERROR, "]; 50 % \x00\r\n\ud800 <&>\"'", "a.py", span(99, 1, 99, 4)),
    ),
    4,
    subject="3 steps of train.py",
    home="train.py",
)


# --- SARIF


def test_sarif_has_the_form_of_the_standard() -> None:
    model = pytest.importorskip("pydantic_sarif.model", reason="pydantic-sarif holds the schema of SARIF")
    for report in (EVERYTHING, Report((), 0)):
        document = json.loads(sarif.render(report, source_of, rule_of))
        model.StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate(document)


def test_sarif_passes_the_rules_of_code_scanning(tmp_path: Path) -> None:
    """What GitHub refuses, as Microsoft's validator knows it (npm: @microsoft/sarif-multitool)."""
    validator = os.environ.get("SARIF_MULTITOOL") or shutil.which("Sarif.Multitool")
    if validator is None:
        pytest.skip("Sarif.Multitool is not here; SARIF_MULTITOOL may name it")
    file, log = tmp_path / "all.sarif", tmp_path / "log.sarif"
    file.write_text(sarif.render(EVERYTHING, source_of, rule_of), "utf-8")
    kinds = ("--rule-kind", "Sarif;Ghas", "--level", "Error;Warning", "--output", str(log))
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    done = subprocess.run([validator, "validate", str(file), *kinds], capture_output=True, text=True, env=environment)
    results = json.loads(log.read_text("utf-8-sig"))["runs"][0].get("results", [])
    assert [(each["ruleId"], each["message"], each["locations"]) for each in results] == [], done.stdout


def results_of(report: Report) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sarif.document(report, source_of, rule_of)["runs"][0]["results"]
    return found


def test_sarif_results() -> None:
    first, second, *_ = results_of(EVERYTHING)
    place = {
        "artifactLocation": {"uri": "a.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 2, "startColumn": 11, "endLine": 2, "endColumn": 15},
    }
    assert first["locations"] == [{"physicalLocation": place}]
    assert (first["ruleId"], first["level"], first["message"]) == ("HP101", "error", {"text": "`x` is wrong"})
    [change] = first["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [{"deletedRegion": place["region"], "insertedContent": {"text": "GREEN"}}]
    assert second["relatedLocations"][0]["message"] == {"text": "here"}
    uris = [each["locations"][0]["physicalLocation"]["artifactLocation"] for each in results_of(EVERYTHING)]
    assert [each["uri"] for each in uris[3:8]] == [
        "fo%C3%A4/%E4%BD%A0%20%5B%25%5D.py",
        "file:///abs/olute.py",
        "%3Cstdin%3E",
        "control%1B%0A%3B%2C.py",
        "train.py",
    ]
    assert "uriBaseId" not in uris[4]
    assert [each["level"] for each in results_of(EVERYTHING)][:4] == ["error", "warning", "note", "note"]


def test_sarif_on_windows() -> None:
    [result] = results_of(Report((finding("C:/work dir/a.py"),), 1))
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "file:///C:/work%20dir/a.py"


def test_sarif_rules() -> None:
    run = sarif.document(EVERYTHING, source_of, rule_of)["runs"][0]
    known, unknown = run["tool"]["driver"]["rules"]
    assert (known["id"], known["name"], unknown["id"]) == ("HP101", "unexpected-argument", "XX999")
    assert known["help"]["markdown"].startswith("An argument that")
    assert known["properties"]["precision"] == "very-high"
    assert {"calls", "torch"} <= set(known["properties"]["tags"])
    assert known["defaultConfiguration"] == {"level": "error"}
    assert [each["ruleIndex"] for each in run["results"]] == [0] * 9 + [1]
    assert run["automationDetails"]["id"] == "hplint-run/"
    assert run["columnKind"] == "unicodeCodePoints"


def test_every_rule_has_short_descriptions() -> None:
    findings = tuple(Finding(rule.code, rule.name, rule.level, "said", "a.py", None) for rule in registry().rules)
    run = sarif.document(Report(findings, 1), source_of, rule_of)["runs"][0]
    assert len(run["tool"]["driver"]["rules"]) == len(findings)
    for each in run["tool"]["driver"]["rules"]:
        for kind in ("shortDescription", "fullDescription"):
            assert 0 < len(each[kind]["text"]) <= sarif.LONGEST
        assert len(each["properties"]["tags"]) <= 10


def test_fingerprints_of_sarif_and_gitlab_are_the_same() -> None:
    prints = [each["partialFingerprints"]["primaryLocationLineHash"] for each in results_of(EVERYTHING)]
    assert len(set(prints)) == len(prints)
    assert [each["fingerprint"] for each in json.loads(gitlab.render(EVERYTHING, source_of))] == prints


# --- GitLab

GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string"},
            "fingerprint": {"type": "string"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "required": ["path", "positions"],
                "properties": {
                    "path": {"type": "string", "minLength": 1, "not": {"pattern": r"^\./"}},
                    "positions": {
                        "required": ["begin", "end"],
                        "additionalProperties": {"required": ["line", "column"]},
                    },
                },
            },
        },
    },
}
"""What GitLab's documentation asks for."""


def test_gitlab() -> None:
    issues = json.loads(gitlab.render(EVERYTHING, source_of))
    Draft202012Validator(GITLAB).validate(issues)
    assert [each["severity"] for each in issues[:4]] == ["critical", "major", "minor", "info"]
    assert issues[1]["location"] == {
        "path": "a.py",
        "positions": {"begin": {"line": 3, "column": 5}, "end": {"line": 4, "column": 5}},
    }
    assert issues[7]["location"]["path"] == "train.py"
    assert json.loads(gitlab.render(Report((), 1), source_of)) == []


# --- reviewdog


def test_rdjson_counts_bytes() -> None:
    first, *_ = json.loads(rdjson.render(EVERYTHING, source_of))["diagnostics"]
    line = TEXT.splitlines()[1].encode()
    start, end = (first["location"]["range"][each] for each in ("start", "end"))
    assert (start["line"], end["line"]) == (2, 2)
    assert line[start["column"] - 1 : end["column"] - 1] == b"BLUE"
    assert first["suggestions"] == [{"range": first["location"]["range"], "text": "GREEN"}]
    assert first["code"] == {"value": "HP101 unexpected-argument"}


def test_a_suggestion_of_rdjson_is_all_of_a_fix() -> None:
    fix = fixed((span(3, 6, 3, 7), "one"), (span(4, 3, 4, 4), "two"), (span(3, 1, 3, 1), "z = "))
    [said] = json.loads(rdjson.render(Report((finding(fix=fix),), 1), source_of))["diagnostics"]
    where = {"start": {"line": 3, "column": 1}, "end": {"line": 4, "column": 4}}
    assert said["suggestions"] == [{"range": where, "text": "z = y = (one,\n  two"}]
    elsewhere = Fix("mend it", (Edit("b.py", span(1, 1, 1, 2), "x"),), Safety.SAFE)
    [said] = json.loads(rdjson.render(Report((finding(fix=elsewhere),), 1), source_of))["diagnostics"]
    assert "suggestions" not in said


def test_rdjson_levels_and_places() -> None:
    document = json.loads(rdjson.render(EVERYTHING, source_of))
    assert document["source"] == {"name": "hplint"}
    said = document["diagnostics"]
    assert [each["severity"] for each in said[:4]] == ["ERROR", "WARNING", "INFO", "INFO"]
    assert said[7]["location"] == {"path": "train.py"}
    assert said[1]["related_locations"][0]["location"]["path"] == "b/c d.py"
    unread = json.loads(rdjson.render(Report((finding(),), 1), lambda path: None))["diagnostics"]
    assert unread[0]["location"]["range"] == {"start": {"line": 2}, "end": {"line": 2}}


# --- JUnit


def test_junit_reads_back() -> None:
    root = ElementTree.fromstring(junit.render(EVERYTHING))
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("skipped")) == ("testsuites", "10", "8", "2")
    suites = {suite.get("name"): suite for suite in root}
    assert suites["a.py"].get("tests") == str(len(suites["a.py"])) == "5"
    cases = suites["a.py"].findall("testcase")
    failure = cases[0].find("failure")
    assert failure is not None
    assert (cases[0].get("name"), cases[0].get("line")) == ("HP101 unexpected-argument", "2")
    assert failure.get("message") == "`x` is wrong"
    assert failure.text == "a.py:2:11: error: `x` is wrong"
    odd = cases[-1].find("failure")
    assert odd is not None
    assert odd.get("message") == "]; 50 % \\x00\\r\\n\\ud800 <&>\"'"


def test_junit_fails_what_is_at_the_fail_level() -> None:
    report = Report((finding(), finding(level=Level.ADVICE)), 1, fails=lambda each: each.level is Level.ADVICE)
    kinds = [case[0].tag for case in ElementTree.fromstring(junit.render(report)).iter("testcase")]
    assert kinds == ["skipped", "failure"]


def test_junit_without_findings_has_a_test_that_passes() -> None:
    root = ElementTree.fromstring(junit.render(Report((), 3)))
    assert (root.get("tests"), root.get("failures")) == ("1", "0")
    assert [list(case) for case in root.iter("testcase")] == [[]]


# --- Azure


def test_azure() -> None:
    lines = azure.render(EVERYTHING).splitlines()
    assert lines[0] == (
        "##vso[task.logissue type=error;sourcepath=a.py;linenumber=2;columnnumber=11;code=HP101;]"
        "`x` is wrong (unexpected-argument)"
    )
    assert len(lines) == len(EVERYTHING.findings) + 1
    assert "type=warning;" in lines[2]
    assert "sourcepath=control\\x1b\\n%3B,.py;" in lines[6]
    assert "sourcepath=train.py;code=" in lines[7]
    assert lines[9].partition(";]")[2] == "%5D%3B 50 %AZP25 \\x00\\r\\n\\ud800 <&>\"' (of-a-plugin)"


# --- on the command line


@pytest.mark.parametrize("form", FORMATS)
def test_on_the_command_line(project: Path, form: str) -> None:
    (project / "a.py").write_text("import torch\nRED, BLUE\n")
    shown = hplint("check", "--output-format", form)
    assert (shown.exit_code, shown.stderr) == (1, "")
    written = hplint("check", "--output-format", form, "--output-file", "report")
    assert (written.exit_code, written.stdout, written.stderr) == (1, "", "")
    assert Path("report").read_text("utf-8") == shown.stdout
    assert shown.stdout.count("found-red") >= 1
    assert hplint("check", "--output-format", form, "--exit-zero").exit_code == 0


def test_the_pages_of_plugins_are_in_sarif(project: Path) -> None:
    (project / "a.py").write_text("import torch\nRED\n")
    run = json.loads(hplint("check", "--output-format", "sarif").stdout)["runs"][0]
    assert run["tool"]["driver"]["rules"][0]["shortDescription"] == {"text": "Rules that look for marker words."}
    assert run["automationDetails"]["id"] == "hplint/"
    assert run["invocations"] == [{"executionSuccessful": True}]
    (project / "a.py").write_text("import torch\nCRASH\n")
    run = json.loads(hplint("check", "--output-format", "sarif").stdout)["runs"][0]
    assert run["invocations"] == [{"executionSuccessful": False}]


def test_standard_input_has_every_format(project: Path) -> None:
    for form in FORMATS:
        result = hplint("check", "-", "--output-format", form, input="import torch\nRED\n")
        assert (result.exit_code, result.stderr) == (1, "")
