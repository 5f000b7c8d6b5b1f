"""Parameters, defaults, allowed strings and guards of public callables, read from JSON; no library is imported.

``torch.json`` is written by :mod:`hplint.signatures.generate`. It is read on the first question; a symbol's record is
made on its first look-up.
"""

from __future__ import annotations

import ast
import json
from enum import Enum
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from hplint.records import value_record

__all__ = [
    "Default",
    "DefaultKind",
    "Guard",
    "Parameter",
    "Removed",
    "Signature",
    "canonical",
    "constants",
    "derives",
    "exports",
    "is_module",
    "lookup",
    "names",
    "removals",
    "removed",
    "version",
]


class DefaultKind(Enum):
    """What is known of a parameter's default."""

    ABSENT = "absent"
    """There is none: the argument must be given, unless the parameter is ``*args`` or ``**kwargs``."""
    CONSTANT = "constant"
    OPAQUE = "opaque"
    """There is one that no literal writes."""


@value_record
class Default:
    """A parameter's default. ``value`` counts only for a constant; ``source`` is its text, empty when absent."""

    kind: DefaultKind
    value: object = None
    source: str = ""


@value_record
class Parameter:
    """One parameter.

    ``kind``: ``positional-only``, ``positional``, ``keyword-only``, ``*`` or ``**``. ``options``: where they are
    given, a string argument must be one of them. ``types``: what the annotation allows, of ``bool``, ``int``,
    ``float``, ``str``, ``None``, ``tuple``, ``list`` and ``other`` (tensors, callables …); empty when nothing is known.
    """

    name: str
    kind: str
    default: Default
    options: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default.kind is DefaultKind.ABSENT and self.kind not in {"*", "**"}


@value_record
class Guard:
    """A check that the callable makes on its arguments: where ``condition`` holds, the call raises.

    ``condition`` is an expression over parameter names, read by :mod:`hplint.signatures.guards`. ``message`` is what
    the error says, with ``{expression}`` where values go, empty when the library gives none.
    """

    condition: str
    exception: str
    message: str


@value_record
class Signature:
    """A public class or function. ``kind`` is ``class`` or ``function``.

    ``bases``: the direct bases of a class under their canonical names. ``group_keys``: what the parameter groups of
    an optimizer may hold. ``overloaded``: it takes more than ``parameters`` tell, so nothing is unexpected.
    """

    name: str
    kind: str
    parameters: tuple[Parameter, ...] = ()
    guards: tuple[Guard, ...] = ()
    bases: tuple[str, ...] = ()
    group_keys: frozenset[str] = frozenset()
    overloaded: bool = False

    def parameter(self, name: str) -> Parameter | None:
        """The parameter that a keyword argument binds to; ``**kwargs`` does not count."""
        return next((p for p in self.parameters if p.name == name and p.kind in {"positional", "keyword-only"}), None)

    @property
    def accepts_any_keyword(self) -> bool:
        """Whether no keyword is unexpected."""
        return self.overloaded or any(p.kind == "**" for p in self.parameters)

    @property
    def accepts_any_positional(self) -> bool:
        """Whether there are never too many positional arguments."""
        return self.overloaded or any(p.kind == "*" for p in self.parameters)


@value_record
class Removed:
    """A parameter that the described version no longer takes.

    ``last`` is the last version known to take it, ``gone`` the first known not to; ``note`` says what to do instead.
    """

    symbol: str
    parameter: str
    last: str
    gone: str
    note: str
    source: str


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Path(__file__).with_name("torch.json").read_bytes())
    return data


def version() -> str:
    """The version of torch that is described: ``2.13.0``."""
    found: str = _data()["version"]
    return found


@cache
def canonical(name: str) -> str:
    """The name under which a symbol is kept: ``torch.optim.adam.Adam`` is ``torch.optim.Adam``.

    Attributes of a symbol follow it (``torch.optim.adam.Adam.step``); an unknown name stays as it is.
    """
    aliases: dict[str, str] = _data()["aliases"]
    head, tail = name, ""
    while head:
        if head in aliases:
            return aliases[head] + tail
        head, dot, last = head.rpartition(".")
        tail = f"{dot}{last}{tail}"
    return name


@cache
def lookup(name: str) -> Signature | None:
    """The signature of a class or function by any of its names."""
    name = canonical(name)
    record: dict[str, Any] | None = _data()["symbols"].get(name)
    if record is None:
        return None
    return Signature(
        name=name,
        kind=record["kind"],
        parameters=tuple(_parameter(p) for p in record.get("parameters", ())),
        guards=tuple(Guard(g["if"], g["raises"], g.get("message", "")) for g in record.get("guards", ())),
        bases=tuple(record.get("bases", ())),
        group_keys=frozenset(record.get("group_keys", ())),
        overloaded=record.get("overloaded", False),
    )


@cache
def constants(name: str) -> dict[str, object]:
    """The defaults of a callable's parameters, as far as literals write them."""
    found = lookup(name)
    parameters = () if found is None else found.parameters
    return {p.name: p.default.value for p in parameters if p.default.kind is DefaultKind.CONSTANT}


def _parameter(record: dict[str, Any]) -> Parameter:
    return Parameter(
        name=record["name"],
        kind=record.get("kind", "positional"),
        default=_default(record),
        options=tuple(record.get("options", ())),
        types=tuple(record.get("types", ())),
    )


def _default(record: dict[str, Any]) -> Default:
    if "default" in record:
        return Default(DefaultKind.CONSTANT, ast.literal_eval(record["default"]), record["default"])
    if "opaque" in record:
        return Default(DefaultKind.OPAQUE, None, record["opaque"])
    return Default(DefaultKind.ABSENT)


@cache
def exports(module: str) -> frozenset[str] | None:
    """Every attribute that a module may have, None for a module whose attributes are not all known."""
    found: list[str] | None = _data()["exports"].get(module)
    return None if found is None else frozenset(found)


@cache
def _modules() -> frozenset[str]:
    return frozenset(_data()["modules"])


def is_module(name: str) -> bool:
    """Whether a name is that of a known module."""
    return name in _modules()


@cache
def derives(name: str, base: str) -> bool:
    """Whether a class is ``base`` or derives from it; False for what is not known."""
    name, base = canonical(name), canonical(base)
    if name == base:
        return True
    record: dict[str, Any] | None = _data()["symbols"].get(name)
    return record is not None and any(derives(parent, base) for parent in record.get("bases", ()))


@cache
def names(pattern: str) -> tuple[str, ...]:
    """Canonical names of the public classes and functions that a pattern names: ``torch.optim.*`` or one name."""
    module, _, last = pattern.rpartition(".")
    if last != "*":
        found = lookup(pattern)
        return () if found is None else (found.name,)
    split = (name.rpartition(".") for name in _data()["symbols"])
    return tuple(sorted(f"{module}.{short}" for owner, _, short in split if owner == module and short[0] != "_"))


def removed(symbol: str, parameter: str) -> Removed | None:
    """What is known of a parameter that a symbol no longer takes."""
    return next((each for each in removals(symbol) if each.parameter == parameter), None)


@cache
def removals(symbol: str) -> tuple[Removed, ...]:
    """All parameters that a symbol no longer takes."""
    symbol = canonical(symbol)
    return tuple(
        Removed(
            symbol=symbol,
            parameter=record["parameter"],
            last=record["last"],
            gone=record["gone"],
            note=record["note"],
            source=record["source"],
        )
        for record in _data()["removed"].values()
        if fnmatchcase(symbol, record["symbol"])
    )
