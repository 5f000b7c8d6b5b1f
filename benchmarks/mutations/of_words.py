"""Slips of the keyboard: names, numbers and options."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator

from benchmarks.mutations.of_arguments import OPTIMIZERS
from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Edit, Planted, Script, Skipped

SLIPS = {
    "ReLU": "ReLu",
    "Linear": "Linaer",
    "Conv2d": "Conv2D",
    "Softmax": "SoftMax",
    "CrossEntropyLoss": "CrossEntropyloss",
}
SPELLINGS = {"learning_rate": "learing_rate", "weight_decay": "weigth_decay"}
NUMBERS = re.compile(r"lr|learning_rate|weight_decay|momentum|dropout")
TWICE = re.compile(r"lr|learning_rate|weight_decay|momentum|batch_size|(num_|n_)?epochs|dropout")
OPTION = re.compile(r"--(lr|learning[-_]rate|weight[-_]decay|momentum|dropout)")


@mutator("HP105", "a misspelt class of torch")
def misspelt_symbol(script: Script) -> Iterator[Planted | Skipped]:
    for node in script.all(ast.Attribute):
        if node.attr in SLIPS and script.dotted(node) == f"torch.nn.{node.attr}":
            text = f"{script.source(node.value)}.{SLIPS[node.attr]}"
            yield planted(script, node, script.replaced(node, text))


@mutator("HP131", "`fcl` for `fc1`")
def misspelt_attribute(script: Script) -> Iterator[Planted | Skipped]:
    for module in script.modules():
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                function = script.around(node, ast.FunctionDef)
                if isinstance(owner, ast.Name) and owner.id == "self" and function and function.name == "forward":
                    text = f"self.{node.func.attr}l"
                    yield planted(script, node, script.replaced(node.func, text))


@mutator("HP129", "a misspelt constructor")
def misspelt_init(script: Script) -> Iterator[Planted | Skipped]:
    for module in script.modules():
        for each in module.body:
            if isinstance(each, ast.FunctionDef) and each.name == "__init__":
                yield planted(script, each, script.replaced_name(each, "__int__"), move=())


@mutator("HP138", "the letter l in a number")
def letter(script: Script) -> Iterator[Planted | Skipped]:
    for node in script.all(ast.Constant):
        if isinstance(node.value, float) and script.source(node).startswith("1e-"):
            yield planted(script, node, script.replaced(node, "l" + script.source(node)[1:]))


@mutator("HP139", "an exponent without its minus")
def exponent(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls(*OPTIMIZERS):
        for name in ("lr", "weight_decay"):
            value = script.argument(call, name)
            if isinstance(value, ast.Constant):
                yield planted(script, call, script.replaced(value, "1e4"), also={"HP109", "HP114"})


@mutator("HP140", "a comma behind a number")
def comma(script: Script) -> Iterator[Planted | Skipped]:
    for node in script.all(ast.Assign):
        number, target = node.value, node.targets[0]
        if not isinstance(number, ast.Constant) or not isinstance(number.value, float):
            continue
        if isinstance(target, ast.Name) and NUMBERS.search(target.id.lower()):
            edit = script.replaced(number, script.source(number) + ",")
            yield planted(script, node, edit, also={"HP101", "HP103", "HP108"}, move=())


@mutator("HP141", "a misspelt hyperparameter")
def misspelt_option(script: Script) -> Iterator[Planted | Skipped]:
    for node in script.all(ast.Attribute):
        slip = SPELLINGS.get(node.attr)
        if slip and isinstance(node.ctx, ast.Load) and script.source(node.value) in ("args", "cfg", "config", "opt"):
            yield planted(script, node, script.replaced(node, f"{script.source(node.value)}.{slip}"))


@mutator("HP142", "`require_grad`")
def frozen_not(script: Script) -> Iterator[Planted | Skipped]:
    for node in script.all(ast.Attribute):
        if node.attr == "requires_grad" and isinstance(node.ctx, ast.Store):
            yield planted(script, node, script.replaced(node, f"{script.source(node.value)}.require_grad"), move=())


@mutator("HP143", "`type=bool`")
def type_bool(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.methods("add_argument"):
        action = script.argument(call, "action")
        if isinstance(action, ast.Constant) and action.value == "store_true":
            if script.argument(call, "default") is not None:
                yield Skipped("it has a default of its own")
                continue
            keyword = script.parents[action]
            yield planted(script, call, script.replaced(keyword, "type=bool, default=False"), move=())


@mutator("HP144", "a rate that is converted to a whole number")
def type_int(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.methods("add_argument"):
        kind, default = script.argument(call, "type"), script.argument(call, "default")
        number = default.value if isinstance(default, ast.Constant) else None
        if not isinstance(number, float) or number.is_integer():
            continue
        if isinstance(kind, ast.Name) and kind.id == "float":
            yield planted(script, call, script.replaced(kind, "int"), move=())


@mutator("HP163", "an option that nothing reads any more")
def unread(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.methods("add_argument"):
        words = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        option = next((word for word in words if OPTION.fullmatch(word)), None)
        default = script.argument(call, "default")
        if option is None or default is None:
            continue
        name = option[2:].replace("-", "_")
        reads = [node for node in script.all(ast.Attribute) if node.attr == name and isinstance(node.value, ast.Name)]
        if not reads or "vars(" in script.text or "**" in script.text:
            yield Skipped("nothing reads it, or the namespace is handed on whole")
            continue
        edits = [script.replaced(node, script.source(default)) for node in reads]
        yield planted(script, call, *edits, move=())


@mutator("HP259", "a hyperparameter that is set a second time")
def set_again(script: Script) -> Iterator[Planted | Skipped]:
    for node in script.all(ast.Assign):
        target, block = node.targets[0], script.block(node)
        value = node.value.value if isinstance(node.value, ast.Constant) else None
        if (
            not isinstance(target, ast.Name)
            or not TWICE.fullmatch(target.id)
            or type(value) not in (int, float)
            or not value
        ):
            continue
        behind = block[block.index(node) + 1 :]
        plain = list(itertools.takewhile(lambda each: isinstance(each, ast.Assign) and _is_value(each.value), behind))
        if not plain or script.between(script.end(node), script.end(plain[-1])).count("\n") < 1:
            yield Skipped("what stands under it may read the value")
        else:
            text = f"{target.id} = {ast.literal_eval(script.source(node.value)) * 2!r}"
            yield planted(script, node, script.after(plain[-1], text), move=())


@mutator("HP259", "a key that stands twice in a dictionary")
def twice_in_a_dictionary(script: Script) -> Iterator[Planted | Skipped]:
    for node in script.all(ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            word = key.value if isinstance(key, ast.Constant) else None
            number = value.value if isinstance(value, ast.Constant) else None
            if not isinstance(word, str) or not TWICE.fullmatch(word) or type(number) not in (int, float) or not number:
                continue
            last = node.values[-1]
            if last.lineno <= value.lineno:
                yield Skipped("both would stand in sight of each other")
            else:
                text = f',\n"{word}": {ast.literal_eval(script.source(value)) * 2!r}'
                yield planted(script, node, Edit(script.end(last), script.end(last), text))
                break


def _is_value(expr: ast.expr) -> bool:
    return isinstance(expr, ast.Constant)


@mutator("HP260", "a switch that is on already")
def on_already(script: Script) -> Iterator[Planted | Skipped]:
    if "set_defaults" in script.text:
        yield Skipped("a default may be set later")
        return
    for call in script.methods("add_argument"):
        action, default = script.argument(call, "action"), script.argument(call, "default")
        word = action.value if isinstance(action, ast.Constant) else None
        if word not in ("store_true", "store_false"):
            continue
        if default is not None and not isinstance(default, ast.Constant):
            yield Skipped("the default is worked out")
        elif script.argument(call, "dest") is not None:
            yield Skipped("another option may set it")
        else:
            yield planted(script, call, script.given(call, "default", str(word == "store_true")))
