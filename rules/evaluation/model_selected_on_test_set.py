"""The model is chosen by how well it does on the test set.

The best of many epochs on a set is better there than anywhere else: the maximum of a noisy number is the luckiest one.
Where the weights are kept, the training is stopped or the learning rate is lowered by the number of the test set, the
number that is reported later is that maximum. It is too good by as much as epochs differ, often by a point or more, and
the model is no better on new data; the set that was put aside to choose by is not used.

```python bad
import torch

train_loader, val_loader = loaders()
val_loader = make_loader("val")
test_loader = make_loader("test")
best_acc = 0.0
for epoch in range(100):
    train(model, train_loader)
    test_acc = evaluate(model, test_loader)
    if test_acc > best_acc:  # HP269
        best_acc = test_acc
        torch.save(model.state_dict(), "best.pt")
```

```python bad
import torch

test_loader = make_loader("test")
val_loader = test_loader
best_loss = float("inf")
for epoch in range(100):
    train(model, train_loader)
    val_loss = evaluate(model, val_loader)
    if val_loss < best_loss:  # HP269
        best_loss = val_loss
        torch.save(model.state_dict(), "best.pt")
```

```python good
import torch

val_loader = make_loader("val")
test_loader = make_loader("test")
best_acc = 0.0
for epoch in range(100):
    train(model, train_loader)
    val_acc = evaluate(model, val_loader)
    if val_acc > best_acc:
        best_acc = val_acc
        torch.save(model.state_dict(), "best.pt")
model.load_state_dict(torch.load("best.pt"))
print(evaluate(model, test_loader))
```

## Looks like it, is not

A test number that is noted for the epoch that is best in validation, and one that is only printed. Where a file has no
validation set at all, as in many introductions, nothing is said.

```python good
import torch

val_loader = make_loader("val")
test_loader = make_loader("test")
best_val = best_test = 0.0
for epoch in range(100):
    train(model, train_loader)
    val_acc, test_acc = evaluate(model, val_loader), evaluate(model, test_loader)
    if val_acc > best_val:
        best_val, kept = val_acc, test_acc
        torch.save(model.state_dict(), "best.pt")
    if test_acc > best_test:
        best_test = test_acc
        print("best on the test set so far", best_test)
```

## References

- Cawley and Talbot, On over-fitting in model selection and subsequent selection bias, JMLR 2010.
- DearCaat/RRT-MIL#22, zuozhaorui/SWnet#2, martinwimpff/channel-attention#2, xiangwang1223/NGCF#37, moskomule/dda#10
"""

from collections.abc import Iterator

from hplint.rule import ChosenByTest, Draft, File, Files, Level, chosen_by_test, is_test, rule


@rule(
    "HP269",
    "model-selected-on-test-set",
    level=Level.WARNING,
    topic="evaluation",
    since="0.1",
    subject=Files("test"),
)
def model_selected_on_test_set(file: File) -> Iterator[Draft]:
    found: ChosenByTest
    for found in () if is_test(file) else chosen_by_test(file):
        by, data = file.source(found.by), file.source(found.data)
        if found.alias:
            message = (
                f"`{by}` is of the test set, which `{data}` is another name for: what is chosen by it looks too good"
            )
        else:
            message = (
                f"`{by}` chooses: what is chosen looks better on the test set than it is, where `{data}` was at hand"
            )
        yield Draft(found.at, message, ((found.data, "the validation set"),))
        return
