"""The command line. What a command needs is imported when it runs, so that `--help` and `rule` start quickly."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from hplint import __version__
from hplint.commands.completion import complete_names
from hplint.commands.ignoring import add_ignore_option, add_ignores, reason_of, reason_option
from hplint.commands.known import Known, baseline_option, write_baseline_option
from hplint.commands.output import (
    config_option,
    fail_option,
    file_option,
    format_option,
    isolated_option,
    selectors,
    settings_finder,
    source_reader,
    write,
)
from hplint.commands.terminal import CLEAN, FOUND, WRONG, color_option, complain, guarded, is_colored, width

if TYPE_CHECKING:
    from hplint.batch import FileResult, Run
    from hplint.model import Finding
    from hplint.registry import Registry
    from hplint.settings import SettingsFinder
    from hplint.source import Source

STDIN = "-"


_ELSEWHERE = {
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


@main.command()
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@selectors("--select", "Check these rules only: names, codes, topics, levels, libraries or ALL.")
@selectors("--ignore", "Leave these out.")
@selectors("--extend-select", "Check these as well.")
@click.option("--fix", is_flag=True, help="Apply safe fixes.")
@click.option("--unsafe-fixes", is_flag=True, help="Count unsafe fixes in, for --fix and --diff.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and write nothing.")
@format_option
@file_option
@click.option("--statistics", is_flag=True, help="Show how often each rule was broken.")
@click.option("--watch", is_flag=True, help="Check again after each change, until Ctrl-C.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even when there are findings.")
@fail_option
@baseline_option
@write_baseline_option
@add_ignore_option
@reason_option
@click.option("--stdin-filename", metavar="FILE", help="The name of what is read from standard input (`-`).")
@click.option("--force-exclude", is_flag=True, help="Apply `exclude` to files that are named too.")
@config_option
@isolated_option
@click.option("--jobs", type=click.IntRange(min=1), help="Number of processes. [default: one a core]")
@color_option
@click.pass_context
def check(context: click.Context, /, paths: tuple[str, ...], **options: Any) -> None:
    """Check files and folders (default: the current one)."""
    if STDIN in paths and len(paths) > 1:
        raise click.UsageError("`-` (standard input) cannot be checked together with other paths")
    _refuse_contradictions(options, is_stdin=STDIN in paths)
    if options["watch"]:
        _watch(paths or (".",), options)
        return
    with _no_collecting():
        finder = guarded(lambda: settings_finder(options))
        known = Known(finder, options)
        if STDIN in paths:
            status = _check_stdin(finder, known, options)
        else:
            status = _check_paths(paths or (".",), finder, known, options)
    context.exit(status)


def _refuse_contradictions(options: dict[str, Any], *, is_stdin: bool) -> None:
    reason_of(options)
    if options["add_ignore"] and (options["fix"] or options["diff"] or options["write_baseline"] is not None):
        raise click.UsageError("--add-ignore stands without --fix, --diff and --write-baseline")
    if options["diff"] and options["write_baseline"] is not None:
        raise click.UsageError("--diff and --write-baseline exclude each other")
    if is_stdin and options["watch"]:
        raise click.UsageError("standard input cannot be watched")
    if is_stdin and (options["add_ignore"] or options["write_baseline"] is not None):
        raise click.UsageError("--add-ignore and --write-baseline need files, not standard input")


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Leave Python's garbage collector off, and hide from it what there is then: the process is about to end."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


# --- check


def _watch(paths: tuple[str, ...], options: dict[str, Any]) -> None:
    """Check now and after each change; wrong usage and configuration are said and may be mended meanwhile."""
    from hplint.commands.watching import again_on_change
    from hplint.engine import forget_project

    def work() -> None:
        forget_project()
        finder = guarded(lambda: settings_finder(options))
        _check_paths(paths, finder, Known(finder, options), options)

    again_on_change(paths, lambda: settings_finder(options), work)


def _check_paths(paths: tuple[str, ...], finder: SettingsFinder, known: Known, options: dict[str, Any]) -> int:
    from hplint.batch import lint_paths
    from hplint.commands.progress import shown
    from hplint.source import read

    lint = partial(
        lint_paths, paths, finder, jobs=options["jobs"], force_exclude=options["force_exclude"], watched=shown
    )
    run = lint(fixing=_fixing(options), write_fixes=options["fix"] and not options["diff"])
    if options["diff"]:
        return _show_diff(run, options)
    if options["add_ignore"]:
        new = known.without(run.findings, source_reader())
        if add_ignores(new, reason_of(options), read):
            run = lint()
    return _finish(run, options, finder, known)


def _check_stdin(finder: SettingsFinder, known: Known, options: dict[str, Any]) -> int:
    from hplint import engine
    from hplint.batch import Run, check_source, file_result
    from hplint.source import Unreadable, display_path, from_bytes

    name = options["stdin_filename"]
    path = display_path(name) if name else "<stdin>"
    folder = os.path.dirname(os.path.abspath(name)) if name else os.getcwd()
    settings = guarded(lambda: finder.for_folder(folder))
    data = sys.stdin.buffer.read()
    source = None
    if name and options["force_exclude"] and settings.excludes_within(os.path.abspath(name)):
        run = Run((), ())
    else:
        try:
            source = from_bytes(data, path, settings.max_file_size)
            result = check_source(source, settings, _fixing(options))
        except Unreadable as problem:
            result = file_result(path, engine.unreadable_outcome(path, problem, settings), settings)
        run = _run_of(result, fixed=options["fix"])
        if source is not None and result.change is not None:
            source = from_bytes(result.change.after, path, settings.max_file_size)
            data = result.change.after
    if options["diff"]:
        return _show_diff(run, options)
    if options["fix"]:  # The fixed text is the result; the report must not mix with it.
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    return _finish(run, options, finder, known, source)


def _run_of(result: FileResult, *, fixed: bool) -> Run:
    from hplint.batch import Run

    messages = (result.message,) if result.message else ()
    return Run((result,), (), result.fixed if fixed else 0, messages)


def _fixing(options: dict[str, Any]) -> Any:
    from hplint.batch import Fixing

    if not options["fix"] and not options["diff"]:
        return Fixing.NONE
    return Fixing.UNSAFE if options["unsafe_fixes"] else Fixing.SAFE


def _finish(
    run: Run, options: dict[str, Any], finder: SettingsFinder, known: Known, stdin: Source | None = None
) -> int:
    """Write the report where it belongs: to a file, or to standard output, which a fixed standard input has taken."""
    from hplint.report import Report

    source_of = source_reader(stdin)
    checked = {result.path for result in run.results}
    known.write(run.findings, source_of, checked)
    new = known.without(run.findings, source_of)
    weights = {result.path: result.fail_level.weight for result in run.results}

    def fails(finding: Finding) -> bool:
        return finding.level.weight >= weights[finding.path or ""]

    old = len(run.findings) - len(new)
    report = Report(new, len(run.results), options["unsafe_fixes"], known=old, fails=fails)
    scripts = checked if stdin is None else ()
    write(report, options, finder, source_of, scripts=scripts, to_stderr=stdin is not None and options["fix"])
    if run.fixed:
        click.echo(f"Fixed {run.fixed} finding{'s' if run.fixed > 1 else ''}.", err=True)
    for message in (*run.messages, *known.gone(checked)):
        click.echo(message, err=True)
    return _exit_code(run, fails=any(map(fails, new)), exit_zero=options["exit_zero"])


def _show_diff(run: Run, options: dict[str, Any]) -> int:
    from hplint.fix import diff

    changed = [result for result in run.results if result.change is not None]
    for result in changed:
        assert result.change is not None
        click.echo(diff(result.path, result.change, result.encoding), nl=False)
    count = sum(result.fixed for result in changed)
    if count:
        click.echo(f"Would fix {count} finding{'s' if count > 1 else ''}.", err=True)
    for message in run.messages:
        click.echo(message, err=True)
    return _exit_code(run, fails=bool(changed), exit_zero=options["exit_zero"])


def _exit_code(run: Run, *, fails: bool, exit_zero: bool) -> int:
    for problem in run.problems:
        complain(problem)
    if run.problems or any(finding.code == "HP000" for finding in run.findings):
        return WRONG
    return FOUND if fails and not exit_zero else CLEAN


# --- the commands that explain


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
