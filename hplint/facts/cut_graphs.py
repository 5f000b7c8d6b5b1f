"""Losses that ``backward`` is called on though no graph leads from them to a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts import syntax
from hplint.facts import torch_roles as roles
from hplint.facts.events import Event, EventKind
from hplint.facts.syntax import Attribute, Binding, BindingKind, Call, Expr, FunctionDef, Literal, Name, Node
from hplint.facts.training import TrainingStep
from hplint.facts.tree import inside, last_name, walk
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.file import File

_COPIES = frozenset(
    {"torch.tensor", "torch.Tensor", "torch.FloatTensor", "torch.from_numpy", "torch.autograd.Variable"}
    | {"torch.as_tensor", "torch.DoubleTensor", "torch.cuda.FloatTensor"}
)
_REBUILD = frozenset({"torch.tensor", "torch.Tensor", "torch.FloatTensor", "torch.DoubleTensor", "torch.from_numpy"})
_CUTS = frozenset({"argmax", "argmin", "round", "floor", "ceil", "sign", "detach", "argsort", "heaviside"})
"""Operations without a gradient, or with one that is zero everywhere."""
_PASSES = frozenset(
    {"float", "double", "to", "cuda", "cpu", "view", "reshape", "squeeze", "unsqueeze", "flatten", "type", "long"}
    | {"mean", "sum", "requires_grad_", "contiguous", "half"}
)
_DEPTH = 6


@value_record
class CutGraph:
    """``by`` cuts the graph of what is differentiated at ``backward``.

    ``leaf``: the loss is rebuilt from its value as ``inner``; else an operation inside the loss has no gradient.
    """

    backward: Event
    by: Expr
    leaf: bool
    inner: Expr | None


def cut_graphs(step: TrainingStep) -> Iterator[CutGraph]:
    """The losses of a training step that are rebuilt from their values, or made of what has no gradient."""
    steps = any(event.kind is EventKind.STEP for event in step.events)
    for event, loss, local in _differentiated(step) if steps else ():
        found = local.leaf(loss, _DEPTH)
        if found is not None:
            yield CutGraph(event, found[0], leaf=True, inner=found[1])
            continue
        by = local.cut_in_loss(loss)
        if by is not None:
            yield CutGraph(event, by, leaf=False, inner=None)


def unrecorded(step: TrainingStep) -> Iterator[tuple[Event, Node]]:
    """The ``backward`` calls whose loss is computed where no gradients are recorded, with what switches them off."""
    file = step.file
    if "enable_grad" in file.text or "requires_grad" in file.text:
        return
    for event, loss, local in _differentiated(step):
        if event.via is None or inside(loss, event.node):
            off = local.off(loss)
            if off is not None:
                yield event, off


def _differentiated(step: TrainingStep) -> Iterator[tuple[Event, Expr, _Local]]:
    """The ``backward`` calls with the loss, where they stand, and where a helper is given the loss there too."""
    file = step.file
    for event in step.events:
        if event.kind is not EventKind.BACKWARD or event.elsewhere is not None:
            continue
        loss = operand(file, event)
        if loss is not None:
            around = [each for each in file.every(FunctionDef) if inside(event.at, each)]
            yield event, loss, _Local(file, max(around, key=lambda each: each.start, default=None))
            given = handed(file, event, loss)
            if given is not None:
                yield event, given, _Local(file, step.function)


def handed(file: File, event: Event, loss: Expr) -> Name | None:
    """The loss as the step hands it to a helper, which differentiates it as it is given."""
    call = event.node
    if event.via is None or not isinstance(loss, Name) or not isinstance(call, Call) or event.target is None:
        return None
    found = file.names.lookup(loss.id, loss.scope)
    if found is None or any(each.kind is not BindingKind.PARAMETER for each in found[1]):
        return None
    given = [arg.value for arg in call.args if isinstance(arg.value, Name) and arg.value.id == event.target]
    return given[0] if len(given) == 1 else None


def operand(file: File, event: Event) -> Expr | None:
    """What ``backward`` is called on; what a scaler scales."""
    call = event.at
    if not isinstance(call, Call) or not isinstance(call.func, Attribute) or call.func.attr != "backward" or call.args:
        return None
    loss = call.func.value
    if isinstance(loss, Call) and last_name(loss.func) == "scale" and loss.args:
        loss = loss.args[0].value
    return None if (file.qualified(loss) or "").startswith("torch.") else loss


class _Local:
    """What the names of one function are, read from the top to the bottom."""

    def __init__(self, file: File, function: FunctionDef | None) -> None:
        self._file = file
        self._function = function

    def last(self, name: Name) -> Binding | None:
        """What sets a name last before it is read; None where a branch may set it otherwise."""
        found = self._file.names.lookup(name.id, name.scope)
        before = [each for each in found[1] if each.end <= name.start] if found is not None else []
        last = max(before, key=lambda each: each.start, default=None)
        if last is None or last.kind is not BindingKind.ASSIGN or last.path != () or last.value is None:
            return None
        for branch in self._file.every(syntax.If):
            if inside(last, branch) and not inside(name, branch):
                return None
        return last

    def leaf(self, expr: Expr, depth: int) -> tuple[Expr, Expr] | None:
        """The expression that rebuilds a loss from its value, and what it is rebuilt from."""
        if depth == 0:
            return None
        if isinstance(expr, Name):
            binding = self.last(expr)
            if binding is None or binding.value is None or self._changed(expr, binding):
                return None
            return self.leaf(binding.value, depth - 1)
        if isinstance(expr, Attribute) and expr.attr == "data":
            return expr, expr.value
        if not isinstance(expr, Call):
            return None
        if isinstance(expr.func, Attribute) and self._file.qualified(expr.func) is None:
            if expr.func.attr == "detach":
                return expr, expr.func.value
            return self.leaf(expr.func.value, depth - 1) if expr.func.attr in _PASSES else None
        name = self._file.qualified(expr.func)
        if name not in _COPIES or not expr.args:
            return None
        given = expr.args[0].value
        if name not in _REBUILD:
            return self.leaf(given, depth - 1)
        return (expr, given) if any(isinstance(part, Name) for part in walk(given)) else None

    def _changed(self, name: Name, binding: Binding) -> bool:
        """Whether something is added to a loss in place."""
        return any(
            isinstance(each.target, Name) and each.target.id == name.id and binding.start < each.start < name.start
            for each in self._file.every(syntax.AugAssign)
        )

    def cut_in_loss(self, expr: Expr) -> Expr | None:
        """The operation without gradient that all a loss is given is made by."""
        call = self._loss_call(expr)
        if call is None or not call.args:
            return None
        first, *others = [arg.value for arg in call.args]
        by = self._cut(first, _DEPTH)
        return by if by is not None and all(self._is_data(other, _DEPTH) for other in others) else None

    def _loss_call(self, expr: Expr) -> Call | None:
        """The call of one of torch's losses that an expression is."""
        binding = self.last(expr) if isinstance(expr, Name) else None
        if isinstance(expr, Name) and binding is not None and self._changed(expr, binding):
            return None
        call = binding.value if binding is not None else expr
        return call if isinstance(call, Call) and self._is_loss(call.func) else None

    def _is_loss(self, func: Expr) -> bool:
        name = self._file.qualified(func) or ""
        if name.startswith("torch.nn.functional."):
            return "loss" in name or "cross_entropy" in name or name.endswith("kl_div")
        values: list[Expr | None] = []
        if isinstance(func, Name):
            values = [each.value for each in self._file.receivers.bindings(func)]
        elif isinstance(func, Attribute):
            values = [*self._file.receivers.stores.get(self._file.source(func), [])]
        elif isinstance(func, Call):
            values = [func]
        made = [self._file.qualified(value.func) or "" for value in values if isinstance(value, Call)]
        losses = [name for name in made if name.startswith("torch.nn.") and name.rpartition(".")[2] in roles.LOSSES]
        return bool(values) and len(losses) == len(values)

    def _cut(self, expr: Expr, depth: int) -> Expr | None:
        if isinstance(expr, Name):
            binding = self.last(expr) if depth else None
            return None if binding is None or binding.value is None else self._cut(binding.value, depth - 1)
        if not isinstance(expr, Call) or not isinstance(expr.func, Attribute) or depth == 0:
            return None
        method, known = expr.func.attr, self._file.qualified(expr.func)
        if known is not None:
            return expr if known.rpartition(".")[0] == "torch" and method in _CUTS else None
        if method in _CUTS:
            return expr
        return self._cut(expr.func.value, depth - 1) if method in _PASSES else None

    def _is_data(self, expr: Expr, depth: int) -> bool:
        """Whether an expression is what a loop over data gives, or a constant."""
        if depth == 0:
            return False
        if isinstance(expr, Literal):
            return True
        if isinstance(expr, Name):
            found = self._file.names.lookup(expr.id, expr.scope)
            every = found[1] if found is not None else ()
            return bool(every) and all(
                each.kind is BindingKind.LOOP
                or (each.parameter is not None and each.name in ("y", "target", "targets", "label", "labels"))
                or (each.kind is BindingKind.ASSIGN and self._moved(each))
                for each in every
            )
        if isinstance(expr, Call) and isinstance(expr.func, Attribute) and self._file.qualified(expr.func) is None:
            return expr.func.attr in _PASSES and self._is_data(expr.func.value, depth - 1)
        return False

    def _moved(self, binding: Binding) -> bool:
        """Whether a name is set to what it was, on another device or of another type."""
        value: Expr | None = binding.value
        for index in binding.path or ():
            inside_it = isinstance(value, syntax.Collection) and index < len(value.elements)
            value = value.elements[index] if isinstance(value, syntax.Collection) and inside_it else None
        moved = value
        while isinstance(moved, Call) and isinstance(moved.func, Attribute) and moved.func.attr in _PASSES:
            moved = moved.func.value
        return isinstance(moved, Name) and moved.id == binding.name and moved is not value

    # --- where no gradients are recorded

    def off(self, expr: Expr) -> Node | None:
        """What switches gradients off wherever a loss, or all that it is made of, is computed."""
        if not isinstance(expr, Name):
            call = self._loss_call(expr)
            return None if call is None else self._off_inputs(call)
        binding = self.last(expr)
        if binding is None or self._changed(expr, binding) or not isinstance(binding.value, Call | syntax.Binary):
            return None
        if binding.value is not None and "closure" in self._file.source(binding.value):
            return None
        around = self._switch(binding)
        if around is not None:
            return around
        call = self._loss_call(expr)
        return None if call is None else self._off_inputs(call)

    def _off_inputs(self, call: Call) -> Node | None:
        """The same where the model is called without gradients, and the loss with them."""
        found: list[Node] = []
        for arg in call.args:
            binding = self.last(arg.value) if isinstance(arg.value, Name) else None
            switch = None if binding is None else self._switch(binding)
            if switch is not None and binding is not None and isinstance(binding.value, Call):
                found.append(switch)
            elif not self._is_data(arg.value, _DEPTH):
                return None
        return found[0] if found else None

    def _switch(self, node: Node) -> Node | None:
        """The context manager or decorator that switches gradients off where a record stands."""
        contexts = [
            (each.start, context)
            for each in self._file.every(syntax.With)
            if inside(node, each) and (self._function is None or inside(each, self._function))
            for context, _ in each.items
        ]
        contexts += [(each.start, each) for each in (() if self._function is None else self._function.decorators)]
        for _, context in contexts:
            called = context.func if isinstance(context, Call) else context
            if self._file.qualified(called) in ("torch.no_grad", "torch.inference_mode"):
                return context
        return None
