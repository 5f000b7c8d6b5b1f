"""`hplint new`: the files of a new rule."""

from __future__ import annotations

from pathlib import Path

import click

from hplint.commands.terminal import WRONG, complain

LEVELS = ("error", "warning", "advice", "pedantic")


@click.command("new")
@click.argument("name")
@click.option("--topic", metavar="TOPIC", help="The folder under rules/ that it belongs to.")
@click.option("--level", type=click.Choice(LEVELS), default="warning", show_default=True, help="The worst it says.")
@click.option("--code", metavar="CODE", help="Its code. [default: the next free one]")
@click.option("--hyperparameter", metavar="ROW", help="The row of the table that it watches, such as learning-rate.")
@click.pass_context
def command(
    context: click.Context, name: str, topic: str | None, level: str, code: str | None, hyperparameter: str | None
) -> None:
    """Make the files of a new rule, in a checkout of hplint."""
    from hplint import scaffold
    from hplint.model import Level

    try:
        root = scaffold.checkout(Path.cwd())
        rule = scaffold.new_rule(root, name, topic, Level(level), code, hyperparameter)
        scaffold.write(root, rule)
    except scaffold.ScaffoldError as problem:
        complain(str(problem))
        context.exit(WRONG)
    except OSError as problem:
        complain(f"{problem.filename} cannot be written: {problem.strerror}")
        context.exit(WRONG)
    click.echo("".join(f"{path}\n" for path in rule.files), nl=False)
    click.echo(
        f"\n{rule.code} is `{name}`. Say what the TODOs ask for, from the top of the page down, then run\n\n"
        f"  pytest tests/test_rules.py tests/test_registry.py -k {name}\n"
        "  python docs/generate.py"
    )
