"""A name that torch does not have, one slip away from one that it has.

`nn.ReLu` raises `AttributeError: module 'torch.nn' has no attribute 'ReLu'` when the line runs, which is when the model
is built, or later where the name stands in `forward` or in a branch.

```python bad
import torch.nn as nn
from torch import optim

activation = nn.ReLu()  # HP105
layer = nn.Linaer(4, 12)  # HP105
optimizer = optim.Adma(model.parameters(), lr=1e-3)  # HP105
```

```python good
import torch.nn as nn
from torch import optim

activation = nn.ReLU()
layer = nn.Linear(4, 12)
optimizer = optim.Adam(model.parameters(), lr=1e-3)
```

An import of such a name fails in the same way:

```python bad
from torch.nn import CrossEntropyloss, Linear  # HP105
```

## Looks like it, is not

Names that are close to nothing may be newer than hplint, so they are left alone. So are names that the program asks for
first, or adds itself, and modules whose names are not all known.

```python good
import torch
from torch import nn

if hasattr(nn, "ReLu"):
    activation = nn.ReLu()

try:
    from torch.optim import Adan
except ImportError:
    Adan = None

nn.Liner = nn.Linear
layer = nn.Liner(4, 12)
newer = nn.HyperbolicMixer(4)
```

## References

- The sample in Lightning-AI/pytorch-lightning#2282 writes `nn.ReLu`.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from hplint.rule import (
    Draft,
    File,
    Files,
    Level,
    Safety,
    closest,
    expected,
    exports,
    inside,
    is_module,
    replace,
    rule,
    syntax,
)


@rule("HP105", "misspelt-torch-symbol", level=Level.ERROR, topic="calls", since="0.1", subject=Files("torch", "nn."))
def misspelt_torch_symbol(file: File) -> Iterator[Draft]:
    for module, name, meant, at in misspelt(file):
        if spoken_of(file, name) or expected(file, at, "ImportError", "AttributeError"):
            continue
        fix = replace(at, meant, f"write `{meant}`", Safety.SAFE)
        yield Draft(at, f"`{module}` has no `{name}`, did you mean `{meant}`?", fix=fix)


@lru_cache(maxsize=4096)
def misspelling_of(module: str, name: str) -> str | None:
    """What a name that a module does not have was meant to be; None where it has it, or it is not clear."""
    known = exports(module) or frozenset()
    meant = None if not known or name in known or is_module(f"{module}.{name}") else closest(name, known)
    return meant if meant is not None and alike(name, meant) else None


def alike(name: str, meant: str) -> bool:
    """Short names are near many others, and torch once had more of them: ``rfft`` was no misspelt ``fft``."""
    return len(name) > 4 or sorted(name.lower()) == sorted(meant.lower())


def misspelt(file: File) -> Iterator[tuple[str, str, str, syntax.Node]]:
    """Each such name that is asked of a module: the module, the name, the one that was meant, and where it stands."""
    plain = file.names.plain
    hinted = "from __future__ import annotations" in file.text
    for node in file.every(syntax.Attribute):
        first = node.value
        while type(first) is syntax.Attribute:
            first = first.value
        if type(first) is syntax.Name and first.id in plain:
            continue
        module = file.qualified(node.value)
        meant = misspelling_of(module, node.attr) if module is not None and is_module(module) else None
        if module is None or meant is None or (hinted and any(inside(node, hint) for hint in annotations(file))):
            continue
        yield module, node.attr, meant, syntax.Node(node.end - len(node.attr), node.end)
    for statement in file.all(syntax.Import):
        if statement.module is None or statement.level or not is_module(statement.module):
            continue
        for name, _ in statement.names:
            meant = misspelling_of(statement.module, name)
            if meant is None:
                continue
            behind = file.text.index("import", statement.start + len(statement.module))
            written = re.compile(rf"\b{re.escape(name)}\b").search(file.text, behind, statement.end)
            if written is not None:
                yield statement.module, name, meant, syntax.Node(*written.span())


def annotations(file: File) -> Iterator[syntax.Node]:
    """Where annotations stand, what a function returns among them; defaults of parameters are in between."""
    for statement in file.all(syntax.Assign):
        if statement.annotation is not None:
            yield statement.annotation
    for function in file.all(syntax.FunctionDef):
        at = function.name_start
        for default in (parameter.default for parameter in function.parameters if parameter.default is not None):
            yield syntax.Node(at, default.start)
            at = default.end
        yield syntax.Node(at, function.body[0].start)


def spoken_of(file: File, name: str) -> bool:
    """Whether the file asks for the name as text (``hasattr``, ``setattr``) or sets it itself."""
    targets = (target for statement in file.all(syntax.Assign) for target in statement.targets)
    return any(isinstance(target, syntax.Attribute) and target.attr == name for target in targets) or any(
        literal.value == name for literal in file.all(syntax.Literal)
    )
