"""Look-alikes of the forms in which values are kept: nothing is said of what is not known."""

from __future__ import annotations

import pytest

from tests.facts.reading import file_of, used
from tests.facts.test_value_forms import ARGS, CONFIG, EASY, FLAGS, PARSED

UNKNOWN = {
    "or of unknown things": "use(x or y)",
    "get under an unknown key": "hp = {'lr': 1}\nuse(hp.get(key, f()))",
    "environment": "import os\nuse(os.environ.get('LR'))",
    "another attribute": PARSED + "use(args.wd)",
    "rank of a process": (
        "import torch.multiprocessing as mp\ndef main(rank, lr):\n    use(rank)\nmp.spawn(main, args=(2,), nprocs=4)"
    ),
    "attribute of something that is no namespace": (
        ARGS + "class M:\n    pass\ndef f(m):\n    use(m.lr)\nf(M())\nargs = p.parse_args()"
    ),
    "options that are written out": ARGS + "args = p.parse_args(['--lr', '5'])\nuse(args.lr)",
    "option that is scaled by something unknown": PARSED + "args.lr = args.lr * n\nuse(args.lr)",
    "option that another function sets": (
        ARGS + "def fix(a):\n    a.lr = 7\ndef main():\n    args = p.parse_args()\n    fix(args)\n    use(args.lr)"
    ),
    "option that setattr sets": PARSED + "setattr(args, 'lr', x)\nuse(args.lr)",
    "set_defaults of anything": ARGS + "p.set_defaults(**x)\nargs = p.parse_args()\nuse(args.lr)",
    "dictionary changed under its other name": "hp = {'lr': 1}\nb = hp\nb['lr'] = x\nuse(hp['lr'])",
    "dictionary changed under an unknown key": "hp = {'lr': 1}\nhp[k] = x\nuse(hp['lr'])",
    "click without a default": "import click\n@click.command()\n@click.option('--lr')\ndef main(lr):\n    use(lr)",
    "other option of click": "import click\n@click.command()\n@click.option('--wd', default=2)\n"
    "def main(lr):\n    use(lr)",
    "typer without a default": "import typer\ndef main(lr: float = typer.Option(...)):\n    use(lr)",
    "absl, another flag": FLAGS + "use(FLAGS.wd)",
    "field without a default": "from dataclasses import dataclass\n@dataclass\nclass C:\n    lr: float\nuse(C(x).lr)",
    "field that is required": "from pydantic import BaseModel, Field\nclass C(BaseModel):\n"
    "    lr: float = Field(...)\nuse(C().lr)",
    "class from elsewhere": "from m import C\nc = C()\nuse(c.lr)",
    "attribute set in two methods": CONFIG + "    def g(self):\n        self.lr = 2\nc = C()\nuse(c.lr)",
    "attribute that two methods are given": (
        "class C:\n    def a(self, lr):\n        self.lr = lr\n    def b(self, lr):\n        self.lr = lr\n"
        "    def f(self):\n        use(self.lr)"
    ),
    "attribute that two methods are given, one of them changed": (
        "class C:\n    def a(self, lr=1):\n        self.lr = lr\n    def b(self):\n        self.lr = self.lr * 2\n"
        "    def f(self):\n        use(self.lr)"
    ),
    "attribute that another method sets where another one is None": (
        CONFIG + "    def g(self):\n        if self.wd is None:\n            self.lr = 2\nc = C()\nuse(c.lr)"
    ),
    "attribute that is set where it is something": (
        CONFIG + "    def g(self):\n        if self.lr is None:\n            pass\n        else:\n"
        "            self.lr = 2\nc = C()\nuse(c.lr)"
    ),
    "default that the call replaces": "def f(lr=1):\n    lr *= g()\n    return lr\nuse(f(lr=x))",
    "default that the call replaces, unpacked": "def f(lr=1):\n    return 0, lr\na, lr = f(x)\nuse(lr)",
    "item of a plain value": CONFIG + "use(C().lr[0])",
    "ceiling of a string": "import math\nuse(math.ceil('1.5'))",
    "attribute changed in place": (
        "class C:\n    def __init__(self, lr=1):\n        self.lr = lr\n        self.lr *= x\n"
        "    def f(self):\n        use(self.lr)"
    ),
    "instance that is changed": CONFIG + "c = C()\nc.lr = x\nuse(c.lr)",
    "class attribute that is changed": "class C:\n    lr = 1\nC.lr = x\nuse(C.lr)",
    "merged with something unknown": "hp = {'lr': f()} | other\nuse(hp['lr'])",
    "loop over something unknown": "for lr in rates:\n    use(lr)",
    "loop over a list that grows": "rates = []\nfor lr in rates:\n    use(lr)",
    "index of enumerate": "for lr, x in enumerate([1, 2]):\n    use(lr)",
    "hparams that are not saved": (
        "class M:\n    def __init__(self, lr=2):\n        pass\n    def f(self):\n        use(self.hparams.lr)"
    ),
    "call with something unknown": "def f(lr):\n    use(lr)\nf(x)",
    "call of another function of this name": "def f(lr):\n    use(lr)\nx.f(2)",
    "function that recurs": "def f(lr):\n    f(lr)\n    use(lr)",
    "classes that derive from each other": "class A(B):\n    pass\nclass B(A):\n    pass\nuse(A().lr)",
    "class that derives from itself": "class A(A):\n    pass\nuse(A().lr)",
    "object that holds itself": "a = a.b\nuse(a.b.lr)",
    "functions that call each other": "def f():\n    return g()\ndef g():\n    return f()\nuse(f())",
    "dictionary that spreads itself": "d = {**d}\nuse(d['lr'])",
}


@pytest.mark.parametrize("text", UNKNOWN.values(), ids=list(UNKNOWN))
def test_unknown(text: str) -> None:
    file = file_of(text)
    value = file.value(used(file))
    assert value.possible == ()
    assert not value.closed


@pytest.mark.parametrize(
    "text",
    [
        "class C:\n    def f(self):\n        use(self.lr)\nc = C()\nc.lr = 1",
        "hp = {'lr': 1, **x}\nuse(hp['lr'])",
        PARSED + "use(args.lr)",
        "def f(lr=1):\n    use(lr)\nf(2)",
        "lr = 1\nif x:\n    lr = f()\nuse(lr)",
        "def main():\n    def f(lr):\n        use(lr)\n    f(1)\n    return f",
        "def main():\n    def f(lr):\n        use(lr)\n    f(1)\n    run(f)",
        "from functools import partial\ndef main():\n    def f(lr):\n        use(lr)\n    partial(f, lr=2)(lr=3)",
        EASY + "c = edict({'lr': 1})\ndef f(c):\n    use(c.lr)\nf(c)",
    ],
)
def test_what_may_be_something_else_is_open(text: str) -> None:
    file = file_of(text)
    assert not file.value(used(file)).closed
