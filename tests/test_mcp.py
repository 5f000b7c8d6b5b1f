"""`hplint mcp` as an agent meets it: the real client, the real server, their pipes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import anyio
import jsonschema
import pytest

from tests.conftest import RunHplint

pytest.importorskip("mcp.server.mcpserver", reason="needs the extra `mcp`: pip install 'hplint[mcp]'")

from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult, TextContent

from hplint.mcp import checking

BAD = "import torch\n\ntorch.optim.Adam([], lr=1e-3, momentum=0.9)\n"
Given = TypeVar("Given")


def with_client(folder: Path, talk: Callable[[Client], Awaitable[Given]]) -> Given:
    """What ``talk`` makes of a client whose server works in a folder."""

    async def session() -> Given:
        server = StdioServerParameters(command=sys.executable, args=["-m", "hplint", "mcp"], cwd=folder)
        async with Client(server, read_timeout_seconds=60) as client:
            return await talk(client)

    return anyio.run(session)


def call(folder: Path, tool: str, **arguments: object) -> CallToolResult:
    return with_client(folder, lambda client: client.call_tool(tool, arguments))


def text_of(result: CallToolResult) -> str:
    [block] = result.content
    assert isinstance(block, TextContent)
    return block.text


def report_of(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error, text_of(result)
    assert isinstance(result.structured_content, dict)
    return result.structured_content


def test_the_tools_say_what_they_take_and_that_they_only_read(tmp_path: Path) -> None:
    tools = {tool.name: tool for tool in with_client(tmp_path, lambda client: client.list_tools()).tools}
    assert list(tools) == ["lint_text", "lint_path", "explain", "list_rules"]
    for tool in tools.values():
        assert tool.description
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint


def test_a_text_gets_the_report_of_the_command_line(tmp_path: Path, root: Path, run_hplint: RunHplint) -> None:
    result = call(tmp_path, "lint_text", text=BAD, file_name="src/train.py")
    report = report_of(result)
    jsonschema.validate(report, json.loads((root / "hplint/report/schema.json").read_text("utf-8")))
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(BAD)
    done = run_hplint("check", "--output-format", "json", cwd=tmp_path)
    assert report == {**json.loads(done.stdout), "left_out": 0}
    assert text_of(result).startswith("src/train.py:3:31: HP101 error: `Adam` has no `momentum`")
    assert text_of(result).endswith("\nfiles: 1, error: 1, warning: 0, advice: 0, pedantic: 0")


def test_a_clean_text_is_clean(tmp_path: Path) -> None:
    result = call(tmp_path, "lint_text", text="import torch\n")
    assert report_of(result)["findings"] == []
    assert text_of(result) == "files: 1, error: 0, warning: 0, advice: 0, pedantic: 0"


def test_a_notebook_is_told_by_its_name(tmp_path: Path) -> None:
    cell: dict[str, object] = {
        "cell_type": "code",
        "source": BAD,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    notebook = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    assert "train.ipynb:cell 1:3:31: HP101" in text_of(
        call(tmp_path, "lint_text", text=notebook, file_name="train.ipynb")
    )


def test_a_folder_is_checked_by_its_configuration_and_as_it_is_now(tmp_path: Path) -> None:
    async def talk(client: Client) -> list[list[str]]:
        found = []
        for ignored in ("[]", '["unexpected-argument"]'):
            (tmp_path / "hplint.toml").write_text(f"ignore = {ignored}\n")
            report = report_of(await client.call_tool("lint_path", {"path": "."}))
            found.append([finding["code"] for finding in report["findings"]])
        return found

    (tmp_path / "train.py").write_text(BAD)
    assert with_client(tmp_path, talk) == [["HP101"], []]


def test_nothing_of_the_project_is_run(tmp_path: Path) -> None:
    for name in ("click.py", "torch.py", "sitecustomize.py", "conftest.py"):
        (tmp_path / name).write_text("import torch\n\nopen('was-run', 'w')\n")

    async def session() -> CallToolResult:
        program = "import sys; sys.path[:] = filter(None, sys.path); from hplint.cli import main; main(['mcp'])"
        server = StdioServerParameters(command=sys.executable, args=["-c", program], cwd=tmp_path)
        async with Client(server, read_timeout_seconds=60) as client:
            return await client.call_tool("lint_path", {})

    assert report_of(anyio.run(session))["summary"]["files"] == 4
    assert not (tmp_path / "was-run").exists()


def test_many_findings_are_cut_and_counted(tmp_path: Path) -> None:
    lines = [f"torch.optim.Adam([], lr=1e-3, momentum={number})\n" for number in range(checking.MAX_FINDINGS + 5)]
    result = call(tmp_path, "lint_text", text="import torch\n\n" + "".join(lines))
    report = report_of(result)
    assert len(report["findings"]) == checking.MAX_FINDINGS
    assert report["left_out"] + checking.MAX_FINDINGS == report["summary"]["error"] == checking.MAX_FINDINGS + 5
    assert "\nand 5 more: check a smaller part to see them\n" in text_of(result)


WRONG: tuple[tuple[str, dict[str, str], str], ...] = (
    ("lint_path", {"path": "nothing.py"}, "nothing.py: no such file or folder"),
    ("lint_path", {"path": "-"}, "-: no such file or folder"),
    ("lint_path", {"path": "--fix"}, "--fix: no such file or folder"),
    ("lint_path", {"path": "a\0b"}, "null byte"),
    ("lint_text", {"text": "x" * 2_000_001}, "at most 2000000 characters"),
    ("lint_text", {}, "Field required"),
    ("explain", {"name": "lerning-rate"}, "did you mean `learning-rate`?"),
    ("list_rules", {"selector": "optimiser"}, "did you mean `optimizer`?"),
)


async def errors(client: Client, calls: Iterable[tuple[str, dict[str, str]]]) -> list[str]:
    """What is said of calls that fail."""
    results = [await client.call_tool(tool, arguments) for tool, arguments in calls]
    assert all(result.is_error for result in results)
    return [text_of(result) for result in results]


def test_what_cannot_be_answered_is_said(tmp_path: Path) -> None:
    calls = [(tool, arguments) for tool, arguments, _ in WRONG]
    said = with_client(tmp_path, lambda client: errors(client, calls))
    for text, (*_, message) in zip(said, WRONG, strict=True):
        assert message in text
        assert "Traceback" not in text


def test_a_wrong_configuration_is_said(tmp_path: Path) -> None:
    (tmp_path / "hplint.toml").write_text("ingore = []\n")
    calls: list[tuple[str, dict[str, str]]]
    calls = [("lint_text", {"text": BAD}), ("lint_path", {}), ("explain", {"name": "HP101"}), ("list_rules", {})]
    for text in with_client(tmp_path, lambda client: errors(client, calls)):
        assert "did you mean `ignore`?" in text


def test_a_check_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MAX_SECONDS", 0.01)
    with pytest.raises(checking.CheckFailed, match="check a smaller part"):
        anyio.run(checking.check_text, BAD, "train.py")


def test_rules_and_hyperparameters_are_explained_in_markdown(tmp_path: Path) -> None:
    async def talk(client: Client) -> list[str]:
        names = ("HP101", "unexpected-argument", "weight-decay")
        return [text_of(await client.call_tool("explain", {"name": name})) for name in names]

    by_code, by_name, row = with_client(tmp_path, talk)
    assert by_code == by_name
    assert by_name.startswith("### unexpected-argument (HP101)\n")
    assert "`weight-decay`" in row.partition("**What it is**")[0]


def test_the_rules_of_a_topic_are_listed(tmp_path: Path) -> None:
    result = call(tmp_path, "list_rules", selector="schedule")
    rules = report_of(result)["rules"]
    assert {rule["topic"] for rule in rules} == {"schedule"}
    assert "page" not in rules[0]
    assert all(rule["name"] in text_of(result) for rule in rules)


def test_without_the_extra_there_is_one_clear_message() -> None:
    program = "import sys; sys.modules['mcp'] = None\nfrom hplint.cli import main\nmain(['mcp'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: the MCP server is not installed: pip install 'hplint[mcp]'\n"
