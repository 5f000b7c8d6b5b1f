"""A page for each rule and each hyperparameter, and what lists them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from docs.website.links import slug, with_names_linked
from hplint import hyperparameters
from hplint.hyperparameters import Hyperparameter
from hplint.model import Level
from hplint.pages import offers_fix
from hplint.registry import registry
from hplint.report.explain import VERDICTS
from hplint.report.explain_markdown import explain_sections, page_markdown
from hplint.rule import Rule, Runtime

LEVELS = {
    Level.ERROR: "It raises, or cannot be meant.",
    Level.WARNING: "Probably a mistake.",
    Level.ADVICE: "It works, and evidence says to think again. Shown, and does not fail.",
    Level.PEDANTIC: "Off unless selected.",
}


def reference() -> dict[str, str]:
    """The Markdown of all pages by their paths on the site."""
    rules = sorted(registry().rules, key=lambda rule: rule.code)
    names = {rule.name: f"../rules/{rule.name}.md" for rule in rules if "-" in rule.name}
    pages = {f"rules/{rule.name}.md": with_names_linked(_rule(rule), _others(names, rule)) for rule in rules}
    for row in hyperparameters.rows():
        watchers = [rule for rule in rules if rule.hyperparameter == row.name]
        pages[f"hyperparameters/{row.name}.md"] = with_names_linked(_hyperparameter(row, watchers), names)
    pages["rules/index.md"] = _by_topic(rules)
    pages["rules/levels.md"] = _by_level(rules)
    pages["hyperparameters/index.md"] = _hyperparameters(rules)
    return pages


def _others(names: dict[str, str], rule: Rule) -> dict[str, str]:
    return {name: page for name, page in names.items() if name != rule.name}


def _rule(rule: Rule) -> str:
    head, _, body = page_markdown(rule).partition("\n")
    facts = [
        f"**{rule.code}**",
        f"[{rule.level.value}](levels.md#{rule.level.value})",
        f"topic [{rule.topic}](index.md#{rule.topic})",
        f"library {rule.library}",
    ]
    if rule.hyperparameter:
        facts.append(f"about [{rule.hyperparameter}](../hyperparameters/{rule.hyperparameter}.md)")
    if offers_fix(rule.module):
        facts.append("[has fixes](../fixes.md)")
    if rule.runtime:
        facts.append(f"[at run time](../run.md) {'only' if isinstance(rule.subject, Runtime) else 'too'}")
    facts.append(f"since {rule.since}")
    return f"# {rule.name}\n\n{' · '.join(facts)}\n{{ .facts }}\n\n**{head}**\n\n{body.strip()}\n"


def _hyperparameter(row: Hyperparameter, watchers: list[Rule]) -> str:
    blocks = [f"# {row.title}\n\n`{row.name}` · [{row.category}](index.md#{slug(row.category)})\n{{ .facts }}"]
    blocks += [f"## {heading}\n\n{body}" for heading, body in explain_sections(row, watchers)]
    if row.spellings:
        blocks.append("## Names in code\n\n" + ", ".join(f"`{name}`" for name in row.spellings))
    blocks.append("## Sources\n\n" + "\n".join([*_sources(row), "", "Advice without a source is common practice."]))
    return "\n\n".join(blocks) + "\n"


def _sources(row: Hyperparameter) -> Iterator[str]:
    for source in row.sources:
        title = f"[{source.title}]({source.url})" if source.url else source.title
        yield f"- {source.key}: {title}"


def _by_topic(rules: Iterable[Rule]) -> str:
    listed = list(rules)
    blocks = [
        f"# Rules\n\n{len(listed)} rules by topic; [by level](levels.md). Each page tells what happens, how one would "
        "notice, and what looks like the mistake and is right. `hplint rule NAME` prints the same."
    ]
    for topic in sorted({rule.topic for rule in listed}):
        blocks.append(f"## {topic}\n\n{_table(rule for rule in listed if rule.topic == topic)}")
    return "\n\n".join(blocks) + "\n"


def _by_level(rules: Iterable[Rule]) -> str:
    listed = list(rules)
    blocks = ["# Rules by level\n\nHow sure a rule is, and how bad what it finds; [by topic](index.md)."]
    for level, meaning in LEVELS.items():
        blocks.append(f"## {level.value}\n\n{meaning}\n\n{_table(rule for rule in listed if rule.level is level)}")
    return "\n\n".join(blocks) + "\n"


def _table(rules: Iterable[Rule]) -> str:
    lines = ["| Code | Name | Level | Fix | What it finds |", "|---|---|---|---|---|"]
    for rule in rules:
        what = _cell(rule.summary) + (" (at run time)" if isinstance(rule.subject, Runtime) else "")
        fix = "yes" if offers_fix(rule.module) else ""
        lines.append(f"| {rule.code} | [{rule.name}]({rule.name}.md) | {rule.level.value} | {fix} | {what} |")
    return "\n".join(lines)


def _hyperparameters(rules: Iterable[Rule]) -> str:
    listed = list(rules)
    rows = hyperparameters.rows()
    blocks = [
        f"# Hyperparameters\n\n{len(rows)} hyperparameters: what each is, how to choose it, its defaults by library, "
        "and the rules that watch it. `hplint explain NAME` prints the same."
    ]
    for category in dict.fromkeys(row.category for row in rows):
        lines = ["| Hyperparameter | Can it stay at its default? | Rules |", "|---|---|---|"]
        for row in (row for row in rows if row.category == category):
            watchers = sum(rule.hyperparameter == row.name for rule in listed)
            verdict = VERDICTS[row.default].rstrip(".")
            lines.append(f"| [{_cell(row.title)}]({row.name}.md) | {verdict} | {watchers or ''} |")
        blocks.append(f"## {category}\n\n" + "\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
