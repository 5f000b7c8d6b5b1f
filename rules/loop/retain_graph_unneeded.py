"""`retain_graph=True`, and no second `backward` needs the graph.

The graph of a batch, with all activations, stays in memory until the next loss takes its name, so that two batches are
in memory at once. If the loop runs without the option, it is of no use. If it raises `RuntimeError: Trying to backward
through the graph a second time`, something is carried from one batch to the next with its graph, a hidden state or a
running average, and each `backward` goes back through all batches so far: time and memory grow with each step. What is
carried wants a `detach()`, not a longer memory.

```python bad
import torch

for x, y in loader:
    optimizer.zero_grad()
    output, hidden = model(x, hidden)
    loss = criterion(output, y)
    loss.backward(retain_graph=True)  # HP211
    optimizer.step()
```

```python good
import torch

for x, y in loader:
    optimizer.zero_grad()
    output, hidden = model(x, hidden.detach())
    loss = criterion(output, y)
    loss.backward()
    optimizer.step()
```

## Looks like it, is not

Two losses that share a part of their graph, and gradients of gradients.

```python good
import torch

for x, y in loader:
    optimizer.zero_grad()
    features = model(x)
    first, second = criterion(features, y), penalty(features)
    first.backward(retain_graph=True)
    second.backward()
    optimizer.step()
```

## References

- [torch.Tensor.backward](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html): in nearly all
  cases the option is not needed.
- jolibrain/joliGEN#281
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    Event,
    EventKind,
    File,
    Level,
    Steps,
    TrainingStep,
    calls_of,
    handed,
    inside,
    is_test,
    regex,
    rule,
    run_by,
    syntax,
)

AGAIN = regex(r"autograd\.grad\(|create_graph|register_hook|\.grad\(|functional\.(hessian|jacobian)")


@rule("HP211", "retain-graph-unneeded", level=Level.ADVICE, topic="loop", since="0.1", subject=Steps())
def retain_graph_unneeded(step: TrainingStep) -> Iterator[Draft]:
    file = step.file
    if "retain_graph" not in file.text or step.loop is None or is_test(file) or AGAIN.search(file.text):
        return
    backwards = [each for each in step.events if each.kind is EventKind.BACKWARD]
    only = backwards[0] if len(backwards) == 1 else None
    if only is None or only.elsewhere or only.loops or step.opaque or not is_new_each_round(step, only):
        return
    around = file.text if step.function is None or only.via is not None else file.source(step.function)
    if around.count("backward(") > 1 or (only.via is not None and not is_called_once(file, only)):
        return
    for arg in only.at.args if isinstance(only.at, syntax.Call) else ():
        if arg.keyword == "retain_graph" and isinstance(arg.value, syntax.Literal) and arg.value.value is True:
            message = "no second `backward` in this loop needs the graph: it doubles the memory, or hides that "
            yield Draft(arg, message + "something is carried from batch to batch with its graph")


def is_called_once(file: File, backward: Event) -> bool:
    """Whether nothing else calls the helper in which a loss is differentiated."""
    call = backward.node
    helper = run_by(file, call) if isinstance(call, syntax.Call) else None
    return helper is not None and inside(backward.at, helper) and len(calls_of(file, helper)) == 1


def is_new_each_round(step: TrainingStep, backward: Event) -> bool:
    """Whether the loss is computed in the round that differentiates it."""
    call = backward.at
    loss = call.func.value if isinstance(call, syntax.Call) and isinstance(call.func, syntax.Attribute) else None
    if backward.via is not None and loss is not None:
        loss = handed(step.file, backward, loss)
    found = step.file.names.lookup(loss.id, loss.scope) if isinstance(loss, syntax.Name) else None
    bindings = [each for each in found[1] if each.end <= backward.node.start] if found is not None else []
    last = max(bindings, key=lambda each: each.start, default=None)
    return last is not None and step.loop is not None and inside(last, step.loop) and last.path == ()
