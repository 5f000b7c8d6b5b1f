"""Mistakes in what is decided by an evaluation: by the number of one process, or by the test set."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from benchmarks.mutations.of_arguments import OPTIMIZERS
from benchmarks.mutations.of_data import LOADER
from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Edit, Planted, Script, Skipped
from benchmarks.mutations.trainings import unscheduled

VALIDATION = re.compile(r"(?<![a-z])(validation|valid|val|dev)(?![a-z])", re.IGNORECASE)
TEST = re.compile(r"(?<![a-z])test(?![a-z])", re.IGNORECASE)
MEASURES = re.compile(r"acc|loss|score|f1|auc|map|bleu|error|perplexity", re.IGNORECASE)
FALLS = re.compile(r"loss|error|perplexity", re.IGNORECASE)
TOGETHER = re.compile(r"reduce|gather|Meter|ignite|ightning|ccelerat|deepspeed|horovod|xla|broadcast|torchmetrics|rank")
SAVES = re.compile(r"save|state_dict|deepcopy|checkpoint")
EVALUATION = """\
@torch.no_grad()
def planted_validate(model, loader):
    model.eval()
    losses = [torch.nn.functional.cross_entropy(model(x), y).item() for x, y in loader]
    model.train()
    return sum(losses) / len(losses)

