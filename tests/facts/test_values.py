"""What an expression may be, where that comes from, and when it is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from hplint.facts.values import OriginKind
from hplint.project import Project
from tests.facts.reading import file_of, used

ARGS = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--lr', type=float, default=3.0)\n"
KNOWN = {
    "literal": ("use(1e-3)", [1e-3], True, "literal"),
    "minus": ("use(-1)", [-1], True, "literal"),
    "arithmetic": ("use(1e-3 * 4)", [4e-3], True, "literal"),
    "tuple": ("use((0.9, 0.999))", [(0.9, 0.999)], True, "literal"),
    "module constant": ("LR = 1e-3\ndef f():\n    use(LR)", [1e-3], True, "constant"),
    "function constant": ("def f():\n    lr = 1e-3\n    use(lr)", [1e-3], True, "constant"),
    "computed from a constant": ("LR = 2\nuse(LR * 4)", [8], True, "computed"),
    "unpacked": ("lr, (wd, m) = 1, (2, 3)\nuse(m)", [3], True, "constant"),
    "two branches": ("if x:\n    lr = 1\nelse:\n    lr = 2\nuse(lr)", [1, 2], True, "constant"),
    "conditional expression": ("use(1 if x else 2)", [1, 2], True, "literal"),
    "last assignment": ("lr = 1\nlr = 2\nuse(lr)\nlr = 3", [2], True, "constant"),
    "class attribute": ("class Config:\n    lr = 1\nuse(Config.lr)", [1], True, "class attribute"),
    "instance of a config class": ("class C:\n    lr = 1\nc = C()\nuse(c.lr)", [1], True, "class attribute"),
    "dictionary": ("hp = {'lr': 1, 'x': y}\nuse(hp['lr'])", [1], True, "dictionary item"),
    "dict()": ("hp = dict(lr=1)\nuse(hp['lr'])", [1], True, "dictionary item"),
    "tuple item": ("b = (1, 2)\nuse(b[-1])", [2], True, "constant"),
    "argparse": (ARGS + "args = p.parse_args()\nuse(args.lr)", [3.0], False, "argparse default"),
    "argparse in a function": (
        ARGS + "def main():\n    args = p.parse_args()\n    train(args)\ndef train(args):\n    use(args.lr)",
        [3.0],
        False,
        "argparse default",
    ),
    "argparse through a helper": (
        "import argparse\ndef get():\n    p = argparse.ArgumentParser()\n    p.add_argument('-l', '--lr', default=2)\n"
        "    return p.parse_args()\nargs = get()\nuse(args.lr)",
        [2],
        False,
        "argparse default",
    ),
    "argparse dest": (
        "p.add_argument('--learning-rate', dest='lr', default='0.5', type=float)\na = p.parse_args()\nuse(a.lr)",
        [0.5],
        False,
        "argparse default",
    ),
    "parse_known_args": (ARGS + "args, rest = p.parse_known_args()\nuse(args.lr)", [3.0], False, "argparse default"),
    "computed from an option": (ARGS + "args = p.parse_args()\nuse(args.lr * 2)", [6.0], False, "computed"),
    "parameter default": ("def f(lr=1):\n    use(lr)", [1], False, "parameter default"),
    "dataclass field": (
        "from dataclasses import dataclass\n@dataclass\nclass C:\n    lr: float = 1\nc = C()\nuse(c.lr)",
        [1],
        True,
        "field default",
    ),
    "dataclass as parameter": (
        "from dataclasses import dataclass, field\n@dataclass\nclass C:\n    lr: float = field(default=1)\n"
        "def f(c: C):\n    use(c.lr)",
        [1],
        False,
        "field default",
    ),
    "dataclass that is given it": (
        "from dataclasses import dataclass\n@dataclass\nclass C:\n    lr: float = 1\nc = C(lr=2)\nuse(c.lr)",
        [2],
        True,
        "constant",
    ),
    "dataclass that may be given it": (
        "from dataclasses import dataclass\n@dataclass\nclass C:\n    lr: float = 1\nc = C(**given)\nuse(c.lr)",
        [1],
        False,
        "field default",
    ),
    "dataclass from the command line": (
        "import tyro\nfrom dataclasses import dataclass\n@dataclass\nclass C:\n    lr: float = 1\n"
        "c = tyro.cli(C)\nuse(c.lr)",
        [1],
        False,
        "field default",
    ),
    "attribute of self": (
        "class T:\n    def __init__(self, lr=1):\n        self.lr = lr\n    def f(self):\n        use(self.lr)",
        [1],
        False,
        "parameter default",
    ),
    "conversion": ("use(float('1e-3'))", [1e-3], True, "computed"),
}


@pytest.mark.parametrize(("text", "constants", "closed", "kind"), KNOWN.values(), ids=list(KNOWN))
def test_known(text: str, constants: list[object], closed: bool, kind: str) -> None:
    file = file_of(text)
    value = file.value(used(file))
    assert [possible.constant for possible in value.possible] == constants
    assert value.closed is closed
    assert {possible.origin.kind for possible in value.possible} == {OriginKind(kind)}


UNKNOWN = {
    "parameter": "def f(lr):\n    use(lr)",
    "call": "use(choose())",
    "changed in a loop": "lr = 1\nfor i in x:\n    lr *= 0.5\n    use(lr)",
    "augmented": "lr = 1\nlr += x\nuse(lr)",
    "changed dictionary": "hp = {'lr': 1}\nhp['lr'] = x\nuse(hp['lr'])",
    "updated dictionary": "hp = {'lr': 1}\nhp.update(x)\nuse(hp['lr'])",
    "spread dictionary": "hp = {'lr': f(), **base}\nuse(hp['lr'])",
    "option that is assigned": ARGS + "args = p.parse_args()\nargs.lr = x\nuse(args.lr)",
    "option without a default": "p.add_argument('--lr', type=float)\na = p.parse_args()\nuse(a.lr)",
    "option declared twice": ARGS + "p.add_argument('--lr', default=2)\na = p.parse_args()\nuse(a.lr)",
    "set_defaults": ARGS + "p.set_defaults(lr=x)\na = p.parse_args()\nuse(a.lr)",
    "two assignments to self": (
        "class T:\n    def a(self):\n        self.lr = 1\n    def b(self):\n        self.lr = 2\n        use(self.lr)"
    ),
    "environment": "import os\nuse(os.environ['LR'])",
    "too large a power": "use(10 ** 10 ** 10)",
    "division by zero": "use(1 / 0)",
    "mixed types": "use('a' - 1)",
    "defined by itself": "a = a + 1\nuse(a)",
    "starred": "a, *b = 1, 2, 3\nuse(b)",
}


@pytest.mark.parametrize("text", UNKNOWN.values(), ids=list(UNKNOWN))
def test_unknown(text: str) -> None:
    file = file_of(text)
    value = file.value(used(file))
    assert value.possible == ()
    assert not value.closed


def test_the_origin_is_where_the_value_is_written() -> None:
    file = file_of(ARGS + "args = p.parse_args()\nuse(args.lr)")
    origin = file.value(used(file)).possible[0].origin
    assert file.text[origin.start : origin.end] == "3.0"
    assert (origin.label, origin.path) == ("--lr", None)


@pytest.mark.parametrize(
    "text",
    [
        "from config import LR\nuse(LR)",
        "import config\nuse(config.LR)",
        "from . import config\nuse(config.LR)",
        "from .config import LR as rate\nuse(rate)",
        "from pkg import config as c\nuse(c.LR)",
        "from pkg.config import LR\nuse(LR)",
        "from config import Config\nuse(Config.lr)",
    ],
)
def test_constants_of_project_modules(text: str, tmp_path: Path) -> None:
    package = tmp_path / "pkg"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "config.py").write_text("LR = 7\nclass Config:\n    lr = 7\n")
    file = file_of(text, str(package / "train.py"), Project())
    value = file.value(used(file))
    assert [possible.constant for possible in value.possible] == [7]
    assert str(value.possible[0].origin.path).endswith("config.py")


def test_modules_that_import_each_other(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("from b import X\nY = X\n")
    (tmp_path / "b.py").write_text("from a import Y\nX = Y\n")
    file = file_of("from a import Y\nuse(Y)", str(tmp_path / "train.py"), Project())
    assert not file.value(used(file)).possible


def test_modules_that_import_a_name_from_each_other(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("from b import X\n")
    (tmp_path / "b.py").write_text("from a import X\n")
    file = file_of("from a import X\nuse(X)", str(tmp_path / "train.py"), Project())
    assert not file.value(used(file)).possible
