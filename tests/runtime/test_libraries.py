"""Training with the libraries that people use: what is right is left alone and what is wrong is found, by every front.

The programs are in ``libraries/``, a file a library. A line's mark is found by the session of ``watch``, by that of
a dry run and, where ``callbacks()`` is in the program, by the library's callback. Those marked ``callback`` are for it
alone.
"""

from __future__ import annotations

import importlib
import linecache
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from hplint.model import Finding, Level
from hplint.runtime import watch
from hplint.runtime.checks import all_checks
from hplint.runtime.running.ends import DryRunEnds
from hplint.runtime.running.limits import Limits
from hplint.runtime.session import Session
from tests.examples import Example, examples, places

LIBRARIES = Path(__file__).parent / "libraries"
Callbacks = Callable[[], list[Any]]

pytestmark = pytest.mark.filterwarnings("ignore")


def needed(name: str) -> Any:
    """A library, or a skip that says what is missing."""
    try:
        return importlib.import_module(name)
    except (ImportError, RuntimeError) as problem:
        pytest.skip(f"{name} cannot be imported: {problem}")


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3))


def batches(shuffle: bool = True) -> DataLoader[Any]:
    data = TensorDataset(torch.randn(64, 8), torch.randint(0, 3, (64,)))
    return DataLoader(data, batch_size=8, shuffle=shuffle)


def images() -> DataLoader[Any]:
    return DataLoader(TensorDataset(torch.randn(32, 3, 32, 32), torch.randint(0, 3, (32,))), batch_size=8, shuffle=True)


def names_of_transformers(callbacks: Callbacks) -> dict[str, Any]:
    transformers = needed("transformers")
    needed("accelerate")

    def arguments(**options: Any) -> Any:
        own = {"output_dir": "out", "per_device_train_batch_size": 8, "save_strategy": "no", "report_to": "none"}
        return transformers.TrainingArguments(**own, use_cpu=True, disable_tqdm=True, **options)

    def classifier() -> Any:
        sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
        config = transformers.BertConfig(vocab_size=64, num_labels=3, **sizes)
        return transformers.BertForSequenceClassification(config)

    def texts(number: int, causal: bool = False) -> list[dict[str, Any]]:
        ids = torch.randint(5, 60, (number, 12))
        labels = ids if causal else torch.randint(0, 3, (number,))
        ones = torch.ones(12, dtype=torch.long)
        return [{"input_ids": ids[at], "attention_mask": ones, "labels": labels[at]} for at in range(number)]

    return {
        "transformers": transformers,
        "Trainer": transformers.Trainer,
        "arguments": arguments,
        "classifier": classifier,
        "texts": texts,
    }


