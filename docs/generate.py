"""Writes the table of rules in README.md from the rules themselves; ``--check`` fails when it is out of step.

python docs/generate.py [--check]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hplint.registry import registry
from hplint.rule import Rule, Runtime

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
BEGIN = "<!-- rules: written by docs/generate.py -->"
END = "<!-- end of rules -->"


def table() -> str:
    """The rules, topic by topic, in Markdown."""
    rules = registry().rules
    lines = []
    for topic in sorted({rule.topic for rule in rules}):
        lines += ["", f"### {topic}", "", "| Code | Name | Level | What it finds |", "|---|---|---|---|"]
        lines += [row(rule) for rule in rules if rule.topic == topic]
    return "\n".join(lines)


def row(rule: Rule) -> str:
    """The line of one rule, with a link to its page."""
    page = rule.module.replace("hplint.rules.", "rules.", 1).replace(".", "/") + ".py"
    what = rule.summary.replace("|", "\\|") + (" (at run time)" if isinstance(rule.subject, Runtime) else "")
    return f"| {rule.code} | [`{rule.name}`]({page}) | {rule.level.value} | {what} |"


def written(text: str) -> str:
    """The README with its table as it should be."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{README.name}: the lines {BEGIN} and {END} are missing")
    return f"{head}{BEGIN}\n{table()}\n\n{END}{tail}"


def main() -> None:
    """Write the README, or with ``--check`` only look at it."""
    parser = argparse.ArgumentParser(description="Write the table of rules in README.md.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 when the table is stale")
    arguments = parser.parse_args()
    text = README.read_text("utf-8")
    wanted = written(text)
    if arguments.check and text != wanted:
        sys.exit("README.md is out of step with the rules: run `python docs/generate.py`")
    if not arguments.check:
        README.write_text(wanted, "utf-8")


if __name__ == "__main__":
    main()