"""
SAMPLER = "torch.utils.data.distributed.DistributedSampler"


def measured_each_epoch(script: Script) -> Iterator[tuple[ast.For, ast.Assign, str]]:
    """Numbers of an evaluation in each epoch: the loop, `val_loss = evaluate(...)`, and the name."""
    for loop in script.all(ast.For):
        if "epoch" not in script.source(loop.target).lower():
            continue
        for statement in loop.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
                target = statement.targets[0]
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                for name in names:
                    said = script.source(name)
                    if isinstance(name, ast.Name) and MEASURES.search(said) and _evaluates(said):
                        yield loop, statement, said


def _evaluates(said: str) -> bool:
    return bool(VALIDATION.search(said) or TEST.search(said) or "eval" in said)


@mutator("HP246", "a plateau schedule told the number of one process")
def told_alone(script: Script) -> Iterator[Planted | Skipped]:
    for loop, statement, number in measured_each_epoch(script):
        divided = _divided(script, statement)
        if isinstance(divided, Skipped):
            yield divided
            continue
        made = [
            each
            for call in script.calls(*OPTIMIZERS)
            if isinstance(each := script.statement(call), ast.Assign)
            and each.value is call
            and each in script.block(loop)
        ]
        if len(made) != 1 or "sched" in script.text or script.imports.get("torch") != "torch":
            yield Skipped("the optimizer is made elsewhere, or has a schedule already")
            continue
        optimizer = script.source(made[0].targets[0])
        mode = "min" if FALLS.search(number) else "max"
        text = f'planted_plateau = torch.optim.lr_scheduler.ReduceLROnPlateau({optimizer}, mode="{mode}")'
        edits = (script.after(made[0], text), script.after(statement, f"planted_plateau.step({number})"))
        yield planted(script, statement, *divided, *edits, move=())


@mutator("HP246", "a training that each process ends by itself")
def ended_alone(script: Script) -> Iterator[Planted | Skipped]:
    for loop, statement, number in measured_each_epoch(script):
        divided = _divided(script, statement)
        if isinstance(divided, Skipped):
            yield divided
            continue
        order, worst = ("<", 'float("inf")') if FALLS.search(number) else (">", "0.0")
        pad = script.indent(statement)
        lines = (
            f"if {number} {order} planted_best:",
            f"    planted_best, planted_patience = {number}, 0",
            "else:",
            "    planted_patience += 1",
            "if planted_patience >= 5:",
            "    break",
        )
        start = script.before(loop, f"planted_best, planted_patience = {worst}, 0")
        yield planted(script, statement, *divided, start, script.after(statement, f"\n{pad}".join(lines)), move=())


@mutator("HP246", "an evaluation of its own, told to a plateau schedule")
def own_evaluation(script: Script) -> Iterator[Planted | Skipped]:
    for training in unscheduled(script):
        if TOGETHER.search(script.text):
            yield Skipped("something may bring the numbers of the processes together")
            continue
        model, at = training.step.model, training.statement
        found = [
            (call, each)
            for call in script.calls(LOADER)
            if isinstance(each := script.statement(call), ast.Assign)
            and isinstance(each.targets[0], ast.Name)
            and _evaluates(each.targets[0].id)
            and script.function(each) in (script.tree, script.function(at))
        ]
        sampled = _sampled(script, found[0][0]) if len(found) == 1 else None
        if sampled is None or model is None or not model.isidentifier():
            yield Skipped("no loader over data that are named for an evaluation is in view")
            continue
        assert isinstance(found[0][1].targets[0], ast.Name)
        loader, last = found[0][1].targets[0].id, training.epochs.body[-1]
        schedule = f"planted_plateau = torch.optim.lr_scheduler.ReduceLROnPlateau({training.step.optimizer})"
        pad = script.indent(last)
        told = f"planted_val_loss = planted_validate({model}, {loader})\n{pad}planted_plateau.step(planted_val_loss)"
        edits = (script.above(at, EVALUATION), script.after(at, schedule), script.after(last, told))
        yield planted(script, last, *sampled, *edits, move=())


def _divided(script: Script, statement: ast.Assign) -> list[Edit] | Skipped:
    """The edits that divide the data of an evaluation among processes, where nothing brings numbers together."""
    if TOGETHER.search(script.text):
        return Skipped("something may bring the numbers of the processes together")
    called = statement.value.func if isinstance(statement.value, ast.Call) else None
    if not isinstance(called, ast.Name) or called.id in script.imports:
        return Skipped("the number is computed elsewhere, where it may be an average over the processes")
    for call in script.calls(LOADER):
        data, kept = script.argument(call, "dataset", 0), script.source(script.statement(call)).partition("=")[0]
        sampled = _sampled(script, call) if data is not None and _evaluates(kept) else None
        if sampled is not None:
            return sampled
    return Skipped("no loader over data that are named for an evaluation is in view")


def _sampled(script: Script, loader: ast.Call) -> list[Edit] | None:
    """The edits that divide what a loader gives among processes; None where its data are not named for evaluation."""
    data = script.argument(loader, "dataset", 0)
    if not isinstance(data, (ast.Name, ast.Attribute)) or not _evaluates(script.source(data)) or script.is_open(loader):
        return None
    sampler = f"sampler={SAMPLER}({script.source(data)}, shuffle=False)"
    join = script.before(script.statement(loader), 'torch.distributed.init_process_group("nccl")')
    line = script.imported("import torch.distributed\nimport torch.utils.data.distributed")
    old = script.argument(loader, "shuffle")
    edit = script.added(loader, sampler) if old is None else script.replaced(script.parents[old], sampler)
    return None if edit is None else [line, join, edit]


@mutator("HP269", "the test number compared with the best one")
def chosen_by_test_number(script: Script) -> Iterator[Planted | Skipped]:
    for choice, number in _choices(script):
        made = [
            each
            for loop, each, name in measured_each_epoch(script)
            if name == number.id and each.lineno < choice.lineno and loop is script.around(choice, ast.For)
        ]
        data = [
            node.id
            for each in made
            for node in script.within(each.value, ast.Name)
            if VALIDATION.search(node.id) and _is_data(node.id)
        ]
        other = _test_data(script)
        if len(made) != 1 or len(data) != 1 or other is None or not isinstance(made[0].targets[0], ast.Name):
            yield Skipped("no number of a validation set decides there, or no test set is beside it")
            continue
        new, value = f"planted_test_{_kind(number.id)}", script.source(made[0].value)
        measured = script.after(made[0], f"{new} = " + re.sub(rf"\b{data[0]}\b", other, value))
        uses = [each for each in script.within(choice, ast.Name) if each.id == number.id]
        yield planted(script, choice, measured, *(script.replaced(each, new) for each in uses), move=())


@mutator("HP269", "the test set for validation")
def test_for_validation(script: Script) -> Iterator[Planted | Skipped]:
    if not any(True for _ in _choices(script)):
        return
    other = _test_data(script)
    for statement in script.all(ast.Assign):
        name = script.source(statement.targets[0])
        if isinstance(statement.targets[0], ast.Name) and VALIDATION.search(name) and _is_data(name):
            kept = [
                each
                for each in script.block(statement)
                if isinstance(each, ast.Assign) and script.source(each.targets[0]) == other
            ]
            if other is None or len(kept) != 1:
                yield Skipped("no test set is made beside the validation set")
            else:
                behind = max(kept[0], statement, key=script.start)
                edits = [script.replaced(statement.value, other)]
                if behind is kept[0]:
                    edits = [script.removed(statement), script.after(behind, f"{name} = {other}")]
                yield planted(script, statement, *edits, move=())


@mutator("HP269", "a validation set that is not used to choose by")
def unused_validation(script: Script) -> Iterator[Planted | Skipped]:
    if VALIDATION.search(script.text):
        return
    for choice, _ in _choices(script):
        data = [
            script.argument(call, "dataset", 0)
            for call in script.calls(LOADER)
            if "train" in script.source(script.statement(call)).partition("=")[0]
        ]
        if len(data) != 1 or not isinstance(data[0], ast.Name) or script.imports.get("torch") != "torch":
            yield Skipped("the training data have no name of their own")
        else:
            name, at = data[0].id, script.statement(data[0])
            seeded = "generator=torch.Generator().manual_seed(0)"
            split = f"{name}, val_set = torch.utils.data.random_split({name}, [0.9, 0.1], {seeded})"
            loader = "val_loader = torch.utils.data.DataLoader(val_set, batch_size=64)"
            pad = script.indent(at)
            yield planted(script, choice, script.before(at, f"{split}\n{pad}{loader}"), move=())


def _choices(script: Script) -> Iterator[tuple[ast.If, ast.Name]]:
    """Where the weights are kept because a number is better than the best one, in a loop over epochs."""
    for choice in script.all(ast.If):
        test = choice.test
        if not isinstance(test, ast.Compare) or len(test.ops) != 1:
            continue
        loop = script.around(choice, ast.For)
        sides = (test.left, test.comparators[0])
        for one, best in (sides, sides[::-1]):
            chosen = isinstance(one, ast.Name) and "best" in script.source(best).lower() and _evaluates(one.id)
            keeps = any(SAVES.search(script.source(each)) for each in choice.body)
            over_epochs = loop is not None and "epoch" in script.source(loop.target).lower()
            if chosen and isinstance(one, ast.Name) and keeps and over_epochs and MEASURES.search(one.id):
                yield choice, one


def _is_data(name: str) -> bool:
    return re.search(r"load|set|data|iter", name, re.IGNORECASE) is not None


def _test_data(script: Script) -> str | None:
    """The name of the data for the test, the loader before what it is made of."""
    names = [
        node.id
        for node in script.all(ast.Name)
        if isinstance(node.ctx, ast.Store) and TEST.search(node.id) and _is_data(node.id)
    ]
    return max(dict.fromkeys(names), key=lambda each: "load" in each.lower(), default=None)


def _kind(number: str) -> str:
    """`acc` of `val_acc`."""
    found = MEASURES.search(number)
    return "score" if found is None else found[0].lower()
