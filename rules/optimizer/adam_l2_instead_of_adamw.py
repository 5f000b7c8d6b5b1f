"""`Adam` with the weight decay of a recipe for transformers, which mean `AdamW`.

`Adam` adds `weight_decay * weight` to the gradient, and then divides it by the size of the gradients like everything
else: weights with large gradients are hardly decayed, and the number says little about how much the others are. `AdamW`
takes the decay from the weight itself. The values of the recipes for transformers, 0.01 to 0.1, are meant for that; in
`Adam` they are a penalty some hundred times stronger than the 1e-4 that is usual there, and the loss settles above what
the model could reach.

```python bad
import torch
from transformers import AutoModelForSequenceClassification

model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased")
optimizer = torch.optim.Adam(model.parameters(), lr=2e-5, weight_decay=0.01)  # HP182
```

```python good
import torch
from transformers import AutoModelForSequenceClassification

model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased")
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5, weight_decay=0.01)
```

## Looks like it, is not

Recipes for other models, where the L2 penalty is what the paper used, and the small values that belong to it.

```python good
import torch
from torch_geometric.nn import GCNConv

optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-4)
decoupled = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=0.05, decoupled_weight_decay=True)
```

## References

- Loshchilov and Hutter 2019, [arXiv 1711.05101](https://arxiv.org/abs/1711.05101): decoupled weight decay.
- TransformerLensOrg/TransformerLens#81: from Adam to AdamW.
- Corpus: 0.01 and 0.1 are the values given to AdamW most often, 5e-4 and 1e-4 those given to Adam.
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    File,
    Files,
    Level,
    Presence,
    is_test,
    optimizers,
    replace,
    rule,
    settings_of,
    syntax,
    thresholds,
    untested,
    with_groups,
)

TRANSFORMERS = frozenset({"transformers", "peft", "trl", "sentence_transformers"})


@rule(
    "HP182",
    "adam-l2-instead-of-adamw",
    level=Level.ADVICE,
    topic="optimizer",
    hyperparameter="weight-decay",
    since="0.1",
    subject=Files("transformers", "peft", "trl"),
)
def adam_l2_instead_of_adamw(file: File) -> Iterator[Draft]:
    if "weight_decay" not in file.text or is_test(file) or not imports_transformers(file):
        return
    for call in optimizers(file):
        if call.short != "Adam" or call.argument("decoupled_weight_decay").presence is not Presence.ABSENT:
            continue
        given = [untested(file, each) for each in with_groups(file, call, "weight_decay")]
        for setting in settings_of(given):
            if (setting.number or 0) >= thresholds.ADAM_L2:
                message = (
                    f"{setting.says}: `Adam` makes a penalty of it, not the decay that recipes for transformers mean"
                )
                name = call.node.func
                plain = isinstance(name, syntax.Attribute)
                at = syntax.Literal(name.end - len("Adam"), name.end, None)
                yield Draft(setting.at, message, setting.related, replace(at, "AdamW", "use AdamW") if plain else None)
                return


def imports_transformers(file: File) -> bool:
    """Whether the file trains models of transformers."""
    for statement in file.every(syntax.Import):
        modules = [statement.module] if statement.module else [name for name, _ in statement.names]
        if not statement.level and any((module or "").partition(".")[0] in TRANSFORMERS for module in modules):
            return True
    return False
