"""Calls of the library through subclasses, partials, dictionaries of classes and functions of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from hplint.facts.calls import BoundCall, Presence
from hplint.facts.choices import names_of
from hplint.facts.file import File
from hplint.facts.syntax import Call
from tests.facts.reading import file_of, used
from tests.test_project import project, reading


def last_call(file: File) -> BoundCall | None:
    """The call that ends last."""
    return file.bound(max(file.all(Call), key=lambda call: (call.end, -call.start)))


SUBCLASSES = {
    "without a constructor": "class My(torch.optim.Adam):\n    pass\n",
    "with other methods": "class My(torch.optim.Adam):\n    def step(self): pass\n",
    "in two steps": "class Base(torch.optim.Adam): pass\nclass My(Base): pass\n",
    "after a mixin": "class Mixin: pass\nclass My(Mixin, torch.optim.Adam): pass\n",
}


@pytest.mark.parametrize("case", SUBCLASSES)
def test_a_subclass_has_the_constructor_of_its_base(case: str) -> None:
    bound = last_call(file_of(f"import torch\n{SUBCLASSES[case]}My(params, 0.5)"))
    assert bound is not None
    assert (bound.name, bound.subclass) == ("torch.optim.Adam", "My")
    assert bound.argument("lr").value.possible[0].constant == 0.5
    assert bound.argument("eps").presence is Presence.ABSENT


OTHER_CLASSES = {
    "its own constructor": "class My(torch.optim.Adam):\n    def __init__(self, p, lr): pass\n",
    "another way to be made": "class My(torch.optim.Adam):\n    def __new__(cls): pass\n",
    "a metaclass": "class My(torch.optim.Adam, metaclass=M):\n    pass\n",
    "a decorator": "@register\nclass My(torch.optim.Adam):\n    pass\n",
    "an unknown base before": "class My(Unknown, torch.optim.Adam):\n    pass\n",
    "itself": "class My(My):\n    pass\n",
    "a circle": "class A(My): pass\nclass My(A): pass\n",
    "a module": "class My(torch.nn.Module):\n    pass\n",
}


@pytest.mark.parametrize("case", OTHER_CLASSES)
def test_other_classes_stand_for_themselves(case: str) -> None:
    bound = last_call(file_of(f"import torch\n{OTHER_CLASSES[case]}My(params, 0.5)"))
    assert bound is None or bound.signature is None


def test_a_base_in_another_file(tmp_path: Path) -> None:
    project(
        tmp_path,
        {
            "a.py": "from torch.optim import Adam\nclass Base(Adam): pass\n",
            "b.py": "from a import Base as Own\nclass My(Own): pass\n",
            "train.py": "import b\nb.My(params, lr=0.5)",
        },
    )
    bound = last_call(reading(tmp_path, "train.py"))
    assert bound is not None
    assert bound.name == "torch.optim.Adam"


CONSTRUCTORS = {
    "super": "super().__init__(p, lr=0.5)",
    "super of old": "super(My, self).__init__(p, lr=0.5)",
    "by name": "torch.optim.Adam.__init__(self, p, lr=0.5)",
}


@pytest.mark.parametrize("case", CONSTRUCTORS)
def test_constructors_of_the_base(case: str) -> None:
    text = f"import torch\nclass My(torch.optim.Adam):\n    def __init__(self, p):\n        {CONSTRUCTORS[case]}"
    bound = last_call(file_of(text))
    assert bound is not None
    assert (bound.name, bound.inherited) == ("torch.optim.Adam", True)
    assert bound.argument("lr").value.possible[0].constant == 0.5
    assert bound.argument("params").presence is Presence.PRESENT


PARTIALS = {
    "partial": "from functools import partial\nmake = partial(optim.Adam, lr=0.5)\nmake(params)",
    "positional": "import functools\nmake = functools.partial(optim.Adam, params)\nmake(0.5)",
    "overridden": "from functools import partial\nmake = partial(optim.Adam, lr=1)\nmake(params, lr=0.5)",
    "twice": "from functools import partial\na = partial(optim.Adam, lr=0.5)\nb = partial(a, eps=1)\nb(params)",
    "at once": "from functools import partial\npartial(optim.Adam, lr=0.5)(params)",
    "dictionary": "O = {'adam': optim.Adam, 'sgd': optim.SGD}\nO['adam'](params, lr=0.5)",
    "dictionary and key": "O = {'adam': optim.Adam}\nkey = 'adam'\nMake = O[key]\nMake(params, lr=0.5)",
    "getattr": "key = 'Adam'\ngetattr(optim, key)(params, lr=0.5)",
}


@pytest.mark.parametrize("case", PARTIALS)
def test_callables_that_are_made(case: str) -> None:
    bound = last_call(file_of(f"from torch import optim\n{PARTIALS[case]}"))
    assert bound is not None
    assert bound.name == "torch.optim.Adam"
    assert bound.argument("lr").value.possible[0].constant == 0.5
    assert bound.argument("params").presence is Presence.PRESENT


CHOICES = {
    "dictionary": "O = {'adam': optim.Adam, 'sgd': optim.SGD}\nuse(O[args.opt])",
    "get": "O = {'adam': optim.Adam}\nuse(O.get(key, optim.SGD))",
    "condition": "use(optim.Adam if x else optim.SGD)",
    "alias": "Make = optim.Adam if x else optim.SGD\nuse(Make)",
    "default of an option": (
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--opt', default='adam')\n"
        "args = p.parse_args()\nO = {'sgd': optim.SGD, 'adam': optim.Adam}\nuse(O[args.opt])"
    ),
}


@pytest.mark.parametrize("case", CHOICES)
def test_what_may_be_called(case: str) -> None:
    file = file_of(f"from torch import optim\n{CHOICES[case]}")
    expected = ["torch.optim.Adam", "torch.optim.SGD"]
    found = names_of(file, used(file))
    assert list(found) == (expected[:1] if case == "none" else [n for n in expected if n in found])
    assert "torch.optim.Adam" in found
    assert file.qualified(used(file)) is None


def test_an_option_chooses_the_class() -> None:
    text = (
        "import torch, argparse\np = argparse.ArgumentParser()\np.add_argument('--opt', default='Adam')\n"
        "args = p.parse_args()\nuse(getattr(torch.optim, args.opt))\ngetattr(torch.optim, args.opt)(x, lr=1)"
    )
    file = file_of(text)
    assert names_of(file, used(file)) == ("torch.optim.Adam",)
    assert last_call(file) is None


BUILD = (
    "import torch\ndef build(model, lr, **kwargs):\n    return torch.optim.SGD(model.parameters(), lr=lr, **kwargs)\n"
)


def handed(file: File) -> list[BoundCall]:
    """The calls of the library behind calls of the project's functions."""
    return [call for call in file.calls if call.via is not None]


