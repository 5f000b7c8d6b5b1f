"""One file to its inventory: all sites, equal values together, in the order of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hplint.facts.file import File
from hplint.inventory import known
from hplint.inventory.architecture import layer_sites
from hplint.inventory.known import OTHER
from hplint.inventory.loops import BY_HAND, loop_sites
from hplint.inventory.options import option_sites
from hplint.inventory.reading import MAYBE, Reader
from hplint.inventory.records import Entry, Explanation, Given, Script, State, Use
from hplint.inventory.sites import Site, call_sites
from hplint.model import Span
from hplint.source import Source


def inventory(file: File, source: Source, source_of: Callable[[str], Source], *, all_options: bool = False) -> Script:
    """The hyperparameters of one file; ``all_options``: with them every other option of a script that has any."""
    reader = Reader(file, source, source_of)
    sites = _sites(reader, all_options=all_options)
    if all(site.hyperparameter == OTHER for site in sites):
        sites = []
    return Script(file.path, _entries(reader, sites))


def explanations(
    file: File, source: Source, source_of: Callable[[str], Source], line: int, cell: int | None = None
) -> tuple[Explanation, ...]:
    """How the values on one line, and those that the line decides on, are known or why they are not.

    Lines of a notebook count in a ``cell``.
    """
    reader = Reader(file, source, source_of)
    found = []
    for site in sorted(_sites(reader), key=lambda site: (site.node.start, site.node.end)):
        (entry,) = _entries(reader, [site])
        steps = [] if site.reading.expr is None else reader.steps(site.reading.expr)
        passed = [entry.uses[0].at, *(spot for spot, _ in steps)]
        passed += [link.at for chain in site.reading.chains for link in chain if link.at is not None]
        if any(spot.path == file.path and _is_on(spot.span, line, cell) for spot in passed):
            told = tuple((spot, reader.text_at(spot), text) for spot, text in steps)
            found.append(Explanation(entry, told))
    return tuple(found)


def _is_on(span: Span, line: int, cell: int | None) -> bool:
    return span.cell == cell and span.start.line <= line <= span.end.line


def _sites(reader: Reader, *, all_options: bool = False) -> list[Site]:
    """Every place of the file that sets a hyperparameter, or leaves one to a default."""
    sites = [*call_sites(reader), *layer_sites(reader), *loop_sites(reader)]
    told = [origin for site in sites if site.callee != BY_HAND for origin in site.reading.origins]
    rows = [site.hyperparameter for site in sites if not _is_vague(site)]
    sites += option_sites(reader, told, rows, every=all_options)
    clear = {site.hyperparameter for site in sites if not _is_vague(site)}
    return [site for site in sites if not _is_vague(site) or site.hyperparameter not in clear]


def _is_vague(site: Site) -> bool:
    """Whether all that is known is that ``**rest`` may hold it: worth telling where nothing else is known."""
    return site.reading.state is State.UNKNOWN and site.reading.note == MAYBE


def _entries(reader: Reader, sites: Iterable[Site]) -> tuple[Entry, ...]:
    found: dict[tuple[str, str, str, State, tuple[Given, ...], str], list[Use]] = {}
    for site in sorted(sites, key=lambda site: (site.node.start, site.node.end)):
        reading = site.reading
        key = (site.hyperparameter, site.callee, site.argument, reading.state, reading.values, reading.note)
        found.setdefault(key, []).append(Use(reader.spot(site.node), site.target, reading.chains))
    entries = (Entry(*key, tuple(dict.fromkeys(uses))) for key, uses in found.items())
    return tuple(sorted(entries, key=_order))


def _order(entry: Entry) -> tuple[tuple[int, int], bool, bool]:
    # What is set stands before defaults. Sorting keeps the order of the text among equals.
    return known.order()[entry.hyperparameter], not entry.callee, entry.state is State.DEFAULT
