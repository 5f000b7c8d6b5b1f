"""A seed is of no use: it is refused, always 0, or another one in each run.

`np.random.seed` takes whole numbers from 0 to 2**32 - 1: a time in milliseconds is a `ValueError`, a float or a text a
`TypeError`. `random.seed` refuses dates. `torch.manual_seed` cuts off what is behind the point, so a number between 0
and 1 is always the seed 0: every "random" run is the same one. A seed taken from the clock is the opposite: each run
begins with other weights and other batches, and because the number is kept nowhere, a run that went well, or wrong,
cannot be had again.

```python bad
import random
import time

import numpy as np
import torch

np.random.seed(time.time())  # HP187
torch.manual_seed(random.random())  # HP187
```

```python bad
import time

import torch

torch.manual_seed(int(time.time()))  # HP187
```

```python good
import time

import numpy as np
import torch

seed = int(time.time())
print("seed", seed)
torch.manual_seed(seed)
np.random.seed(seed % 2**32)
```

What raises, or is always 0, is an error; a seed from the clock that nothing shows or keeps is only advice.

## Looks like it, is not

Processes that are to differ, such as the workers of a loader; a seed that is taken from the clock only when none is
given, and kept; `torch.manual_seed("42")`, which is 42.

```python good
import time

import numpy as np
import torch


def init_worker(number):
    np.random.seed(int(time.time()) + number)


def main(args):
    if args.seed is None:
        args.seed = int(time.time())
    torch.manual_seed(args.seed)
    torch.manual_seed("42")
```

## References

- [torch.manual_seed](https://docs.pytorch.org/docs/stable/generated/torch.manual_seed.html)
- [numpy.random.seed](https://numpy.org/doc/stable/reference/random/generated/numpy.random.seed.html)
- [random.seed](https://docs.python.org/3/library/random.html#random.seed): since Python 3.11 a `TypeError` for other
  types than None, int, float, str, bytes and bytearray.
- [Reproducibility](https://docs.pytorch.org/docs/stable/notes/randomness.html)
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, expected, is_test, odd_seeds, rule


@rule(
    "HP187",
    "seed-type-or-constant",
    level=Level.ERROR,
    topic="reproducibility",
    hyperparameter="seed",
    since="0.1",
    subject=Files("seed("),
)
def seed_type_or_constant(file: File) -> Iterator[Draft]:
    said = False
    for call, value, why in () if is_test(file) else odd_seeds(file):
        if why is None and not said:
            said = True
            message = f"`{file.source(value)}` is another seed in each run and kept nowhere: no run can be repeated"
            yield Draft(call, message, level=Level.ADVICE)
        elif why is not None and not expected(file, call, "TypeError", "ValueError"):
            yield Draft(call, f"`{file.source(call.func)}` is given `{file.source(value)}`, {why}")
