"""`hplint run`: a training script under watch."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

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
    from hplint.model import Finding
    from hplint.runtime.running.program import Program
    from hplint.runtime.running.runner import Run
    from hplint.settings import SettingsFinder

STEPS = 20
FAKE_STEPS = 3
"""Without weights nothing changes from step to step: enough for what is judged over several."""


@click.command("run", context_settings={"allow_interspersed_args": False})
@click.argument("script", metavar="SCRIPT")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[ARGS]...")
@click.option("-m", "is_module", is_flag=True, help="SCRIPT is a module, as for `python -m`.")
@click.option(
    "--steps",
    type=click.IntRange(min=1),
    default=STEPS,
    show_default=True,
    metavar="N",
    help="Optimizer steps to make, or with --full to watch.",
)
@click.option("--full", is_flag=True, help="Run to the end, and alter nothing.")
@click.option("--fake", is_flag=True, help="Build models without weights: shapes only, for models of any size.")
@selectors("--select", "Report these rules only: names, codes, topics, levels, libraries or ALL.")
@selectors("--ignore", "Leave these out.")
@selectors("--extend-select", "Report these as well.")
@format_option
@file_option
@statistics_option
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even when there are findings.")
@fail_option
@baseline_option
@write_baseline_option
@config_option
@isolated_option
@color_option
@click.pass_context
def command(
    context: click.Context,
    /,
    script: str,
    arguments: tuple[str, ...],
    is_module: bool,
    steps: int,
    full: bool,
    fake: bool,
    **options: Any,
) -> None:
    """Run a training script under watch, and report what is wrong.

    Options of hplint come before SCRIPT; what follows belongs to the script. By default this is a dry run: every
    pass over a data loader gives a few batches, the program ends after --steps optimizer steps, and torch.save
    writes nothing. With --full the program runs as it is. With --fake no weights are held and nothing is computed:
    what shapes, options and the graph tell is found for a model that fits on no machine, in 3 steps.

    The script's own exit code wins when it is not 0, and an uncaught exception is shown and gives 1. Otherwise: 0
    clean, 1 findings at or above the fail level, 2 wrong usage, or a fault of hplint's own.
    """
    refuse_statistics(options)
    if options["config"] or any(options[name] for name in ("select", "ignore", "extend_select")):
        guarded(lambda: settings_finder(options).for_folder(os.getcwd()))  # Wrong ones are told of before the run.
    if full and fake:
        raise click.UsageError("--full and --fake exclude each other: without weights a program does not run as it is")
    known = Known(settings_finder(options), options)
    from hplint.runtime.running.runner import Run

    if fake and context.get_parameter_source("steps") is ParameterSource.DEFAULT:
        steps = FAKE_STEPS
    run = Run(_program(context, script, is_module), steps, full, fake)
    reports = os.environ.get("RANK", "0") == "0"
    if reports:
        click.echo(_announcement(run), err=True)
    run.execute(script, arguments)
    found = _report(run, settings_finder(options), known, options) if reports else CLEAN
    context.exit(run.ending.code or found)


def _program(context: click.Context, name: str, is_module: bool) -> Program:
    from hplint.runtime.running import program

    try:
        return program.module(name) if is_module else program.script(name)
    except program.NotRunnable as problem:
        complain(str(problem))
        context.exit(WRONG)


def _announcement(run: Run) -> str:
    if run.full:
        return f"hplint run: {run.program.shown} to its end, its first {run.steps} steps under watch"
    from hplint.runtime.running.ends import BATCHES

    weights = " without weights (numbers that nobody has show as ?)" if run.fake else ""
    return (
        f"hplint run: a dry run of {run.program.shown}{weights}: {run.steps} optimizer steps at most, {BATCHES} "
        "batches a pass, nothing is saved (--full runs all of it)"
    )


def _report(run: Run, finder: SettingsFinder, known: Known, options: dict[str, Any]) -> int:
    """Write what was found; the exit code that it gives."""
    from hplint.report import Report
    from hplint.source import display_path

    if run.session is None:
        click.echo("hplint run: torch was never imported, so there was nothing to watch", err=True)
    for remark in run.remarks():
        click.echo(f"hplint run: {remark}", err=True)
    if run.session is not None and run.ending.stopped:
        click.echo(f"hplint run: stopped after {_times(run.made, 'optimizer step')}", err=True)
    found, source_of = tuple(run.findings(finder)), source_reader()
    known.write(found, source_of)
    findings = known.without(found, source_of)
    subject = f"{_times(run.made, 'step')} of {run.program.shown}"
    home = display_path(run.program.file)

    def fails(finding: Finding) -> bool:
        return finding.level.weight >= _fail_weight(finder, finding.path)

    old = len(found) - len(findings)
    report = Report(findings, 1, subject=subject, home=home, known=old, fails=fails)
    write(report, options, finder, source_of, scripts=(home,), head=lambda color: _head(run, options, color))
    if any(finding.code == "HP000" for finding in findings):
        return WRONG
    return FOUND if any(map(fails, findings)) and not options["exit_zero"] else CLEAN


def _head(run: Run, options: dict[str, Any], color: bool) -> str:
    """What the program has built; empty where torch was never imported, or where it cannot be told."""
    if run.session is None:
        return ""
    encoding = "utf-8" if options["output_file"] else getattr(sys.stdout, "encoding", None) or "ascii"
    return run.session.overview(color=color, unicode=encoding.lower().startswith("utf"))


def _fail_weight(finder: SettingsFinder, path: str | None) -> int:
    folder = os.getcwd() if path is None else os.path.dirname(os.path.abspath(path))
    return guarded(lambda: finder.for_folder(folder)).fail_level.weight


def _times(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
