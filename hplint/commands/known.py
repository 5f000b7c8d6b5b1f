"""What `check` and `run` do with baselines: leave known findings out, tell which are gone, write a new one."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from hplint.commands.terminal import WRONG, complain

if TYPE_CHECKING:
    from hplint.baseline import Baseline, Entry
    from hplint.commands.output import SourceReader
    from hplint.model import Finding
    from hplint.settings import Settings, SettingsFinder

_UNNAMED = ""

baseline_option = click.option(
    "--baseline", type=click.Path(dir_okay=False), help="Report only what is not in this baseline."
)
write_baseline_option = click.option(
    "--write-baseline",
    is_flag=False,
    flag_value=_UNNAMED,
    metavar="[FILE]",
    help="Write what is found to the baseline, so that only new findings are reported from now on.",
)


class Known:
    """The baselines that govern a run: that of the command line, or those that the settings of files name."""

    def __init__(self, finder: SettingsFinder, options: dict[str, Any]) -> None:
        self._finder = finder
        self._loaded: dict[str, Baseline] = {}
        self._target = self._chosen_target(options)
        self._met: dict[str, set[str]] = {}
        if self._target is None:
            self._try_early()

    def _try_early(self) -> None:
        """Tell of a wrong baseline before the work. Wrong settings may be those of no file that is looked at."""
        from hplint.settings import SettingsError

        with suppress(SettingsError):
            baseline = self._finder.for_folder(os.getcwd()).baseline
            if baseline is not None:
                self._load(baseline)

    def without(self, findings: Sequence[Finding], source_of: SourceReader) -> tuple[Finding, ...]:
        """The findings that no baseline lists, in their order."""
        groups: dict[str | None, list[Finding]] = {}
        for finding in findings:
            groups.setdefault(self._target or self._settings(finding.path).baseline, []).append(finding)
        kept = groups.pop(None, [])
        for path, group in groups.items():
            assert path is not None
            new, met = self._load(path).split(group, source_of)
            self._met.setdefault(path, set()).update(met)
            kept += new
        return tuple(sorted(kept, key=lambda finding: finding.sort_key()))

    def write(self, findings: Sequence[Finding], source_of: SourceReader, checked: Collection[str] = ()) -> None:
        """Write the baseline that is asked for, if one is.

        What it lists already stays, but for what was looked for in the ``checked`` files and is there no more.
        """
        if self._target is None:
            return
        from hplint.baseline import Baseline, BaselineError
        from hplint.source import display_path

        before = self._load(self._target) if os.path.exists(self._target) else Baseline(self._target)
        kept = {each for each in before.entries if not self._was_sought(each, before, checked)}
        listed = {each.fingerprint for each in kept}
        new = (each for each in before.entries_for(findings, source_of) if each and each.fingerprint not in listed)
        written = Baseline(self._target, frozenset({*kept, *new}))
        try:
            written.write()
        except BaselineError as problem:
            _stop(str(problem))
        self._loaded[self._target] = written
        count = len(written.entries)
        click.echo(f"Wrote {count} finding{'' if count == 1 else 's'} to {display_path(self._target)}.", err=True)

    def gone(self, checked: Collection[str]) -> list[str]:
        """A line for each baseline that lists findings which are there no more; ``checked``: the files looked at."""
        from hplint.source import display_path

        told = []
        for path in dict.fromkeys(filter(None, (self._settings(each).baseline for each in sorted(checked)))):
            baseline = self._load(path)
            met = self._met.get(path, set())
            count = sum(
                each.fingerprint not in met and self._was_sought(each, baseline, checked) for each in baseline.entries
            )
            if count:
                what = f"{count} findings of the baseline are" if count > 1 else "1 finding of the baseline is"
                told.append(f"{what} gone: write {display_path(path)} anew with --write-baseline.")
        return told

    def _was_sought(self, entry: Entry, baseline: Baseline, checked: Collection[str]) -> bool:
        """Whether an entry would have been met if it were still there. Whose file is gone will not be met again."""
        if not checked or entry.engine == "runtime":
            return False
        path = baseline.shown_path(entry)
        if path in checked:
            return entry.code in self._settings(path).codes_for(path)
        return not os.path.exists(path) and not entry.path.startswith("<")

    def _settings(self, path: str | None) -> Settings:
        from hplint.commands.terminal import guarded

        folder = os.path.dirname(os.path.abspath(path)) if path else os.getcwd()
        found: Settings = guarded(lambda: self._finder.for_folder(folder))
        return found

    def _load(self, path: str) -> Baseline:
        from hplint.baseline import BaselineError, load

        if path not in self._loaded:
            try:
                self._loaded[path] = load(path)
            except BaselineError as problem:
                _stop(str(problem))
        return self._loaded[path]

    def _chosen_target(self, options: dict[str, Any]) -> str | None:
        """The absolute path of the file to write: as named, else the baseline in force, else one of the usual name."""
        from hplint.baseline import DEFAULT_NAME, SUFFIX

        named = options["write_baseline"]
        if named is None:
            return None
        if named and options["baseline"]:
            raise click.UsageError("--write-baseline FILE and --baseline exclude each other")
        path = os.path.abspath(named or self._settings(None).baseline or DEFAULT_NAME)
        if not path.endswith(SUFFIX):
            raise click.UsageError(f"--write-baseline takes the name of a {SUFFIX} file, not `{named or path}`")
        if os.path.exists(path):
            self._load(path)  # What is no baseline is not overwritten.
        return path


def _stop(message: str) -> None:
    complain(message)
    raise click.exceptions.Exit(WRONG)
