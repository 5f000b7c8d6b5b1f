"""The version that the code is written for decides what a removed argument means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hplint.engine import lint_text
from hplint.model import Level
from hplint.settings import default_settings

CODE = "from torch.optim.lr_scheduler import StepLR\nscheduler = StepLR(optimizer, step_size=30, verbose=True)\n"


@pytest.mark.parametrize(
    ("versions", "levels"),
    [
        ({}, [Level.WARNING]),
        ({"torch": "2.13"}, [Level.ERROR]),
        ({"torch": "2.7.1"}, [Level.ERROR]),
        ({"torch": "2.6"}, []),
        ({"torch": "1.13.1"}, []),
        ({"lightning": "2.0"}, [Level.WARNING]),
    ],
)
def test_level(versions: dict[str, str], levels: list[Level]) -> None:
    settings = replace(default_settings(), target_versions=versions)
    assert [f.level for f in lint_text(CODE, "train.py", settings) if f.code == "HP102"] == levels
