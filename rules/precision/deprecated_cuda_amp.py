"""`torch.cuda.amp.autocast` and `torch.cuda.amp.GradScaler` are deprecated.

Since torch 2.4 each of them warns: "FutureWarning: `torch.cuda.amp.autocast(args...)` is deprecated. Please use
`torch.amp.autocast('cuda', args...)` instead." They still do what they did; a later version will not have them, and
until then the warning stands in the log of every run. `torch.amp` has both, with the device as first argument.

```python bad
import torch

scaler = torch.cuda.amp.GradScaler()  # HP205
with torch.cuda.amp.autocast(enabled=True):  # HP205
    loss = criterion(model(x), y)
```

```python fixed
import torch

scaler = torch.amp.GradScaler("cuda")  # HP205
with torch.amp.autocast("cuda", enabled=True):  # HP205
    loss = criterion(model(x), y)
```

```python good
import torch

scaler = torch.amp.GradScaler("cuda")
with torch.amp.autocast("cuda", enabled=True):
    loss = criterion(model(x), y)
```

## Looks like it, is not

Code that also runs with old versions asks before, or catches the exception. Where the requirements of the project, or
`target-versions` in the settings, allow no version from 2.4 on (`torch==1.13.1`, `torch<2.4`), nothing warns and the
rule is silent. Where they also allow versions whose `torch.amp` lacks the name (`autocast` came with 1.10, `GradScaler`
with 2.3), the fix is unsafe.

```python good
import torch

try:
    scaler = torch.amp.GradScaler("cuda")
except AttributeError:
    scaler = torch.cuda.amp.GradScaler()
if hasattr(torch.amp, "GradScaler"):
    scaler = torch.amp.GradScaler("cuda")
else:
    scaler = torch.cuda.amp.GradScaler()
```

## References

- [torch.amp](https://docs.pytorch.org/docs/stable/amp.html): the deprecation of the old names. Tried on torch 2.13.
"""

from collections.abc import Iterator

from hplint.rule import (
    BoundCall,
    Draft,
    DraftFix,
    File,
    Files,
    Level,
    Safety,
    replace,
    rule,
    syntax,
    tests_around,
)

OLD = {"torch.cuda.amp.autocast": (1, 10), "torch.cuda.amp.GradScaler": (2, 3)}
"""The deprecated names, and the versions from which on `torch.amp` has them."""
DEPRECATED = (2, 4)


@rule(
    "HP205",
    "deprecated-cuda-amp",
    level=Level.WARNING,
    topic="precision",
    hyperparameter="precision",
    since="0.1",
    subject=Files("cuda.amp"),
)
def deprecated_cuda_amp(file: File) -> Iterator[Draft]:
    if not file.versions("torch").may_reach(DEPRECATED):
        return
    for call in file.calls:
        if call.name in OLD and not call.via and not call.inherited and not is_fallback(file, call.node):
            message = f"`{call.name}` is deprecated since torch 2.4 and warns each time: `torch.amp` has `{call.short}`"
            yield Draft(call.node, message, fix=fix(file, call))


def is_fallback(file: File, node: syntax.Node) -> bool:
    """Whether a call stands beside one for newer versions."""
    tries = [each for each in file.every(syntax.Try) if each.start <= node.start < each.end]
    asked = any("torch" in test or "version" in test.lower() or "TORCH" in test for test in tests_around(file, node))
    return asked or any(each.handlers for each in tries)


def fix(file: File, call: BoundCall) -> DraftFix | None:
    """The name in ``torch.amp``, where ``torch`` is imported under its name."""
    found = file.names.lookup("torch", call.node.scope)
    if found is None or any(each.imported != "torch" for each in found[1]) or any(each.star for each in call.node.args):
        return None
    given = [file.source(each) for each in call.node.args]
    plain = [each for each in call.node.args if each.keyword is None]
    if call.short == "autocast" and plain:
        if len(plain) > 1:
            return None
        given[0] = f"enabled={given[0]}"
    arguments = ", ".join(['"cuda"', *given])
    text = f"torch.amp.{call.short}({arguments})"
    safety = Safety.UNSAFE if file.versions("torch").told_before(OLD[call.name]) else Safety.SAFE
    return None if "\n" in text else replace(call.node, text, "take it from `torch.amp`", safety)
