"""A file that was checked leaves nothing behind that only a search for garbage would free."""

import gc

from hplint.engine import lint_text

SCRIPT = """
import torch
from torch import nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 8)
        self.act = lambda x: F.relu(x)
        self.fc2 = nn.Linear(8, 2)

    def forward(self, x):
        def inner(y):
            return self.act(self.fc1(y))
        return F.softmax(self.fc2(inner(x)), dim=1)


def train(model, loader, optimizer, scheduler):
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        scheduler.step()


def evaluate(model, test_loader):
    for x, y in test_loader:
        print(model(x))


model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
train(model, loader, optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 3))
evaluate(model, loader)
"""


def test_parts_of_a_file_do_not_hold_each_other() -> None:
    lint_text(SCRIPT)  # what is kept for a whole run
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        lint_text(SCRIPT.replace("0.1", "0.2"))
        gc.collect()
        left = {type(each).__qualname__ for each in gc.garbage if type(each).__module__.startswith("hplint")}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert left == set()
