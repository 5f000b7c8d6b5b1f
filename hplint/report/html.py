"""One HTML page that needs nothing but a browser: no network, no script. All that it shows is untrusted and escaped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from hplint import __version__, signatures
from hplint.model import Finding, Level, Safety, Span
from hplint.report import Report, RuleOf, SourceOf, summary
from hplint.report.style import printable
from hplint.report.text import columns_of
from hplint.rule import Rule
from hplint.source import Source

CONTEXT = 2
"""Lines around those that a finding points at."""
MOST_LINES = 12
"""Lines of a place that are shown; of a longer one its beginning is."""
MOST_CHARACTERS = 240
"""Characters of a line that are shown; of a longer one what the finding points at, and what is around it."""
_TAB = "    "
_CODE = re.compile(r"`([^`]+)`")
_OTHER = "other"


@dataclass(frozen=True)
class Line:
    """A line of an excerpt; ``marked`` is what is pointed at."""

    number: int
    before: str
    marked: str = ""
    after: str = ""
    is_marked: bool = False

    @property
    def carets(self) -> str:
        """What stands beneath ``marked``."""
        return "^" * max(sum(map(columns_of, self.marked)), 1)


@dataclass(frozen=True)
class Row:
    """A hyperparameter of a script, in words."""

    title: str
    value: str
    owner: str
    where: str


@dataclass(frozen=True)
class Inventory:
    """The hyperparameters of a script under their categories."""

    path: str
    sections: Sequence[tuple[str, Sequence[Row]]]


@dataclass(frozen=True)
class _Page:
    """A rule that found something. ``html`` is its page, empty where the rule is not known here."""

    code: str
    name: str
    level: Level
    count: int
    summary: str
    html: Markup


def render(
    report: Report, source_of: SourceOf, rule_of: RuleOf, inventories: Sequence[Inventory] = (), title: str = ""
) -> str:
    """The page; ``title`` names the project."""
    folder = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"inline": _inline, "printable": printable}
    ordered = sorted(report.findings, key=report.path_of)
    files = [(path, list(group)) for path, group in groupby(ordered, key=report.path_of)]
    rules = {finding.code: rule_of(finding) for finding in report.findings}

    def excerpt_of(finding: Finding) -> list[Line]:
        source = source_of(finding.path) if finding.path and finding.span else None
        return list(_excerpt(source, finding.span)) if source and finding.span else []

    return environment.get_template("page.html.jinja").render(
        title=title,
        version=__version__,
        torch=signatures.version(),
        summary=summary(report),
        style=Markup((folder / "page.css").read_text("utf-8")),
        levels=[(level, report.count(level)) for level in Level],
        topics=_topics(report.findings, rules),
        files=files,
        counts={path: Counter(finding.level for finding in group) for path, group in files},
        pages=_pages(report, rules),
        inventories=inventories,
        excerpt_of=excerpt_of,
        related_excerpt=lambda each: list(_excerpt(source_of(each.path), each.span, around=0)),
        is_fixable=report.is_fixable,
        is_unsafe=lambda fix: fix.safety is Safety.UNSAFE,
    )


def _topics(findings: Sequence[Finding], rules: dict[str, Rule | None]) -> list[tuple[str, Counter[Level]]]:
    """How many findings of each level a topic has, topics with the worst first."""
    found: dict[str, Counter[Level]] = {}
    for finding in findings:
        rule = rules[finding.code]
        found.setdefault(rule.topic if rule else _OTHER, Counter())[finding.level] += 1
    return sorted(found.items(), key=lambda item: ([-item[1][level] for level in Level], item[0]))


def _pages(report: Report, rules: dict[str, Rule | None]) -> list[_Page]:
    level_of = {code: _rule_level(code, report) for code in rules}
    return [
        _Page(
            code,
            name,
            level_of[code],
            number,
            rule.summary if rule else "",
            _markdown(rule.page.partition("\n")[2] if rule else ""),
        )
        for number, code, name, _ in report.statistics()
        for rule in [rules[code]]
    ]


def _rule_level(code: str, report: Report) -> Level:
    """The worst level of a rule's findings."""
    levels = (finding.level for finding in report.findings if finding.code == code)
    return max(levels, key=lambda level: level.weight)


def _excerpt(source: Source | None, span: Span, around: int = CONTEXT) -> Iterator[Line]:
    """The lines of a place, and some around it."""
    if source is None:
        return
    start, end = span.start, span.end
    lines = source.shown_lines(span.cell)
    last = end.line - 1 if end.column == 1 and end.line > start.line else end.line
    shown = min(last, start.line + MOST_LINES - 1)
    final = min(shown + around, len(lines)) if shown == last else shown
    for number in range(max(start.line - around, 1), final + 1):
        text = lines[number - 1] if number <= len(lines) else ""
        if not start.line <= number <= last:
            if number <= last or text or number < final:
                yield Line(number, _shown(text[:MOST_CHARACTERS]))
            continue
        first = start.column - 1 if number == start.line else len(text) - len(text.lstrip())
        until = end.column - 1 if number == end.line else len(text)
        yield _marked(number, text, min(first, len(text)), until)


def _marked(number: int, text: str, first: int, until: int) -> Line:
    """A line with a mark, clipped on both sides if it is long."""
    left, right = 0, len(text)
    if len(text) > MOST_CHARACTERS:
        left = max(0, min(first - MOST_CHARACTERS // 4, len(text) - MOST_CHARACTERS))
        right = left + MOST_CHARACTERS
        until = min(until, right)
    before = ("…" if left else "") + _shown(text[left:first])
    after = _shown(text[max(first, until) : right]) + ("…" if right < len(text) else "")
    return Line(number, before, _shown(text[first:until]), after, is_marked=True)


def _shown(text: str) -> str:
    return printable(text.replace("\t", _TAB))


def _inline(text: str) -> Markup:
    """A message with its code set as such."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(printable(text)))))


def _markdown(text: str) -> Markup:
    """A rule's page. Raw HTML in it is shown, not used; headings stand below those of this page."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = markdown.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h4"
        elif token.type == "fence":
            token.attrSet("data-kind", token.info.partition(" ")[2])
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))
