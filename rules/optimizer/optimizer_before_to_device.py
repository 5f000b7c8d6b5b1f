"""The optimizer holds state from before the model moves to another device.

`Module.to` and `Module.cuda` move the parameters in place, so an optimizer that only holds the parameters may be made
first. What it keeps beside them stays where it is. `Adagrad` makes its sums in its constructor, and `load_state_dict`
puts the averages of a checkpoint where the parameters are at that moment. When the model moves afterwards, the first
`step()` raises `RuntimeError: Expected all tensors to be on the same device, but found at least two devices, cuda:0
and cpu!`; with a checkpoint only a job that is resumed does so. On an XLA device the parameters themselves are
exchanged: nothing raises, the steps change tensors that no layer uses any more, and the loss stays where it is.

```python bad
import torch

model = torch.nn.Linear(4, 2)
optimizer = torch.optim.Adagrad(model.parameters(), lr=0.01)  # HP185
model.cuda()
```

```python bad
import torch

model = torch.nn.Linear(4, 2)
optimizer = torch.optim.Adam(model.parameters(), lr=3e-4)
optimizer.load_state_dict(torch.load("last.pt")["optimizer"])  # HP185
model.to("cuda")
```

```python good
import torch

model = torch.nn.Linear(4, 2)
model.cuda()
optimizer = torch.optim.Adagrad(model.parameters(), lr=0.01)
optimizer.load_state_dict(torch.load("last.pt")["optimizer"])
```

## Looks like it, is not

Adam and SGD make their state at the first step: where they are made does not matter. A state that is moved by hand is
in order.

```python good
import torch

model = torch.nn.Linear(4, 2)
optimizer = torch.optim.Adam(model.parameters(), lr=3e-4)
model.cuda()

other = torch.nn.Linear(4, 2)
resumed = torch.optim.Adam(other.parameters(), lr=3e-4)
resumed.load_state_dict(torch.load("last.pt")["optimizer"])
other.cuda()
for state in resumed.state.values():
    for key, value in state.items():
        if torch.is_tensor(value):
            state[key] = value.cuda()
```

## References

- [torch.optim: constructing it](https://docs.pytorch.org/docs/stable/optim.html)
- [torch.optim.Optimizer.load_state_dict](https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.load_state_dict.html):
  the state goes to the device of the parameters.
- pytorch/pytorch#7844 on plain modules, where the order does not matter; namisan/mt-dnn#40,
  huggingface/transformers#4450 and allenai/allennlp#205.
- torch 2.13: of the fifteen optimizers only `Adagrad` has state before the first step.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, MovedLater, is_test, move_before, moved_later, rule


@rule(
    "HP185",
    "optimizer-before-to-device",
    level=Level.ERROR,
    topic="optimizer",
    hyperparameter="optimizer",
    since="0.1",
    subject=Files("Adagrad", "load_state_dict(", "torch_xla"),
)
def optimizer_before_to_device(file: File) -> Iterator[Draft]:
    found: MovedLater
    for found in () if is_test(file) else moved_later(file):
        name, move = found.optimizer.short, file.source(found.move)
        at = found.loaded or found.optimizer.node
        if found.exchanged:
            message = f"`{move}` exchanges the parameters that `{name}` holds: its steps change nothing that is used"
        else:
            what = f"the state of `{name}` is loaded" if found.loaded else f"`{name}` makes its sums"
            message = f"{what} before `{move}` and stays behind: the first step on that device raises RuntimeError"
        fix = move_before(file, found.move, found.optimizer.node, f"call `{move}` first")
        yield Draft(at, message, ((found.move, "the model moves here"),), fix)
