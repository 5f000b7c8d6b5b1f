"""A letter stands where a digit is meant: `le-5` for `1e-5`.

The letter l, the capital I and the digit 1 look alike, and so do O and 0. Python reads `le-5` as "`le` minus 5" and
raises `NameError: name 'le' is not defined` when it gets there, often after minutes of loading data. The message does
not say that a number was meant.

```python bad
import torch.optim as optim

optimizer = optim.Adam(model.parameters(), lr=0.01, weight_decay=le-5)  # HP138
```

```python good
import torch.optim as optim

optimizer = optim.Adam(model.parameters(), lr=0.01, weight_decay=1e-5)
```

A whole number can be hit too:

```python bad
from torch.utils.data import DataLoader

batch_size = l28  # HP138
loader = DataLoader(dataset, batch_size=batch_size, shuffle=True)
```

## Looks like it, is not

A variable that is called `le` is a variable.

```python good
from sklearn.preprocessing import LabelEncoder

le = LabelEncoder()
codes = le.fit_transform(names)
learning_rate = 0.01
```

## References

- The table that hplint started from has `weight_decay=le-5` in its own example.
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    File,
    Files,
    Level,
    Place,
    Safety,
    hyperparameter_of,
    labelled_values,
    regex,
    replace,
    rule,
    syntax,
)

_MANTISSA = r"[lI][eE]"
_WHOLE = r"[lI][eE]?[0-9O]{1,4}|O"
MANTISSA = regex(_MANTISSA)
EXPONENT = regex(r"[-+]\d{1,2}(?![\w.])")
"""What makes a number of a mantissa, without white space."""
DIGITS = str.maketrans("lIO", "110")
LETTERS = {
    "l": "the letter l, not the digit 1",
    "I": "the capital I, not the digit 1",
    "O": "the letter O, not the digit 0",
}
WHOLE = regex(_WHOLE)
"""Names that are a number but for their letters."""
NUMBER = regex(f"{_MANTISSA}|{_WHOLE}")


@rule("HP138", "letter-l-in-number", level=Level.ERROR, topic="literals", since="0.1", subject=Files("l", "I", "O"))
def letter_l_in_number(file: File) -> Iterator[Draft]:
    letters = {name for name in file.identifiers if name[0] in "lIO" and NUMBER.fullmatch(name)}
    letters = {name for name in letters if not any(name in scope.bindings for scope in file.code.scopes)}
    if not letters:
        return
    suspects = [name for name in file.every(syntax.Name) if name.id in letters]
    suspects = [name for name in suspects if not file.is_bound(name.id, name.scope)]
    if not suspects:
        return
    numbers: set[int] = set()
    if any(WHOLE.fullmatch(name.id) for name in suspects):
        numbers = {each.value.start for each in labelled_values(file) if hyperparameter_of(each.label)}
    for name in suspects:
        exponent = EXPONENT.match(file.text, name.end)
        if MANTISSA.fullmatch(name.id) and exponent:
            place = Place(name.start, exponent.end())
        elif WHOLE.fullmatch(name.id) and name.start in numbers and name.id.lower() not in ("l1", "l2"):
            place = Place(name.start, name.end)
        else:
            continue
        text = file.text[place.start : place.end]
        number = text.translate(DIGITS)
        # An exponent without a sign has lost that too: `1e5` would only be the next mistake.
        clear = bool(exponent) or "e" not in text.lower()
        yield Draft(
            place,
            f"`{text}` starts with {LETTERS[text[0]]}: Python looks for a variable `{name.id}` and raises NameError",
            fix=replace(place, number, f"replace it by `{number}`", Safety.SAFE) if clear else None,
        )
