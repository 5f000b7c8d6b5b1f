"""Mistakes between a model's output and its loss."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from benchmarks.mutations.of_loops import Step, steps
from benchmarks.mutations.of_loss_calls import measured
from benchmarks.mutations.of_models import at_the_end, losses
from benchmarks.mutations.registry import arguments, mutator, planted
from benchmarks.mutations.script import Edit, Planted, Script, Skipped
from benchmarks.mutations.trainings import last_units

CROSS_ENTROPY = ("nn.CrossEntropyLoss", "nn.functional.cross_entropy")
NLL = ("nn.NLLLoss", "nn.functional.nll_loss")
DIFFERENCES = ("MSELoss", "L1Loss")
BCE = ("nn.BCELoss", "nn.functional.binary_cross_entropy")

arguments("HP226", ("nn.Dropout",), "a dropout of nine in ten", {"p": "0.9"}, 0)
arguments("HP229", ("nn.CrossEntropyLoss",), "label smoothing in percent", {"label_smoothing": "10"})
arguments("HP230", ("nn.CrossEntropyLoss", "nn.MSELoss"), "an old reduction", {"size_average": "False"})
arguments("HP231", ("nn.CrossEntropyLoss", "nn.NLLLoss"), "weights in a list", {"weight": "[1.0, 2.0]"}, 0)


@mutator("HP220", "a dimension of one left on")
def broadcast(script: Script) -> Iterator[Planted | Skipped]:
    for call, short in measured(script):
        scores = call.args[0]
        flat = isinstance(scores, ast.Call) and isinstance(scores.func, ast.Attribute) and scores.func.attr == "squeeze"
        if short in DIFFERENCES and flat and isinstance(scores, ast.Call) and isinstance(scores.func, ast.Attribute):
            yield planted(script, call, script.replaced(scores, script.source(scores.func.value)))


@mutator("HP220", "targets made flat for a column of predictions")
def flat_targets(script: Script) -> Iterator[Planted | Skipped]:
    for call, short in measured(script):
        scores, targets = call.args
        if short not in DIFFERENCES:
            continue
        if last_units(script, scores, call) != 1:
            yield Skipped("it is not in view that the predictions are a column")
        else:
            yield planted(script, call, script.replaced(targets, f"{_operand(script, targets)}.view(-1)"))


def _operand(script: Script, expr: ast.expr) -> str:
    """The text of an expression, so that a method of its value can be called."""
    plain = isinstance(expr, (ast.Name, ast.Attribute, ast.Call, ast.Subscript))
    return script.source(expr) if plain else f"({script.source(expr)})"


@mutator("HP221", "NLL without its log-softmax")
def no_log_softmax(script: Script) -> Iterator[Planted | Skipped]:
    if not any(script.calls(*NLL)):
        return
    for call in script.calls("nn.functional.log_softmax", "log_softmax"):
        if isinstance(script.parents[call], ast.Return) and call.args:
            yield planted(script, call, script.replaced(call, script.source(call.args[0])), move=())
        else:
            yield Skipped("it is not what forward returns")


@mutator("HP222", "BCE without its sigmoid")
def no_sigmoid(script: Script) -> Iterator[Planted | Skipped]:
    if not any(script.calls(*BCE)):
        return
    for call in script.calls("sigmoid", "nn.functional.sigmoid"):
        if isinstance(script.parents[call], ast.Return) and call.args:
            yield planted(script, call, script.replaced(call, script.source(call.args[0])), move=())
    for call in script.calls("nn.Sequential"):
        last = call.args[-1] if len(call.args) > 1 else None
        if isinstance(last, ast.Call) and script.dotted(last.func) == "torch.nn.Sigmoid":
            yield planted(script, call, Edit(script.end(call.args[-2]), script.end(last), ""), move=())


@mutator("HP223", "log-softmax before cross-entropy")
def log_softmax_first(script: Script) -> Iterator[Planted | Skipped]:
    for call, scores in losses(script, *CROSS_ENTROPY):
        text = f"torch.log_softmax({script.source(scores)}, dim=1)"
        yield planted(script, call, script.replaced(scores, text))


@mutator("HP224", "ReLU at the end of a classifier")
def relu_last(script: Script) -> Iterator[Planted | Skipped]:
    yield from at_the_end(script, CROSS_ENTROPY, "torch.relu({})")


@mutator("HP225", "sigmoid for classes that exclude each other")
def sigmoid_for_classes(script: Script) -> Iterator[Planted | Skipped]:
    yield from at_the_end(script, CROSS_ENTROPY, "torch.sigmoid({})")


@mutator("HP227", "KL divergence averaged over all elements")
def mean_divergence(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls("nn.KLDivLoss", "nn.functional.kl_div"):
        if script.argument(call, "reduction") is not None:
            yield planted(script, call, script.left_out(call, "reduction"))


@mutator("HP228", "softmax without its dimension")
def no_dimension(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls("nn.functional.softmax", "nn.functional.log_softmax", "nn.Softmax"):
        if script.argument(call, "dim") is not None:
            yield planted(script, call, script.left_out(call, "dim"))


@mutator("HP233", "a penalty that has no gradient")
def dead_penalty(script: Script) -> Iterator[Planted | Skipped]:
    for each in steps(script):
        yield _penalty(script, each, "1e-4 * sum(weight.data.abs().sum() for weight in {}.parameters())")


@mutator("HP234", "L2 twice")
def decayed_twice(script: Script) -> Iterator[Planted | Skipped]:
    if "weight_decay=" not in script.text:
        yield Skipped("no optimizer decays weights")
        return
    for each in steps(script):
        yield _penalty(script, each, "1e-4 * sum(weight.pow(2).sum() for weight in {}.parameters())")


def _penalty(script: Script, step: Step, form: str) -> Planted | Skipped:
    """A term that is added to the loss before backward."""
    owner = script.source(step.backward).partition(".backward")[0]
    if not owner.isidentifier() or step.model is None:
        return Skipped("the loss or the model has no name")
    text = f"{owner} = {owner} + {form.format(step.model)}"
    return planted(script, step.backward, script.before(step.backward, text), move=[step.step])
