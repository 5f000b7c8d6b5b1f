"""A word that is not among those that an argument allows.

Some arguments take one of a few words: `reduction="mean"`, `mode="min"`, `padding_mode="zeros"`. A wrong one raises
ValueError, but not always at once: losses look at `reduction` only when they are called, so the program builds the
model, loads the data and fails in the first step. `"batchmean"` belongs to `KLDivLoss` alone.

```python bad
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

criterion = nn.CrossEntropyLoss(reduction="average")  # HP104
convolution = nn.Conv2d(3, 8, 3, padding=1, padding_mode="zero")  # HP104
scheduler = ReduceLROnPlateau(optimizer, mode="Max")  # HP104
```

```python good
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

criterion = nn.CrossEntropyLoss(reduction="mean")
convolution = nn.Conv2d(3, 8, 3, padding=1, padding_mode="zeros")
scheduler = ReduceLROnPlateau(optimizer, mode="max")
```

## Looks like it, is not

Words that are worked out by the program are not known, and other libraries have words of their own.

```python good
from keras.callbacks import ReduceLROnPlateau
from torch import nn

divergence = nn.KLDivLoss(reduction="batchmean", log_target=True)
criterion = nn.CrossEntropyLoss(reduction=choose())
keras = ReduceLROnPlateau(mode="auto")
```

## References

- <https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html>
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    DraftFix,
    File,
    Files,
    Level,
    OriginKind,
    Safety,
    Setting,
    closest,
    expected,
    for_argument,
    replace,
    rule,
    settings_of,
    untested,
)

OLD = frozenset({"elementwise_mean"})
"""Words that torch still takes and nobody should be told of."""


@rule("HP104", "invalid-option-string", level=Level.ERROR, topic="calls", since="0.1", subject=Files())
def invalid_option_string(file: File) -> Iterator[Draft]:
    for call in file.calls:
        for parameter in call.signature.parameters if call.signature else ():
            if not parameter.options or parameter.name not in call.arguments:
                continue
            for setting in settings_of([untested(file, call.argument(parameter.name))]):
                word = setting.constant
                if not isinstance(word, str) or word in parameter.options or expected(file, call.node, "ValueError"):
                    continue
                message = f"{setting.says}, but `{call.short}` takes {listed(parameter.options)} and raises for others"
                fix = spelt(file, setting, closest(word, parameter.options))
                row = for_argument(call.name, parameter.name)
                yield Draft(setting.at, message, setting.related, fix, hyperparameter=row)


def listed(options: tuple[str, ...]) -> str:
    current = [option for option in options if option not in OLD]
    shown = [f"'{option}'" for option in current[:6]] + ["…"] * (len(current) > 6)
    return ", ".join(shown[:-1]) + f" or {shown[-1]}" if len(shown) > 1 else shown[0]


def spelt(file: File, setting: Setting, option: str | None) -> DraftFix | None:
    """The allowed word, where it is told and written in the call itself."""
    if option is None or setting.literal is None or setting.origin.kind is not OriginKind.LITERAL:
        return None
    quote = file.text[setting.literal.end - 1]
    return replace(setting.literal, f"{quote}{option}{quote}", f"write {quote}{option}{quote}", Safety.SAFE)
