"""Weights that are kept for later without being copied: a state dict, or the model itself, follows the training."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts import syntax
from hplint.facts.events import Role
from hplint.facts.receivers import words
from hplint.facts.syntax import Assign, Attribute, Call, Expr, For, FunctionDef, If, Literal, Name, Node, While
from hplint.facts.tree import inside, is_self, last_name, walk
from hplint.records import value_record
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_TRAINS = frozenset({"train", "training", "fit", "backward", "optimize", "optimise", "learn", "epoch", "finetune"})
"""Words in the names of calls that train; ``step`` alone counts too, and ``model.train()`` does not."""
_SHALLOW = frozenset({"dict", "copy.copy", "collections.OrderedDict", "builtins.dict"})
_ORDER = frozenset({"<", ">", "<=", ">="})
_GATHERED = regex(r"StateDictType|StateDictConfig|offload_to_cpu|cpu_offload")
"""Sharded models, whose ``state_dict`` gathers a copy."""


@value_record
class LiveState:
    """``value`` is kept as ``kept`` and still changes with ``model`` when ``use`` expects the old weights.

    ``whole``: the model itself is kept, not its state dict. ``noop``: the model is given back its own weights.
    """

    value: Expr
    kept: str
    model: Expr
    use: Node
    whole: bool
    noop: bool


def live_states(file: File) -> Iterator[LiveState]:
    """The weights that are kept uncopied, though the model is trained on before they are used."""
    if _GATHERED.search(file.text):
        return
    for assign in file.every(Assign):
        target = assign.targets[0]
        if assign.value is None or len(assign.targets) > 1 or not isinstance(target, Name | Attribute):
            continue
        whole = isinstance(assign.value, Name | Attribute) and "best" in words(last_name(target))
        states = [assign.value] if whole else [*_states(file, assign.value)]
        for state in states:
            found = _judge(file, assign, target, state, whole)
            if found is not None:
                yield found
                break


def _states(file: File, value: Expr) -> Iterator[Expr]:
    """The calls of ``state_dict`` whose tensors an expression holds as they are."""
    match value:
        case syntax.Comprehension(
            kind="dict", element=Name(id=held), generators=(syntax.Generator(target=target, iter=Call() as pairs),)
        ):
            func, last = pairs.func, list(walk(target))[-1]
            if isinstance(func, Attribute) and func.attr == "items" and isinstance(last, Name) and last.id == held:
                yield from _states(file, func.value)
            return
    if isinstance(value, syntax.Dict):
        for key, item in value.items:
            if key is not None and isinstance(item, Call):
                yield from _states(file, item)
    elif isinstance(value, Call):
        func = value.func
        if isinstance(func, Attribute) and func.attr == "state_dict" and not value.args:
            yield value
        elif isinstance(func, Attribute) and func.attr == "copy" and isinstance(func.value, Call) and not value.args:
            yield from _states(file, func.value)
        elif len(value.args) == 1 and file.qualified(func) in _SHALLOW:
            yield from _states(file, value.args[0].value)


def _judge(file: File, assign: Assign, target: Name | Attribute, state: Expr, whole: bool) -> LiveState | None:
    model = state if whole else _model(state)
    if model is None or not _is_model(file, model):
        return None
    uses = [each for each in _same(file, target) if each is not target]
    if not uses or any(_changes(file, use) for use in uses) or not _always_live(file, target, whole):
        return None
    function = file.function_around(assign)
    loop = _training_loop(file, assign, model, function)
    loads = [load for use in uses if (load := _load(file, use)) is not None]
    own = next((load for load in loads if not whole and _loads_itself(file, load, model, function, assign)), None)
    kept = file.source(target)
    if own is not None and _changed_between(file, assign, own, model, loop):
        return LiveState(state, kept, model, own, whole, noop=True)
    chosen = [each for each in _ifs(file, assign, loop or function) if _is_choice(each, kept)]
    if not chosen or _leaves(chosen, assign):
        return None
    if loop is not None:
        later: Node | None = next((use for use in uses if not inside(use, loop) and use.start > assign.start), None)
        if later is None and isinstance(target, Attribute):
            later = next((each for each in loads if not inside(each, loop)), None)
    else:
        elsewhere = isinstance(target, Attribute) and "best" in words(target.attr) and function is not None
        later = next((each for each in loads if function and elsewhere and not inside(each, function)), None)
    return None if later is None else LiveState(state, kept, model, later, whole, noop=False)


# --- the model


def _model(state: Expr) -> Expr | None:
    func = state.func if isinstance(state, Call) else state
    return func.value if isinstance(func, Attribute) else None


def _is_model(file: File, model: Expr) -> bool:
    if isinstance(model, Call):
        return last_name(model.func) == "unwrap_model" and len(model.args) == 1 and _is_model(file, model.args[0].value)
    if isinstance(model, Attribute) and model.attr == "module":
        return _is_model(file, model.value)
    if is_self(model):
        around = file.class_around(model.scope)
        return around is not None and any(each.node is around for each in file.modules)
    return isinstance(model, Name | Attribute) and file.receivers.role(model) is Role.MODULE


def _rebound(file: File, model: Expr, block: Node) -> bool:
    """Whether the model may be another object in each round of a block."""
    text = file.receivers.text(model) or ""
    parts = list(walk(model))
    for statement in file.within(Assign, block):
        if any(file.source(target) in (text, file.source(model)) for target in statement.targets):
            return True
    roots = [part for part in parts if isinstance(part, Name)]
    found = file.names.lookup(roots[0].id, roots[0].scope) if roots else None
    return found is not None and any(inside(each, block) and each.parameter is None for each in found[1])


# --- where it is kept, and used


def _same(file: File, target: Name | Attribute) -> Iterator[Name | Attribute]:
    """Every expression that stands for what is assigned: a name in its scope, an attribute of that name."""
    if isinstance(target, Attribute):
        yield from (each for each in file.every(Attribute) if each.attr == target.attr)
        return
    own = file.names.lookup(target.id, target.scope)
    for each in file.every(Name):
        if each.id == target.id:
            found = file.names.lookup(each.id, each.scope)
            if found is not None and own is not None and found[0] is own[0]:
                yield each


def _always_live(file: File, target: Name | Attribute, whole: bool) -> bool:
    """Whether all that is assigned to a name is None, or kept uncopied too."""
    own = None if isinstance(target, Attribute) else file.names.lookup(target.id, target.scope)
    for statement in file.every(Assign):
        for each in statement.targets:
            if type(each) is not type(target) or last_name(each) != last_name(target) or statement.value is None:
                continue
            if own is not None and isinstance(each, Name):
                found = file.names.lookup(each.id, each.scope)
                if found is not None and found[0] is not own[0]:
                    continue  # The same name of another function.
            value = statement.value
            empty = isinstance(value, Literal) or (isinstance(value, syntax.Dict) and not value.items)
            plain = whole and isinstance(value, Name | Attribute)
            if not empty and not plain and not any(True for _ in _states(file, value)):
                return False
    return True


def _changes(file: File, use: Name | Attribute) -> bool:
    """Whether a use puts other tensors into what is kept, or other numbers into these, or may do so."""
    after = file.text[use.end : use.end + 40]
    if re.match(r"\s*\[[^\]]*\]\s*(?:[-+*/]|//|\*\*)?=(?!=)", after):
        return True
    method = re.match(r"\s*\.(\w+)\s*\(", after)
    if method is not None:
        return method.group(1) in ("update", "pop", "setdefault", "clear", "popitem", "move_to_end")
    return bool(re.match(r"\s*\[[^\]]*\]\s*\.\w+_\(", after))


def _load(file: File, use: Node) -> Call | None:
    """The call that loads what is kept into a model."""
    for call in file.callers.by_name.get("load_state_dict", ()):
        given = call.args[0].value if call.args else None
        if isinstance(given, syntax.Subscript):
            given = given.value
        if given is use:
            return call
    return None


def _loads_itself(file: File, load: Call, model: Expr, function: FunctionDef | None, assign: Assign) -> bool:
    """Whether the model that is loaded is the one whose weights were kept, in the same function."""
    func = load.func
    if not isinstance(func, Attribute) or file.receivers.text(func.value) != file.receivers.text(model):
        return False
    if load.start < assign.start or file.function_around(load) is not function:
        return False
    around = Node(assign.end, load.start)
    bound = _rebound(file, model, around)
    outer = [loop for loop in _loops(file, assign, function) if inside(load, loop)]
    return not bound and not any(_rebound(file, model, loop) for loop in outer)


def _changed_between(file: File, assign: Assign, load: Call, model: Expr, loop: Node | None) -> bool:
    """Whether the model is trained, or given other weights, between its weights are kept and loaded again."""
    for call in file.within(Call, Node(assign.end, load.start)):
        func = call.func
        loads = isinstance(func, Attribute) and func.attr == "load_state_dict"
        if _trains(call) or (loads and file.source(func).startswith(f"{file.source(model)}.")):
            return True
    around = [each for each in _loops(file, load, None) if not inside(assign, each)]
    return any(_trains(call) for each in around for call in file.within(Call, each)) or (
        loop is not None and inside(load, loop)
    )


# --- where the training goes on


def _loops(file: File, node: Node, function: FunctionDef | None) -> list[For | While]:
    """The loops of a function around a record, the innermost first."""
    every: tuple[For | While, ...] = (*file.every(For), *file.every(While))
    around = [each for each in every if inside(node, each) and (function is None or inside(each, function))]
    return sorted(around, key=_start, reverse=True)


def _training_loop(file: File, assign: Assign, model: Expr, function: FunctionDef | None) -> For | While | None:
    """The innermost loop around a record that trains the same model in each round."""
    for loop in _loops(file, assign, function):
        if _rebound(file, model, loop):
            return None
        if any(_trains(call) for call in file.within(Call, loop)):
            return loop
    return None


def _trains(call: Call) -> bool:
    name = last_name(call.func)
    if name == "step":
        return True
    if name == "train" and isinstance(call.func, Attribute) and len(call.args) < 2:
        return False
    return bool(_TRAINS & set(words(name)))


def _ifs(file: File, assign: Assign, block: Node | None) -> list[If]:
    return [each for each in file.every(If) if inside(assign, each) and (block is None or inside(each, block))]


def _is_choice(condition: If, kept: str) -> bool:
    """Whether a condition asks which weights are better: it compares numbers, or says so."""
    compared = any(isinstance(part, syntax.Compare) and _ORDER & set(part.ops) for part in walk(condition.test))
    return compared or "best" in words(kept)


def _leaves(conditions: list[If], assign: Assign) -> bool:
    """Whether the training ends where the weights are kept."""
    for condition in conditions:
        for body in (condition.body, condition.orelse):
            if any(inside(assign, each) for each in body) and isinstance(body[-1], syntax.Return | syntax.Simple):
                last = body[-1]
                return isinstance(last, syntax.Return) or last.kind in ("break", "raise")
    return False


def _start(node: Node) -> int:
    return node.start


def trains_each_round(file: File, loop: For) -> bool:
    """Whether a loop trains in each round, and nothing does just the same before it."""
    calls = [call for call in file.within(Call, loop) if _trains(call)]
    function = file.function_around(loop)
    before = Node(0 if function is None else function.start, loop.start)
    done = {file.source(call.func) for call in file.within(Call, before) if file.function_around(call) is function}
    return bool(calls) and not any(file.source(call.func) in done for call in calls if last_name(call.func) != "step")
