"""A loader that is iterated gives no batch at all.

`len(loader)` is 0, the loop over it does nothing, and torch says nothing unless `shuffle=True`. Weights stay as they
were initialised, or an accuracy is computed over nothing. It comes from a filter, a split or a path that matches no
file.

Seen at run time only, by `hplint run train.py` and by `hplint.runtime.check(loader=loader)`.

```python runtime
data = [sample for sample in samples if sample.year == "2024"]  # The years are numbers.
loader = DataLoader(data, batch_size=32)
for x, y in loader:
    step(x, y)
```

A data set that has samples, fewer than a batch, and `drop_last=True` is told as `drop-last-empties-loader`.

## Looks like it, is not

- A loader that is built and never iterated.
- A place that builds loaders again and again, of which some are empty, as for a replay buffer that is not yet filled.
- A stream, whose length nobody knows.

## References

- torch.utils.data.DataLoader: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
- torch 2.13, tried: `DataLoader([])` has a length of 0 and iterates without a word.
"""

from hplint.rule import Draft, Level, Runtime, rule


@rule(
    "HP294",
    "loader-gives-nothing",
    level=Level.WARNING,
    topic="data",
    hyperparameter="batch-size",
    subject=Runtime(),
    since="0.1",
)
def loader_gives_nothing(_: object) -> tuple[Draft, ...]:
    """Said by hplint.runtime only."""
    return ()
