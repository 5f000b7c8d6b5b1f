"""Values through modules, and the bounds of the search: hostile code is left soon and raises nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hplint.facts import syntax
from hplint.facts.reasons import why
from hplint.project import Project
from tests.facts.reading import file_of, used
from tests.facts.test_value_forms import ARGS, DATACLASS, EASY, PARSED

PROJECT = {
    "options.py": ARGS + "def get_args():\n    return p.parse_args()\ndef get_parser():\n    return p\n",
    "config.py": EASY + "__C = edict()\ncfg = __C\n__C.TRAIN = edict()\n__C.TRAIN.LR = 2\nclass Base:\n    lr = 5\n",
    "records.py": DATACLASS,
}


@pytest.mark.parametrize(
    ("text", "constants", "path"),
    [
        ("from options import get_args\nargs = get_args()\nuse(args.lr)", [3.0], "options.py"),
        ("import options\nargs = options.get_args()\nuse(args.lr)", [3.0], "options.py"),
        ("from options import get_parser\nargs = get_parser().parse_args()\nuse(args.lr)", [3.0], "options.py"),
        ("from options import get_parser\np = get_parser()\nargs = p.parse_args()\nuse(args.lr)", [3.0], "options.py"),
        ("from config import cfg\nuse(cfg.TRAIN.LR)", [2], "config.py"),
        ("import config\nuse(config.cfg.TRAIN.LR)", [2], "config.py"),
        ("from config import Base\nclass Mine(Base):\n    pass\nuse(Mine().lr)", [5], "config.py"),
        ("from records import C\nc = C()\nuse(c.lr)", [1], "records.py"),
        ("from records import C\nc = C(lr=8)\nuse(c.lr)", [8], None),
        ("from records import C\ndef f(c: C):\n    use(c.lr)", [1], "records.py"),
        ("from config import cfg\ncfg.TRAIN.LR = 9\nuse(cfg.TRAIN.LR)", [9], None),
    ],
)
def test_through_modules(text: str, constants: list[object], path: str | None, tmp_path: Path) -> None:
    for name, content in PROJECT.items():
        (tmp_path / name).write_text(content)
    file = file_of(text, str(tmp_path / "train.py"), Project())
    value = file.value(used(file))
    assert [possible.constant for possible in value.possible] == constants
    found = value.possible[0].origin.path
    assert found == (None if path is None else str(tmp_path / path))


LOOKING = """\
class Config:
    def __call__(self, option, default=None, cast=str):
        return self.cast(self.parser.get(option, default), cast)

    def find(self, option, fallback=None):
        return self.parser.get(option) or fallback


config = Config()


def get(name, default=None):
    return STORE.get(name, default)


def twice(name, number):
    return number * load(name)
