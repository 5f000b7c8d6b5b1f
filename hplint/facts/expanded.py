"""Ways through calls of Python's own library: look-ups with a fallback, and loops over what is written out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hplint.facts.commandline import defined
from hplint.facts.stores import same
from hplint.facts.syntax import Attribute, Call, Collection, Compare, Conditional, Expr, Literal, Name
from hplint.facts.values import OriginKind
from hplint.facts.ways import MOST, Way, Ways, either, one, unknown

if TYPE_CHECKING:
    from hplint.facts.evaluate import Evaluator

_LOOKUPS = ("get", "pop", "setdefault")
_ENVIRONMENT = ("os.environ.get", "os.getenv", "os.environ.setdefault")
_CHOOSERS = ("random.choice", "numpy.random.choice")
_SAME_ELEMENTS = frozenset(
    (
        "builtins.list",
        "builtins.tuple",
        "builtins.reversed",
        "builtins.sorted",
        "builtins.set",
        "builtins.iter",
        "tqdm.tqdm",
        "tqdm.auto.tqdm",
        "tqdm.notebook.tqdm",
        "tqdm.rich.tqdm",
    )
)


def argument_ways(expr: Call | Name, owner: Evaluator) -> Ways | None:
    """Where a look-up takes its value from: ``cfg.get("lr", 1e-3)``, ``getattr(args, "lr", 1e-3)``; None for others."""
    if isinstance(expr, Name):
        return _of_absl(expr, owner)
    qualified = owner.names.qualified(expr.func)
    plain = [arg.value for arg in expr.args if arg.keyword in (None, "default") and not arg.star]
    key = plain[1 if qualified == "builtins.getattr" else 0] if len(plain) > 1 else None
    if qualified in _ENVIRONMENT and len(plain) == 2:
        name = key.value if isinstance(key, Literal) and isinstance(key.value, str) else ""
        return one(Way(plain[1], OriginKind.FALLBACK, name, owner), why=f"the environment may set `{name}`")
    if qualified == "builtins.getattr" and len(plain) >= 2:
        return _looked_up(expr, plain[0], plain[1], plain[2] if len(plain) > 2 else None, owner)
    chosen = _choices(expr, qualified, plain)
    if chosen is not None:
        return either(one(Way(each, OriginKind.LITERAL, "", owner)) for each in chosen)
    if isinstance(expr.func, Attribute) and expr.func.attr in _LOOKUPS and 1 <= len(plain) <= 2:
        return _looked_up(expr, expr.func.value, plain[0], plain[1] if len(plain) > 1 else None, owner)
    return None


def _choices(call: Call, qualified: str | None, plain: list[Expr]) -> tuple[Expr, ...] | None:
    """What ``random.choice([...])`` and ``trial.suggest_categorical("lr", [...])`` choose from."""
    listed: Expr | None = None
    if isinstance(call.func, Attribute) and call.func.attr == "suggest_categorical":
        given = [arg.value for arg in call.args if arg.keyword == "choices"]
        listed = given[0] if given else plain[1] if len(plain) > 1 else None
    elif qualified in _CHOOSERS and plain:
        listed = plain[0]
    return listed.elements if isinstance(listed, Collection) and listed.elements else None


def _looked_up(call: Call, base: Expr, key: Expr, default: Expr | None, owner: Evaluator) -> Ways | None:
    name = owner.value(key).single
    if name is None or not isinstance(name.constant, str):
        return None
    found = owner.steps.entry(base, name.constant, call)
    if found.closed and found.every:
        return found
    if default is None:
        return found
    return replace(either((found, one(Way(default, OriginKind.FALLBACK, name.constant, owner)))), closed=False)


def _of_absl(name: Name, owner: Evaluator) -> Ways | None:
    """``_LR.value`` where ``_LR = flags.DEFINE_float("lr", 1e-3, "…")``."""
    bindings = owner.names.reaching(name)
    made = bindings[0].value if len(bindings) == 1 else None
    if not isinstance(made, Call) or not isinstance(made.func, Attribute) or not made.func.attr.startswith("DEFINE_"):
        return None
    return defined(made, owner)


def none_tested(expr: Conditional) -> str:
    """Which part of ``lr if lr is not None else 0.1`` cannot be None there: ``body``, ``orelse`` or neither."""
    match expr.test:
        case Compare(ops=("is not" | "!=",), comparators=(Literal(value=None),)) if same(expr.test.left, expr.body):
            return "body"
        case Compare(ops=("is" | "==",), comparators=(Literal(value=None),)) if same(expr.test.left, expr.orelse):
            return "orelse"
    return "body" if same(expr.test, expr.body) else ""


# --- loops


def loop_ways(iterated: Expr, path: tuple[int, ...], label: str, owner: Evaluator) -> Ways:
    """What a loop's variable takes its values from, where the elements are written out."""
    if isinstance(iterated, Call):
        return _of_iterator(iterated, path, label, owner)
    elements = _elements(iterated, owner)
    if elements is None:
        return unknown(f"what `{label}` loops over is not written out")
    if len(elements) > MOST:
        return unknown(f"`{label}` loops over too many values")
    return either(one(Way(each, OriginKind.CONSTANT, label, owner, path)) for each in elements)


def _of_iterator(call: Call, path: tuple[int, ...], label: str, owner: Evaluator) -> Ways:
    name = owner.names.qualified(call.func) or ""
    plain = [arg.value for arg in call.args if arg.keyword is None and not arg.star]
    if plain and name in _SAME_ELEMENTS:
        return loop_ways(plain[0], path, label, owner)
    if plain and path and name == "builtins.enumerate" and path[0] == 1:
        return loop_ways(plain[0], path[1:], label, owner)
    if name in ("builtins.zip", "itertools.product") and path and 0 <= path[0] < len(plain) == len(call.args):
        return loop_ways(plain[path[0]], path[1:], label, owner)
    return unknown(f"what `{label}` loops over is not written out")


def _elements(expr: Expr, owner: Evaluator) -> tuple[Expr, ...] | None:
    for _ in range(4):
        if isinstance(expr, Collection):
            return expr.elements
        ways = owner.ways(expr)
        if not ways.closed or len(ways.every) != 1 or ways.every[0].owner is not owner or ways.every[0].path:
            return None
        expr = ways.every[0].expr
    return None
