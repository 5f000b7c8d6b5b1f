"""The name of a hyperparameter is misspelt in one place.

`cfg.get("learing_rate", 1e-3)` finds nothing and returns 1e-3 whatever the configuration says; a `**kwargs` swallows
`weigth_decay=0.1`; `args.bacth_size` raises AttributeError. Where nothing is raised the run trains with a default, and
changing the setting changes nothing.

```python bad
config = {"learning_rate": 0.05, "momentum": 0.9}
learning_rate = config.get("learing_rate", 1e-3)  # HP141
```

```python good
config = {"learning_rate": 0.05, "momentum": 0.9}
learning_rate = config.get("learning_rate", 1e-3)
```

A name is reported when it stands only once in the file and the right spelling stands there too.

```python bad
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--weight_decay", type=float, default=1e-4)
args = parser.parse_args()
print(args.weigth_decay)  # HP141
```

## Looks like it, is not

A spelling that the file uses throughout works, and words that are one letter apart may both be right.

```python good
def build(learing_rate=0.01):
    return make_optimizer(learning_rate=learing_rate)


build(learing_rate=0.1)
sizes = {"batch_size": 32, "patch_size": 16, "batch_sizes": [16, 32]}
```

## References

- 16061027/VisualPytorch#46, yhhhli/APoT_Quantization#2 and ROCm/aorta#247 are reports of such names.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache

from hplint.rule import (
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

WORDS = (
    "delay", "prop", "race", "rage", "rang", "rare", "seek", "seem", "seen", "side",
    "site", "stems", "stops", "trail",
)  # fmt: skip
"""Words of their own, one letter from a part of a known name."""


@rule(
    "HP141",
    "hyperparameter-misspelt",
    level=Level.ERROR,
    topic="literals",
    since="0.1",
    subject=Files("_", "moment", "nest", "damp"),
)
def hyperparameter_misspelt(file: File) -> Iterator[Draft]:
    known, shapes = vocabulary()
    written = words_of(file)
    right = sorted(written & known)
    if not right:
        return
    shaped = [word for word in written - known if (word[:1], word.count("_"), len(word)) in shapes]
    # Letters of another alphabet that look like Latin ones are the business of confusable-character.
    shaped = [word for word in shaped if in_latin(word) is None]
    suspects = {word: meant for word in sorted(shaped) if (meant := misspelling_of(word, right)) is not None}
    if not suspects:
        return
    places: dict[str, list[tuple[Place, bool]]] = defaultdict(list)
    for word, at, attribute in named(file):
        places[word].append((at, attribute))
    for word, meant in suspects.items():
        if len(places[word]) != 1:
            continue
        place, attribute = places[word][0]
        text = file.text[place.start : place.end]
        if text.replace("-", "_") != word:  # a string of several parts
            continue
        spelt = meant.replace("_", "-") if "-" in text else meant
        yield Draft(
            place,
            f"`{text}` stands nowhere else in this file, `{spelt}` does: it is taken for a different name",
            fix=replace(place, spelt, f"write `{spelt}`"),
            level=Level.ERROR if attribute else Level.WARNING,
        )


@cache
def vocabulary() -> tuple[frozenset[str], frozenset[tuple[str, int, int]]]:
    """The known names, and what near misses of them look like: first letter, number of underscores, length."""
    known = hyperparameter_vocabulary()
    return known, frozenset((word[0], word.count("_"), len(word) + more) for word in known for more in (-1, 0, 1))


def named(file: File) -> Iterator[tuple[str, Place, bool]]:
    """Every name, keyword, parameter, key and attribute of a file, with its place and whether it is an attribute."""
    for name in file.all(syntax.Name):
        yield name.id, Place(name.start, name.end), False
    for attribute in file.all(syntax.Attribute):
        yield attribute.attr, Place(attribute.end - len(attribute.attr), attribute.end), True
    for call in file.all(syntax.Call):
        for arg in call.args:
            if arg.keyword is not None:
                yield arg.keyword, Place(arg.start, arg.start + len(arg.keyword)), False
    for function in file.all(syntax.FunctionDef):
        for parameter in function.parameters:
            yield parameter.name, Place(parameter.start, parameter.start + len(parameter.name)), False
    for literal in file.all(syntax.Literal):
        if isinstance(literal.value, str) and len(literal.value) < 40:
            word = literal.value.lstrip("-")
            start = literal.start + file.source(literal).find(word)
            yield word.replace("-", "_"), Place(start, start + len(word)), False


def misspelling_of(word: str, known: Iterable[str]) -> str | None:
    """The one known name that differs in one part, by one slip inside it: not in its first letter, nor an ending."""
    parts = word.split("_")
    for candidate in known:
        others = candidate.split("_")
        if candidate[0] != word[0] or len(parts) != len(others):
            continue
        differing = [pair for pair in zip(parts, others, strict=True) if pair[0] != pair[1]]
        if len(differing) == 1 and is_slip(*differing[0]):
            return candidate
    return None


def is_slip(part: str, right: str) -> bool:
    """Whether one letter is added, dropped, replaced or swapped with its neighbour."""
    if part in WORDS or min(len(part), len(right)) < 4 or part[0] != right[0]:
        return False
    if part.startswith(right) or right.startswith(part):
        return False
    shared = next(i for i, pair in enumerate(zip(part, right, strict=False)) if pair[0] != pair[1])
    mine, its = part[shared:], right[shared:]
    swapped = mine[:2] == its[1::-1] and mine[2:] == its[2:]
    return not mine[0].isdigit() and (swapped or mine[1:] == its[1:] or mine[1:] == its or mine == its[1:])
