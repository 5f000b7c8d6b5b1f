"""Reports as commands write them: the formats, and where they go."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TextIO

import click

from hplint.commands.completion import complete_selectors
from hplint.commands.page import html_page
from hplint.commands.terminal import WRONG, complain, guarded, is_colored

if TYPE_CHECKING:
    from hplint.model import Finding
    from hplint.report import Report
    from hplint.rule import Rule
    from hplint.settings import Settings, SettingsFinder
    from hplint.source import Source

FORMATS = ("full", "concise", "json", "sarif", "github", "gitlab", "azure", "junit", "rdjson", "html")
COUNTED = ("full", "concise", "json")
"""The formats that can count how often each rule was broken."""
LEVELS = ("error", "warning", "advice", "pedantic")
SourceReader = Callable[[str], "Source | None"]


def _split(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip() for each in value for part in each.split(",") if part.strip())


def selectors(name: str, help: str) -> Callable[[Any], Any]:
    """An option that takes rules, topics, levels, libraries."""
    return click.option(
        name, multiple=True, metavar="RULES", callback=_split, help=help, shell_complete=complete_selectors
    )


format_option = click.option(
    "--output-format", type=click.Choice(FORMATS), default="full", show_default=True, help="The report."
)
file_option = click.option("--output-file", type=click.Path(dir_okay=False), help="Write the report to this file.")
statistics_option = click.option("--statistics", is_flag=True, help="Show how often each rule was broken.")
fail_option = click.option(
    "--fail-level", type=click.Choice(LEVELS), help="Exit with 1 from this level on. [default: warning]"
)
config_option = click.option(
    "--config", type=click.Path(exists=True, dir_okay=False), help="Use this configuration file for all files."
)
isolated_option = click.option("--isolated", is_flag=True, help="Ignore all configuration files.")


def refuse_statistics(options: dict[str, Any]) -> None:
    """Stop where a format is asked for that has no place for statistics, and would be dropped for them."""
    if options["statistics"] and options["output_format"] not in COUNTED:
        raise click.UsageError(f"--statistics does not go with --output-format {options['output_format']}")


def settings_finder(options: dict[str, Any]) -> SettingsFinder:
    """The settings that the options of a command ask for."""
    from hplint.model import Level
    from hplint.selection import Layer
    from hplint.settings import Overrides, SettingsFinder

    if options["config"] and options["isolated"]:
        raise click.UsageError("--config and --isolated exclude each other")
    layer = Layer(options["select"] or None, options["extend_select"], options["ignore"])
    level = Level(options["fail_level"]) if options["fail_level"] else None
    baseline = os.path.abspath(options["baseline"]) if options["baseline"] else None
    overrides = Overrides(layer, level, baseline)
    return SettingsFinder(overrides, options["config"], isolated=options["isolated"])


def write(
    report: Report,
    options: dict[str, Any],
    finder: SettingsFinder,
    source_of: SourceReader,
    *,
    scripts: Iterable[str] = (),
    to_stderr: bool = False,
    head: Callable[[bool], str] | None = None,
) -> None:
    """Write a report in its format where it belongs: to a file, or to standard output.

    ``scripts`` are the files whose hyperparameters a page lists. ``head`` makes, in colour or not, what comes before
    the findings where the format is for people.
    """
    stream = sys.stderr if to_stderr else sys.stdout
    color = is_colored(options["color"], None if options["output_file"] else stream)
    if options["output_format"] == "html":
        text = html_page(report, source_of, partial(_rule_of, finder), scripts)
    else:
        links = color and _is_clickable(stream, options)
        text = _rendered(report, options, finder, source_of, color=color, links=links)
    if head is not None and options["output_format"] == "full" and not options["statistics"]:
        text = head(color) + text
    if options["output_file"]:
        try:
            with open(options["output_file"], "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except OSError as problem:
            complain(f"{options['output_file']} cannot be written: {problem.strerror}")
            raise click.exceptions.Exit(WRONG) from problem
    else:
        click.echo(text, file=stream, nl=False, color=color)


def _is_clickable(stream: TextIO, options: dict[str, Any]) -> bool:
    """Whether a report goes to a terminal, where a place can be clicked."""
    return not options["output_file"] and stream.isatty()


def _rendered(
    report: Report,
    options: dict[str, Any],
    finder: SettingsFinder,
    source_of: SourceReader,
    *,
    color: bool,
    links: bool,
) -> str:
    from hplint.report import concise, json, text

    form = options["output_format"]
    if form == "json":
        return json.render(report, statistics=options["statistics"])
    if options["statistics"]:
        return concise.statistics(report, color=color)
    if form == "concise":
        return concise.render(report, color=color, links=links)
    if form == "full":
        return text.render(report, source_of, color=color, links=links)
    return _for_services(form, report, finder, source_of)


def _for_services(form: str, report: Report, finder: SettingsFinder, source_of: SourceReader) -> str:
    """What other programs read; each format is imported only where it is wanted."""
    from hplint.report import azure, github, gitlab, junit, rdjson, sarif

    if form == "sarif":
        return sarif.render(report, source_of, partial(_rule_of, finder))
    if form == "gitlab":
        return gitlab.render(report, source_of)
    if form == "rdjson":
        return rdjson.render(report, source_of)
    plain: dict[str, Callable[[Report], str]]
    plain = {"azure": azure.render, "github": github.render, "junit": junit.render}
    return plain[form](report)


def _rule_of(finder: SettingsFinder, finding: Finding) -> Rule | None:
    """The rule of a finding; plugins are those that the settings of its file name."""
    folder = os.path.dirname(os.path.abspath(finding.path)) if finding.path else os.getcwd()
    settings: Settings = guarded(lambda: finder.for_folder(folder))
    return settings.registry.get(finding.code)


def source_reader(given: Source | None = None) -> SourceReader:
    """Reads the texts that a report shows; ``given`` is one that is in no file."""
    from hplint.source import Unreadable, read

    @lru_cache(maxsize=64)
    def source_of(path: str) -> Source | None:
        if given is not None and path == given.path:
            return given
        try:
            return read(path)
        except Unreadable:
            return None

    return source_of
