"""The warm-up of the learning rate is as long as the training, or longer.

The rate climbs over the warm-up steps and falls over the rest. Without a rest it climbs to the end: with
`num_warmup_steps=1000` and 500 steps of training the run stops at half of the learning rate that was written, which is
never used, and there is no decay. It happens where a recipe for a large data set is run on a small one. In the log the
learning rate is a straight line upwards.

```python bad
import torch
from transformers import get_linear_schedule_with_warmup

optimizer = torch.optim.AdamW(model.parameters(), lr=3e-5)
scheduler = get_linear_schedule_with_warmup(optimizer, num_warmup_steps=1000, num_training_steps=500)  # HP177
```

```python good
import torch
from transformers import get_linear_schedule_with_warmup

optimizer = torch.optim.AdamW(model.parameters(), lr=3e-5)
scheduler = get_linear_schedule_with_warmup(optimizer, num_warmup_steps=50, num_training_steps=500)
```

## Looks like it, is not

A length that is worked out when the program runs, and schedules that stay at the rate after the warm-up.

```python good
import torch
from transformers import TrainingArguments, get_constant_schedule_with_warmup, get_linear_schedule_with_warmup

optimizer = torch.optim.AdamW(model.parameters(), lr=3e-5)
computed = get_linear_schedule_with_warmup(optimizer, num_warmup_steps=1000, num_training_steps=len(loader) * epochs)
constant = get_constant_schedule_with_warmup(optimizer, num_warmup_steps=1000)
arguments = TrainingArguments(output_dir="out", warmup_steps=1000, num_train_epochs=3)
```

## References

- [Optimization in transformers](https://huggingface.co/docs/transformers/main_classes/optimizer_schedules)
- axolotl-ai-cloud/axolotl#2897: fixed warm-up steps were replaced by a share of the run, as they were too many for
  small data sets. deepmodeling/deepmd-kit#5134 adds this check.
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, argument, as_number, is_test, last_name, regex, rule, syntax

SCHEDULE = regex(r"transformers\.(\w+\.)*get_\w+_schedule_with_warmup\w*")
ARGUMENTS = regex(r"(transformers|trl|sentence_transformers)\.(\w+\.)*\w*(TrainingArguments|SFTConfig|DPOConfig)")


@rule(
    "HP177",
    "warmup-longer-than-training",
    level=Level.ERROR,
    topic="schedule",
    hyperparameter="warmup-steps",
    library="transformers",
    since="0.1",
    runtime=True,
    subject=Files("num_warmup_steps", "warmup_steps", "with_warmup"),
)
def warmup_longer_than_training(file: File) -> Iterator[Draft]:
    for call in () if is_test(file) else file.all(syntax.Call):
        name = file.qualified(call.func) or ""
        if SCHEDULE.fullmatch(name):
            warmup, training = argument(call, 1, "num_warmup_steps"), argument(call, 2, "num_training_steps")
        elif ARGUMENTS.fullmatch(name):
            warmup, training = argument(call, 99, "warmup_steps"), argument(call, 99, "max_steps")
        else:
            continue
        steps, length = number(file, warmup), number(file, training)
        if warmup is not None and training is not None and 0 < length <= steps:
            shown = last_name(call.func)
            message = f"the warm-up of `{shown}` takes {steps:g} steps of {length:g}: the learning rate only climbs"
            yield Draft(warmup, message, ((training, "the length of the training"),))


def number(file: File, given: syntax.Arg | None) -> float:
    """The one number that an argument is for certain, else 0."""
    single = None if given is None else file.value(given.value).single
    return (as_number(single.constant) if single is not None else None) or 0.0
