"""What `hplint inventory` finds in a script, through the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import hplint
from tests.inventory.reading import documents, entries

OPTIMIZERS = """
import argparse
import torch
from torch.optim.lr_scheduler import StepLR

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=3e-4)
parser.add_argument("--epochs", type=int, default=14)
parser.add_argument("--seed", type=int)
args = parser.parse_args()
torch.manual_seed(args.seed)
optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, betas=(0.9, 0.95))
scheduler = StepLR(optimizer, 30)
for epoch in range(1, args.epochs + 1):
    for x, y in loader:
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
"""


def test_what_a_training_script_sets(tmp_path: Path) -> None:
    assert entries(tmp_path, OPTIMIZERS) == {
        "learning-rate": ["0.0003 (open: command line --lr)"],
        "optimizer": ["AdamW"],
        "betas": ["(0.9, 0.95)"],
        "eps": ["1e-8 (default of AdamW)"],
        "amsgrad": ["False (default of AdamW)"],
        "lr-schedule": ["StepLR"],
        "lr-gamma": ["0.1 (default of StepLR)"],
        "step-size": ["30"],
        "epochs": ["14 (open: command line --epochs)"],
        "seed": ["no default (open: command line --seed)"],
        "loss-function": ["cross_entropy"],
        "weight-decay": ["0.01 (default of AdamW)"],
        "label-smoothing": ["0.0 (default of cross_entropy)"],
    }


def test_the_way_to_a_value(tmp_path: Path) -> None:
    rate = documents(tmp_path, OPTIMIZERS)[0]
    assert (rate["callee"], rate["argument"], rate["state"]) == ("torch.optim.AdamW", "lr", "open")
    assert rate["values"] == [{"text": "0.0003", "value": 0.0003}]
    (place,) = rate["places"]
    assert (place["start"]["line"], place["target"]) == (12, "optimizer")
    (chain,) = place["chains"]
    assert [(link["text"], link["at"] and link["at"]["start"]["line"]) for link in chain] == [
        ("args.lr", None),
        ("--lr", 7),
    ]


NETWORK = """
import torch.nn as nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.head = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Dropout(0.1), nn.Linear(128, hidden))
        self.drop0 = nn.Dropout(0.1)
        self.last = nn.Linear(hidden, 10)
        self.drop = nn.Dropout()

    def forward(self, x):
        return F.relu(x)
"""


def test_a_network(tmp_path: Path) -> None:
    assert entries(tmp_path, NETWORK) == {
        "hidden-layers-and-units": ["1 → 32 → 64", "784 → 128 → hidden (unknown)", "hidden → 10 (unknown)"],
        "activation": ["ReLU", "relu"],
        "kernel-size": ["3"],
        "dropout": ["0.1", "0.5 (default of Dropout)"],
    }
    owners = [(each["callee"], each["argument"]) for each in documents(tmp_path, NETWORK)[:3]]
    assert owners == [("Net", "Conv2d channels"), ("Net.head", "units"), ("Net", "units")]


def test_equal_values_are_told_once_with_their_places(tmp_path: Path) -> None:
    dropout = next(each for each in documents(tmp_path, NETWORK) if each["hyperparameter"] == "dropout")
    assert [place["start"]["line"] for place in dropout["places"]] == [10, 11]


@pytest.mark.parametrize(
    ("code", "hyperparameter", "values"),
    [
        ("for epoch in range(90): pass", "epochs", ["90"]),
        ("for epoch in range(1, 91): pass", "epochs", ["90"]),
        ("for epoch in tqdm(range(90)): pass", "epochs", ["90"]),
        ("for epoch in range(start, start + 90): pass", "epochs", ["90"]),
        ("config = {'lr': (0, 1e-5, 0.1)}", "learning-rate", None),
        ("n = 90\nfor epoch in range(start, n): pass", "epochs", ["90"]),
        ("for t in range(500):\n    loss.backward()\n    optimizer.step()", "epochs", ["500"]),
        ("for i in range(500): print(i)", "epochs", None),
        ("torch.manual_seed(42)", "seed", ["42"]),
        ("import random\nrandom.seed(42)", "seed", ["42"]),
        ("import numpy as np\nnp.random.seed(42)", "seed", ["42"]),
        ("from lightning.pytorch import seed_everything\nseed_everything(42)", "seed", ["42"]),
        ("import pytorch_lightning as pl\npl.seed_everything(42)", "seed", ["42"]),
        ("torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)", "max-grad-norm", ["1.0"]),
        ("with torch.autocast('cuda', dtype=torch.bfloat16): pass", "precision", ["torch.bfloat16"]),
        ("import pytorch_lightning as pl\npl.Trainer(max_epochs=5)", "epochs", ["5"]),
        (
            "from transformers import TrainingArguments\nTrainingArguments('out', learning_rate=2e-5)",
            "learning-rate",
            ["2e-5"],
        ),
        (
            "from transformers import Seq2SeqTrainingArguments as A\nA('o')",
            "learning-rate",
            ["5e-5 (default of Seq2SeqTrainingArguments)"],
        ),
        (
            "from trl import SFTConfig\nSFTConfig('o')",
            "learning-rate",
            ["2e-5 (default of SFTConfig)"],
        ),
        ("from trl import SFTConfig\nSFTConfig('o')", "weight-decay", None),
        ("from trl import SFTConfig\nSFTConfig('o', weight_decay=0.1)", "weight-decay", ["0.1"]),
        ("criterion = torch.nn.CrossEntropyLoss()", "loss-function", ["CrossEntropyLoss"]),
        ("for g in optimizer.param_groups:\n    g['lr'] = 1e-4", "lr-schedule", ["0.0001"]),
        ("for group in optimizer.param_groups:\n    group['lr'] = 1e-4", "lr-schedule", ["0.0001"]),
        ("LEARNING_RATE = 1e-3", "learning-rate", ["0.001"]),
        ("config = {'learning_rate': 1e-3}", "learning-rate", ["0.001"]),
        ("class Config:\n    weight_decay = 0.1", "weight-decay", ["0.1"]),
        ("net = Net(dropout_rate=0.3)", "dropout", ["0.3"]),
        ("print(hyp['lr0'])", "learning-rate", ["hyp['lr0'] (unknown: from a configuration)"]),
        ("print(cfg.train.batch_size)", "batch-size", ["cfg.train.batch_size (unknown: from a configuration)"]),
        ("torch.utils.data.DataLoader(data, batch_sampler=s)", "batch-size", None),
        ("torch.utils.data.DataLoader(data)", "batch-size", ["1 (default of DataLoader)"]),
        ("torch.utils.data.DataLoader(data, **kwargs)", "batch-size", ["**kwargs (unknown: may hold it)"]),
        ("torch.optim.SGD([{'params': a, 'lr': 0.1}, {'params': b}], lr=0.01)", "learning-rate", ["0.01", "0.1"]),
    ],
)
def test_forms(tmp_path: Path, code: str, hyperparameter: str, values: list[str] | None) -> None:
    found = entries(tmp_path, f"import torch\nfrom tqdm import tqdm\n{code}\n").get(hyperparameter)
    assert (sorted(found) if found else found) == values


def test_an_option_that_is_overwritten_says_so(tmp_path: Path) -> None:
    text = OPTIMIZERS.replace("torch.manual_seed", "args.lr = args.lr * world_size()\ntorch.manual_seed")
    assert entries(tmp_path, text)["learning-rate"] == [
        "0.0003 (open: command line --lr; then set to args.lr * world_size())"
    ]


def test_an_option_whose_use_was_followed_is_told_once(tmp_path: Path) -> None:
    text = OPTIMIZERS.replace("lr=args.lr, ", "")
    assert entries(tmp_path, text)["learning-rate"] == [
        "0.001 (default of AdamW)",
        "0.0003 (open: command line --lr)",
    ]


STEPS = """
import torch
for i, (x, y) in enumerate(loader):
    loss = model(x) / 4
    loss.backward()
    if (i + 1) % 4 == 0:
        {guarded}optimizer.step()
        optimizer.zero_grad()
