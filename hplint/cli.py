"""The command line. What a command needs is imported when it runs, so that `--help` and `rule` start quickly."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

from hplint import __version__
from hplint.commands.completion import complete_names
from hplint.commands.terminal import WRONG, color_option, complain, guarded, is_colored, width

if TYPE_CHECKING:
    from hplint.registry import Registry


_ELSEWHERE = {
    "check": "hplint.commands.check",
    "completion": "hplint.commands.completion",
    "inventory": "hplint.commands.inventory",
    "mcp": "hplint.commands.mcp",
    "new": "hplint.commands.new",
    "run": "hplint.commands.run",
    "server": "hplint.commands.server",
}
"""Commands with a module of their own, where they are called `command`."""


class _Group(click.Group):
    """Imports a command when it is called for, and suggests one for a name that does not exist."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_ELSEWHERE})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _ELSEWHERE:
            command: click.Command = import_module(_ELSEWHERE[cmd_name]).command
            return command
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            from hplint.spelling import closest

            suggestion = closest(name, self.list_commands(ctx))
            hint = f": did you mean `{suggestion}`?" if suggestion else ""
            raise click.UsageError(f"there is no command `{name}`{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "--version", "-V", message="hplint %(version)s")
def main() -> None:
    """Find mistakes in machine-learning training code.

    `hplint check` reads Python files and reports what makes a model train badly, not at all, or not as written.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # A terminal that lacks a character gets an escape, never an exception.
            stream.reconfigure(errors="backslashreplace")


@main.command("rule")
@click.argument("name", required=False, shell_complete=complete_names)
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@color_option
@click.pass_context
def rule_command(context: click.Context, name: str | None, output_format: str, color: str) -> None:
    """Show the page of a rule, or the list of all rules."""
    from hplint.registry import did_you_mean
    from hplint.report import rules

    known = _registry()
    if name is None:
        shown = known.rules
    else:
        rule = known.get(name)
        if rule is None:
            complain(f"`{name}` is no rule{did_you_mean(name, known.by_name)}")
            context.exit(WRONG)
        shown = (rule,)
    colored = is_colored(color, sys.stdout)
    if output_format == "json":
        text = rules.as_json(shown)
    elif name is None:
        text = rules.listing(shown, color=colored)
    else:
        text = rules.page(shown[0], width=width(), color=colored)
    click.echo(text, nl=False, color=colored)


@main.command()
@click.argument("name", shell_complete=complete_names)
@color_option
@click.pass_context
def explain(context: click.Context, name: str, color: str) -> None:
    """Explain a hyperparameter or a rule."""
    from hplint import hyperparameters
    from hplint.report import rules
    from hplint.report.explain import explain as explain_row
    from hplint.report.explain import unknown_name

    known = _registry()
    colored = is_colored(color, sys.stdout)
    rule, row = known.get(name), hyperparameters.get(name)
    if rule is not None:
        text = rules.page(rule, width=width(), color=colored)
    elif row is not None:
        watchers = [rule for rule in known.rules if rule.hyperparameter == row.name]
        text = explain_row(row, watchers, width=width(), color=colored)
    else:
        complain(unknown_name(name, known))
        context.exit(WRONG)
    click.echo(text, nl=False, color=colored)


@main.command()
@click.argument("path", default=".", metavar="[FILE]")
@click.option("--config", type=click.Path(exists=True, dir_okay=False), help="Use this configuration file.")
@click.option("--isolated", is_flag=True, help="Ignore all configuration files.")
@color_option
def config(path: str, config: str | None, isolated: bool, color: str) -> None:
    """Show the settings that govern a file, and where they come from."""
    from hplint.project import Project
    from hplint.report import settings as report
    from hplint.settings import SettingsFinder
    from hplint.source import display_path

    absolute = os.path.abspath(path)
    folder = absolute if os.path.isdir(absolute) else os.path.dirname(absolute)
    found = guarded(lambda: SettingsFinder(None, config, isolated=isolated).for_folder(folder))
    project, inside = Project(), os.path.join(folder, "any.py")
    told = {library: project.declared(library, inside) for library in found.registry.libraries}
    declared = {library: f"{each.versions} ({', '.join(each.files)})" for library, each in told.items() if each}
    colored = is_colored(color, sys.stdout)
    click.echo(report.render(display_path(path), found, declared, color=colored), nl=False, color=colored)


def _registry() -> Registry:
    """The rules here: those of the plugins that the current folder's configuration names, too."""
    from hplint.settings import SettingsFinder

    found: Registry = guarded(lambda: SettingsFinder().for_folder(os.getcwd()).registry)
    return found