HANDED = {
    "keyword": (BUILD, "build(model, lr=30.0)"),
    "positional": (BUILD, "build(model, 30.0)"),
    "through another function": (
        BUILD + "def outer(rate, net):\n    o = build(net, lr=rate)\n    return o\n",
        "outer(30.0, net=x)",
    ),
    "a constructor": (
        "import torch\nclass T:\n    def __init__(self, p, lr):\n        self.o = torch.optim.SGD(p, lr)\n",
        "T(p, 30.0)",
    ),
    "a subclass": (
        "import torch\nclass T(torch.optim.SGD):\n    def __init__(self, p, lr):\n        super().__init__(p, lr)\n",
        "T(p, 30.0)",
    ),
    "an inherited constructor": (
        "import torch\nclass B:\n    def __init__(self, p, lr):\n        self.o = torch.optim.SGD(p, lr)\n"
        "class T(B): pass\n",
        "T(p, 30.0)",
    ),
    "an attribute": (
        "import torch\nclass T:\n    def __init__(self, p, lr):\n        self.p = p\n        self.lr = lr\n"
        "    def configure(self):\n        return torch.optim.SGD(self.p, lr=self.lr)\n",
        "T(p, 30.0)",
    ),
    "hyperparameters of Lightning": (
        "import torch\nclass T:\n    def __init__(self, lr):\n        self.save_hyperparameters()\n"
        "    def configure_optimizers(self):\n        return torch.optim.SGD(self.parameters(), lr=self.hparams.lr)\n",
        "T(lr=30.0)",
    ),
    "a subclass of that": (
        "import torch\nclass B:\n    def __init__(self, p, lr):\n        self.o = torch.optim.SGD(p, lr)\n"
        "class T(B):\n    def __init__(self, lr):\n        super().__init__([], lr=lr)\n",
        "T(30.0)",
    ),
}


def wrapped(text: str) -> str:
    """The name that ``from lib import`` needs."""
    return text.partition("(")[0]


@pytest.mark.parametrize("case", HANDED)
def test_what_a_function_of_another_file_hands_on(case: str, tmp_path: Path) -> None:
    library, call = HANDED[case]
    project(tmp_path, {"lib.py": library, "train.py": f"from lib import {wrapped(call)}\n{call}"})
    (found,) = handed(reading(tmp_path, "train.py"))
    assert found.name == "torch.optim.SGD"
    assert found.argument("lr").value.possible[0].constant == 30.0
    assert found.argument("momentum").presence is Presence.UNKNOWN
    assert found.via is not None
    assert str(found.via.path).endswith("lib.py")


def test_what_collects_keywords_hands_them_on(tmp_path: Path) -> None:
    project(tmp_path, {"lib.py": BUILD, "train.py": "import lib\nlib.build(m, 0.1, momentum=2, betas=1)"})
    (found,) = handed(reading(tmp_path, "train.py"))
    assert found.argument("momentum").value.possible[0].constant == 2
    assert [arg.keyword for arg in found.unexpected] == ["betas"]