"""


def test_accumulation(tmp_path: Path) -> None:
    assert entries(tmp_path, STEPS.format(guarded=""))["gradient-accumulation-steps"] == ["4"]
    critic = STEPS.format(guarded="critic_loss.backward(); ")
    assert "gradient-accumulation-steps" not in entries(tmp_path, critic)


GAN = """
import torch
opt_g = torch.optim.Adam(g.parameters(), lr=1e-4)
opt_d = torch.optim.Adam(d.parameters(), lr=4e-4)
"""


def test_optimizers_that_differ_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "gan.py").write_text(GAN)
    text = hplint("inventory", str(tmp_path / "gan.py")).stdout
    assert "Adam.lr of opt_g" in text
    assert "Adam.lr of opt_d" in text


def test_values_of_imported_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "settings.py").write_text("LR = 0.05\n")
    monkeypatch.chdir(tmp_path)
    (rate, *_) = documents(tmp_path, "import torch\nfrom settings import LR\ntorch.optim.SGD(p, lr=LR)\n")
    (chain,) = rate["places"][0]["chains"]
    assert rate["text"] == "0.05"
    assert (chain[-1]["at"]["path"], chain[-1]["at"]["start"]["line"]) == ("settings.py", 1)


def test_every_other_option_on_demand(tmp_path: Path) -> None:
    text = OPTIMIZERS.replace(
        'parser.add_argument("--seed"',
        'parser.add_argument("--gae", default=0.95)\nparser.add_argument("--fast", action="store_true")\n'
        'parser.add_argument("--seed"',
    )
    assert "other-option" not in entries(tmp_path, text)
    everything = hplint("inventory", "--all-options", str(tmp_path / "train.py")).stdout
    options = everything.partition("Other options\n")[2].splitlines()
    assert [line.split()[-2] for line in options] == ["--gae", "--fast"]
    assert "0.95 (open: command line --gae)" in options[0]
    assert "False (open: command line --fast)" in options[1]


def test_a_call_that_hands_on_its_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build.py").write_text(
        "import torch\ndef make_optimizer(p, rate):\n    return torch.optim.SGD(p, lr=rate)\n"
    )
    found = entries(
        tmp_path, "import torch\nfrom build import make_optimizer\noptimizer = make_optimizer(p, rate=0.1)\n"
    )
    assert found == {"learning-rate": ["0.1"], "optimizer": ["SGD"]}


def test_a_subclass_goes_by_its_own_name(tmp_path: Path) -> None:
    text = "import torch\nclass Warm(torch.optim.SGD): pass\noptimizer = Warm(p, lr=0.1)\n"
    found = entries(tmp_path, text)
    assert (found["optimizer"], found["learning-rate"]) == (["Warm"], ["0.1"])
