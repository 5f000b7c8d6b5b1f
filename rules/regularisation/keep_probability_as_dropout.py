"""Dropout is given the share that it should keep.

`p` of `nn.Dropout` and `F.dropout` is the share of values that is *removed*. Old papers, TensorFlow 1 and code ported
from them count the other way and call it `keep_prob`. Handed over as it is, a keep probability of 0.9 removes nine
values out of ten: the training loss hardly falls, while the validation loss, where dropout is off, looks better than
it. A keep probability of 0.5 is the one value that hides the mistake.

```python bad
from torch import nn


class Head(nn.Module):
    def __init__(self, keep_prob):
        super().__init__()
        self.drop = nn.Dropout(p=keep_prob)  # HP232
```

```python fixed
from torch import nn


class Head(nn.Module):
    def __init__(self, keep_prob):
        super().__init__()
        self.drop = nn.Dropout(p=1 - keep_prob)  # HP232
```

```python good
from torch import nn


class Head(nn.Module):
    def __init__(self, keep_prob):
        super().__init__()
        self.drop = nn.Dropout(p=1 - keep_prob)
```

## Looks like it, is not

A name that speaks of keeping something else, and a small value that can only be meant as a rate.

```python good
from torch import nn

keep_prob = 0.1


def build(keep_dropout, drop_prob):
    return nn.Dropout(keep_prob), nn.Dropout(keep_dropout), nn.Dropout(drop_prob)
```

## References

- [torch.nn.Dropout](https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html): `p` is the probability of an
  element to be zeroed.
- Srivastava et al., JMLR 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting": there p is the
  probability to keep a unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, regex, replace, rule, settings, syntax, torch_roles

_KEPT = regex(r"(.*_)?(keep|keeping|retain|retention)_?(p|prob|probs|probability|rate|ratio)?", re.IGNORECASE)
_DROPPING = torch_roles.DROPOUT | torch_roles.FUNCTIONAL_DROPOUT | torch_roles.RECURRENT


@rule(
    "HP232",
    "keep-probability-as-dropout",
    level=Level.WARNING,
    topic="regularisation",
    hyperparameter="dropout",
    since="0.1",
    subject=Files("keep", "Keep", "KEEP", "retain", "retention", "RETAIN"),
)
def keep_probability_as_dropout(file: File) -> Iterator[Draft]:
    for call in file.calls:
        if call.short not in _DROPPING or not call.name.startswith("torch.nn.") or call.via is not None:
            continue
        for name in ("p", "dropout"):
            given = call.argument(name).node
            if given is None or not isinstance(given.value, syntax.Name | syntax.Attribute):
                continue
            source = file.source(given.value)
            known = [setting.number for setting in settings(call, name)]
            if _KEPT.fullmatch(source.rpartition(".")[2]) and not any(
                value is not None and value < 0.5 for value in known
            ):
                yield Draft(
                    given,
                    f"`{name}` is the share that is removed, and `{source}` sounds like the share that is kept",
                    fix=replace(given.value, f"1 - {source}", "hand over what is left"),
                )
