"""Gradients are recorded while a model is evaluated.

Every forward pass builds the graph that `backward` would need. In a validation or test loop nobody calls it: the graph
costs about as much memory as the activations of training, and some time. Where outputs are added up as tensors
(`total += loss`), the graphs of all batches stay alive, memory grows with each batch and at last the run dies with
`CUDA out of memory`, often hours after the start. `model.eval()` does not help: it switches layers, not gradients.

```python bad
import torch

model = torch.nn.Linear(784, 10)


def evaluate(loader):
    model.eval()
    total = 0
    for x, y in loader:
        loss = torch.nn.functional.cross_entropy(model(x), y)
        total += loss  # HP154
    return total / len(loader)


print(evaluate(test_loader))
```

```python fixed
import torch

model = torch.nn.Linear(784, 10)


@torch.no_grad()
def evaluate(loader):
    model.eval()
    total = 0
    for x, y in loader:
        loss = torch.nn.functional.cross_entropy(model(x), y)
        total += loss  # HP154
    return total / len(loader)


print(evaluate(test_loader))
```

```python good
import torch

model = torch.nn.Linear(784, 10)


@torch.no_grad()
def evaluate(loader):
    model.eval()
    total = 0
    for x, y in loader:
        total += torch.nn.functional.cross_entropy(model(x), y).item()
    return total / len(loader)


print(evaluate(test_loader))
```

Where only numbers leave the loop (`loss.item()`), it is an advice: memory and time are wasted, nothing grows.

## Looks like it, is not

The caller may have switched gradients off. Attacks, saliency maps and gradient penalties need them.

```python good
import torch

model = torch.nn.Linear(784, 10)


def evaluate(loader):
    model.eval()
    return [model(x).argmax(1) for x, y in loader]


def adversarial_accuracy(loader):
    model.eval()
    for x, y in loader:
        x.requires_grad_()
        torch.nn.functional.cross_entropy(model(x), y).backward()


with torch.no_grad():
    evaluate(test_loader)
adversarial_accuracy(test_loader)
```

## References

- [torch.no_grad](https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html)
- The PyTorch FAQ on memory: "Don't accumulate history across your training loop". horovod/horovod#641,
  ray-project/ray#40940 and labelmodels#4 are reports of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    DraftFix,
    Evaluation,
    File,
    Files,
    Grad,
    Level,
    evaluations,
    insert_line,
    is_test,
    kept_graphs,
    rule,
    syntax,
)


@rule(
    "HP154",
    "no-grad-missing",
    level=Level.WARNING,
    topic="evaluation",
    since="0.1",
    subject=Files("torch"),
)
def no_grad_missing(file: File) -> Iterator[Draft]:
    told: set[int | None] = set()
    for found in () if is_test(file) or "set_grad_enabled" in file.text else evaluations(file):
        place = None if found.function is None else found.function.start
        if found.grad is not Grad.ON or found.loop is None or place in told:
            continue
        told.add(place)
        name, fix = file.source(found.model), _fix(file, found)
        kept = next(iter(kept_graphs(file, found.loop, found.forward)), None)
        if kept is None:
            text = f"gradients are recorded while `{name}` is evaluated: memory and time for graphs that nobody uses"
            yield Draft(found.forward, text, fix=fix, level=Level.ADVICE)
            continue
        held = kept.func if isinstance(kept, syntax.Call) else kept
        text = f"`{file.source(held).partition(chr(10))[0]}` keeps the graph of every batch: memory grows with each one"
        related = ((found.forward, f"gradients are recorded when `{name}` is called here"),)
        yield Draft(kept, text, related, fix)


def _fix(file: File, found: Evaluation) -> DraftFix | None:
    """The decorator, where the whole function is evaluation and has no other decorator."""
    function = found.function
    bindings = file.code.scopes[0].bindings.items()
    torch = next((name for name, bound in bindings if all(each.imported == "torch" for each in bound)), None)
    if function is None or function.decorators or torch is None or "yield" in file.source(function):
        return None
    return insert_line(file, function, f"@{torch}.no_grad()", "record no gradients") if found.only else None
