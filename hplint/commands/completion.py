"""`hplint completion`: the script that makes a shell complete commands, options and rules."""

from __future__ import annotations

import click


def complete_selectors(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """What may follow in a list of selectors that is being typed: names, topics, levels, libraries, ALL."""
    from hplint.model import Level
    from hplint.registry import ALL, registry

    before, comma, word = incomplete.rpartition(",")
    rules = registry()
    known = {ALL, *rules.by_name, *rules.topics, *rules.libraries, *(level.value for level in Level)}
    return sorted(f"{before}{comma}{each}" for each in known if each.startswith(word))


def complete_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The rules and hyperparameters that a name which is being typed may become."""
    from hplint import hyperparameters
    from hplint.registry import registry

    known = {*registry().by_name, *(row.name for row in hyperparameters.rows())}
    return sorted(each for each in known if each.startswith(incomplete))


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the script that makes a shell complete hplint's commands, options and rules.

    For bash: eval "$(hplint completion bash)" in ~/.bashrc.
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None  # The choice above names those that click has.
    click.echo(kind(context.find_root().command, {}, "hplint", "_HPLINT_COMPLETE").source())
