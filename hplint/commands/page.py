"""The HTML page of `check` and `run`, with the hyperparameters of the scripts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from click.exceptions import Exit

from hplint.commands.terminal import WRONG, complain

if TYPE_CHECKING:
    from hplint.inventory.records import Script
    from hplint.report import Report, RuleOf, SourceOf
    from hplint.report.html import Inventory, Row


def html_page(report: Report, source_of: SourceOf, rule_of: RuleOf, scripts: Iterable[str]) -> str:
    """The findings, the rules behind them, and what the files called ``scripts`` set."""
    try:
        from hplint.report import html
    except ModuleNotFoundError as problem:
        complain(f"--output-format html needs {problem.name}: pip install 'hplint[html]'")
        raise Exit(WRONG) from problem
    inventories = tuple(_inventories(scripts))
    return html.render(report, source_of, rule_of, inventories, os.path.basename(os.getcwd()))


def _inventories(scripts: Iterable[str]) -> Iterator[Inventory]:
    from hplint.inventory.layout import by_category
    from hplint.inventory.scripts import of_paths
    from hplint.report.html import Inventory

    paths = sorted(path for path in scripts if os.path.isfile(path))
    for script in of_paths(paths).scripts if paths else ():
        rows = _rows(script)
        sections = [(heading, [next(rows) for _ in group]) for heading, group in by_category(script.entries)]
        yield Inventory(script.path, sections)


def _rows(script: Script) -> Iterator[Row]:
    from hplint.inventory import known
    from hplint.inventory.layout import given_to, where
    from hplint.report.html import Row

    for entry, owner in zip(script.entries, given_to(script.entries), strict=True):
        yield Row(known.title(entry.hyperparameter), entry.value, owner, where(entry))
