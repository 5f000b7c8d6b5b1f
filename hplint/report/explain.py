"""A row of the table of hyperparameters, laid out for a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from textwrap import TextWrapper
from typing import Protocol

from hplint.hyperparameters import Hyperparameter, suggest
from hplint.model import Level
from hplint.registry import Registry, did_you_mean

INDENT = "  "
CODE = re.compile(r"`[^`\n]*`")
UNBROKEN = re.compile(CODE.pattern + r"|\[[^\]\n]*\]")
"""Code and citations stay on one line."""
VERDICTS = {"yes": "Yes.", "no": "No.", "depends": "It depends."}
COLORS = {Level.ERROR: "red", Level.WARNING: "yellow", Level.ADVICE: "cyan"}

Style = Callable[..., str]


class Watcher(Protocol):
    """What is said of a rule here."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def level(self) -> Level: ...


def explain(row: Hyperparameter, rules: Sequence[Watcher], *, width: int = 88, color: bool = False) -> str:
    """All that the table says of ``row``, and the rules that watch it, in lines of at most ``width`` characters.

    Code and long names are never broken, so a very narrow terminal gets longer lines.
    """
    style = _style(color)
    blocks = [f"{style(row.title, bold=True)}\n{row.name} ({row.category})"]
    for heading, lines in _sections(row, rules, width, style):
        if body := "\n".join(lines):
            blocks.append(f"{style(heading.upper(), bold=True)}\n{body}")
    text = "\n\n".join(blocks) + "\n"
    return CODE.sub(lambda code: style(code[0], fg="cyan"), text)


def unknown_name(name: str, rules: Registry) -> str:
    """Says that nothing is called ``name``, and what may have been meant."""
    close = suggest(name)
    suggestion = f": did you mean `{close}`?" if close else did_you_mean(name, rules.by_name)
    return f"`{name}` is no rule and no hyperparameter{suggestion}"


def _sections(
    row: Hyperparameter, rules: Sequence[Watcher], width: int, style: Style
) -> Iterator[tuple[str, Iterator[str]]]:
    yield "What it is", _paragraphs(width, row.what)
    yield "Why it matters", _paragraphs(width, row.why)
    yield "How to choose it", _points(width, row.choose)
    yield "Can it stay at its default?", _paragraphs(width, f"{VERDICTS[row.default]} {row.default_why}")
    yield "Usual values", _points(width, row.usual)
    yield "Defaults", _defaults(row, width)
    yield "What it may be", _range(row, width)
    yield "How a wrong value shows", _paragraphs(width, row.seen)
    yield "In PyTorch", (style(INDENT + line, fg="green") if line else "" for line in row.code.strip().split("\n"))
    yield "Names in code", _paragraphs(width, ", ".join(row.spellings))
    yield "Carried by", _paragraphs(width, ", ".join(row.carries))
    yield "Rules that watch it", _rules(rules, width, style)
    yield "Sources", _sources(row, width)


def _paragraphs(width: int, *paragraphs: str) -> Iterator[str]:
    for paragraph in paragraphs:
        yield from _wrap(paragraph, width, INDENT, INDENT)


def _points(width: int, points: Sequence[str]) -> Iterator[str]:
    """A list; a single point needs no bullet."""
    if len(points) == 1:
        yield from _paragraphs(width, *points)
        return
    for point in points:
        yield from _wrap(point, width, f"{INDENT}- ", f"{INDENT}  ")


def _defaults(row: Hyperparameter, width: int) -> Iterator[str]:
    """One line for each value of each library: ``torch  0.001  lr of Adam, AdamW, SGD``."""
    owners: dict[tuple[str, str], dict[str, list[str]]] = {}
    for default in row.defaults:
        owner, _, parameter = default.argument.rpartition(".")
        group = owners.setdefault((default.library, default.value), {})
        group.setdefault(parameter, []).append(owner.rpartition(".")[2])
    library_width = max((len(library) for library, _ in owners), default=0)
    value_width = max((len(value) for _, value in owners), default=0)
    previous = None
    for (library, value), group in owners.items():
        where = "; ".join(f"{parameter} of {', '.join(names)}" for parameter, names in group.items())
        shown = "" if library == previous else library
        start = f"{INDENT}{shown:<{library_width}}  {value:<{value_width}}  "
        yield from _wrap(where, width, start, " " * len(start))
        previous = library


def _range(row: Hyperparameter, width: int) -> Iterator[str]:
    for label, text in (("accepted", row.accepts), ("refused", row.refused), ("unchecked", row.unchecked)):
        start = f"{INDENT}{label:<9}  "
        yield from _wrap(text, width, start, " " * len(start))


def _rules(rules: Sequence[Watcher], width: int, style: Style) -> Iterator[str]:
    for rule in rules:
        level = style(rule.level.value, fg=COLORS.get(rule.level))
        yield f"{INDENT}{rule.code}  {style(rule.name, bold=True)}  {level}"
        indent = INDENT + " " * (len(rule.code) + 2)
        yield from _wrap(rule.summary, width, indent, indent)


def _sources(row: Hyperparameter, width: int) -> Iterator[str]:
    for source in row.sources:
        yield from _wrap(f"{source.key}: {source.title}", width, INDENT, INDENT * 2)
        if source.url:
            yield INDENT * 2 + source.url
    if row.sources:
        yield ""
    yield from _paragraphs(width, "Advice without a source is common practice.")


def _wrap(text: str, width: int, first: str, rest: str) -> Iterator[str]:
    wrapper = TextWrapper(
        width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    for line in wrapper.wrap(UNBROKEN.sub(lambda match: match[0].replace(" ", "\xa0"), text)):
        yield line.replace("\xa0", " ")


def _style(color: bool) -> Style:
    if not color:
        return lambda text, **_: text
    from click import style

    return style
