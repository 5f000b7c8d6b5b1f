"""The arguments fail a check that the library makes, so the call raises.

Constructors of optimizers, layers, schedulers and loaders check some of what they are given: `SGD` refuses a negative
learning rate and `nesterov=True` without momentum, `Dropout` a probability above 1, `MultiheadAttention` a width that
the heads do not divide, `DataLoader` a sampler next to `shuffle=True`. hplint knows these checks from the library's
source and evaluates them on the values of the program, so that the error arrives before the queue, the download and
the data do. The message is the library's own.

```python bad
import torch
from torch import nn
from torch.utils.data import DataLoader, SubsetRandomSampler

negative = torch.optim.SGD(model.parameters(), lr=-0.1, momentum=0.9)  # HP103
nesterov = torch.optim.SGD(model.parameters(), lr=0.1, nesterov=True)  # HP103
percent = nn.Dropout(p=50)  # HP103
ordered = DataLoader(dataset, batch_size=32, shuffle=True, sampler=SubsetRandomSampler(chosen))  # HP103
```

```python good
import torch
from torch import nn
from torch.utils.data import DataLoader, SubsetRandomSampler

positive = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
nesterov = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
share = nn.Dropout(p=0.5)
ordered = DataLoader(dataset, batch_size=32, sampler=SubsetRandomSampler(chosen))
```

A default that the library would refuse is reported where it is written:

```python bad
import argparse

from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--dropout", type=float, default=20)  # HP103
args = parser.parse_args()
dropout = nn.Dropout(args.dropout)
```

## Looks like it, is not

Nothing is said where a value that the check reads is not known, where the program tests the value before it uses it
(-1 often means "off"), or where it expects the error.

```python good
import pytest
import torch
from torch import nn

momentum = choose()
nesterov = torch.optim.SGD(model.parameters(), lr=0.1, momentum=momentum, nesterov=True)
configured = torch.optim.SGD(model.parameters(), lr=0.1, nesterov=True, **options)


def block(dropout=-1.0):
    if dropout > 0:
        return nn.Dropout(dropout)
    return nn.Identity()


with pytest.raises(ValueError):
    torch.optim.SGD(model.parameters(), lr=-0.1)
```

## References

- The checks are read off the source of torch; `hplint.signatures` names the version.
"""

from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Broken,
    Draft,
    DraftFix,
    File,
    Files,
    Level,
    OriginKind,
    Setting,
    broken,
    constants,
    expected,
    exponent_lost,
    followed,
    for_argument,
    replace,
    rule,
    settings_of,
    syntax,
    untested,
    values_read,
)

MOST = 64
"""Values of one argument that are tried."""


@rule("HP103", "call-will-raise", level=Level.ERROR, topic="calls", since="0.1", subject=Files())
def call_will_raise(file: File) -> Iterator[Draft]:
    for call in file.calls:
        if call.signature is None or not call.signature.guards:
            continue
        read, said = values_read(call.signature), set[int]()
        always: dict[str, object] | None = None
        for given in combinations(file, call, read):
            if not given:
                break
            always = certain(file, call, read) if always is None else always
            values = always | {name: setting.constant for name, setting in given.items()}
            check = next((check for check in broken(call.signature, values, given) if not of_betas(check)), None)
            blamed = [given[name] for name in check.parameters if name in given] if check else []
            if check is None or not blamed or any(misspelt(call, setting) for setting in blamed):
                continue
            setting = most_telling(blamed)
            known = setting.at.start in said or exponent_lost(file, setting)
            if not known and not expected(file, call.node, check.exception):
                said.add(setting.at.start)
                why = f": {check.message}" if check.message else f", as `{check.guard.condition}`"
                message = f"{setting.says}: `{call.short}` raises {check.exception}{why}"
                row = for_argument(call.name, setting.argument.parameter)
                # A function's defaults that do not fit each other may never meet: its callers give others.
                seldom = setting.origin.kind is OriginKind.PARAMETER and len(check.parameters) > 1
                fix, level = share(call, setting), Level.WARNING if seldom else None
                yield Draft(setting.at, message, setting.related, fix, level, row)


def certain(file: File, call: BoundCall, read: frozenset[str]) -> dict[str, object]:
    """The library's defaults of what the call certainly leaves out, and arguments that are certainly objects."""
    absent = constants(call.name) if call.complete else {}
    return {name: value for name, value in absent.items() if name not in call.arguments} | constructed(file, call, read)


def combinations(file: File, call: BoundCall, read: frozenset[str]) -> Iterator[dict[str, Setting]]:
    """The values that arguments have together, as far as the checks read them.

    Of several values of two arguments it is not known which ones meet, unless both are written alike.
    """
    sure: dict[str, Setting] = {}
    alike: dict[str, list[list[Setting]]] = {}
    for name, argument in call.arguments.items():
        if name in read and argument.node is not None:
            # None as a default stands for "not given yet".
            every = settings_of([untested(file, argument)])
            given = [each for each in every if each.closed or each.constant is not None]
            if len(given) == 1:
                sure[name] = given[0]
            elif given:
                alike.setdefault(file.source(argument.node.value), []).append(given[:MOST])
    if not alike:
        yield sure
    for group in alike.values():
        for choice in zip(*group, strict=False):
            yield sure | {each.argument.parameter: each for each in choice}


def constructed(file: File, call: BoundCall, read: frozenset[str]) -> dict[str, object]:
    """Arguments that are certainly objects, and so not None: what a class was called for."""
    found = {}
    for name, argument in call.arguments.items():
        made = followed(file, argument.node.value) if argument.node and name in read else None
        bound = file.bound(made) if isinstance(made, syntax.Call) else None
        if bound and bound.signature and bound.signature.kind == "class":
            found[name] = object()
    return found


def of_betas(check: Broken) -> bool:
    """Whether a check asks for the types of Adam's betas: the business of betas-invalid, which knows since when."""
    return "isinstance(betas[0]" in check.guard.condition


def most_telling(blamed: list[Setting]) -> Setting:
    """A default that the user may change, else the argument that is written last."""
    last = max(blamed, key=lambda setting: setting.argument.node.start if setting.argument.node else 0)
    return next((setting for setting in blamed if not setting.closed), last)


def misspelt(call: BoundCall, setting: Setting) -> bool:
    """Whether it is a word that is not among the allowed ones: the business of invalid-option-string."""
    parameter = call.signature.parameter(setting.argument.parameter) if call.signature else None
    return parameter is not None and bool(parameter.options) and isinstance(setting.constant, str)


def share(call: BoundCall, setting: Setting) -> DraftFix | None:
    """A dropout of 50 is a percentage."""
    percent = setting.number
    if setting.argument.parameter != "p" or "Dropout" not in call.short or percent is None or not 1 < percent <= 100:
        return None
    if setting.literal is None or setting.origin.kind is not OriginKind.LITERAL:
        return None
    return replace(setting.literal, f"{percent / 100:g}", f"write {percent / 100:g}, which is {percent:g} %")