"""


@pytest.mark.parametrize(
    ("text", "constants"),
    [
        ("use(get('lr', 0.1))", [0.1]),
        ("get('wd', 5)\nuse(get('lr', default=0.1))", [0.1]),
        ("use(config('lr', 0.1, float))", [0.1]),
        ("use(config('lr', cast=float, default=0.1))", [0.1]),
        ("use(config.find('lr', 0.1))", [0.1]),
        ("use(get('lr'))", []),
        ("use(config('lr', cast=float))", []),
        ("use(get(name, 0.1))", []),
        ("use(get('lr', x))", []),
        ("use(twice('lr', 0.1))", []),
        ("use(unheard_of('lr', 0.1))", []),
    ],
)
def test_what_the_project_looks_up(text: str, constants: list[object], tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text(LOOKING)
    file = file_of(f"from config import config, get, twice\n{text}", str(tmp_path / "train.py"), Project())
    value = file.value(used(file))
    assert [possible.constant for possible in value.possible] == constants
    assert not value.closed


HOSTILE = {
    "many assignments": "".join(f"a = {n}\n" for n in range(5000)) + "use(a)",
    "many conditional assignments": "".join(f"if x: a = {n}\n" for n in range(5000)) + "use(a)",
    "a long list": f"for a in [{', '.join(map(str, range(10_000)))}]:\n    use(a)",
    "a long dictionary": "d = {" + ", ".join(f"'k{n}': {n}" for n in range(10_000)) + "}\nuse(d['k1'])",
    "many stores": "import argparse\nargs = argparse.Namespace()\n"
    + "".join(f"args.lr = {n}\n" for n in range(5000))
    + "use(args.lr)",
    "many calls": "def f(a):\n    use(a)\n" + "".join(f"f({n})\n" for n in range(5000)),
    "many options": "import argparse\np = argparse.ArgumentParser()\n"
    + "".join(f"p.add_argument('--o{n}', default={n})\n" for n in range(3000))
    + "args = p.parse_args()\nuse(args.o7)",
    "a chain of names": "a0 = 1\n" + "".join(f"a{n} = a{n - 1}\n" for n in range(1, 3000)) + "use(a2999)",
    "a chain of functions": "def f0():\n    return 1\n"
    + "".join(f"def f{n}():\n    return f{n - 1}()\n" for n in range(1, 1000))
    + "use(f999())",
    "a chain of classes": "class C0:\n    lr = 1\n"
    + "".join(f"class C{n}(C{n - 1}):\n    pass\n" for n in range(1, 1000))
    + "use(C999().lr)",
    "calls that spread": "def f(a, b):\n    use(a)\n    f(b, a)\n    f(a + b, b + a)\n" * 20,
    "names that stand for each other, unpacked": "a = b\nb = a\nx, y = a\nuse(x)",
    "a name that unpacks itself": "x, y = x\nuse(x)",
    "names that swap": "for i in z:\n    a, b = b, a\n    c, d = b, a\nuse(a)\nuse(d)",
    "two ways at each step": "".join(
        f"if x: a{n}, b{n} = a{n - 1}, b{n - 1}\nelse: a{n}, b{n} = b{n - 1}, a{n - 1}\n" for n in range(1, 60)
    )
    + "use(a59)",
    "functions with two ways": "def f0():\n    return 1, 2\n"
    + "".join(f"def f{n}():\n    if x: return f{n - 1}()\n    return f{n - 1}()\n" for n in range(1, 60))
    + "a, b = f59()\nuse(a)",
    "dictionaries in each other": "d0 = {'lr': 1}\n"
    + "".join(f"d{n} = {{**d{n - 1}, **d{n - 1}}}\nuse(d{n}['wd'])\n" for n in range(1, 300))
    + "use(d299['wd'])",
    "parsers of each other": "p = q\nq = p\nimport argparse\n"
    + "".join("if x: p = q.add_argument_group()\nif y: q = p.add_argument_group()\n" for n in range(10))
    + "p.add_argument('--lr', default=1)\nargs = p.parse_args()\nuse(args.lr)",
    "objects in objects": "class A:\n    def __init__(self, a=None):\n"
    "        self.a = a or A(self)\n        self.b = self.a.a\n" + "x = A(A(A()))\nuse(x" + ".a.b" * 60 + ")",
    "methods of each other": "class A:\n"
    + "".join(
        f"    def m{n}(self, lr):\n        return self.m{(n + 1) % 50}(lr) or self.m{(n + 7) % 50}(lr)\n"
        for n in range(50)
    )
    + "use(A().m0(1))",
    "calls that call": "def f(a, b):\n    return f(b, f(a, b))\nuse(f(1, 2))",
    "attributes of unknown things": "".join(f"o{n}.lr = {n}\n" for n in range(3000)) + PARSED + "use(args.lr)",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_code_is_left_soon(text: str) -> None:
    file = file_of(text)
    calls = [c for c in file.all(syntax.Call) if isinstance(c.func, syntax.Name) and c.func.id == "use"]
    begun = time.process_time()
    for call in calls:
        file.value(call.args[0].value)
        why(file.evaluator, call.args[0].value)
    assert time.process_time() - begun < 2


def test_answers_of_two_options_are_not_mixed_up() -> None:
    flags = "".join(f"p.add_argument('--o{n}', action='store_{'true' if n % 2 else 'false'}')\n" for n in range(200))
    uses = "".join(f"use(args.o{n})\n" for n in range(200))
    file = file_of(f"import argparse\np = argparse.ArgumentParser()\n{flags}args = p.parse_args()\n{uses}")
    calls = [c for c in file.all(syntax.Call) if isinstance(c.func, syntax.Name) and c.func.id == "use"]
    found = [file.value(call.args[0].value).possible[0].constant for call in calls]
    assert found == [n % 2 == 0 for n in range(200)]
