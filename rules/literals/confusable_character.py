"""A name holds a letter of another alphabet that looks like a Latin one.

The Cyrillic `е`, `о`, `с`, `а`, `р` and `х` are drawn as the Latin letters are, and come along when code is copied from
a PDF, a chat or a translated tutorial, or typed with the wrong keyboard. Python takes two names that look alike for two
names. A variable raises a `NameError` for a name that is plainly there, an attribute or a keyword a message with the
same word twice, and `cfg.get("learning_rate", 1e-3)` raises nothing: it finds no such key and gives the default, so the
file can be changed without any effect.

```python bad
import torch

model = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(modеl.parameters(), lr=0.1, momentum=0.9)  # HP186
```

```python bad
cfg = {"learning_rate": 3e-4, "epochs": 10}
learning_rate = cfg.get("lеarning_rate", 1e-3)  # HP186
```

```python good
import torch

cfg = {"learning_rate": 3e-4, "epochs": 10}
model = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=cfg["learning_rate"], momentum=0.9)
```

In a number Python does not accept such characters: `1е-3` and a typographic minus are syntax errors. What `fcl` and
`fc1` are to each other is told by layer-used-but-never-defined.

## Looks like it, is not

Greek letters in formulas, words of another language, and letters that look like no Latin one.

```python good
import torch

σ = 0.1
λ1, Δx, β_t = 0.9, 0.5, 0.01
имя = "сеть"
names = {"кошка": 0, "собака": 1}
```

## References

- [Unicode TS 39: confusable detection](https://www.unicode.org/reports/tr39/)
- [PEP 672](https://peps.python.org/pep-0672/): confusing features of Unicode in Python source.
"""

from collections.abc import Iterator

from hplint.rule import (
    LATIN_TWINS,
    Draft,
    File,
    Files,
    Level,
    Place,
    hyperparameter_vocabulary,
    in_latin,
    replace,
    rule,
    syntax,
    words_of,
)

SCRIPTS = {0x3: "Greek", 0x4: "Cyrillic", 0x5: "Cyrillic"}
LONGEST = 40


@rule("HP186", "confusable-character", level=Level.ERROR, topic="literals", since="0.1", subject=Files())
def confusable_character(file: File) -> Iterator[Draft]:
    if file.text.isascii() or not any(chr(each) in file.text for each in LATIN_TWINS):
        return
    twins = [(word, twin, at) for word, at in spelt(file) if (twin := in_latin(word)) is not None]
    known = words_of(file) | hyperparameter_vocabulary() if twins else set()
    for word, twin, at in twins:
        if twin.replace("-", "_") in known:
            odd = next(letter for letter in word if not letter.isascii())
            script = SCRIPTS.get(ord(odd) >> 8, "other")
            said = f"the {script} `{odd}` (U+{ord(odd):04X})"
            message = f"`{word}` has {said} in place of `{LATIN_TWINS[ord(odd)]}`: it is another name than `{twin}`"
            yield Draft(at, message, fix=replace(at, twin, f"replace it by `{twin}`"))


def spelt(file: File) -> Iterator[tuple[str, Place]]:
    """The names that a file reads, calls or gives: variables, attributes, keywords, parameters, keys."""
    for name in file.all(syntax.Name):
        yield name.id, Place(name.start, name.end)
    for attribute in file.all(syntax.Attribute):
        yield attribute.attr, Place(attribute.end - len(attribute.attr), attribute.end)
    for call in file.all(syntax.Call):
        bound = file.bound(call)
        for arg in call.args:
            # A keyword that a known signature does not have is found by unexpected-argument.
            if arg.keyword is not None and (bound is None or bound.signature is None):
                yield arg.keyword, Place(arg.start, arg.start + len(arg.keyword))
    for function in file.all(syntax.FunctionDef):
        yield function.name, Place(function.name_start, function.name_start + len(function.name))
        for parameter in function.parameters:
            yield parameter.name, Place(parameter.start, parameter.start + len(parameter.name))
    for literal in file.all(syntax.Literal):
        word = literal.value.lstrip("-") if isinstance(literal.value, str) else ""
        mixed = any(letter.isascii() and letter.isalpha() for letter in word)
        if len(word) < LONGEST and mixed and word.replace("-", "_").isidentifier():
            start = literal.start + file.source(literal).find(word)
            yield word, Place(start, start + len(word))
