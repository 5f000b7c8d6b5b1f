"""The limit for clipping gradients is zero or negative.

`clip_grad_norm_` multiplies the gradients by `max_norm / norm` when their norm is larger than `max_norm`. With 0 they
all become 0 and the weights stand still. With -1, often meant as "off", the factor is negative: the gradients change
sign and every step climbs the loss. `clip_grad_value_` with 0 clears them too. torch raises no error for any of these.

```python bad
import torch

torch.nn.utils.clip_grad_norm_(model.parameters(), -1)  # HP122
```

```python good
import torch

torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
```

A default that switches clipping off has to be asked about before the call:

```python bad
import argparse

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--clip", type=float, default=0.0)  # HP122
args = parser.parse_args()
torch.nn.utils.clip_grad_norm_(model.parameters(), args.clip)
```

## Looks like it, is not

```python good
import argparse

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--clip", type=float, default=0.0)
args = parser.parse_args()
if args.clip > 0:
    torch.nn.utils.clip_grad_norm_(model.parameters(), args.clip)
```

## References

- [torch.nn.utils.clip_grad_norm_](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html)
- adjidieng/ETM#49 discusses the `if args.clip > 0` guard.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, Setting, rule, settings, syntax, walk

LIMITS = {
    "torch.nn.utils.clip_grad_norm_": "max_norm",
    "torch.nn.utils.clip_grad_norm": "max_norm",
    "torch.nn.utils.clip_grad_value_": "clip_value",
}


@rule(
    "HP122",
    "clip-max-norm-invalid",
    level=Level.ERROR,
    topic="loop",
    hyperparameter="max-grad-norm",
    since="0.1",
    runtime=True,
    subject=Files("clip_grad"),
)
def clip_max_norm_invalid(file: File) -> Iterator[Draft]:
    for call in file.calls:
        for setting in settings(call, LIMITS[call.name]) if call.name in LIMITS else ():
            limit = setting.number
            if limit is None or limit > 0 or is_asked_about(file, setting):
                continue
            if limit == 0:
                what = "every gradient becomes 0"
            elif call.name.endswith("_value_"):
                what = f"every gradient becomes {setting.constant!r}"
            else:
                what = "the gradients change sign and the step climbs the loss"
            yield Draft(setting.at, f"{setting.says}: {what}", setting.related)


def is_asked_about(file: File, setting: Setting) -> bool:
    """Whether the file tests the value somewhere, by any of the names that carry it: `if args.clip > 0`."""
    assert setting.argument.node is not None
    carriers = names_in(setting.argument.node.value) | {setting.origin.label.rpartition(".")[2].lstrip("-")}
    tests: list[syntax.Node] = [branch.test for branch in file.all(syntax.If)]
    tests += [choice.test for choice in file.all(syntax.Conditional)]
    tests += [*file.all(syntax.Compare), *(each.left for each in file.all(syntax.Binary) if each.op in ("and", "or"))]
    return any(carriers & names_in(test) for test in tests)


def names_in(node: syntax.Node) -> set[str]:
    """The last parts of the names that are read in an expression."""
    parts = [part for part in walk(node) if isinstance(part, syntax.Name | syntax.Attribute)]
    values = {part.value.start for part in parts if isinstance(part, syntax.Attribute)}
    names = {part.id for part in parts if isinstance(part, syntax.Name) and part.start not in values}
    return names | {part.attr for part in parts if isinstance(part, syntax.Attribute)}
