"""All weights of the hidden layers start at the same number.

Units of a layer that start alike get the same input, give the same output and receive the same gradient, so they stay
alike: a layer of 512 units computes what one unit would. At 0 it is worse: no gradient passes to the layers in front.
The loss falls to what a network with one unit a layer can reach, for ten balanced classes 2.303 and no lower, and no
learning rate helps. Nothing is raised.

```python bad
from torch import nn


def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.constant_(m.weight, 0.01)  # HP238
        nn.init.zeros_(m.bias)


model.apply(init_weights)
```

Random numbers break the symmetry; their spread is what He and Glorot worked out. The layers' own default does it too.

```python good
from torch import nn


def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
        nn.init.zeros_(m.bias)


model.apply(init_weights)
```

## Looks like it, is not

Biases, and the weights of normalisations, which are one for each unit. A single layer may start at 0 on purpose: the
last one of a residual branch, the second matrix of LoRA, a zero convolution.

```python good
from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.inner = nn.Linear(width, width)
        self.last = nn.Linear(width, width)
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.xavier_uniform_(m.weight)
                nn.init.constant_(m.bias, 0)
            elif isinstance(m, (nn.BatchNorm2d, nn.LayerNorm)):
                nn.init.constant_(m.weight, 1)
        nn.init.zeros_(self.last.weight)
```

## References

- [torch.nn.init](https://pytorch.org/docs/stable/nn.init.html). Glorot & Bengio, AISTATS 2010; He et al., "Delving
  Deep into Rectifiers" (arXiv 1502.01852).
- Goodfellow et al., "Deep Learning", section 8.4: initial parameters need to break symmetry.
- Nikanjam et al. (NeuraLint) and Ben Braiek & Khomh (TheDeepChecker) both check for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hplint.rule import (
    Draft,
    File,
    Files,
    Level,
    calls_of,
    inside,
    is_test,
    parameter_given,
    regex,
    rule,
    syntax,
    walk,
)

_CONSTANT = frozenset(f"torch.nn.init.{name}" for name in ("constant_", "zeros_", "ones_", "constant"))
_METHODS = frozenset({"fill_", "zero_"})
_LAYERS = regex(r"(Lazy)?(Linear|Conv(Transpose)?[123]d)")
_NAMED = regex(r"""find\(["'](Linear|Conv)["']\)\s*(!=\s*-1|>=?\s*0)|["'](Linear|Conv)["'] in \w""")


@rule(
    "HP238",
    "constant-init",
    level=Level.WARNING,
    topic="architecture",
    hyperparameter="weight-init",
    since="0.1",
    runtime=True,
    subject=Files("constant_", "zeros_", "ones_", "fill_", "zero_"),
)
def constant_init(file: File) -> Iterator[Draft]:
    for call in file.every(syntax.Call):
        weight = _weight(file, call)
        if weight is None or is_test(file):
            continue
        owner = weight.value
        if not isinstance(owner, syntax.Name) or not _is_any_layer(file, owner, call):
            continue
        yield Draft(
            call,
            f"every layer of this kind gets a `{owner.id}.weight` of equal numbers: its units get the same gradient "
            "and stay alike",
        )


def _weight(file: File, call: syntax.Call) -> syntax.Attribute | None:
    """``m.weight`` of a call that sets it to a constant that is known: ``1 / length`` makes a linear model a mean."""
    func = call.func
    name = func.attr if isinstance(func, syntax.Attribute) else func.id if isinstance(func, syntax.Name) else ""
    if name in _METHODS and isinstance(func, syntax.Attribute):
        target, number = func.value, call.args
    elif f"torch.nn.init.{name}" in _CONSTANT and call.args:
        target, number = call.args[0].value, call.args[1:]
    else:
        return None
    if isinstance(target, syntax.Attribute) and target.attr == "data":
        target = target.value
    if not isinstance(target, syntax.Attribute) or target.attr != "weight":
        return None
    if name not in _METHODS and file.qualified(func) not in _CONSTANT:
        return None
    return None if any(file.value(each.value).single is None for each in number) else target


def _is_any_layer(file: File, owner: syntax.Name, call: syntax.Call, steps_in: int = 2) -> bool:
    """Whether a name stands for one hidden layer after the other, by the innermost condition around it."""
    around = [each for each in file.every(syntax.If) if any(inside(call, part) for part in each.body)]
    if not around and steps_in > 0:
        return _is_each_given(file, owner, call, steps_in - 1)
    if not around or not _one_after_the_other(file, owner):
        return False
    choice = max(around, key=lambda each: each.start)
    if f"{owner.id}.weight" in file.text[call.end : choice.body[-1].end]:
        return False  # set once more
    test = choice.test
    if isinstance(test, syntax.Binary):
        return False
    kinds: list[str | None] = []
    for each in walk(test):
        if isinstance(each, syntax.Call) and len(each.args) == 2 and file.source(each.func) == "isinstance":
            asked = each.args[1].value
            options = asked.elements if isinstance(asked, syntax.Collection) else (asked,)
            kinds += [file.qualified(option) for option in options]
    if isinstance(test, syntax.Compare) and file.source(test.left) == f"type({owner.id})":
        kinds = [file.qualified(each) for each in test.comparators]
    if kinds:
        return all(kind is not None and _LAYERS.fullmatch(kind.removeprefix("torch.nn.")) for kind in kinds)
    return _NAMED.search(file.source(test)) is not None


def _is_each_given(file: File, owner: syntax.Name, call: syntax.Call, steps_in: int) -> bool:
    """Whether every call of the function around gives it one hidden layer after the other."""
    function = file.callers.function_around(call)
    calls = () if function is None else calls_of(file, function)
    for outer in calls:
        given = [a.value for a in outer.args if function and parameter_given(file, function, outer, a) == owner.id]
        if not given or not isinstance(given[0], syntax.Name) or not _is_any_layer(file, given[0], outer, steps_in):
            return False
    return bool(calls)


def _one_after_the_other(file: File, owner: syntax.Name) -> bool:
    for binding in file.names.reaching(owner):
        if binding.parameter is not None:
            function = next(
                (each for each in file.every(syntax.FunctionDef) if binding.parameter in each.parameters), None
            )
            return function is not None and re.search(rf"apply\(\s*[\w.]*\b{function.name}\b", file.text) is not None
        iterated = "" if binding.value is None else file.source(binding.value)
        return iterated.endswith(("modules()", "children()"))
    return False
