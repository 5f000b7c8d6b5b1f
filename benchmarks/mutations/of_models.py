"""Mistakes in models, and between a model and its loss."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Edit, Planted, Script, Skipped

ACTIVATIONS = ("ReLU", "LeakyReLU", "Tanh", "GELU", "ELU", "Sigmoid", "SiLU")
WEIGHTED = {
    f"torch.nn.{name}" for name in ("Linear", "Conv1d", "Conv2d", "BatchNorm2d", "LayerNorm", "Embedding", "GRU")
}
NORMS = ("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "weight_decay", "Random", "augment")


@mutator("HP125", "dropout made in forward")
def dropout_in_forward(script: Script) -> Iterator[Planted | Skipped]:
    for module in script.modules():
        for call in _calls_in(script, module, "forward"):
            if script.is_own(call.func, "dropout") and len(call.args) == 1:
                text = f"torch.nn.Dropout(0.5)({script.source(call.args[0])})"
                yield planted(script, call, script.replaced(call, text), move=())


@mutator("HP155", "functional dropout that is always on")
def always_on(script: Script) -> Iterator[Planted | Skipped]:
    for module in script.modules():
        for call in _calls_in(script, module, "forward"):
            if script.dotted(call.func) == "torch.nn.functional.dropout" and script.argument(call, "training"):
                yield planted(script, call, script.left_out(call, "training"))
            elif script.is_own(call.func, "dropout") and len(call.args) == 1:
                text = f"torch.nn.functional.dropout({script.source(call.args[0])}, 0.5)"
                yield planted(script, call, script.replaced(call, text))


@mutator("HP126", "probabilities for KL divergence")
def kl_div(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls("nn.functional.kl_div"):
        given = script.argument(call, "input", 0)
        if isinstance(given, ast.Call) and script.dotted(given.func) == "torch.nn.functional.log_softmax":
            text = script.source(given).replace("log_softmax", "softmax", 1)
            yield planted(script, call, script.replaced(given, text))
        elif given is not None:
            text = f"torch.nn.functional.softmax({script.source(given)}, dim=1)"
            yield planted(script, call, script.replaced(given, text))


@mutator("HP127", "an activation class for its function")
def activation_class(script: Script) -> Iterator[Planted | Skipped]:
    names = {"torch.nn.functional.relu": "ReLU", "torch.relu": "ReLU", "torch.tanh": "Tanh", "torch.sigmoid": "Sigmoid"}
    for call in script.all(ast.Call):
        name = names.get(script.dotted(call.func))
        if name and len(call.args) == 1 and not call.keywords:
            yield planted(script, call, script.replaced(call.func, f"torch.nn.{name}"), also={"HP101"})


@mutator("HP128", "layers in a plain list")
def plain_list(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls("nn.ModuleList"):
        statement = script.statement(call)
        kept = isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Attribute)
        kept = kept and isinstance(statement, ast.Assign) and statement.value is call
        if not kept or not call.args or not isinstance(call.args[0], (ast.List, ast.ListComp)):
            yield Skipped("the list is not written out and kept by the module")
            continue
        elements = call.args[0].elts if isinstance(call.args[0], ast.List) else [call.args[0].elt]
        if elements and not any(has_weights(script, each) for each in elements):
            yield Skipped("a layer from elsewhere may have no weights")
            continue
        yield planted(script, call, script.replaced(call, script.source(call.args[0])))


def has_weights(script: Script, expr: ast.expr) -> bool:
    """Whether an expression makes something of torch, or of the script, that has weights."""
    made = [script.dotted(node.func) for node in ast.walk(expr) if isinstance(node, ast.Call)]
    own = {each.name for each in script.modules() if "nn." in script.source(each)}
    return any(name in own or name in WEIGHTED for name in made)


@mutator("HP130", "layers before `super().__init__()`")
def no_super(script: Script) -> Iterator[Planted | Skipped]:
    for module in script.modules():
        for each in ast.walk(module):
            called = each.value.func if isinstance(each, ast.Expr) and isinstance(each.value, ast.Call) else None
            if not isinstance(called, ast.Attribute) or called.attr != "__init__":
                continue
            statement = script.statement(called)
            if script.parents[statement] in module.body:
                yield planted(script, statement, script.removed(statement), move=())


@mutator("HP132", "one layer many times")
def repeated(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls("nn.ModuleList"):
        made = call.args[0] if call.args else None
        if isinstance(made, ast.ListComp) and isinstance(made.elt, ast.Call) and len(made.generators) == 1:
            over, target = made.generators[0].iter, made.generators[0].target
            ranged = isinstance(over, ast.Call) and script.dotted(over.func) == "range" and len(over.args) == 1
            names = {node.id for node in ast.walk(made.elt) if isinstance(node, ast.Name)}
            if not ranged or not isinstance(target, ast.Name) or target.id in names:
                yield Skipped("the layers are not alike")
                continue
            if not has_weights(script, made.elt):
                yield Skipped("a layer from elsewhere may have no weights")
                continue
            assert isinstance(over, ast.Call)
            text = f"[{script.source(made.elt)}] * {script.source(over.args[0])}"
            yield planted(script, call, script.replaced(made, text))


@mutator("HP136", "all that regularises taken out")
def unregularised(script: Script) -> Iterator[Planted | Skipped]:
    if any(word in script.text for word in NORMS) or ".backward()" not in script.text:
        yield Skipped("something else may regularise, or nothing is trained here")
        return
    for module in script.modules():
        layers = [
            call for call in script.calls("nn.Linear", "nn.Conv2d") if script.around(call, ast.ClassDef) is module
        ]
        if len(layers) >= 3 and f"{module.name}(" in script.text:
            drops = list(script.calls("nn.Dropout", "nn.Dropout2d"))
            if drops and "functional.dropout" not in script.text and "F.dropout" not in script.text:
                edits = _without(script, drops)
                if edits is None:
                    yield Skipped("dropout is more than a layer of its own there")
                else:
                    yield planted(script, module, *edits, move=())


def _without(script: Script, drops: list[ast.Call]) -> list[Edit] | None:
    """Edits that take layers out which are kept as `self.x` and called, or which stand in a Sequential."""
    edits: list[Edit] = []
    for call in drops:
        statement, around = script.statement(call), script.parents[call]
        if isinstance(around, ast.Call) and call in around.args[:-1]:
            behind = around.args[around.args.index(call) + 1]
            edits.append(Edit(script.start(call), script.start(behind), ""))
        elif isinstance(statement, ast.Assign) and statement.value is call and script.is_own(statement.targets[0]):
            name = script.source(statement.targets[0])
            uses = [node for node in script.all(ast.Attribute) if script.source(node) == name]
            called = [script.parents[use] for use in uses if use is not statement.targets[0]]
            if not all(isinstance(each, ast.Call) and len(each.args) == 1 for each in called):
                return None
            edits.append(script.removed(statement))
            for each in called:
                assert isinstance(each, ast.Call)
                start, end = script.start(each.args[0]), script.end(each.args[0])
                edits += [Edit(script.start(each), start, ""), Edit(end, script.end(each), "")]
        else:
            return None
    return edits


@mutator("HP147", "softmax before cross-entropy")
def softmax_first(script: Script) -> Iterator[Planted | Skipped]:
    for call, scores in losses(script, "nn.CrossEntropyLoss", "nn.functional.cross_entropy"):
        yield planted(script, call, script.replaced(scores, f"torch.softmax({script.source(scores)}, dim=1)"))


@mutator("HP147", "softmax at the end of the model")
def softmax_last(script: Script) -> Iterator[Planted | Skipped]:
    yield from at_the_end(script, ("nn.CrossEntropyLoss", "nn.functional.cross_entropy"), "torch.softmax({}, dim=1)")


@mutator("HP148", "sigmoid before its loss")
def sigmoid_first(script: Script) -> Iterator[Planted | Skipped]:
    names = ("nn.BCEWithLogitsLoss", "nn.functional.binary_cross_entropy_with_logits")
    for call, scores in losses(script, *names):
        yield planted(script, call, script.replaced(scores, f"torch.sigmoid({script.source(scores)})"))
    yield from at_the_end(script, names, "torch.sigmoid({})")


@mutator("HP149", "softmax over one unit")
def one_unit(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls("nn.Sequential"):
        last = call.args[-1] if call.args and not script.is_open(call) else None
        if isinstance(last, ast.Call) and script.dotted(last.func) == "torch.nn.Linear" and len(last.args) > 1:
            one = script.replaced(last.args[1], "1")
            yield planted(script, call, one, Edit(script.end(last), script.end(last), ", torch.nn.Softmax(dim=-1)"))


@mutator("HP150", "an activation left out")
def no_activation(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls("nn.Sequential"):
        for before, at, behind in zip(call.args, call.args[1:], call.args[2:], strict=False):
            if _is(script, at, *ACTIVATIONS) and _is(script, before, "Linear") and _is(script, behind, "Linear"):
                assert isinstance(before, ast.Call)
                assert isinstance(behind, ast.Call)
                if any(script.argument(each, "bias", 2) is not None for each in (before, behind)):
                    yield Skipped("a layer without bias may be half of a factorisation")
                elif _may_narrow(script, before):
                    yield Skipped("a narrow layer between two others may be meant, and the width is not known")
                else:
                    yield planted(script, call, Edit(script.start(at), script.start(behind), ""))


def _may_narrow(script: Script, layer: ast.Call) -> bool:
    """Whether a layer may have fewer outputs than inputs: its widths are no numbers, and not the same."""
    widths = [script.argument(layer, "in_features", 0), script.argument(layer, "out_features", 1)]
    if None in widths or isinstance(widths[1], ast.Constant):
        return False
    return len({script.source(each) for each in widths if each is not None}) > 1


@mutator("HP151", "a layer of another size")
def other_size(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls("nn.Sequential"):
        layers = [each for each in call.args if _is(script, each, "Linear")]
        for layer in layers[1:]:
            assert isinstance(layer, ast.Call)
            width = script.argument(layer, "in_features", 0)
            if isinstance(width, ast.Constant):
                yield planted(script, call, script.replaced(width, str(int(str(width.value)) + 1)))


def losses(script: Script, kind: str, function: str) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Calls of a loss in a loop with a backward pass, each with the scores that it is given."""
    kept = {
        script.source(node.targets[0])
        for node in script.all(ast.Assign)
        if isinstance(node.value, ast.Call) and script.dotted(node.value.func) == f"torch.{kind}"
    }
    for call in script.all(ast.Call):
        named = script.dotted(call.func) == f"torch.{function}" or script.source(call.func) in kept
        if named and call.args and isinstance(call.args[0], ast.Name):
            loop = script.around(call, ast.For)
            if loop is not None and "backward" in script.source(loop):
                yield call, call.args[0]


