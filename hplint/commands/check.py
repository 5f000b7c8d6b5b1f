"""``hplint check``: check files and folders, or standard input, and mend them if asked to."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from hplint.commands.ignoring import add_ignore_option, add_ignores, reason_of, reason_option
from hplint.commands.known import Known, baseline_option, write_baseline_option
from hplint.commands.output import (
    config_option,
    fail_option,
    file_option,
    format_option,
    isolated_option,
    refuse_statistics,
    selectors,
    settings_finder,
    source_reader,
    statistics_option,
    write,
)
from hplint.commands.terminal import CLEAN, FOUND, WRONG, color_option, complain, guarded

if TYPE_CHECKING:
    from hplint.batch import FileResult, Run
    from hplint.model import Finding
    from hplint.settings import SettingsFinder
    from hplint.source import Source

STDIN = "-"


@click.command("check")
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@selectors("--select", "Check these rules only: names, codes, topics, levels, libraries or ALL.")
@selectors("--ignore", "Leave these out.")
@selectors("--extend-select", "Check these as well.")
@click.option("--fix", is_flag=True, help="Apply safe fixes.")
@click.option("--unsafe-fixes", is_flag=True, help="Count unsafe fixes in, for --fix and --diff.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and write nothing.")
@format_option
@file_option
@statistics_option
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
def command(context: click.Context, /, paths: tuple[str, ...], **options: Any) -> None:
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
    refuse_statistics(options)
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
