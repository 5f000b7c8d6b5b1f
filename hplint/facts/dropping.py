"""Dropout called as a function: whether it may be off in evaluation, or is on there because somebody wants it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hplint.facts import syntax
from hplint.facts.models import ModuleClass, self_name
from hplint.facts.syntax import Call, Expr, FunctionDef
from hplint.facts.tree import inside, walk
from hplint.regex import regex

_MODE = regex(r"train|eval|infer|(?<![a-z])test|determin|sampl|stochastic|bayes|(?<![a-z])mc(?![a-z])", re.I)
"""Names that a condition uses for the mode of a model."""
_MEANT = regex(
    r"(?<![a-z])mc(?![a-z])|MC(?=[A-Z_])|monte|bayes|uncertain|prenet|stochastic|sampl|discriminat|critic", re.I
)
"""Names of what works in evaluation too, or is never evaluated, as the discriminator of a GAN."""
_SAYS_SO = regex(r"always|even |inference|eval|test|monte|\bmc\b|uncertain|purpose|intend|deliberate", re.I)


def may_be_zero(module: ModuleClass, method: FunctionDef, rate: Expr, depth: int = 4) -> bool:
    """Whether a probability is 0, or somebody outside the constructor may set it to 0 for evaluation."""
    known = module.file.value(rate).single
    if known is not None:
        return known.constant in (0, 0.0)
    for part in walk(rate):
        match part:
            case syntax.Conditional() | syntax.Call() | syntax.Binary():
                return True
            case syntax.Name(id=name) if name != self_name(method):
                assigned = module.file.assigned(part)
                if assigned is None or depth == 0 or may_be_zero(module, method, assigned, depth - 1):
                    return True
            case syntax.Attribute(attr=attr):
                stores = module.stored_at(attr)
                if not stores or any(store.method != "__init__" for store in stores):
                    return True
    return False


def meant_to_stay_on(module: ModuleClass, method: FunctionDef, call: Call) -> bool:
    """Whether a name or a comment at a call says that it works in evaluation on purpose."""
    if _MEANT.search(module.name) or _MEANT.search(method.name):
        return True
    text = module.file.text
    line = text.rfind("\n", 0, text.rfind("\n", 0, call.start)) + 1
    end = text.find("\n", call.end)
    return any(map(_SAYS_SO.search, re.findall(r"#.*", text[line : end if end >= 0 else len(text)])))


def depends_on_mode(module: ModuleClass, method: FunctionDef, call: Call) -> bool:
    """Whether a condition on the mode, or on what the caller of the method says, decides about a call."""
    parameters = {parameter.name for parameter in method.parameters} - {self_name(method)}
    for test in _tests(method, call):
        source = module.file.source(test)
        asked = {part.id for part in walk(test) if isinstance(part, syntax.Name)}
        if _MODE.search(source) or asked & parameters:
            return True
    return False


def _tests(method: FunctionDef, call: Call) -> Iterator[Expr]:
    """The conditions around a call, and those before it under which the method returns."""
    for part in walk(method):
        match part:
            case syntax.If(test=test) if inside(call, part):
                yield test
            case syntax.If(test=test) if part.end <= call.start and any(
                isinstance(inner, syntax.Return) for inner in walk(part)
            ):
                yield test
            case syntax.Conditional(test=test) if inside(call, part):
                yield test
            case syntax.Binary(op="and" | "or", left=test) if inside(call, part):
                yield test
