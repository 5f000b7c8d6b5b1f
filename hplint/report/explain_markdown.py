"""A row of the table of hyperparameters, and the page of a rule, in the Markdown that editors show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from hplint.hyperparameters import Hyperparameter
from hplint.report.explain import VERDICTS, Watcher
from hplint.rule import Rule

_CODE = re.compile(r"(`[^`\n]*`)")
_CITED = re.compile(r"\[([^\]\n]+)\]")
_FENCE = re.compile(r"^```(\w+) (\w+)$", re.MULTILINE)


def explain_markdown(row: Hyperparameter, rules: Sequence[Watcher]) -> str:
    """What `hplint explain` prints of ``row``; what prose cites becomes links."""
    blocks = [f"### {row.title}\n\n`{row.name}` ({row.category})"]
    blocks += [f"**{heading}**\n\n{body}" for heading, body in explain_sections(row, rules)]
    return "\n\n".join(blocks) + "\n"


def explain_sections(row: Hyperparameter, rules: Sequence[Watcher]) -> Iterator[tuple[str, str]]:
    """The headings and what stands under them, empty ones left out."""
    for heading, lines in _sections(row, rules):
        if body := "\n".join(lines):
            yield heading, body


def rule_markdown(rule: Rule) -> str:
    """A rule's page under a line of what it is."""
    facts = f"{rule.level.value} · topic {rule.topic} · library {rule.library}"
    return f"### {rule.name} ({rule.code})\n\n{facts}\n\n{page_markdown(rule)}\n"


def page_markdown(rule: Rule) -> str:
    """A rule's page, its examples labelled in words instead of in their fences."""
    return _FENCE.sub(r"*\2:*\n\n```\1", rule.page)


def _sections(row: Hyperparameter, rules: Sequence[Watcher]) -> Iterator[tuple[str, Iterator[str]]]:
    yield "What it is", _prose(row, row.what)
    yield "Why it matters", _prose(row, row.why)
    yield "How to choose it", _points(row, row.choose)
    yield "Can it stay at its default?", _prose(row, f"{VERDICTS[row.default]} {row.default_why}")
    yield "Usual values", _points(row, row.usual)
    yield "Defaults", _defaults(row)
    yield "What it may be", _points(row, _range(row))
    yield "How a wrong value shows", _prose(row, row.seen)
    yield "In PyTorch", iter(("```python", row.code.strip(), "```"))
    yield (
        "Rules that watch it",
        (f"- `{each.name}` ({each.code}, {each.level.value}): {each.summary}" for each in rules),
    )


def _prose(row: Hyperparameter, text: str) -> Iterator[str]:
    """A paragraph whose citations are links."""
    urls = {source.key: source.url for source in row.sources if source.url}

    def link(match: re.Match[str]) -> str:
        url = urls.get(match[1])
        return f"[{match[1]}]({url})" if url else match[0]

    if text:
        yield "".join(part if part.startswith("`") else _CITED.sub(link, part) for part in _CODE.split(text))


def _points(row: Hyperparameter, points: Sequence[str]) -> Iterator[str]:
    for point in points:
        for text in _prose(row, point):
            yield text if len(points) == 1 else f"- {text}"


def _range(row: Hyperparameter) -> list[str]:
    told = (("accepted", row.accepts), ("refused", row.refused), ("unchecked", row.unchecked))
    return [f"{label}: {text}" for label, text in told if text]


def _defaults(row: Hyperparameter) -> Iterator[str]:
    """One line for each value of each library: ``- torch: `0.001` (lr of Adam, AdamW)``."""
    owners: dict[tuple[str, str], dict[str, list[str]]] = {}
    for default in row.defaults:
        owner, _, parameter = default.argument.rpartition(".")
        owners.setdefault((default.library, default.value), {}).setdefault(parameter, []).append(
            owner.rpartition(".")[2]
        )
    for (library, value), group in owners.items():
        where = "; ".join(f"{parameter} of {', '.join(names)}" for parameter, names in group.items())
        yield f"- {library}: `{value}` ({where})"
