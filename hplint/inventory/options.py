"""Hyperparameters that a script names, but whose way to a library was not followed: options, fields, constants."""

from __future__ import annotations

from collections.abc import Collection as Many
from collections.abc import Iterator
from dataclasses import replace

from hplint.facts.holders import Flag
from hplint.facts.syntax import (
    Arg,
    Assign,
    Attribute,
    Binary,
    BindingKind,
    Call,
    ClassDef,
    Collection,
    Conditional,
    Dict,
    Expr,
    Literal,
    Name,
    Subscript,
    Unary,
)
from hplint.inventory import known
from hplint.inventory.reading import Reader, Reading
from hplint.inventory.records import Given, Spot, State
from hplint.inventory.sites import Site

_CONFIGURATIONS = ("config", "args", "arguments", "params", "hparams", "hyperparameters", "options", "settings")
_LISTS = frozenset(
    {"betas", "class-weights", "hidden-layers-and-units", "kernel-size", "lora-target-modules", "milestones"}
)
"""Hyperparameters that are lists."""
_MOST = 16
"""Elements of a value that is a list."""


def option_sites(reader: Reader, told: Many[Spot], rows: Many[str], *, every: bool = False) -> Iterator[Site]:
    """Those whose value is at none of the places that other entries lead to.

    ``told`` are these places, ``rows`` the hyperparameters that other entries tell. ``every``: options and fields that
    the table does not know, too.
    """
    seen, found = set(told), set(rows)
    for site in (
        *_keywords(reader),
        *_flags(reader, every),
        *_fields(reader, every),
        *_constants(reader),
        *_items(reader),
    ):
        if not seen.intersection(site.reading.origins):
            seen.update(site.reading.origins)
            found.add(site.hyperparameter)
            yield site
    yield from (site for site in _reads(reader) if site.hyperparameter not in found)


def _keywords(reader: Reader) -> Iterator[Site]:
    """``Net(hidden_size=128)``: arguments of the project's own functions and classes."""
    for call in reader.file.all(Call):
        given = [arg for arg in call.args if arg.keyword is not None and known.is_specific(arg.keyword)]
        if not given:
            continue
        bound = reader.file.bound(call)
        if bound is not None and (bound.signature is not None or known.row_of_callable(bound.name)):
            continue
        name = bound.name if bound is not None else reader.text(call.func).removeprefix("self.")
        if not name.startswith("builtins."):
            yield from _given(reader, name, given)


def _given(reader: Reader, name: str, given: list[Arg]) -> Iterator[Site]:
    for arg in given:
        keyword = arg.keyword or ""
        row = known.row_of_spelling(keyword)
        if row is None or known.row_of_argument(name, keyword) is not None:
            continue
        reading = reader.expression(arg.value)
        if reading.state is not State.UNKNOWN and reading.values:
            yield Site(row, name, keyword, reading, arg)


def _flags(reader: Reader, every: bool) -> Iterator[Site]:
    for flag in reader.file.flags:
        row = known.row_of_spelling(flag.dest)
        if row is not None and flag.action in (None, "store"):
            yield Site(row, "", flag.option, reader.option(flag), flag.call.args[0])
        elif every and flag.action not in ("help", "version"):
            yield Site(known.OTHER, "", flag.option, _switch(flag, reader.option(flag)), flag.call.args[0])


def _switch(flag: Flag, read: Reading) -> Reading:
    """An option without a default is False where it is a switch, and True where it switches something off."""
    if read.values or flag.action not in ("store_true", "store_false"):
        return read
    value = flag.action == "store_false"
    return replace(read, values=(Given(str(value), value, known=True),))


def _fields(reader: Reader, every: bool) -> Iterator[Site]:
    """Fields of dataclasses, and attributes of classes that are called a configuration."""
    holders = reader.file.holders
    for owner in reader.file.all(ClassDef):
        is_dataclass = holders.is_dataclass(owner)
        is_named = owner.name.lower().endswith(_CONFIGURATIONS)
        if not is_dataclass and not is_named:
            continue
        for statement in owner.body:
            if not isinstance(statement, Assign) or statement.value is None or len(statement.targets) != 1:
                continue
            target = statement.targets[0]
            if not isinstance(target, Name):
                continue
            row = known.row_of_spelling(target.id)
            if row is not None and not is_named and not known.is_specific(target.id):
                row = None
            if row is None and every:
                row = known.OTHER
            value = holders.field_default(statement.value) if is_dataclass else statement.value
            if row is None or value is None:
                continue
            if not _is_plain(value) and not (row == known.OTHER and isinstance(value, Literal)):
                continue
            read, label = _written(reader, value), f"{owner.name}.{target.id}"
            if is_dataclass:
                read = replace(read, state=State.OPEN, note=f"field {label}")
            yield Site(row, "", label, reader.overwritten(target.id, read), statement)


