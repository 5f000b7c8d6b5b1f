"""The loss counts the tokens that only fill up short sequences.

Sequences of a batch are filled up to the longest one. Without `ignore_index` the loss takes each filling for a word to
predict, and its mean is taken over real and filled places alike. To predict filling after filling is easy, so the loss
falls fast and looks good, the more the longer the longest sequence is; the gradient of the real words is divided by the
length of all. Perplexity and token accuracy are flattered in the same way, and change with the batch size, because that
changes how much is filled up.

```python bad
import torch
from torch import nn


class Decoder(nn.Module):
    def __init__(self, pad):
        super().__init__()
        self.embedding = nn.Embedding(8000, 256, padding_idx=pad)
        self.rnn = nn.GRU(256, 256, batch_first=True)
        self.out = nn.Linear(256, 8000)

    def forward(self, x):
        return self.out(self.rnn(self.embedding(x))[0])


model = Decoder(0)
criterion = nn.CrossEntropyLoss()  # HP248
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for tokens in loader:
    optimizer.zero_grad()
    scores = model(tokens[:, :-1])
    loss = criterion(scores.reshape(-1, 8000), tokens[:, 1:].reshape(-1))
    loss.backward()
    optimizer.step()
```

```python good
import torch
from torch import nn


class Decoder(nn.Module):
    def __init__(self, pad):
        super().__init__()
        self.embedding = nn.Embedding(8000, 256, padding_idx=pad)
        self.rnn = nn.GRU(256, 256, batch_first=True)
        self.out = nn.Linear(256, 8000)

    def forward(self, x):
        return self.out(self.rnn(self.embedding(x))[0])


model = Decoder(0)
criterion = nn.CrossEntropyLoss(ignore_index=0)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for tokens in loader:
    optimizer.zero_grad()
    scores = model(tokens[:, :-1])
    loss = criterion(scores.reshape(-1, 8000), tokens[:, 1:].reshape(-1))
    loss.backward()
    optimizer.step()
```

## Looks like it, is not

Labels that are filled up with -100, which is ignored anyway; a class for each whole sequence.

```python good
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence


def collate(batch):
    tokens = pad_sequence([tokens for tokens, _ in batch], batch_first=True)
    labels = torch.tensor([label for _, label in batch])
    return tokens, labels


criterion = nn.CrossEntropyLoss()
for tokens, labels in loader:
    optimizer.zero_grad()
    loss = criterion(model(tokens), labels)
    loss.backward()
    optimizer.step()
```

## References

- [torch.nn.CrossEntropyLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html):
  `ignore_index` is -100 by default, and the mean is taken over what is not ignored.
- Stack Overflow 66633813, 69346001
"""

from collections.abc import Iterator

from hplint.rule import Draft, File, Files, Level, Padded, is_test, padded_targets, rule


@rule(
    "HP248",
    "missing-ignore-index",
    level=Level.ADVICE,
    topic="loss",
    since="0.1",
    subject=Files("padding_idx", "pad_sequence"),
)
def missing_ignore_index(file: File) -> Iterator[Draft]:
    found: Padded
    for found in () if is_test(file) else padded_targets(file):
        target = file.source(found.use.args[1].value)
        message = f"`{found.loss.short}` has no `ignore_index`: what fills up `{target}` is learnt and counted too"
        related = ((found.fills, "sequences are filled up"), (found.use, "the loss is computed here"))
        yield Draft(found.loss.node, message, related if found.use is not found.loss.node else related[:1])
        return
