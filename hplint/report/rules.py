"""Rules for a reader: the list, and a rule's page as a terminal shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from textwrap import TextWrapper
from typing import Any

from hplint.pages import offers_fix
from hplint.report.style import LEVEL_COLOURS, Style
from hplint.rule import Rule, Runtime

_FENCE = re.compile(r"^```(?P<info>[^`]*)$")
_ITEM = re.compile(r"^(?P<mark>(?:[-*]|\d+\.) +)(?P<text>.*)$")
_CODE = re.compile(r"`[^`\n]+`")
_UNBROKEN = re.compile(r"`[^`\n]+`|\[[^\]\n]*\]\([^)\n]*\)")


def listing(rules: Iterable[Rule], *, color: bool = False) -> str:
    """All rules by topic, one line each."""
    style = Style(color)
    ordered = sorted(rules, key=lambda rule: (rule.topic, rule.code))
    width = max((len(rule.name) for rule in ordered), default=0)
    blocks = []
    for topic, group in groupby(ordered, key=lambda rule: rule.topic):
        lines = [style(topic, "bold", "underline")]
        for rule in group:
            level = style(f"{rule.level.value:<8}", LEVEL_COLOURS[rule.level])
            fix = style("fix", "green") if offers_fix(rule.module) else "   "
            lines.append(f"  {rule.code}  {style(f'{rule.name:<{width}}', 'bold')}  {level}  {fix}  {rule.summary}")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def as_json(rules: Iterable[Rule]) -> str:
    """All that is known of rules, pages included."""
    return json.dumps([record(rule) for rule in rules], indent=2) + "\n"


def record(rule: Rule) -> dict[str, Any]:
    """All that is known of a rule, its page included."""
    return {
        "code": rule.code,
        "name": rule.name,
        "level": rule.level.value,
        "topic": rule.topic,
        "library": rule.library,
        "hyperparameter": rule.hyperparameter,
        "since": rule.since,
        "fix": offers_fix(rule.module),
        "static": not isinstance(rule.subject, Runtime),
        "runtime": rule.runtime,
        "summary": rule.summary,
        "page": rule.page,
    }


def page(rule: Rule, *, width: int = 88, color: bool = False) -> str:
    """A rule's page under a line of what it is."""
    style = Style(color)
    facts = [
        style(rule.level.value, LEVEL_COLOURS[rule.level]),
        f"topic {rule.topic}",
        f"library {rule.library}",
        *([f"hyperparameter {rule.hyperparameter}"] if rule.hyperparameter else []),
        *(["has fixes"] if offers_fix(rule.module) else []),
        *([f"at run time {'only' if isinstance(rule.subject, Runtime) else 'too'}"] if rule.runtime else []),
        f"since {rule.since}",
    ]
    head = f"{style(f'{rule.name} ({rule.code})', 'bold')}\n{' · '.join(facts)}\n\n"
    return head + markdown(rule.page, width=width, color=color)


def markdown(text: str, *, width: int = 88, color: bool = False) -> str:
    """Markdown as plain text: paragraphs filled, code indented, headings in capitals."""
    style = Style(color)
    lines: list[str] = []
    for block in _blocks(text):
        lines += [*block(width, style), ""]
    return "\n".join(lines).rstrip() + "\n"


_Block = Callable[[int, Style], list[str]]


def _blocks(text: str) -> Iterator[_Block]:
    """Headings, fenced code, list items, tables and paragraphs, each ready to be laid out."""
    paragraph: list[str] = []
    code: list[str] | None = None
    label = ""
    for line in [*text.splitlines(), ""]:
        fence = _FENCE.match(line)
        if code is not None:
            if fence:
                yield _code(code, label)
                code = None
            else:
                code.append(line)
        elif fence:
            if paragraph:
                yield _paragraph(paragraph)
            paragraph, code, label = [], [], fence["info"].partition(" ")[2]
        elif line.startswith("#") or not line.strip():
            if paragraph:
                yield _paragraph(paragraph)
            paragraph = []
            if line.strip():
                yield _heading(line.lstrip("# "))
        else:
            paragraph.append(line)


def _heading(text: str) -> _Block:
    return lambda width, style: [style(text.upper(), "bold")]


def _code(lines: list[str], label: str) -> _Block:
    def lay_out(width: int, style: Style) -> list[str]:
        head = [style(f"  {label}:", "dim")] if label else []
        return head + [style(f"    {line}", "green") if line else "" for line in lines]

    return lay_out


def _paragraph(lines: list[str]) -> _Block:
    """A paragraph, a list or a table."""

    def lay_out(width: int, style: Style) -> list[str]:
        if lines[0].startswith("|"):
            return lines
        found: list[str] = []
        for mark, text in _items(lines):
            wrapper = TextWrapper(width, initial_indent=mark, subsequent_indent=" " * len(mark))
            wrapper.break_long_words = wrapper.break_on_hyphens = False
            kept = _UNBROKEN.sub(lambda match: match[0].replace(" ", "\xa0"), text)
            found += [line.replace("\xa0", " ") for line in wrapper.wrap(kept)]
        return [_CODE.sub(lambda match: style(match[0], "cyan"), line) for line in found]

    return lay_out


def _items(lines: list[str]) -> list[tuple[str, str]]:
    """The items of a list, or the paragraph as the only one without a mark."""
    items: list[tuple[str, str]] = []
    for line in lines:
        item = _ITEM.match(line)
        if item:
            items.append((item["mark"], item["text"]))
        elif items:
            mark, text = items[-1]
            items[-1] = (mark, f"{text} {line.strip()}")
        else:
            items.append(("", line.strip()))
    return items