def at_the_end(script: Script, losses: tuple[str, str], form: str) -> Iterator[Planted | Skipped]:
    """The one `return` of each model that a script with such a loss trains."""
    if ".backward()" not in script.text or not any(script.calls(*losses)):
        return
    models = list(script.modules())
    for module in models:
        if len(models) != 1 or script.text.count(f"{module.name}(") < 2:
            yield Skipped("several models, or it is not made here")
            continue
        for each in module.body:
            if isinstance(each, ast.FunctionDef) and each.name == "forward":
                ends = [node for node in ast.walk(each) if isinstance(node, ast.Return) and node.value is not None]
                if len(ends) == 1 and isinstance(ends[0].value, (ast.Name, ast.Call)):
                    value = ends[0].value
                    yield planted(script, value, script.replaced(value, form.format(script.source(value))), move=())
                else:
                    yield Skipped("forward ends in several places")


def _calls_in(script: Script, module: ast.ClassDef, method: str) -> Iterator[ast.Call]:
    for each in module.body:
        if isinstance(each, ast.FunctionDef) and each.name == method:
            yield from (node for node in ast.walk(each) if isinstance(node, ast.Call))


def _is(script: Script, node: ast.expr, *names: str) -> bool:
    return isinstance(node, ast.Call) and script.dotted(node.func) in {f"torch.nn.{name}" for name in names}


def _owner(script: Script, call: ast.Call) -> str:
    """`nn.` of `nn.Dropout`."""
    return f"{script.source(call.func.value)}." if isinstance(call.func, ast.Attribute) else "torch.nn."
