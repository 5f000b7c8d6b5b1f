"""The way to a value, told step by step, and what stopped the search where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from hplint.facts.reasons import SAID, why
from hplint.facts.values import OriginKind
from hplint.project import Project
from tests.facts.reading import file_of, used
from tests.facts.test_value_forms import PARSED

TOLD = {
    "literal": ("use(1)", [("1", "it is written here")]),
    "name": ("lr = 1\nuse(lr)", [("1", "`lr` is set here")]),
    "option": (PARSED + "use(args.lr)", [("3.0", "`--lr` has this default; the command line may set it")]),
    "through a function": (
        PARSED + "def train(a):\n    rate = a.lr * 2\n    use(rate)\ntrain(args)",
        [
            ("a.lr * 2", "`rate` is set here"),
            ("a.lr * 2", "it is computed here"),
            ("3.0", "`--lr` has this default; the command line may set it"),
        ],
    ),
    "argument": (
        "def f(lr):\n    use(lr)\nf(2)",
        [("2", "`f(lr=…)` is called with this; callers in other files may give it")],
    ),
    "unpacked": (
        "def f():\n    return 1, 2\na, b = f()\nuse(b)",
        [("f()", "`b` is set here")],
    ),
    "parameter": (
        "def f(lr):\n    use(lr)",
        [("lr", "`lr` has no default and no call in this file gives it; callers in other files may give it")],
    ),
    "call": ("use(g())", [("g()", "it is what a call returns")]),
    "option without a default": (
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--lr')\nargs = p.parse_args()\nuse(args.lr)",
        [("args.lr", "`--lr` has no default")],
    ),
    "one unknown part": (
        "lr = 2\nuse(lr * n)",
        [("lr * n", "it is computed here"), ("n", "`n` is not defined in this file")],
    ),
    "unknown object": (
        "from m import g\nuse(g.lr)",
        [
            ("g.lr", "it is not known what holds `g.lr`"),
            ("g", "`m.g` is imported and was not found in the project"),
        ],
    ),
    "defined by itself": ("a = a + 1\nuse(a)", None),
}


@pytest.mark.parametrize(("text", "steps"), TOLD.values(), ids=list(TOLD))
def test_told(text: str, steps: list[tuple[str, str]] | None) -> None:
    file = file_of(text)
    told = why(file.evaluator, used(file))
    assert told
    if steps is not None:
        assert [(text[step.start : step.end], step.text) for step in told] == steps


def test_a_step_in_another_file_names_it(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("LR = 7\n")
    file = file_of("from config import LR\nuse(LR)", str(tmp_path / "train.py"), Project())
    (step,) = why(file.evaluator, used(file))
    assert (step.path, step.start, step.text) == (str(tmp_path / "config.py"), 5, "`LR` is set here")


def test_there_are_words_for_every_kind() -> None:
    assert set(SAID) == set(OriginKind)
