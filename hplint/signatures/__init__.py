"""Parameters, defaults, allowed strings and guards of public callables, read from JSON; no library is imported."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signature:
    """A callable's signature (the helper that builds this package fills it)."""

    name: str
