"""Mistakes in one call's arguments."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from benchmarks.mutations.registry import arguments, mutator, planted
from benchmarks.mutations.script import Planted, Script, Skipped

ADAMS = ("optim.Adam", "optim.AdamW", "optim.NAdam", "optim.RAdam")
OPTIMIZERS = (*ADAMS, "optim.SGD", "optim.RMSprop", "optim.Adagrad", "optim.Adamax", "optim.Adadelta")
DROPOUTS = ("nn.Dropout", "nn.Dropout2d", "nn.AlphaDropout")
LOADER = ("utils.data.DataLoader",)
STEP_LR = ("optim.lr_scheduler.StepLR",)
COSINE = ("optim.lr_scheduler.CosineAnnealingLR",)

arguments("HP101", ADAMS, "momentum given to Adam", {"momentum": "0.9"})
arguments("HP101", ("nn.Linear", "nn.Conv2d"), "an activation given to a layer", {"activation": '"relu"'})
arguments("HP101", LOADER, "a misspelt argument of a loader", {"num_worker": "4"})
arguments("HP102", (*STEP_LR, *COSINE, "optim.lr_scheduler.ReduceLROnPlateau"), "verbose", {"verbose": "True"})
arguments("HP103", DROPOUTS, "a dropout in percent", {"p": "50"}, 0)
arguments("HP103", ("nn.functional.dropout",), "a negative dropout", {"p": "-0.5"}, 1)
arguments("HP103", OPTIMIZERS, "a negative learning rate", {"lr": "-0.001"}, 1)
arguments("HP103", ("optim.SGD",), "Nesterov without momentum", {"nesterov": "True"}, None, ("momentum",))
arguments("HP104", ("nn.CrossEntropyLoss", "nn.MSELoss", "nn.BCELoss"), "an unknown reduction", {"reduction": '"avg"'})
arguments("HP104", ("optim.lr_scheduler.ReduceLROnPlateau",), "an unknown mode", {"mode": '"minimum"'}, 1)
arguments("HP108", OPTIMIZERS, "a learning rate that is a string", {"lr": '"1e-3"'}, 1)
arguments("HP109", ADAMS, "Adam at 10", {"lr": "10.0"}, 1)
arguments("HP109", ("optim.SGD",), "SGD at twenty thousand", {"lr": "20000.0"}, 1)
arguments("HP111", ("optim.SGD", "optim.RMSprop"), "a momentum of 9", {"momentum": "9"})
arguments("HP112", ADAMS, "betas swapped", {"betas": "(0.999, 0.9)"}, 2)
arguments("HP114", OPTIMIZERS, "a weight decay of 10", {"weight_decay": "10.0"})
arguments("HP116", STEP_LR, "a schedule that grows", {"gamma": "1.5"}, 2)
arguments("HP116", ("optim.lr_scheduler.MultiStepLR",), "a schedule that ends at once", {"gamma": "0.0"}, 2)
arguments("HP117", STEP_LR, "a step size of zero", {"step_size": "0"}, 1)
arguments("HP117", COSINE, "a T_max of zero", {"T_max": "0"}, 1)
arguments("HP118", LOADER, "shuffle as a word", {"shuffle": '"False"'}, 2, ("sampler", "batch_sampler"))
arguments("HP134", DROPOUTS, "a dropout of 1", {"p": "1.0"}, 0)
arguments("HP133", ("nn.BatchNorm1d", "nn.BatchNorm2d"), "Keras' momentum", {"momentum": "0.99"}, 2)
arguments("HP137", ("nn.LSTM", "nn.GRU"), "dropout in one layer", {"num_layers": "1", "dropout": "0.5"}, 2)
arguments("HP157", COSINE, "a floor of 10", {"eta_min": "10.0"}, 2)
arguments("HP160", ("optim.SGD",), "dampening alone", {"dampening": "0.9"}, None, ("momentum", "nesterov"))


@mutator("HP106", "a key that no group has")
def unknown_key(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls(*OPTIMIZERS):
        groups = script.argument(call, "params", 0)
        if isinstance(groups, (ast.Call, ast.Name)):
            text = f'[{{"params": {script.source(groups)}, "weigth_decay": 0.01}}]'
            yield planted(script, call, script.replaced(groups, text))
        else:
            yield Skipped("the parameters are groups already")


@mutator("HP115", "a negative rate in a group")
def group_value(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls(*OPTIMIZERS):
        groups = script.argument(call, "params", 0)
        if isinstance(groups, ast.Call) and isinstance(groups.func, ast.Attribute):
            text = f'[{{"params": {script.source(groups)}, "weight_decay": -0.01}}]'
            yield planted(script, call, script.replaced(groups, text))
        else:
            yield Skipped("the parameters are no plain call")


@mutator("HP107", "weight decay in momentum's place")
def position(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls("optim.SGD"):
        params, lr = script.argument(call, "params", 0), script.argument(call, "lr", 1)
        if params is None or lr is None or script.is_open(call):
            yield Skipped("parameters or rate are not given there")
        else:
            text = f"{script.source(call.func)}({script.source(params)}, {script.source(lr)}, 5e-4)"
            yield planted(script, call, script.replaced(call, text))


@mutator("HP110", "no learning rate")
def default_rate(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls(*OPTIMIZERS):
        if script.is_open(call) or len(call.args) > 1:
            yield Skipped("the rate has no name there")
        elif "param_groups" in script.text:
            yield Skipped("something may set the rate later")
        elif script.argument(call, "lr") is not None:
            yield planted(script, call, script.left_out(call, "lr"))


@mutator("HP113", "the model instead of its parameters")
def model_given(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls(*OPTIMIZERS):
        given = script.argument(call, "params", 0)
        if isinstance(given, ast.Call) and isinstance(given.func, ast.Attribute) and given.func.attr == "parameters":
            yield planted(script, call, script.replaced(given, script.source(given.func.value)))


@mutator("HP135", "dropout without a rate")
def default_dropout(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls("nn.Dropout"):
        if call.args or call.keywords:
            yield planted(script, call, script.replaced(call, f"{script.source(call.func)}()"))


@mutator("HP159", "a learning rate of zero")
def zero_rate(script: Script) -> Iterator[Planted | Skipped]:
    if "lr_scheduler" in script.text or "param_groups" in script.text:
        yield Skipped("something may set the rate later")
        return
    for call in script.calls(*OPTIMIZERS):
        yield planted(script, call, script.given(call, "lr", "0.0", 1))


@mutator("HP161", "LBFGS without a closure")
def lbfgs(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls(*OPTIMIZERS):
        params = script.argument(call, "params", 0)
        if params is not None:
            yield planted(script, call, script.replaced(call, f"torch.optim.LBFGS({script.source(params)}, lr=1.0)"))


@mutator("HP162", "a training loader that does not shuffle")
def unshuffled(script: Script) -> Iterator[Planted | Skipped]:
    made = {script.source(node.targets[0]): node.value for node in script.all(ast.Assign)}
    for call in script.calls(*LOADER):
        shuffle = script.argument(call, "shuffle", 2)
        if not isinstance(shuffle, ast.Constant) or shuffle.value is not True or script.is_open(call):
            continue
        data = script.argument(call, "dataset", 0)
        data = made.get(script.source(data), data) if isinstance(data, ast.Name) else data
        stored = script.dotted(data.func) if isinstance(data, ast.Call) else ""
        name = script.source(script.statement(call)).partition("=")[0].strip()
        loops = [loop for loop in script.all(ast.For) if name in script.source(loop.iter)]
        if not stored.startswith("torchvision.datasets."):
            yield Skipped("nothing says that its data has a stored order")
        elif any(re.search(r"\b_\)?$", script.source(loop.target)) for loop in loops):
            yield Skipped("the labels are not used, so that their order does not matter")
        elif any("backward" in script.source(loop) for loop in loops):
            yield planted(script, call, script.left_out(call, "shuffle"))
        else:
            yield Skipped("nothing trains with it in view")
