"""Writes what is made of other files; ``--check`` fails when it is out of step.

That is what README.md quotes, the table of rules and hplint's output, and the index of the table of hyperparameters.

python docs/generate.py [--check]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from hplint import hyperparameters
from hplint.registry import registry
from hplint.rule import Rule, Runtime

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
CHECK = ("check", "fixtures/seed/table.py", "fixtures/seed/no_dropout.py")
INVENTORY = ("inventory", "fixtures/seed/table.py")
"""The commands whose output the README shows."""


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


def output(example: tuple[str, ...], code: int, *options: str) -> str:
    """An example command and what it prints; ``code`` is what it must exit with."""
    command = [sys.executable, "-m", "hplint", *example, *options, "--color", "never"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != code:
        sys.exit(f"hplint {' '.join(example)} exited with {done.returncode}, not {code}:\n{done.stderr}")
    return f"```console\n$ hplint {' '.join(example)}\n{done.stdout.rstrip()}\n```"


def readme() -> str:
    """The README with its quotations as they should be."""
    text = replaced(README.read_text("utf-8"), "rules", table())
    text = replaced(text, "output", output(CHECK, 1, "--isolated"))
    return replaced(text, "inventory", output(INVENTORY, 0))


def replaced(text: str, name: str, content: str) -> str:
    """A text with new content between the comments that mark a quotation."""
    begin, end = f"<!-- {name}: written by docs/generate.py -->", f"<!-- end of {name} -->"
    head, begun, rest = text.partition(begin)
    _, ended, tail = rest.partition(end)
    if not begun or not ended:
        sys.exit(f"{README.name}: the lines {begin} and {end} are missing")
    return f"{head}{begin}\n\n{content.strip()}\n\n{end}{tail}"


def main() -> None:
    """Write the files, or with ``--check`` only look at them."""
    parser = argparse.ArgumentParser(description="Write what is made of other files.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 when something is stale")
    arguments = parser.parse_args()
    # hplint reads the index when it makes its output.
    for path, wanted in ((hyperparameters.INDEX, hyperparameters.index), (README, readme)):
        text = wanted()
        if path.read_text("utf-8") == text:
            continue
        if arguments.check:
            sys.exit(f"{path.name} is out of step: run `python docs/generate.py`")
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
