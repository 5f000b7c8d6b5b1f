"""What other files in view give to a function is part of the inventory; what tests give is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from hplint.inventory.scripts import explained, of_paths

TRAINING = """\
import torch


def fit(model, data, args):
    loader = torch.utils.data.DataLoader(data, batch_size=args.batch_size, shuffle=True)
    return torch.optim.SGD(model.parameters(), lr=args.lr)


class Trainer:
    def __init__(self, model, decay):
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=decay)

    def clip(self, model, norm):
        torch.nn.utils.clip_grad_norm_(model.parameters(), norm)
"""
MAIN = """\
import argparse

from project.training import Trainer, fit

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.25)
parser.add_argument("--batch-size", type=int, default=48)
fit(model, data, parser.parse_args())
trainer = Trainer(model, decay=0.125)
trainer.clip(model, 2.5)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "training.py").write_text(TRAINING, "utf-8")
    (folder / "main.py").write_text(MAIN, "utf-8")
    monkeypatch.chdir(tmp_path)
    return folder


def values(*paths: Path) -> dict[str, set[str]]:
    found = of_paths([str(path) for path in paths], jobs=1)
    (script,) = [script for script in found.scripts if script.path.endswith("training.py")]
    known: dict[str, set[str]] = {}
    for entry in script.entries:
        known.setdefault(entry.hyperparameter, set()).update(each.text for each in entry.values if each.known)
    return known


def test_callers_in_other_files_are_seen(project: Path) -> None:
    found = values(project)
    assert found["learning-rate"] == {"0.25", "0.001"}
    assert found["batch-size"] == {"48"}
    assert "0.125" in found["weight-decay"]
    assert found["max-grad-norm"] == {"2.5"}


def test_one_file_alone_has_no_callers(project: Path) -> None:
    assert values(project / "training.py")["batch-size"] == set()


def test_tests_are_no_callers(project: Path) -> None:
    (project / "test_fit.py").write_text(MAIN.replace("48", "3"), "utf-8")
    assert values(project)["batch-size"] == {"48"}


def test_classes_that_inherit_the_constructor_hand_on(project: Path) -> None:
    text = "from project.training import Trainer\n\n\nclass Own(Trainer):\n    def __init__(self, model):\n"
    (project / "main.py").write_text(text + "        super().__init__(model, 0.5)\n", "utf-8")
    assert "0.5" in values(project)["weight-decay"]


def test_why_tells_of_callers(project: Path) -> None:
    found = explained("project/training.py", 5)
    assert isinstance(found, tuple)
    assert any(given.text == "48" for each in found for given in each.entry.values)


def test_functions_that_call_each_other_over_files_end(project: Path) -> None:
    (project / "main.py").write_text("from project.training import f\n\n\ndef g(x):\n    f(x)\n", "utf-8")
    text = "import torch\nfrom project.main import g\n\n\ndef f(x):\n    g(x)\n    torch.optim.SGD(p, lr=x)\n"
    (project / "training.py").write_text(text, "utf-8")
    assert values(project)["learning-rate"] == set()
