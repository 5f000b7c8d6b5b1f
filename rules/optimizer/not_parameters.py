"""An optimizer is given something else than parameters.

The first argument of an optimizer is the parameters that it changes: what `model.parameters()` returns. The model
itself or the method without its parentheses raise TypeError. `model.state_dict().values()` is worse: it holds tensors
that are cut off from the graph, so torch accepts them and no weight ever moves. The loss stays exactly where it is
at the start, in every epoch, and nothing is reported.

```python bad
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 12), nn.ReLU(), nn.Linear(12, 3))

whole = torch.optim.SGD(model, lr=0.1)  # HP113
method = torch.optim.SGD(model.parameters, lr=0.1)  # HP113
copies = torch.optim.SGD(model.state_dict().values(), lr=0.1)  # HP113
```

```python good
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 12), nn.ReLU(), nn.Linear(12, 3))

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
```

## Looks like it, is not

A list of parameters, a `ParameterList`, or an attribute of the project's own that happens to be called `parameters`.

```python good
import torch
from torch import nn

weights = nn.ParameterList([nn.Parameter(torch.zeros(3))])
optimizer = torch.optim.SGD(weights, lr=0.1)


class Problem:
    def __init__(self, start):
        self.parameters = [start.requires_grad_()]
        self.optimizer = torch.optim.SGD(self.parameters, lr=0.1)
```

## References

- <https://docs.pytorch.org/docs/stable/optim.html#constructing-it>
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    DraftEdit,
    DraftFix,
    File,
    Files,
    Level,
    Safety,
    expected,
    made_from,
    module_class,
    optimizers,
    regex,
    rule,
    syntax,
    torch_module,
)

ASKED = {
    **dict.fromkeys(("parameters", "named_parameters"), "parameters"),
    **dict.fromkeys(("state_dict", "load_state_dict"), "state"),
    **dict.fromkeys(("to", "cuda"), "device"),
    **{method: method for method in ("train", "eval", "apply", "zero_grad")},
}
"""What modules are asked for. An optimizer has a state and clears gradients, a tensor goes to a device, and no more."""
METHODS = frozenset({"parameters", "named_parameters"})
MODELS = regex(r"model|net(work)?$|module|encoder|decoder|generator|discriminator|critic|backbone|classifier")
HOLD_PARAMETERS = frozenset({"torch.nn.ParameterList", "torch.nn.Parameter", "torch.nn.Buffer"})


@rule(
    "HP113",
    "not-parameters",
    level=Level.ERROR,
    topic="optimizer",
    hyperparameter="optimizer",
    since="0.1",
    subject=Files("optim"),
)
def not_parameters(file: File) -> Iterator[Draft]:
    for call in optimizers(file):
        node = call.argument("params").node
        if node is None or node.star or expected(file, call.node, "TypeError"):
            continue
        given, shown = node.value, file.source(node.value)
        if isinstance(given, syntax.Attribute) and given.attr in METHODS and is_model(file, given.value):
            message = f"`{shown}` is the method, not what it returns: `{call.short}` raises TypeError"
            yield Draft(node, message, fix=added(node, "()", "call it"))
        elif constructs_module(file, given) or acts_as_module(file, given):
            message = f"`{shown}` is a module: `{call.short}` takes its parameters and raises TypeError"
            yield Draft(node, message, fix=added(node, ".parameters()", "pass its parameters"))
        elif copies_of_weights(given):
            yield Draft(node, f"`{shown}` gets no gradient: `{call.short}` never moves a weight")


def is_model(file: File, owner: syntax.Expr) -> bool:
    """Whether ``owner.parameters`` is a module's method, and not an attribute that the file sets."""
    stored = any(
        isinstance(target, syntax.Attribute) and target.attr in METHODS
        for statement in file.all(syntax.Assign)
        for target in statement.targets
    )
    named = owner.attr if isinstance(owner, syntax.Attribute) else owner.id if isinstance(owner, syntax.Name) else ""
    return not stored and (constructs_module(file, owner) or MODELS.search(named.lower()) is not None)


def constructs_module(file: File, expr: syntax.Expr) -> bool:
    """Whether an expression is an ``nn.Module`` that does not pass for a list of parameters."""
    made = list(made_from(file, expr))
    return bool(made) and all(is_module_call(file, call) for call in made)


def acts_as_module(file: File, expr: syntax.Expr) -> bool:
    """Whether a name that nothing known constructs is asked for several things that only modules have all of."""
    if not isinstance(expr, syntax.Name) or not all(is_unknown(file, made) for made in made_from(file, expr)):
        return False
    asked = {
        ASKED[call.func.attr]
        for call in file.every(syntax.Call)
        if isinstance(call.func, syntax.Attribute)
        and isinstance(call.func.value, syntax.Name)
        and call.func.value.id == expr.id
        and call.func.attr in ASKED
    }
    return len(asked) > 1 and asked != {"state", "zero_grad"}


def is_unknown(file: File, made: syntax.Call) -> bool:
    """Whether a call is of a name that is imported from outside of torch, or that nothing in view explains."""
    return file.definition(made.func) is None and not (file.qualified(made.func) or "").startswith("torch.")


def is_module_call(file: File, call: syntax.Call) -> bool:
    local = module_class(file, call)
    if local is not None:
        return local.known and "__iter__" not in local.methods and not HOLD_PARAMETERS & set(local.bases)
    kind = torch_module(file, call)
    return kind is not None and f"torch.nn.{kind}" not in HOLD_PARAMETERS


def copies_of_weights(expr: syntax.Expr) -> bool:
    """``model.state_dict()`` and ``model.state_dict().values()``."""
    if not isinstance(expr, syntax.Call) or not isinstance(expr.func, syntax.Attribute):
        return False
    return expr.func.attr == "state_dict" or (expr.func.attr == "values" and copies_of_weights(expr.func.value))


def added(node: syntax.Arg, text: str, title: str) -> DraftFix:
    return DraftFix(title, (DraftEdit(node.end, node.end, text),), Safety.SAFE)
