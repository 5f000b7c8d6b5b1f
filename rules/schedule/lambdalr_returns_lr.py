"""A `LambdaLR` function returns a learning rate where a factor is wanted.

`LambdaLR` multiplies the optimizer's learning rate by what the function returns. A function that returns the rate
itself squares it: with `lr=1e-3` and `lambda epoch: 1e-3 * 0.9**epoch` training starts at 1e-6, a thousand times too
low. The loss creeps, as with any learning rate that is far too small, while everything in the code looks right. The log
of `scheduler.get_last_lr()` shows the square.

```python bad
import torch

optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1e-3 * 0.9**epoch)  # HP175
```

```python good
import torch

optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.9**epoch)
```

It is found in a function too, and where both name the same variable:

```python bad
import torch


def build(model, args):
    def rate(step):
        if step < args.warmup:
            return step / args.warmup
        return args.lr * 0.99**step

    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, rate)  # HP175
```

## Looks like it, is not

An optimizer with a rate of 1, whose schedule gives the whole rate, and one rate divided by another.

```python good
import torch

whole = torch.optim.SGD(model.parameters(), lr=1.0)
absolute = torch.optim.lr_scheduler.LambdaLR(whole, lambda step: 1e-3 * 0.9**step)

optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
ratio = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: args.final_lr / args.lr)
```

## References

- [LambdaLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html)
- torch 2.13, tried: `lr=1e-3` with the function above gives 1e-6 in the first epoch.
"""

from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Draft,
    File,
    Files,
    Level,
    as_number,
    followed,
    inside,
    optimizer_of,
    parameter_groups,
    rule,
    schedulers,
    site_of,
    syntax,
)

SMALL = 0.05
"""A number as large as this may be a factor by chance: 0.1 and 0.5 are both."""


@rule(
    "HP175",
    "lambdalr-returns-lr",
    level=Level.WARNING,
    topic="schedule",
    hyperparameter="lr-schedule",
    since="0.1",
    runtime=True,
    subject=Files("LambdaLR"),
)
def lambdalr_returns_lr(file: File) -> Iterator[Draft]:
    for call in schedulers(file):
        given = call.argument("lr_lambda").node if call.short == "LambdaLR" else None
        optimizer = None if given is None else optimizer_of(file, call)
        rate = None if optimizer is None else optimizer.argument("lr").node
        if given is None or optimizer is None or rate is None or not one_rate(file, optimizer):
            continue
        shown = site_of(file, optimizer.node).seen(rate.value)
        known = optimizer.argument("lr").value
        if any(possible.constant == 1 for possible in known.possible):
            continue
        number = as_number(known.single.constant) if known.single is not None else None
        returned = (factor for result in results(file, given.value) for factor in factors(result))
        factor = next((each for each in returned if shown is not None and is_rate(file, each, shown, number)), None)
        if factor is not None:
            message = (
                f"the function returns `{file.source(factor)}`, the learning rate, as a factor of the learning rate"
            )
            yield Draft(given, message, ((factor, "returned here"), (rate, "multiplied with this")))


def one_rate(file: File, optimizer: BoundCall) -> bool:
    """Whether all parameters have the rate of the optimizer: no group has one of its own."""
    groups = parameter_groups(file, optimizer)
    bare = groups.complete and all(each.complete and "lr" not in each.options for each in groups.listed)
    return groups.plain or bare


def results(file: File, function: syntax.Expr) -> Iterator[syntax.Expr]:
    """What a function that is given to a schedule may return."""
    function = followed(file, function)
    if isinstance(function, syntax.Lambda):
        yield function.body
        return
    defined = file.definition(function)
    if isinstance(defined, syntax.FunctionDef):
        yield from (each.value for each in file.all(syntax.Return) if each.value is not None and inside(each, defined))


def factors(expr: syntax.Expr) -> Iterator[syntax.Expr]:
    """The factors of a product, of each branch."""
    match expr:
        case syntax.Conditional():
            yield from factors(expr.body)
            yield from factors(expr.orelse)
        case syntax.Binary(op="*"):
            yield from factors(expr.left)
            yield from factors(expr.right)
        case syntax.Literal() | syntax.Name() | syntax.Attribute():
            yield expr


def is_rate(file: File, factor: syntax.Expr, rate: syntax.Expr, number: float | None) -> bool:
    """Whether a factor is the learning rate: the same variable, or the same small number."""
    if isinstance(factor, syntax.Literal):
        return number is not None and 0 < number < SMALL and as_number(factor.value) == number
    if file.source(factor) != file.source(rate):
        return False
    if not isinstance(factor, syntax.Name) or not isinstance(rate, syntax.Name):
        return True
    one, other = file.names.lookup(factor.id, factor.scope), file.names.lookup(rate.id, rate.scope)
    return one is not None and other is not None and one[0] is other[0]