def names_of_lightning(callbacks: Callbacks, package: str = "lightning.pytorch") -> dict[str, Any]:
    lightning = needed(package)

    class Plain(lightning.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.layers = net()

        def forward(self, x: Any) -> Any:
            return self.layers(x)

        def training_step(self, batch: Any, index: int) -> Any:
            return functional.cross_entropy(self(batch[0]), batch[1])

        def configure_optimizers(self) -> Any:
            return torch.optim.AdamW(self.parameters(), lr=1e-3)

    def fitter(extra: Any = (), **options: Any) -> Any:
        quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
        return lightning.Trainer(accelerator="cpu", callbacks=[*extra, *callbacks()], **quiet, **options)

    return {"L": lightning, "Plain": Plain, "fitter": fitter, "early_stopping": lightning.callbacks.EarlyStopping}


def names_of_accelerate(callbacks: Callbacks) -> dict[str, Any]:
    return {"Accelerator": needed("accelerate").Accelerator}


def names_of_timm(callbacks: Callbacks) -> dict[str, Any]:
    needed("timm")
    return {"images": images}


def names_of_torch(callbacks: Callbacks) -> dict[str, Any]:
    return {}


def names_of_skorch(callbacks: Callbacks) -> dict[str, Any]:
    needed("skorch")
    return {}


NAMES = {
    "accelerate": names_of_accelerate,
    "lightning": names_of_lightning,
    "skorch": names_of_skorch,
    "timm": names_of_timm,
    "torch": names_of_torch,
    "transformers": names_of_transformers,
}


def cases() -> Iterator[Any]:
    for path in sorted(LIBRARIES.glob("*.md")):
        for example in examples(path.read_text("utf-8"), path.stem):
            calls_back = example.kind == "callback" or "callbacks()" in example.code or "fitter(" in example.code
            fronts = ["watch", "dry run"] if example.kind == "case" else []
            for front in (*fronts, *(["callback"] if calls_back else [])):
                yield pytest.param(path.stem, example, front, id=f"{example.label}-{front}")


def found_by(front: str, program: Any, names: Callable[[Callbacks], dict[str, Any]], library: str) -> list[Finding]:
    if front == "callback":
        called: list[Any] = []
        own = {**common(), "callbacks": lambda: called, **names(lambda: called)}  # Skips where the library is missing.
        called.append(callback_of(library))
        exec(program, own)
        return list(called[0].findings)
    own = {**common(), "callbacks": list, **names(list)}
    if front == "watch":
        with watch() as session:
            exec(program, own)
        return session.findings()
    session = Session(all_checks())
    Limits(session, 20)
    session.install()
    try:
        exec(program, own)
        session.finish()
    except DryRunEnds:
        session.finish(complete=False)
    finally:
        session.undo()
    return session.findings()


def callback_of(library: str) -> Any:
    module = "huggingface" if library == "transformers" else library
    return importlib.import_module(f"hplint.runtime.{module}").HplintCallback()


def common() -> dict[str, Any]:
    torch.manual_seed(0)
    return {"__name__": "__main__", "torch": torch, "nn": nn, "F": functional, "net": net, "batches": batches}


@pytest.mark.parametrize(("library", "program", "front"), list(cases()))
def test_a_front_finds_what_is_marked_and_no_more(
    library: str, program: Example, front: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = NAMES[library]
    needed("peft") if "import peft" in program.code or "from peft" in program.code else None
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "train.py"
    path.write_text(program.code, "utf-8")
    linecache.checkcache(str(path))
    found = found_by(front, compile(program.code, str(path), "exec", dont_inherit=True), names, library)
    marked = program.marks
    counted = [each for each in found if each.level is not Level.ADVICE or not marked.keys().isdisjoint(places([each]))]
    said = "\n".join(f"{each.span}: {each.code} {each.level.value} {each.message}" for each in found)
    assert places(counted) == marked, said


PARALLEL = """\
import torch
import torch.distributed
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

torch.distributed.init_process_group("gloo")
torch.manual_seed(0)
data = TensorDataset(torch.randn(64, 8), torch.randint(0, 3, (64,)))
sampler = DistributedSampler(data)
loader = DataLoader(data, batch_size=8, sampler=sampler)
model = DistributedDataParallel(nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3)))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=3)
for epoch in range(3):
    sampler.set_epoch(epoch)
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    scheduler.step()
torch.distributed.destroy_process_group()
"""


def launched(folder: Path, text: str) -> list[str]:
    """What the first of two processes says of a program."""
    (folder / "train.py").write_text(text, "utf-8")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    command = [*launcher, "-m", "hplint", "run", "--output-format", "concise", "train.py"]
    done = subprocess.run(command, cwd=folder, text=True, capture_output=True)
    return [line.split(" ")[1] for line in done.stdout.splitlines() if line.startswith(("train.py:", "All clear"))]


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this torch has no torch.distributed")
def test_two_processes(tmp_path: Path) -> None:
    assert launched(tmp_path, PARALLEL) == ["clear:"]
    wrong = PARALLEL.replace("        optimizer.zero_grad()\n", "").replace("    sampler.set_epoch(epoch)\n", "")
    assert sorted(launched(tmp_path, wrong)) == ["HP152", "HP264"]
