"""The tools that an agent sees, and the server that offers them on standard input and output."""

from __future__ import annotations

import json
import os
from importlib import resources
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field

from hplint import __version__, hyperparameters
from hplint.mcp import checking
from hplint.registry import ALL, Registry, RegistryError, UnknownSelector
from hplint.report import rules as report
from hplint.report.explain import unknown_name
from hplint.report.explain_markdown import explain_markdown, rule_markdown
from hplint.settings import SettingsError, SettingsFinder
from hplint.source import DEFAULT_MAX_FILE_SIZE

_INSTRUCTIONS = """\
hplint finds mistakes in PyTorch training code: hyperparameters, optimizers, schedules, losses, training loops, data.
Check training code after writing or changing it. Levels: error and warning are to be mended; advice is to be weighed.
Before changing code for a finding, read what `explain` says of its rule. Nothing that is checked is run or changed.
"""
_READS_ONLY = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)

_Name = Annotated[str, Field(max_length=200)]
_Path = Annotated[str, Field(min_length=1, max_length=4096)]
_Text = Annotated[str, Field(max_length=DEFAULT_MAX_FILE_SIZE, description="Python, or a notebook's JSON")]


async def lint_text(text: _Text, file_name: _Path = "snippet.py") -> CallToolResult:
    """Check a piece of training code that is in no file yet, or the new text of a file.

    `file_name` says where it belongs: its imports and its configuration are looked for from there, and a name that
    ends with .ipynb makes it a notebook.
    """
    try:
        return _answer(await checking.check_text(text, file_name))
    except checking.CheckFailed as problem:
        raise ToolError(str(problem)) from problem


async def lint_path(path: _Path = ".") -> CallToolResult:
    """Check a file, or all Python files and notebooks of a folder. A relative path starts at the server's folder."""
    try:
        return _answer(await checking.check_path(path))
    except checking.CheckFailed as problem:
        raise ToolError(str(problem)) from problem


def explain(name: _Name) -> CallToolResult:
    """The page of a rule (by code or name: `HP101`, `missing-zero-grad`), or what is known of a hyperparameter
    (`learning-rate`, `weight-decay`): what happens, how to choose it, defaults, examples, sources."""
    known = _registry()
    rule, row = known.get(name), hyperparameters.get(name)
    if rule is not None:
        text = rule_markdown(rule)
    elif row is not None:
        text = explain_markdown(row, [each for each in known.rules if each.hyperparameter == row.name])
    else:
        raise ToolError(unknown_name(name, known))
    return CallToolResult(content=[TextContent(text=text)])


def list_rules(selector: _Name = ALL) -> CallToolResult:
    """The rules of a topic (`optimizer`, `schedule`, `loop`, `data`, …), a level (`error`, …) or a library, or all."""
    try:
        chosen = _registry().resolve(selector)
    except UnknownSelector as problem:
        raise ToolError(str(problem)) from problem
    records = [report.record(rule) for rule in sorted(chosen, key=lambda rule: rule.code)]
    listed = [{key: value for key, value in each.items() if key != "page"} for each in records]
    return CallToolResult(content=[TextContent(text=report.listing(chosen))], structured_content={"rules": listed})


def serve() -> None:
    """Serve one client, to the end."""
    tools = [Tool.from_function(each, annotations=_READS_ONLY) for each in (lint_text, lint_path, explain, list_rules)]
    for tool in tools[:2]:
        tool.fn_metadata.output_schema = _report_schema()
    server: MCPServer[Any] = MCPServer(
        "hplint", instructions=_INSTRUCTIONS, version=__version__, tools=tools, log_level="WARNING"
    )
    server.run("stdio")


def _answer(found: dict[str, Any]) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=checking.shown(found))], structured_content=found)


def _report_schema() -> dict[str, Any]:
    """That of `--output-format json`, with what is added here."""
    schema: dict[str, Any] = json.loads(resources.files("hplint.report").joinpath("schema.json").read_text("utf-8"))
    described = "How many findings there are besides those listed."
    schema["properties"]["left_out"] = {"description": described, "type": "integer", "minimum": 0}
    schema["required"] = [*schema["required"], "left_out"]
    return schema


def _registry() -> Registry:
    """The rules here, with those of plugins that the configuration names."""
    try:
        return SettingsFinder().for_folder(os.getcwd()).registry
    except (SettingsError, RegistryError) as problem:
        raise ToolError(str(problem)) from problem