@pytest.mark.parametrize("use", ["k.pop('betas', 1)", "k['momentum'] = 1", "k = dict(k)", "print(k)"])
def test_what_uses_the_keywords_that_it_collects_may_take_or_add_some(use: str, tmp_path: Path) -> None:
    library = f"from torch.optim import SGD\ndef f(p, **k):\n    {use}\n    return SGD(p, **k)\n"
    project(tmp_path, {"lib.py": library, "train.py": "from lib import f\nf(p, betas=1)"})
    assert not handed(reading(tmp_path, "train.py"))


@pytest.mark.parametrize("line", ["from .f import f", "from .f import (\n    g,\n    f,\n)"])
def test_a_function_of_a_package_hides_the_module_of_its_name(line: str, tmp_path: Path) -> None:
    library = "from torch.optim import SGD\ndef g(): pass\ndef f(p, lr):\n    return SGD(p, lr)\n"
    project(
        tmp_path,
        {"pkg/__init__.py": f"{line}\n", "pkg/f.py": library, "train.py": "from pkg import f\nf(p, lr=30.0)"},
    )
    (found,) = handed(reading(tmp_path, "train.py"))
    assert found.argument("lr").value.possible[0].constant == 30.0


NOT_HANDED = {
    "an attribute that changes": (
        "class f:\n    def __init__(self, p, lr):\n        self.lr = lr\n    def g(self):\n        self.lr, x = 1, 2\n"
        "    def h(self):\n        return SGD([], lr=self.lr)\n"
    ),
    "an attribute that is tested": (
        "class f:\n    def __init__(self, p, lr):\n        self.lr = lr\n    def g(self):\n        assert self.lr < 1\n"
        "        return SGD([], lr=self.lr)\n"
    ),
    "a method that a subclass may replace": (
        "class B:\n    def __init__(self, p, lr):\n        self.lr = lr\n    def g(self):\n"
        "        return SGD([], lr=self.lr)\nclass f(B):\n    def g(self): pass\n"
    ),
    "tested": "def f(p, lr):\n    if lr > 1:\n        raise ValueError\n    return SGD(p, lr)\n",
    "changed": "def f(p, lr):\n    lr = lr / 100\n    return SGD(p, lr)\n",
    "computed": "def f(p, lr):\n    return SGD(p, lr * 0.1)\n",
    "in a branch": "def f(p, lr, x=1):\n    if x:\n        return SGD(p, lr)\n    return None\n",
    "after a way out": "def f(p, lr, x=1):\n    if x:\n        return None\n    return SGD(p, lr)\n",
    "in a function inside": "def f(p, lr):\n    def g():\n        return SGD(p, lr)\n    return g\n",
    "in a choice": "def f(p, lr, x=1):\n    return SGD(p, lr) if x else None\n",
    "decorated": "@magic\ndef f(p, lr):\n    return SGD(p, lr)\n",
    "itself": "def f(p, lr):\n    return f(p, lr)\n",
    "each other": "def f(p, lr):\n    return g(p, lr)\ndef g(p, lr):\n    return f(p, lr)\n",
    "defined twice": "def f(p, lr):\n    return SGD(p, lr)\ndef f(p, lr):\n    pass\n",
}


@pytest.mark.parametrize("case", NOT_HANDED)
def test_what_may_not_arrive(case: str, tmp_path: Path) -> None:
    project(
        tmp_path,
        {"lib.py": f"from torch.optim import SGD\n{NOT_HANDED[case]}", "train.py": "from lib import f\nf(p, 30.0)"},
    )
    assert not handed(reading(tmp_path, "train.py"))


def test_a_module_whose_base_is_in_another_file(tmp_path: Path) -> None:
    project(
        tmp_path,
        {
            "a.py": "import torch\nclass Base(torch.nn.Module): pass\nclass Other: pass\n",
            "b.py": "from a import Base, Other\nclass Middle(Base): pass\n",
            "train.py": (
                "from b import Middle, Other\nclass Net(Middle): pass\nclass No(Other): pass\nclass Loop(Loop): pass\n"
            ),
        },
    )
    (module,) = reading(tmp_path, "train.py").modules
    assert module.node.name == "Net"
    assert not module.known


def test_many_calls_and_callers_are_told_of_within_bounds() -> None:
    layers = "".join(f"    d{number} = torch.nn.Dropout(p)\n" for number in range(300))
    chain = "".join(f"def f{n}(p, **k):\n    f{n + 1}(p, **k)\n    f{n + 2}(p, **k)\n" for n in range(200))
    callers = "".join(f"make(0.{number})\nf{number}(0.5, x=1)\n" for number in range(200))
    file = file_of(f"import torch\ndef make(p, **k):\n{layers}{chain}{callers}")
    assert len(handed(file)) <= 200
