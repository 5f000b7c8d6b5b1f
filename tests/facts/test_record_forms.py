"""Records, dictionaries and objects that hold values: for each form what is found and what overrides it."""

from __future__ import annotations

import pytest

from tests.facts.reading import file_of, used
from tests.facts.test_value_forms import CONFIG, DATACLASS, EASY, kinds_of

WANDB = "import wandb\nwandb.init(project='x', config={'lr': 1})\n"
KNOWN = {
    # records
    "inherited field": (
        DATACLASS + "@dataclass\nclass D(C):\n    x: int = 0\nd = D()\nuse(d.lr)",
        [1],
        True,
        "field default",
    ),
    "overridden field": (
        DATACLASS + "@dataclass\nclass D(C):\n    lr: int = 5\nd = D()\nuse(d.lr)",
        [5],
        True,
        "field default",
    ),
    "field by position": (DATACLASS + "c = C(5, 6)\nuse(c.wd)", [6], True, "constant"),
    "field that a method sets": (
        DATACLASS + "    def connect(self, lr=3):\n        self.lr = lr\n    def f(self):\n        use(self.lr)",
        [1, 3],
        False,
        "field default parameter default",
    ),
    "attribute that is declared": (
        DATACLASS + "class T(Base):\n    def __init__(self, cfg):\n        self.cfg: C\n        super().__init__(cfg)\n"
        "    def f(self):\n        use(self.cfg.lr)",
        [1],
        False,
        "field default",
    ),
    "field without a default that is declared": (
        DATACLASS + "@dataclass\nclass D:\n    optim: C\ndef f(d: D):\n    use(d.optim.lr)",
        [1],
        False,
        "field default",
    ),
    "declared where it is set to something unknown": (
        DATACLASS + "class T:\n    def __init__(self):\n        self.cfg: C = make()\n        use(self.cfg.lr)",
        [1],
        False,
        "field default",
    ),
    "default that a call leaves": (
        "def f(lr=1, wd=2):\n    return lr\nuse(f(wd=x))",
        [1],
        False,
        "parameter default",
    ),
    "option with an action of its own": (
        "import argparse\nclass A(argparse.Action):\n    def __call__(self, parser, namespace, values, option=None):\n"
        "        setattr(namespace, self.dest, values)\n"
        "p = argparse.ArgumentParser()\np.add_argument('--lr', default=1)\nargs = p.parse_args()\nuse(args.lr)",
        [1],
        False,
        "argparse default",
    ),
    "declared nearer than the base sets it": (
        DATACLASS + "class B:\n    def __init__(self, cfg):\n        self.cfg = cfg\n"
        "class T(B):\n    cfg: C\n    def f(self):\n        use(self.cfg.lr)",
        [1],
        False,
        "field default",
    ),
    "set nearer than the base declares it": (
        DATACLASS + "class B:\n    cfg: C\nclass T(B):\n    def __init__(self):\n        self.cfg = C(lr=4)\n"
        "    def f(self):\n        use(self.cfg.lr)",
        [4],
        True,
        "constant",
    ),
    "spread over a tuple by a method": (
        DATACLASS + "    def expand(self):\n        self.lr = (self.lr, self.lr)\ndef f(c: C):\n    use(c.lr[0])",
        [1],
        False,
        "field default",
    ),
    "attribute of a generic base": (
        "class B(Generic[T]):\n    def __init__(self, lr=3):\n        self.lr = lr\n"
        "class C(B[int]):\n    def f(self):\n        use(self.lr)",
        [3],
        False,
        "parameter default",
    ),
    "set up, and given to a method": (
        "class C:\n    def __init__(self):\n        self.lr = 0\n    def fit(self, lr=3):\n        self.lr = lr\n"
        "        self.run()\n    def run(self):\n        use(self.lr)",
        [3],
        False,
        "parameter default",
    ),
    "rounded up": ("import math\nuse(math.ceil(2.5))", [3], True, "computed"),
    "nested by a factory": (
        DATACLASS + "@dataclass\nclass D:\n    optim: C = field(default_factory=C)\nd = D()\nuse(d.optim.lr)",
        [1],
        True,
        "field default",
    ),
    "nested by a lambda": (
        DATACLASS + "@dataclass\nclass D:\n    optim: C = field(default_factory=lambda: C(lr=7))\nuse(D().optim.lr)",
        [7],
        True,
        "constant",
    ),
    "replace": (DATACLASS + "c = replace(C(), lr=9)\nuse(c.lr)", [9], True, "constant"),
    "replace of another": (DATACLASS + "c = replace(C(), wd=9)\nuse(c.lr)", [1], True, "field default"),
    "pydantic": (
        "from pydantic import BaseModel, Field\nclass C(BaseModel):\n"
        "    lr: float = Field(2, gt=0)\nc = C()\nuse(c.lr)",
        [2],
        True,
        "field default",
    ),
    "pydantic by keyword": (
        "from pydantic import BaseModel, Field\nclass C(BaseModel):\n    lr: float = Field(default=2)\nuse(C().lr)",
        [2],
        True,
        "field default",
    ),
    "attrs": ("import attr\n@attr.s\nclass C:\n    lr = attr.ib(default=2)\nuse(C().lr)", [2], True, "field default"),
    "named tuple": (
        "from typing import NamedTuple\nclass C(NamedTuple):\n    lr: float = 2\nuse(C().lr)",
        [2],
        True,
        "field default",
    ),
    "SimpleNamespace": (
        "from types import SimpleNamespace\nc = SimpleNamespace(lr=2)\nuse(c.lr)",
        [2],
        True,
        "dictionary item",
    ),
    "EasyDict": (EASY + "c = edict({'optim': {'lr': 2}})\nuse(c.optim.lr)", [2], True, "dictionary item"),
    "EasyDict that is filled": (EASY + "c = edict()\nc.lr = 2\nuse(c.lr)", [2], True, "constant"),
    "EasyDict that is filled and read in a function": (
        EASY + "c = edict()\nc.optim = edict()\nc.optim.lr = 2\ndef f():\n    use(c.optim.lr)",
        [2],
        True,
        "constant",
    ),
    "OmegaConf": (
        "from omegaconf import OmegaConf\nc = OmegaConf.create({'lr': 2})\nuse(c.lr)",
        [2],
        True,
        "dictionary item",
    ),
    "class of attributes that is a dictionary": (
        "class AttrDict(dict):\n    __getattr__ = dict.__getitem__\nc = AttrDict({'lr': 2})\nuse(c.lr)",
        [2],
        True,
        "dictionary item",
    ),
    "yacs with a document": (
        "from yacs.config import CfgNode as CN\n_C = CN()\n_C.SOLVER = CN()\n_C.SOLVER.LR = 2\n"
        "def f():\n    cfg = _C.clone()\n    cfg.merge_from_file(x)\n    use(cfg.SOLVER.LR)",
        [2],
        False,
        "constant",
    ),
    "constructor's default": (CONFIG + "c = C()\nuse(c.lr)", [1], True, "parameter default"),
    "constructor's argument": (CONFIG + "c = C(lr=5)\nd = C(6)\nuse(c.lr)", [5], True, "argument of a call"),
    "class in a class": (
        "class C:\n    class Optim:\n        lr = 1\nuse(C.Optim.lr)",
        [1],
        True,
        "class attribute",
    ),
    "class attribute through self": (
        "class C:\n    lr = 1\n    def f(self):\n        use(self.lr)",
        [1],
        True,
        "class attribute",
    ),
    "HfArgumentParser": (
        "from transformers import HfArgumentParser\n" + DATACLASS + "class D:\n    pass\n"
        "p = HfArgumentParser((D, C))\nd, c = p.parse_args_into_dataclasses()\nuse(c.lr)",
        [1],
        False,
        "field default",
    ),
    # dictionaries
    "nested": ("c = {'optim': {'lr': 2}}\nuse(c['optim']['lr'])", [2], True, "dictionary item"),
    "spread": ("b = {'lr': 1}\nhp = {**b, 'lr': 2}\nuse(hp['lr'])", [2], True, "dictionary item"),
    "spread, unknown": ("hp = {**b, 'lr': 2}\nuse(hp['lr'])", [2], True, "dictionary item"),
    "spread brings it": ("b = {'lr': 1}\nhp = {'x': 2, **b}\nuse(hp['lr'])", [1], True, "dictionary item"),
    "merged": ("b = {'lr': 1}\nhp = b | {'wd': 2}\nuse(hp['lr'])", [1], True, "dictionary item"),
    "set after": ("hp = {}\nhp['lr'] = 2\nuse(hp['lr'])", [2], True, "constant"),
    "updated with it": ("hp = {'lr': 1}\nhp.update(lr=2)\nuse(hp['lr'])", [2], True, "constant"),
    "updated with another": ("hp = {'lr': 1}\nhp.update({'lr': 2})\nuse(hp['lr'])", [2], True, "constant"),
    "updated with another that has a name": (
        "b = {'lr': 2}\nhp = {'lr': 1}\nhp.update(b)\nuse(hp['lr'])",
        [2],
        True,
        "dictionary item",
    ),
    "updated with others": ("b = {'wd': 2}\nhp = {'lr': 1}\nhp.update(b)\nuse(hp['lr'])", [1], True, "dictionary item"),
    "copied": ("b = {'lr': 1}\nhp = b.copy()\nuse(hp['lr'])", [1], True, "dictionary item"),
    "of self": (
        "class T:\n    def __init__(self):\n        self.hp = {'lr': 1}\n    def f(self):\n        use(self.hp['lr'])",
        [1],
        True,
        "dictionary item",
    ),
    "wandb": (WANDB + "use(wandb.config.lr)", [1], False, "dictionary item"),
    "wandb under a name": (WANDB + "config = wandb.config\nuse(config['lr'])", [1], False, "dictionary item"),
}


@pytest.mark.parametrize(("text", "constants", "closed", "kind"), KNOWN.values(), ids=list(KNOWN))
def test_known(text: str, constants: list[object], closed: bool, kind: str) -> None:
    file = file_of(text)
    value = file.value(used(file))
    assert [possible.constant for possible in value.possible] == constants
    assert value.closed is closed
    assert {possible.origin.kind for possible in value.possible} == kinds_of(kind)
