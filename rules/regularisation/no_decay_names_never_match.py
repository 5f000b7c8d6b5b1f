"""The names to be spared from weight decay are those of no parameter.

`["bias", "LayerNorm.weight"]` comes from the first BERT scripts, where the norms are called `LayerNorm`. Other models
call them `norm`, `input_layernorm`, `ln_f` or `layer_norm`, and `in` is strict about letters: the test is false for
every norm, and all their scales decay towards 0 with the matrices. Nothing tells: both groups exist, the second holds
the biases alone, and for a model without biases, such as Llama, it is empty. One sees it by counting:
`len(groups[1]["params"])`.

```python bad
import torch
from transformers import LlamaForCausalLM

model = LlamaForCausalLM.from_pretrained("meta-llama/Llama-2-7b-hf")
no_decay = ["bias", "LayerNorm.weight"]  # HP188
groups = [
    {"params": [p for n, p in model.named_parameters() if not any(nd in n for nd in no_decay)], "weight_decay": 0.1},
    {"params": [p for n, p in model.named_parameters() if any(nd in n for nd in no_decay)], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(groups, lr=2e-5)
```

```python good
import torch
from transformers import LlamaForCausalLM

model = LlamaForCausalLM.from_pretrained("meta-llama/Llama-2-7b-hf")
groups = [
    {"params": [p for p in model.parameters() if p.ndim >= 2], "weight_decay": 0.1},
    {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(groups, lr=2e-5)
```

The fix asks for the number of dimensions: biases and the scales of norms have one.

## Looks like it, is not

BERT and its kin, for which the names are right; a model that is chosen at run time, of which nobody knows the names.

```python good
import torch
from transformers import AutoModel, BertModel

no_decay = ["bias", "LayerNorm.weight"]
model = BertModel.from_pretrained("bert-base-uncased")
groups = [
    {"params": [p for n, p in model.named_parameters() if not any(nd in n for nd in no_decay)], "weight_decay": 0.01},
    {"params": [p for n, p in model.named_parameters() if any(nd in n for nd in no_decay)], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(groups, lr=2e-5)
other = AutoModel.from_pretrained(name)
spared = [p for n, p in other.named_parameters() if any(nd in n for nd in ["bias", "LayerNorm.weight"])]
```

## References

- [torch.optim: per-parameter options](https://docs.pytorch.org/docs/stable/optim.html)
- deepspeedai/DeepSpeedExamples#755 added the names of other models; huggingface/transformers#16908.
"""

from collections.abc import Iterator

from hplint.rule import Draft, DraftEdit, DraftFix, File, Files, Level, SparedNames, is_test, rule, unmatched_names


@rule(
    "HP188",
    "no-decay-names-never-match",
    level=Level.WARNING,
    topic="regularisation",
    hyperparameter="weight-decay",
    since="0.1",
    subject=Files("named_parameters"),
)
def no_decay_names_never_match(file: File) -> Iterator[Draft]:
    found: SparedNames
    for found in () if is_test(file) or "weight_decay" not in file.text else unmatched_names(file):
        called = ", ".join(f"`{each}`" for each in found.norms[:3])
        name = found.names[0]
        message = f"{file.source(name)} is in no name of a norm of this model ({called}): their scales decay too"
        edits = tuple(DraftEdit(call.start, call.end, f"{parameter}.ndim < 2") for call, parameter in found.tests)
        fix = DraftFix("ask for the number of dimensions", edits)
        yield Draft(name, message, ((found.made, "the model is made here"),), fix)
