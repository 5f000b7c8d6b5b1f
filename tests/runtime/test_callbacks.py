"""The callbacks by themselves: begin and end, what they print, and what they say without their library."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

from hplint.runtime.callbacks import Training


def train(training: Training, steps: int) -> None:
    model = torch.nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(steps):
        model(torch.randn(2, 4)).pow(2).sum().backward()
        optimizer.step()
        training.batch_done()


def test_the_report_comes_after_the_steps_and_torch_is_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    before = torch.autograd.backward
    training = Training(4)
    training.begin()
    train(training, 3)
    assert (training.findings, torch.autograd.backward is before) == ([], False)
    train(training, 4)
    assert torch.autograd.backward is before
    assert [each.code for each in training.findings] == ["HP152"]
    printed = capsys.readouterr().err
    assert printed.startswith("hplint has watched this training:\n")
    assert printed.count("error[missing-zero-grad]") == 1
    training.end(complete=True)
    assert capsys.readouterr().err == ""


def test_what_is_clean_is_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    training = Training(None)
    training.begin()
    train(training, 1)
    training.end(complete=True)
    assert capsys.readouterr().err == "hplint: All clear: 1 step.\n"


def test_steps_must_be_some() -> None:
    with pytest.raises(ValueError, match="not 0"):
        Training(0)


def test_both_names_of_lightning_take_the_callback() -> None:
    packages = [SimpleNamespace(L=pytest.importorskip(name)) for name in ("lightning.pytorch", "pytorch_lightning")]
    from hplint.runtime.lightning import HplintCallback

    for package in packages:

        class Net(package.L.LightningModule):  # type: ignore[misc, name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.layer = torch.nn.Linear(4, 3)
                self.automatic_optimization = False

            def training_step(self, batch: torch.Tensor, index: int) -> None:
                self.manual_backward(self.layer(batch).pow(2).mean())
                self.optimizers().step()

            def configure_optimizers(self) -> torch.optim.Optimizer:
                return torch.optim.SGD(self.parameters(), lr=0.1)

        callback = HplintCallback()
        data: Any = [torch.randn(4) for _ in range(8)]
        quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
        trainer = package.L.Trainer(max_epochs=1, accelerator="cpu", callbacks=[callback], **quiet)
        trainer.fit(Net(), torch.utils.data.DataLoader(data, batch_size=2))
        assert [each.code for each in callback.findings] == ["HP152"]


@pytest.mark.parametrize(
    ("module", "hidden", "said"),
    [
        ("huggingface", ("transformers",), "hplint.runtime.huggingface needs transformers"),
        ("lightning", ("lightning", "pytorch_lightning"), "hplint.runtime.lightning needs Lightning"),
    ],
)
def test_an_absent_library_is_named(module: str, hidden: tuple[str, ...], said: str) -> None:
    code = f"""
import importlib.abc, sys

class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name in {hidden!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
import hplint.runtime.{module}
"""
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"ImportError: {said}"), done.stderr
