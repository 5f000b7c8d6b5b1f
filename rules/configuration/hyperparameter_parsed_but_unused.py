"""A hyperparameter is an option of the command line, and nothing reads it.

The script takes `--weight-decay 0.1` without complaint and trains as if nothing had been said. Runs that differ in that
option alone come out equal up to the seed, and a search over it compares noise: the best value of a sweep is luck. The
option is often there because the script was copied; the value in the constructor was written in a hurry and stayed.

```python bad
import argparse

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=3e-4)
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--weight-decay", type=float, default=0.01)
parser.add_argument("--momentum", type=float, default=0.9)  # HP163
args = parser.parse_args()

optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.0)  # HP163
for epoch in range(args.epochs):
    train(model, optimizer)
```

```python good
import argparse

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=3e-4)
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--weight-decay", type=float, default=0.01)
args = parser.parse_args()

optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=args.weight_decay)
for epoch in range(args.epochs):
    train(model, optimizer)
```

It is an error where a call is given a number in the place of the option, else a warning at the option. The fix of the
error takes the option instead of the number; that changes what a run without the option does where the two differ.

## Looks like it, is not

Options may be read by any code that is handed the whole namespace: then nothing is said. Printing it is not reading,
nor is an option that only becomes part of a text, such as the name of a folder: a run that is called `lr0.1` and trains
with the 0.001 of the constructor is found too.

```python good
import argparse

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=3e-4)
parser.add_argument("--momentum", type=float, default=0.9)
args = parser.parse_args()
print(args)
optimizer = build_optimizer(model, args)
head = torch.optim.SGD(head.parameters(), lr=args.lr)
```

## References

- [argparse](https://docs.python.org/3/library/argparse.html)
- gregorbachmann/Next-Token-Failures#5: the weight decay was parsed and the optimizer was given another one.
- analogdevicesinc/ai8x-training#144, hayashimasa/UNet-PyTorch#4: options without effect.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, is_test, replace, rule, unread_options


@rule(
    "HP163",
    "hyperparameter-parsed-but-unused",
    level=Level.ERROR,
    topic="configuration",
    library="argparse",
    since="0.1",
    subject=Files("add_argument"),
)
def hyperparameter_parsed_but_unused(file: File) -> Iterator[Draft]:
    for unread in () if is_test(file) else unread_options(file):
        option = unread.flag.option
        if not unread.literals:
            untold = tuple((call.node.func, f"`{call.short}` is given none") for call in unread.untold)
            message = f"`{option}` is parsed and never read: whatever it is given changes nothing"
            yield Draft(unread.flag.call, message, untold, level=Level.WARNING, hyperparameter=unread.row)
            continue
        call, argument = unread.literals[0]
        assert argument.node is not None
        value = argument.node.value
        alone = len(unread.literals) == 1 and unread.holder is not None
        taken = f"{unread.holder}.{unread.flag.dest}"
        done = "never read" if unread.shown is None else "only shown"
        yield Draft(
            argument.node,
            f"`{option}` is parsed and {done}: `{call.short}` is given {file.source(value)} whatever it says",
            (
                (unread.flag.call, "the option"),
                *(() if unread.shown is None else ((unread.shown, "shown here"),)),
                *((other.node, "and here") for _, other in unread.literals[1:] if other.node is not None),
            ),
            replace(value, taken, f"use `{taken}`") if alone else None,
            hyperparameter=unread.row,
        )
