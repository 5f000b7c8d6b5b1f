"""Reads configuration documents (YAML, JSON, TOML) as records of code, so that each value has its place.

Only plain values are kept: tags of YAML are never constructed, and what has one is not known.
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

from hplint.facts.syntax import Code, Constant, Dict, Expr, ExprStatement, Literal, Other, Scope
from hplint.facts.syntax import Collection as Display

if TYPE_CHECKING:
    import yaml

MAX_SIZE = 1_000_000
"""Bytes. What is larger holds data."""
_MAX_NODES = 20_000
"""Values, each counted wherever an alias repeats it."""
_MAX_DEPTH = 50
_LONGEST = 300
"""Characters of a line of TOML in which a value is looked for."""
_MAX_DOTS = 100
"""Dots in a line of TOML. Its reader's memory grows with the square of those in a key."""
_NESTED = re.compile(r"[\[{(]{20}|(?:[-?:] ){20}")
_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d+)?")
_TAG = "tag:yaml.org,2002:"


class _TooMuch(Exception):
    """The document is larger or deeper than any configuration."""


def read_document(text: str, kind: str) -> Code | None:
    """The records of a document, None when it is no document or has no items.

    ``kind`` says who reads it: ``yaml`` (PyYAML, for which ``1e-5`` is a string), ``omegaconf``, ``json`` or ``toml``.
    """
    try:
        whole = _toml(text) if kind == "toml" else _yaml(text, kind)
    except (_TooMuch, ValueError, RecursionError):
        return None
    if not isinstance(whole, Dict):
        return None
    scope = Scope(0, "module", "", None, 0, len(text), {})
    return Code((ExprStatement(whole.start, whole.end, whole),), (scope,), {})


# --- YAML and JSON


def _yaml(text: str, kind: str) -> Expr | None:
    import yaml

    if is_nested_deep(text):
        raise _TooMuch
    if kind == "json":
        text = text.replace("\t", " ")  # YAML does not allow tabs in front of values.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        node = loader.get_single_node()
    except yaml.YAMLError:
        return None
    finally:
        loader.dispose()
    return None if node is None else _Reader(kind).read(node, 0)


def is_nested_deep(text: str) -> bool:
    """Whether the parser would have to call itself too often."""
    indent = max((len(line) - len(line.lstrip(" ")) for line in text.splitlines()), default=0)
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]{}]", text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return indent > 4 * _MAX_DEPTH or deepest > _MAX_DEPTH or _NESTED.search(text) is not None


class _Reader:
    """Turns the nodes of one document into records."""

    def __init__(self, kind: str) -> None:
        from yaml.constructor import SafeConstructor

        self._kind = kind
        self._left = _MAX_NODES
        self._constructor = SafeConstructor()

    def read(self, node: yaml.Node, depth: int) -> Expr:
        self._left -= 1
        if self._left < 0 or depth > _MAX_DEPTH:
            raise _TooMuch
        import yaml

        start, end = node.start_mark.index, node.end_mark.index
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return Dict(start, end, tuple(self._items(node, depth)))
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return Display(start, end, "list", tuple(self.read(each, depth + 1) for each in node.value))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, start, end)
        return _unknown(start, end)

    def _items(self, node: yaml.MappingNode, depth: int) -> list[tuple[Expr | None, Expr]]:
        merged: list[tuple[Expr | None, Expr]] = []
        found: list[tuple[Expr | None, Expr]] = []
        for key, value in node.value:
            if key.tag == f"{_TAG}merge":
                for each in value.value if isinstance(value.value, list) and value.tag == f"{_TAG}seq" else (value,):
                    whole = self.read(each, depth + 1)
                    merged += whole.items if isinstance(whole, Dict) else [(None, whole)]
            else:
                found.append((self.read(key, depth + 1), self.read(value, depth + 1)))
        return [*merged, *found]

    def _scalar(self, node: yaml.ScalarNode, start: int, end: int) -> Expr:
        plain, text, tag = not node.style, str(node.value), node.tag.removeprefix(_TAG)
        if self._kind == "json" and plain:
            return Literal(start, end, json.loads(text))
        if self._kind == "omegaconf":
            if plain and tag == "str" and _NUMBER.fullmatch(text):
                return Literal(start, end, float(text.replace("_", "")))
            if "${" in text:
                return _unknown(start, end)
        if tag in ("str", "int", "float", "bool", "null") and len(text) < 1000:
            value: Constant = text if tag == "str" else self._constructor.construct_object(node)
            return Literal(start, end, value)
        return _unknown(start, end)


def _unknown(start: int, end: int) -> Expr:
    return Other(start, end, "value", ())


# --- TOML

_TABLE = re.compile(r"\s*\[\s*([\w.-]+)\s*\]\s*(?:#.*)?")
_ITEM = re.compile(r"\s*([\w-]+)\s*=\s*([^#\n]*?)\s*(?:#.*)?")


def load_toml(text: str) -> dict[str, Any] | None:
    """What a TOML document holds, None for what is none or is too deep to be one."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    if is_nested_deep(text) or max((line.count(".") for line in text.splitlines()), default=0) > _MAX_DOTS:
        return None
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return None


def _toml(text: str) -> Expr | None:
    data = load_toml(text)
    if data is None:
        return None
    places: dict[tuple[str, ...], tuple[int, int]] = {}
    offset = 0
    table: tuple[str, ...] = ()
    for line in text.splitlines(keepends=True):
        plain = line.rstrip()[:_LONGEST]
        header, item = _TABLE.fullmatch(plain), _ITEM.fullmatch(plain)
        if header is not None:
            table = tuple(header[1].split("."))
        elif item is not None:
            places[(*table, item[1])] = offset + item.start(2), offset + item.end(2)
        offset += len(line)
    return _table(data, (), places, len(text))


def _table(
    data: dict[str, Any], path: tuple[str, ...], places: dict[tuple[str, ...], tuple[int, int]], end: int
) -> Dict:
    if len(path) > _MAX_DEPTH:
        raise _TooMuch
    items: list[tuple[Expr | None, Expr]] = []
    for key, value in data.items():
        below = (*path, key)
        start, stop = places.get(below, (0, 0))
        if isinstance(value, dict):
            expr: Expr = _table(value, below, places, end)
        elif below in places and isinstance(value, bool | int | float | str):
            expr = Literal(start, stop, value)
        else:
            expr = _unknown(start, stop)
        items.append((Literal(start, start, key), expr))
    return Dict(0, end, tuple(items))