def _constants(reader: Reader) -> Iterator[Site]:
    """``LEARNING_RATE = 1e-3`` in the module."""
    for name, bindings in reader.file.names.scope(0).bindings.items():
        row = known.row_of_spelling(name) if known.is_specific(name) else None
        for binding in bindings if row is not None else ():
            written = binding.value if binding.kind is BindingKind.ASSIGN and binding.path == () else None
            if row is not None and written is not None and _is_plain(written):
                yield Site(row, "", name, _written(reader, written), binding)


def _items(reader: Reader) -> Iterator[Site]:
    """``config = {"lr": 1e-3}``; a dictionary that is handed on with ``**`` may use any spelling."""
    passed = {arg.value.id for arg in _passed(reader) if isinstance(arg.value, Name)}
    for statement in reader.file.all(Assign):
        if not isinstance(statement.value, Dict | Call):
            continue
        target = statement.targets[0]
        is_passed = isinstance(target, Name) and target.id in passed
        for key, value in (reader.file.evaluator.items(statement.value) or {}).items():
            row = known.row_of_spelling(key) if is_passed or known.is_specific(key) else None
            if row is None or (isinstance(value, Collection) and row not in _LISTS):
                continue  # A list of rates is the range of a search.
            if _is_plain(value):
                yield Site(row, "", f"{reader.text(target)}[{key!r}]", _written(reader, value), value)


def _passed(reader: Reader) -> Iterator[Arg]:
    """What is handed on with ``**``, or added to another dictionary."""
    for call in reader.file.all(Call):
        adds = isinstance(call.func, Attribute) and call.func.attr == "update"
        yield from (arg for arg in call.args if arg.star == "**" or adds)


def _reads(reader: Reader) -> Iterator[Site]:
    """``hyp["lr0"]``, ``cfg.lr``: values that a configuration brings, the first of each."""
    seen: set[str] = set()
    stored = {id(target) for each in reader.file.all(Assign) for target in each.targets}
    nodes: list[Subscript | Attribute] = [*reader.file.all(Subscript), *reader.file.all(Attribute)]
    for node in sorted(nodes, key=lambda node: node.start):
        if isinstance(node, Attribute):
            label = node.attr if isinstance(node.value, Name | Attribute) else ""
        else:
            label = node.index.value if isinstance(node.index, Literal) and isinstance(node.index.value, str) else ""
        row = known.row_of_spelling(label) if label and known.is_specific(label) else None
        if row is None or id(node) in stored or row in seen or not _of_configuration(node.value):
            continue
        if label not in reader.text(node)[-len(label) - 2 :]:
            continue  # What stands in an f-string has the place of the string.
        seen.add(row)
        reading = Reading(State.UNKNOWN, (Given(reader.text(node)),), ((),), "from a configuration")
        yield Site(row, "", label, reading, node)


def _of_configuration(expr: Expr) -> bool:
    """Whether something is called a configuration."""
    while isinstance(expr, Attribute | Subscript):
        if isinstance(expr, Attribute) and expr.attr.lower().endswith((*_CONFIGURATIONS, "hyp", "cfg", "opt")):
            return True
        expr = expr.value
    return isinstance(expr, Name) and expr.id.lower().endswith((*_CONFIGURATIONS, "hyp", "cfg", "opt"))


def _written(reader: Reader, value: Expr) -> Reading:
    """A value that is told where it is written."""
    read = reader.expression(value)
    return replace(read, origins=(reader.spot(value), *read.origins))


def _is_plain(expr: Expr) -> bool:
    """Whether an expression is written as a value, not as the result of something."""
    match expr:
        case Literal():
            return expr.value is not None
        case Unary():
            return _is_plain(expr.operand)
        case Binary():
            return _is_plain(expr.left) and _is_plain(expr.right)
        case Collection():
            return len(expr.elements) <= _MOST and all(_is_number(each) for each in expr.elements)
        case Conditional():
            return _is_plain(expr.body) and _is_plain(expr.orelse)
    return False


def _is_number(expr: Expr) -> bool:
    return isinstance(expr, Literal) and isinstance(expr.value, int | float) and not isinstance(expr.value, bool)
