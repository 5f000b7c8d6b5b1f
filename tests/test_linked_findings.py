"""Findings that depend on other files of a project are the same for one file and for all of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from hplint import engine
from hplint.batch import lint_paths
from hplint.facts import walk
from hplint.model import Finding
from hplint.parse import SyntaxProblem, TooComplex
from hplint.shelf import Shelf
from hplint.source import Source
from tests.test_project import project

FILES = {
    "train.py": (
        "import yaml\nfrom lib import build, Net\nfrom config import LR\n"
        "with open('config.yaml') as f:\n    cfg = yaml.safe_load(f)\n"
        "net = Net(50)\n"
        "optimizer = build(net, lr=LR)\n"
        "other = build(net, lr=cfg['lr'])\n"
        "third = build(net, lr=1e-3, momentum=0.9)\n"
    ),
    "lib/__init__.py": "from .optim import build\nfrom .net import Net\n",
    "lib/optim.py": (
        "from torch.optim import Adam as Optimizer\n\n\n"
        "def build(model, lr, **options):\n    return Optimizer(model.parameters(), lr=lr, **options)\n"
    ),
    "lib/net.py": (
        "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self, p):\n        super().__init__()\n"
        "        self.drop = nn.Dropout(p)\n"
    ),
    "config.py": "LR = 30.0\n",
    "config.yaml": "lr: 1e-5\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    project(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    engine.forget_project()
    return tmp_path


def found(*paths: str, jobs: int = 1) -> list[Finding]:
    return [finding for finding in lint_paths(paths, jobs=jobs).findings if finding.path == "train.py"]


def test_what_goes_wrong_in_another_file_is_reported_where_it_comes_from(folder: Path) -> None:
    told = [(f.code, f.span.start.line if f.span else 0, [r.path for r in f.related]) for f in found("train.py")]
    assert told == [
        ("HP103", 6, ["lib/net.py"]),
        ("HP109", 7, ["config.py", "lib/optim.py"]),
        ("HP108", 8, ["config.yaml", "lib/optim.py"]),
        ("HP101", 9, ["lib/optim.py"]),
    ]


def test_one_file_and_the_whole_tree_give_the_same(folder: Path) -> None:
    alone = found("train.py")
    engine.forget_project()
    assert found(".") == alone
    engine.forget_project()
    assert found("lib", "train.py", "config.py") == alone


def test_text_of_yaml_is_found_where_the_code_computes_with_it(folder: Path) -> None:
    loaded = "import torch, yaml\nwith open('config.yaml') as f:\n    cfg = yaml.safe_load(f)\n"
    project(
        folder,
        {
            "config.yaml": "lr: 1e-5\nwd: 1.0e-2\noptim:\n  eta_min: 1e-7\n",
            "train.py": loaded
            + "lr = cfg['lr'] * 8\nif cfg['wd'] > 0:\n    print(lr)\n"
            + "torch.optim.lr_scheduler.CosineAnnealingLR(o, 10, eta_min=cfg['optim']['eta_min'])\n",
        },
    )
    told = [(f.code, f.span.start.line if f.span else 0, [r.path for r in f.related]) for f in found("train.py")]
    assert told == [("HP216", 4, ["config.yaml"]), ("HP216", 7, ["config.yaml"])]
    project(folder, {"train.py": loaded + "cfg['lr'] = float(cfg['lr'])\nlr = cfg['lr'] * 8\nprint(2 * len(cfg))\n"})
    engine.forget_project()
    assert not found("train.py")


def test_several_processes_give_the_same(folder: Path) -> None:
    alone = found("train.py")
    project(folder, {f"other{number}.py": FILES["train.py"] for number in range(12)})
    engine.forget_project()
    assert found(".", jobs=2) == alone


def test_no_file_is_parsed_twice(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(folder, {f"other{number}.py": FILES["train.py"] for number in range(3)})
    parsed: Counter[str] = Counter()
    read_code = walk.read_code

    def counted(text: str) -> object:
        parsed[text] += 1
        return read_code(text)

    monkeypatch.setattr("hplint.shelf.read_code", counted)
    lint_paths(["."], jobs=1)
    texts = Counter(text for path, text in FILES.items() if path.endswith(".py"))
    assert {text: count for text, count in parsed.items() if text != FILES["train.py"]} == {
        text: 1 for text in texts if text != FILES["train.py"]
    }


def test_several_processes_parse_no_file_twice(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    modules = {
        f"m{number}.py": f"import torch\nfrom m{(number + 1) % 1000} import LR as OTHER\nLR = OTHER\nN = {number}\n"
        for number in range(1000)
    }
    project(folder, modules)
    log = tmp_path.parent / f"{tmp_path.name}.log"
    read_code = walk.read_code

    def logged(text: str) -> object:
        with log.open("a") as file:  # Lines this short are written whole.
            file.write(f"{hash(text)}\n")
        return read_code(text)

    monkeypatch.setattr("hplint.shelf.read_code", logged)
    lint_paths(["."], jobs=3)
    counted = Counter(log.read_text().split())
    assert len(counted) >= 1000
    assert set(counted.values()) == {1}


def test_a_file_that_is_no_python_is_told_once_by_each_that_asks(tmp_path: Path) -> None:
    shelf = Shelf(str(tmp_path))
    for _ in range(2):
        with pytest.raises(SyntaxProblem) as problem:
            shelf.code(Source("a.py", "x = = 1\n"))
        assert (problem.value.message, problem.value.offset) == ("invalid syntax", 4)
        with pytest.raises(TooComplex):
            shelf.code(Source("b.py", "(" * 300))


def test_a_claim_that_nobody_keeps_is_waited_for_in_vain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hplint.shelf._PATIENCE", 0.05)
    source = Source("a.py", "x = 1\n")
    Shelf(str(tmp_path)).code(source)
    for path in tmp_path.iterdir():
        if path.suffix != ".claim":
            path.unlink()
    assert len(Shelf(str(tmp_path)).code(source).body) == 1


def test_modules_that_import_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modules = {
        f"m{number}.py": (
            f"import torch\nfrom m{(number + 1) % 9} import *\n"
            f"from m{(number + 2) % 9} import Base as Other, LR, build\n"
            f"class Base(Other): pass\nclass Loop(Loop, Base): pass\n"
            f"def build(p, lr=LR): return build(p, lr)\nLR = LR\n"
            f"optimizer = build([], LR)\nloop = Loop(lr=LR)\ncfg = dict(**cfg)\nx = build(**cfg)\n"
        )
        for number in range(9)
    }
    project(tmp_path, modules)
    monkeypatch.chdir(tmp_path)
    engine.forget_project()
    assert not [finding for finding in lint_paths(["."], jobs=1).findings if finding.code == "HP000"]
