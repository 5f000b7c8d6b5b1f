"""One file to its inventory: all sites, equal values together, in the order of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hplint.facts.file import File
from hplint.inventory import known
from hplint.inventory.architecture import layer_sites
from hplint.inventory.loops import loop_sites
from hplint.inventory.options import option_sites
from hplint.inventory.reading import MAYBE, Reader
from hplint.inventory.records import Entry, Given, Script, State, Use
from hplint.inventory.sites import Site, call_sites
from hplint.source import Source


def inventory(file: File, source: Source, source_of: Callable[[str], Source]) -> Script:
    """The hyperparameters of one file."""
    reader = Reader(file, source, source_of)
    sites = [*call_sites(reader), *layer_sites(reader), *loop_sites(reader)]
    told = [origin for site in sites for origin in site.reading.origins]
    sites += option_sites(reader, told, [site.hyperparameter for site in sites if not _is_vague(site)])
    clear = {site.hyperparameter for site in sites if not _is_vague(site)}
    return Script(
        file.path, _entries(reader, [site for site in sites if not _is_vague(site) or site.hyperparameter not in clear])
    )


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


def _order(entry: Entry) -> tuple[tuple[int, int], int]:
    # Sorting keeps the order of the text among equals.
    return known.order()[entry.hyperparameter], int(entry.callee == "")
