"""Mistakes in layers that follow each other, in `nn.Sequential` and in `forward`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Edit, Planted, Script, Skipped

WEIGHTS = {"Linear": ("BatchNorm1d", "out_features"), "Conv2d": ("BatchNorm2d", "out_channels")}
ACTIVATIONS = {"relu": "ReLU", "leaky_relu": "LeakyReLU", "tanh": "Tanh", "elu": "ELU", "gelu": "GELU", "silu": "SiLU"}
DROPOUTS = ("Dropout", "Dropout2d")
NORMS = ("BatchNorm1d", "BatchNorm2d")
CLASSES = {"MNIST": 10, "FashionMNIST": 10, "KMNIST": 10, "CIFAR10": 10, "CIFAR100": 100, "STL10": 10}
BY_NAME = ("getattr(", "named_", "children(", "modules(", "__dict__")


@dataclass(frozen=True, slots=True)
class Applied:
    """A layer or a function that a value passes through.

    ``made``: where its layer is made, if it is one; ``kind``: its class, `ReLU` for `F.relu` too; ``at``: its
    application in `forward`, in `nn.Sequential` the same as ``made``.
    """

    kind: str
    at: ast.Call
    made: ast.Call | None


def chains(script: Script) -> Iterator[list[Applied]]:
    """What values pass through, one after the other."""
    for call in script.calls("nn.Sequential"):
        held = [each for each in call.args if isinstance(each, ast.Call)]
        if len(held) == len(call.args):
            yield [Applied(_kind(script, each), each, each) for each in held]
    for module in script.modules():
        forward = script.method(module, "forward")
        if forward is not None:
            yield from _passed(script, forward, script.layers(module))


def _passed(script: Script, forward: ast.FunctionDef, layers: dict[str, ast.Call]) -> Iterator[list[Applied]]:
    """What the value of one name passes through in the statements of `forward`."""
    chain: list[Applied] = []
    held = ""
    for statement in forward.body:
        value = statement.value if isinstance(statement, (ast.Assign, ast.Return)) else None
        made, given = [] if value is None else _unrolled(script, value, layers), _innermost(script, value)
        if not made or given != held:
            if chain:
                yield chain
            chain = []
        chain = [*chain, *made]
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        held = target.id if isinstance(target, ast.Name) else ""
    if chain:
        yield chain


def _unrolled(script: Script, value: ast.expr, layers: dict[str, ast.Call]) -> list[Applied]:
    """`self.b(F.relu(self.a(x)))` as a, relu, b."""
    found: list[Applied] = []
    inner: ast.expr | None = value
    while isinstance(inner, ast.Call):
        made = layers.get(inner.func.attr) if isinstance(inner.func, ast.Attribute) else None
        if made is None or not script.is_own(inner.func):
            made = None
        found.append(Applied(_kind(script, inner if made is None else made), inner, made))
        inner = _given(script, inner)
    return found[::-1]


def _given(script: Script, call: ast.Call) -> ast.expr | None:
    """What a call works on."""
    if script.is_own(call.func) or script.dotted(call.func).startswith("torch."):
        return call.args[0] if call.args else None
    return call.func.value if isinstance(call.func, ast.Attribute) else None


def _innermost(script: Script, value: ast.expr | None) -> str:
    while isinstance(value, ast.Call):
        value = _given(script, value)
    return value.id if isinstance(value, ast.Name) else "?"


def _kind(script: Script, call: ast.Call) -> str:
    name = script.dotted(call.func).rpartition(".")[2]
    return ACTIVATIONS.get(name, name)


def _is_activation(each: Applied) -> bool:
    return each.kind in ACTIVATIONS.values()


def _without(chain: list[Applied], kinds: tuple[str, ...]) -> list[Applied]:
    return [each for each in chain if each.kind not in kinds]


@mutator("HP235", "the result of a layer thrown away")
def thrown_away(script: Script) -> Iterator[Planted | Skipped]:
    for each in (each for chain in chains(script) for each in chain):
        statement = script.statement(each.at)
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if each.at is each.made or not (_is_activation(each) or each.kind in DROPOUTS):
            continue
        given = each.at.args[0] if each.at.args else None
        if not isinstance(target, ast.Name) or not isinstance(statement, ast.Assign) or statement.value is not each.at:
            yield Skipped("it is no statement of its own")
        elif given is None or "inplace" in script.source(each.made or each.at):
            yield Skipped("it works in place")
        elif script.source(given) == target.id:
            yield planted(script, statement, script.replaced(statement, script.source(each.at)), move=())
        else:
            start = script.between(script.start(each.at), script.start(given))
            end = script.between(script.end(given), script.end(each.at))
            text = f"{target.id} = {script.source(given)}\n{script.indent(statement)}{start}{target.id}{end}"
            yield planted(script, statement, script.replaced(statement, text), move=())


@mutator("HP236", "a normalisation right behind a dropout")
def normalised_dropout(script: Script) -> Iterator[Planted | Skipped]:
    if ".backward()" in script.text and ".eval()" not in script.text:
        yield Skipped("what is trained is never evaluated")
        return
    for chain in chains(script):
        widths: str | None = None
        norm = ""
        for each in chain:
            if each.made is not None and each.kind in WEIGHTS:
                norm, name = WEIGHTS[each.kind]
                width = script.argument(each.made, name, 1)
                widths = None if width is None else script.source(width)
            elif each.kind in DROPOUTS and each.made is not None:
                if widths is None:
                    yield Skipped("the width is not in view")
                else:
                    yield _with_norm(script, each, each.made, f"torch.nn.{norm}({widths})")
            elif not _is_activation(each):
                widths = None


def _with_norm(script: Script, each: Applied, made: ast.Call, norm: str) -> Planted | Skipped:
    """A normalisation behind a layer, of a name of its own where it is applied in `forward`."""
    end = script.end(each.at)
    if each.at is made:
        return planted(script, made, Edit(end, end, f", {norm}"))
    kept = script.after(script.statement(made), f"self.norm_behind = {norm}")
    start = script.start(each.at)
    return planted(script, made, kept, Edit(start, start, "self.norm_behind("), Edit(end, end, ")"), move=())


@mutator("HP239", "a layer that is not applied any more")
def not_applied(script: Script) -> Iterator[Planted | Skipped]:
    for module in script.modules():
        forward = script.method(module, "forward")
        if forward is None:
            continue
        layers = script.layers(module)
        used = script.text.count(f"{module.name}(") > 1 and f"({module.name})" not in script.text
        for each in (each for chain in _passed(script, forward, layers) for each in chain):
            if each.made is None or each.kind not in (*DROPOUTS, *NORMS, *WEIGHTS):
                continue
            name = script.source(each.at.func)
            if not used or any(word in script.source(module) for word in BY_NAME):
                yield Skipped("the class is not made here, or its layers are found by other means")
            elif script.text.count(name) != 2 or len(each.at.args) != 1:
                yield Skipped("the layer is used in several places")
            elif each.kind not in WEIGHTS:
                yield planted(script, each.at, script.replaced(each.at, script.source(each.at.args[0])), move=())
            else:
                alike = [f"self.{other}" for other, made in layers.items() if made is not each.made]
                alike = [other for other in alike if _same(script, layers[other[5:]], each.made)]
                if alike:
                    yield planted(script, each.at, script.replaced(each.at.func, alike[0]), move=())
                else:
                    yield Skipped("no other layer could be taken for it")


def _same(script: Script, one: ast.Call, other: ast.Call) -> bool:
    """Whether two layers are of one kind and size."""
    return script.source(one) == script.source(other)


@mutator("HP241", "a bias before a normalisation")
def bias(script: Script) -> Iterator[Planted | Skipped]:
    for chain in chains(script):
        for before, behind in pairwise(chain):
            if before.made is None or before.kind not in WEIGHTS or behind.kind not in NORMS:
                continue
            if "bias=False" in script.source(before.made) and not script.is_open(before.made):
                yield planted(script, before.made, script.left_out(before.made, "bias"))
            else:
                yield Skipped("the layer has its bias already")


@mutator("HP242", "three sigmoids in a row")
def sigmoids(script: Script) -> Iterator[Planted | Skipped]:
    for whole in chains(script):
        chain = _without(whole, (*DROPOUTS, "dropout"))
        for first in range(len(chain) - 6):
            part = chain[first : first + 7]
            if all(each.kind in WEIGHTS for each in part[::2]) and all(map(_is_activation, part[1::2])):
                edits = [
                    script.replaced(each.at, "torch.nn.Sigmoid()")
                    if each.at is each.made
                    else script.replaced(each.at.func, "torch.sigmoid")
                    for each in part[1::2]
                ]
                yield planted(script, part[0].at, *edits)
                break
        else:
            yield Skipped("no three layers in a row with nothing but activations between them")


@mutator("HP243", "a hidden layer with one unit")
def one_unit(script: Script) -> Iterator[Planted | Skipped]:
    for whole in chains(script):
        chain = _without(whole, (*DROPOUTS, "dropout"))
        for one, between, other in zip(chain, chain[1:], chain[2:], strict=False):
            if one.made is None or other.made is None or not _is_activation(between):
                continue
            if one.kind != "Linear" or other.kind != "Linear":
                continue
            given, hidden = script.argument(one.made, "in_features", 0), script.argument(one.made, "out_features", 1)
            again, result = (
                script.argument(other.made, "in_features", 0),
                script.argument(other.made, "out_features", 1),
            )
            sizes = [each.value for each in (given, result) if isinstance(each, ast.Constant)]
            if len(sizes) < 2 or hidden is None or again is None or script.source(hidden) != script.source(again):
                yield Skipped("the sizes are not written down")
            elif int(str(sizes[0])) <= 4 or not 1 < int(str(sizes[1])) < int(str(sizes[0])):
                yield Skipped("one number may be enough there")
            elif any(word in script.text.lower() for word in ("encod", "latent", "vae", "gate", "excit", "rank")):
                yield Skipped("a code of one number may be meant")
            else:
                edits = (script.replaced(hidden, "1"), script.replaced(again, "1"))
                yield planted(script, one.made, *edits, move=[one.made] if one.at is one.made else ())


@mutator("HP244", "a unit more than the dataset has classes")
def other_classes(script: Script) -> Iterator[Planted | Skipped]:
    names = {script.dotted(call.func).rpartition(".")[2] for call in script.all(ast.Call) if _is_dataset(script, call)}
    count = CLASSES.get(next(iter(names))) if len(names) == 1 else None
    if count is None or not any(word in script.text for word in ("CrossEntropyLoss", "cross_entropy", "nll_loss")):
        return
    lasts = [
        call
        for call in script.calls("nn.Linear")
        if isinstance(units := script.argument(call, "out_features", 1), ast.Constant) and units.value == count
    ]
    if len(lasts) == 1 and "classes" not in script.text:
        units = script.argument(lasts[0], "out_features", 1)
        assert units is not None
        yield planted(script, lasts[0], script.replaced(units, str(count + 1)))
    else:
        yield Skipped("the number of classes is given elsewhere, too")


def _is_dataset(script: Script, call: ast.Call) -> bool:
    name = script.dotted(call.func)
    return name.startswith("torchvision.datasets.") and name.rpartition(".")[2][:1].isupper()
