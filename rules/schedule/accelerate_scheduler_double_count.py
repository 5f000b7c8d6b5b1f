"""A scheduler that steps once for each process is planned as if it did not.

`accelerator.prepare(scheduler)` makes one `scheduler.step()` as many steps as there are processes, because a length
that was computed from the whole loader is in batches of one process. A length that was computed from the prepared
loader, or divided by the number of processes, is too short by that factor: on eight GPUs the learning rate has reached
its end after an eighth of the training, and the loss hardly moves from then on. A schedule that is stepped once an
epoch decays eight times as often as written. On one GPU nothing of this is seen.

```python bad
import torch
from accelerate import Accelerator
from transformers import get_linear_schedule_with_warmup

accelerator = Accelerator()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
scheduler = get_linear_schedule_with_warmup(optimizer, 100, num_training_steps=len(loader) * 3)  # HP247
scheduler = accelerator.prepare(scheduler)
for epoch in range(3):
    for x, y in loader:
        optimizer.zero_grad()
        accelerator.backward(criterion(model(x), y))
        optimizer.step()
        scheduler.step()
```

```python good
import torch
from accelerate import Accelerator
from transformers import get_linear_schedule_with_warmup

accelerator = Accelerator()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5)
scheduler = get_linear_schedule_with_warmup(optimizer, 100, num_training_steps=len(loader) * 3)
model, optimizer, loader, scheduler = accelerator.prepare(model, optimizer, loader, scheduler)
for epoch in range(3):
    for x, y in loader:
        optimizer.zero_grad()
        accelerator.backward(criterion(model(x), y))
        optimizer.step()
        scheduler.step()
```

Either the length is that of the loader before `prepare`, or the scheduler is not prepared.

## Looks like it, is not

`split_batches=True` and `step_scheduler_with_optimizer=False`, with which one step is one step; a length that is
multiplied by the number of processes.

```python good
import torch
from accelerate import Accelerator

accelerator = Accelerator(step_scheduler_with_optimizer=False)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30)
model, optimizer, loader, scheduler = accelerator.prepare(model, optimizer, loader, scheduler)
for epoch in range(90):
    for x, y in loader:
        optimizer.zero_grad()
        accelerator.backward(criterion(model(x), y))
        optimizer.step()
    scheduler.step()
```

## References

- [Accelerate: AcceleratedScheduler](https://huggingface.co/docs/accelerate/package_reference/torch_wrappers)
- huggingface/accelerate#1382, #2318 and #662; huggingface/transformers#24088, where the scheduler is no longer
  prepared; jzhang38/EasyContext#21, where the model stopped changing.
"""

from collections.abc import Iterator

from hplint.rule import DoublyCounted, Draft, File, Files, Level, doubly_counted, is_test, rule


@rule(
    "HP247",
    "accelerate-scheduler-double-count",
    level=Level.WARNING,
    topic="schedule",
    hyperparameter="lr-schedule",
    library="accelerate",
    since="0.1",
    subject=Files("Accelerator("),
)
def accelerate_scheduler_double_count(file: File) -> Iterator[Draft]:
    found: DoublyCounted
    for found in () if is_test(file) else doubly_counted(file):
        name, why = found.scheduler.short, f"`{file.source(found.why)}`"
        if found.tells:
            message = f"`{name}` is prepared: {why} counts a bad epoch for each process but one, even a good one"
        elif found.unit is not None:
            message = f"`{name}` is prepared: {why}, once an epoch, is one step for each process"
        else:
            message = f"`{name}` is prepared and steps once for each process, but {why} is counted in steps of all"
        yield Draft(found.scheduler.node, message, ((found.prepare, "prepared here"),))
