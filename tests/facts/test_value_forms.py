"""The forms in which training code keeps its values: for each what is found, what overrides it, what is not known."""

from __future__ import annotations

import pytest

from hplint.facts.values import OriginKind
from tests.facts.reading import file_of, used

ARGS = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--lr', type=float, default=3.0)\n"
PARSED = ARGS + "args = p.parse_args()\n"
CONFIG = "class C:\n    def __init__(self, lr=1):\n        self.lr = lr\n"
DATACLASS = (
    "from dataclasses import dataclass, field, replace\n@dataclass\nclass C:\n    lr: float = 1\n    wd: float = 2\n"
)
FLAGS = "from absl import flags\nflags.DEFINE_float('lr', 4, 'rate')\nFLAGS = flags.FLAGS\n"
EASY = "from easydict import EasyDict as edict\n"

KNOWN = {
    # conditions and fallbacks
    "or": ("use(x or 2)", [2], False, "fallback"),
    "or of something true": ("lr = 1\nuse(lr or 2)", [1], True, "constant"),
    "or of something false": ("lr = 0\nuse(lr or 2)", [2], True, "literal"),
    "and": ("lr = 1\nuse(lr and 2)", [2], True, "literal"),
    "None is replaced": ("lr = None\nuse(lr if lr is not None else 2)", [2], True, "literal"),
    "None is replaced, the other way": ("lr = None\nuse(2 if lr is None else lr)", [2], True, "literal"),
    "get": ("def f(cfg):\n    use(cfg.get('lr', 2))", [2], False, "fallback"),
    "get of a known item": ("hp = {'lr': 1}\nuse(hp.get('lr', 2))", [1], True, "dictionary item"),
    "get without a default": ("hp = {'lr': 1}\nuse(hp.get('lr'))", [1], True, "dictionary item"),
    "getattr": ("def f(x):\n    use(getattr(x, 'lr', 2))", [2], False, "fallback"),
    "getattr of an option": (PARSED + "use(getattr(args, 'lr'))", [3.0], False, "argparse default"),
    "environment": ("import os\nuse(float(os.environ.get('LR', '0.5')))", [0.5], False, "computed"),
    "getenv": ("import os\nuse(os.getenv('LR', 2))", [2], False, "fallback"),
    "min": ("lr = 1\nuse(min(lr, 2))", [1], True, "computed"),
    "max of a tuple": ("use(max((1, 2)))", [2], True, "computed"),
    "round": ("use(round(2.6))", [3], True, "computed"),
    "len": ("use(len([x, y, 3]))", [3], True, "literal"),
    "float of an option": (PARSED + "use(float(args.lr))", [3.0], False, "argparse default"),
    "function": ("def rate():\n    return 2\nuse(rate())", [2], True, "result of a call"),
    "method": (
        "class A:\n    def rate(self):\n        return 2\na = A()\nuse(a.rate())",
        [2],
        True,
        "result of a call",
    ),
    "one of several that a function returns": (
        "def f():\n    return 1, 2\nlr, wd = f()\nuse(wd)",
        [2],
        True,
        "result of a call",
    ),
    "property": (
        "class A:\n    @property\n    def lr(self):\n        return 2\nuse(A().lr)",
        [2],
        True,
        "result of a call",
    ),
    # argparse
    "parser in another function": (
        "import argparse\ndef add(parser):\n    parser.add_argument('--lr', default=2)\n"
        "p = argparse.ArgumentParser()\nadd(p)\nargs = p.parse_args()\nuse(args.lr)",
        [2],
        False,
        "argparse default",
    ),
    "group": (
        "import argparse\np = argparse.ArgumentParser()\ng = p.add_argument_group('x')\n"
        "g.add_argument('--lr', default=2)\nargs = p.parse_args()\nuse(args.lr)",
        [2],
        False,
        "argparse default",
    ),
    "two parsers": (
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--lr', default=2)\n"
        "q = argparse.ArgumentParser()\nq.add_argument('--lr', default=3)\nargs = q.parse_args()\nuse(args.lr)",
        [3],
        False,
        "argparse default",
    ),
    "subparsers": (
        "import argparse\np = argparse.ArgumentParser()\ns = p.add_subparsers()\na = s.add_parser('a')\n"
        "a.add_argument('--lr', default=2)\nb = s.add_parser('b')\nb.add_argument('--lr', default=3)\n"
        "args = p.parse_args()\nuse(args.lr)",
        [2, 3],
        False,
        "argparse default",
    ),
    "set_defaults": (
        ARGS + "p.set_defaults(lr=2)\nargs = p.parse_args()\nuse(args.lr)",
        [2],
        False,
        "argparse default",
    ),
    "set_defaults sometimes": (
        ARGS + "if x:\n    p.set_defaults(lr=2)\nargs = p.parse_args()\nuse(args.lr)",
        [3.0, 2],
        False,
        "argparse default",
    ),
    "store_true": (
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--amp', action='store_true')\n"
        "args = p.parse_args()\nuse(args.amp)",
        [False],
        False,
        "argparse default",
    ),
    "optparse": (
        "from optparse import OptionParser\np = OptionParser()\np.add_option('-l', '--lr', dest='lr', default=2)\n"
        "opts, rest = p.parse_args()\nuse(opts.lr)",
        [2],
        False,
        "argparse default",
    ),
    "an item of something else is set": (
        PARSED + "def f(x, i):\n    x[i] = 1\n    x[0].update(i)\nuse(args.lr)",
        [3.0],
        False,
        "argparse default",
    ),
    "vars": (PARSED + "use(vars(args)['lr'])", [3.0], False, "argparse default"),
    "vars under a name": (PARSED + "hp = vars(args)\nuse(hp['lr'])", [3.0], False, "argparse default"),
    "__dict__": (PARSED + "use(args.__dict__['lr'])", [3.0], False, "argparse default"),
    "Namespace": ("import argparse\nargs = argparse.Namespace(lr=2)\nuse(args.lr)", [2], True, "dictionary item"),
    "Namespace of a dictionary": (
        "import argparse\nd = {'lr': 2}\nargs = argparse.Namespace(**d)\nuse(args.lr)",
        [2],
        True,
        "dictionary item",
    ),
    "options given to a class": (
        PARSED + "class T:\n    def __init__(self, args):\n        self.args = args\n"
        "    def f(self):\n        use(self.args.lr)\nT(args)",
        [3.0],
        False,
        "argparse default",
    ),
    "option under another name": (PARSED + "def f():\n    o = args\n    use(o.lr)", [3.0], False, "argparse default"),
    "option that is filled in": (
        PARSED + "if args.lr is None:\n    args.lr = 2\nuse(args.lr)",
        [3.0, 2],
        False,
        "argparse default constant",
    ),
    "option without default that is filled in": (
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--lr', default=None)\nargs = p.parse_args()\n"
        "if args.lr is None:\n    args.lr = 2\nuse(args.lr)",
        [2],
        False,
        "constant",
    ),
    "option that is set": (PARSED + "args.lr = 2\nuse(args.lr)", [2], True, "constant"),
    "option that is set later": (PARSED + "use(args.lr)\nargs.lr = 2", [3.0], False, "argparse default"),
    "option that is scaled": (PARSED + "args.lr = args.lr * 2\nuse(args.lr)", [6.0], False, "computed"),
    "option that a script sets": (
        PARSED + "def f(a):\n    use(a.lr)\nif __name__ == '__main__':\n    args.lr = 2\n    f(args)",
        [2],
        False,
        "constant",
    ),
    "option that is scaled in place": (PARSED + "args.lr *= 2\nuse(args.lr)", [6.0], False, "computed"),
    "name that is scaled in place": ("lr = 2\nlr *= 2\nuse(lr)", [4], True, "computed"),
    "another object is set": (
        PARSED + "class O:\n    pass\no = O()\no.lr = 2\nuse(args.lr)",
        [3.0],
        False,
        "argparse default",
    ),
    "an object of a library is set": (
        PARSED + "import torch\nm = torch.nn.Linear(1, 1)\nm.lr = 2\nuse(args.lr)",
        [3.0],
        False,
        "argparse default",
    ),
    "a group of the optimizer is set": (
        PARSED + "def f(o):\n    for g in o.param_groups:\n        g['lr'] = x\n    use(args.lr)",
        [3.0],
        False,
        "argparse default",
    ),
    # click, typer, absl
    "click": (
        "import click\n@click.command()\n@click.option('--lr', '-l', default=2.0)\ndef main(lr):\n    use(lr)",
        [2.0],
        False,
        "option default",
    ),
    "click with a name": (
        "import click\n@click.command()\n@click.option('--learning-rate', 'lr', default=2)\ndef main(lr):\n    use(lr)",
        [2],
        False,
        "option default",
    ),
    "typer": ("import typer\ndef main(lr: float = typer.Option(2)):\n    use(lr)", [2], False, "option default"),
    "typer, annotated": (
        "import typer\nfrom typing import Annotated\ndef main(lr: Annotated[float, typer.Option()] = 2):\n    use(lr)",
        [2],
        False,
        "option default",
    ),
    "absl": (FLAGS + "use(FLAGS.lr)", [4], False, "option default"),
    "absl's own object": (
        "from absl import flags\nLR = flags.DEFINE_float('lr', 4, '')\ndef f():\n    use(LR.value)",
        [4],
        False,
        "option default",
    ),
    # choices
    "random choice": ("import random\nuse(random.choice([1, 2]))", [1, 2], True, "literal"),
    "choice of a trial": ("def f(trial):\n    use(trial.suggest_categorical('lr', [1, 2]))", [1, 2], True, "literal"),
    # classes and loops
    "Lightning's hparams": (
        "class M:\n    def __init__(self, lr=2):\n        self.save_hyperparameters()\n"
        "    def f(self):\n        use(self.hparams.lr)",
        [2],
        False,
        "parameter default",
    ),
    "self from a call": (
        "class T:\n    def __init__(self, lr):\n        self.lr = lr\n    def f(self):\n        use(self.lr)\nT(0.5)",
        [0.5],
        False,
        "argument of a call",
    ),
    "self from a subclass": (
        "class T:\n    def __init__(self, lr):\n        self.lr = lr\n    def f(self):\n        use(self.lr)\n"
        "class U(T):\n    def __init__(self):\n        super().__init__(lr=0.5)",
        [0.5],
        False,
        "argument of a call",
    ),
    "configuration given to a class": (
        DATACLASS + "class T:\n    def __init__(self, cfg):\n        self.cfg = cfg\n    def f(self):\n"
        "        use(self.cfg.lr)\nT(C(lr=5))",
        [5],
        False,
        "constant",
    ),
    "configuration that is annotated": (
        DATACLASS + "class T:\n    def __init__(self, cfg: C):\n        self.cfg = cfg\n    def f(self):\n"
        "        use(self.cfg.lr)",
        [1],
        False,
        "field default",
    ),
    "loop": ("for lr in [1, 2]:\n    use(lr)", [1, 2], True, "constant"),
    "loop over a name": ("rates = (1, 2)\nfor lr in rates:\n    use(lr)", [1, 2], True, "constant"),
    "loop over pairs": ("for lr, wd in [(1, 2), (3, 4)]:\n    use(wd)", [2, 4], True, "constant"),
    "enumerate": ("for i, lr in enumerate([1, 2]):\n    use(lr)", [1, 2], True, "constant"),
    "zip": ("for a, lr in zip(x, [1, 2]):\n    use(lr)", [1, 2], True, "constant"),
    "product": ("import itertools\nfor a, lr in itertools.product(x, [1, 2]):\n    use(lr)", [1, 2], True, "constant"),
    "comprehension": ("[use(lr) for lr in [1, 2]]", [1, 2], True, "constant"),
    # parameters
    "call": ("def f(lr):\n    use(lr)\nf(0.5)", [0.5], False, "argument of a call"),
    "calls and default": (
        "def f(a, lr=1):\n    use(lr)\nf(0, lr=2)\nf(0, 3)",
        [1, 2, 3],
        False,
        "parameter default argument of a call",
    ),
    "call with a constant": ("LR = 2\ndef f(lr):\n    use(lr)\nf(lr=LR)", [2], False, "argument of a call"),
    "call by spawn": (
        "import torch.multiprocessing as mp\ndef main(rank, lr):\n    use(lr)\nmp.spawn(main, args=(2,), nprocs=4)",
        [2],
        False,
        "argument of a call",
    ),
    "call by a process": (
        "from multiprocessing import Process\ndef f(lr):\n    use(lr)\nProcess(target=f, args=(2,)).start()",
        [2],
        False,
        "argument of a call",
    ),
    "call by a partial": (
        "from functools import partial\ndef f(lr):\n    use(lr)\ng = partial(f, lr=2)",
        [2],
        False,
        "argument of a call",
    ),
    "call through two functions": (
        "def g(lr):\n    use(lr)\ndef f(rate):\n    g(rate)\nf(2)",
        [2],
        False,
        "argument of a call",
    ),
    "attribute that a method sets where it is None": (
        CONFIG + "    def g(self):\n        if self.lr is None:\n            self.lr = 2\n        use(self.lr)",
        [1],
        False,
        "parameter default",
    ),
    "attribute that a method sets where it is false": (
        "class C:\n    def __init__(self, lr=None):\n        self.lr = lr\n"
        "    def g(self):\n        if not self.lr:\n            self.lr = 2\n        use(self.lr)",
        [None, 2],
        False,
        "parameter default constant",
    ),
    "function inside another": (
        "def main():\n    def f(lr):\n        use(lr)\n    f(1)\n    f(2)",
        [1, 2],
        True,
        "argument of a call",
    ),
}


def kinds_of(shown: str) -> set[OriginKind]:
    """The kinds that a row names: one, or several whose names stand one after the other."""
    return {kind for kind in OriginKind if kind.value in shown and not (kind.value == "literal" and shown != "literal")}


@pytest.mark.parametrize(("text", "constants", "closed", "kind"), KNOWN.values(), ids=list(KNOWN))
def test_known(text: str, constants: list[object], closed: bool, kind: str) -> None:
    file = file_of(text)
    value = file.value(used(file))
    assert [possible.constant for possible in value.possible] == constants
    assert value.closed is closed
    assert {possible.origin.kind for possible in value.possible} == kinds_of(kind)
