"""What the sources do not say, kept by hand: ``options.toml`` and ``removed.toml``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hplint.signatures._parameters import Json

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def table(file: str, name: str) -> list[dict[str, Any]]:
    """The entries of one file."""
    found: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name(file).read_text(encoding="utf-8"))[name]
    return found


class Options:
    """The strings that parameters take, by symbol and parameter."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], list[str]] = {}
        for entry in table("options.toml", "option"):
            for symbol in entry["symbols"]:
                self.entries[symbol, entry["parameter"]] = entry["options"]
        self.unused = set(self.entries)

    def apply(self, symbol: str, parameters: list[Json]) -> None:
        """Write them into the parameters of a symbol."""
        for parameter in parameters:
            key = (symbol, str(parameter["name"]))
            if key in self.entries:
                self.unused.discard(key)
                parameter["options"] = self.entries[key]

    def check(self) -> None:
        """Refuse entries that speak of nothing."""
        if self.unused:
            raise SystemExit(f"options.toml names what torch does not have: {sorted(self.unused)}")
