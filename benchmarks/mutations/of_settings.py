"""Numbers that are text where the code computes with them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from benchmarks.mutations.of_arguments import OPTIMIZERS
from benchmarks.mutations.registry import mutator, planted
from benchmarks.mutations.script import Planted, Script, Skipped

NUMBERS = {
    "nn.LayerNorm": ("eps", 1, "1e-5"),
    "nn.BatchNorm1d": ("eps", 1, "1e-5"),
    "nn.BatchNorm2d": ("eps", 1, "1e-5"),
    "optim.lr_scheduler.CosineAnnealingLR": ("eta_min", 2, "1e-6"),
    "optim.lr_scheduler.ReduceLROnPlateau": ("factor", 2, "5e-1"),
    "optim.lr_scheduler.ExponentialLR": ("gamma", 1, "9e-1"),
    "optim.lr_scheduler.StepLR": ("gamma", 2, "9e-1"),
}
"""An argument of each that is computed with as it comes, where it stands without its name, and a text for it."""
READS_NUMBERS = re.compile(r"OmegaConf|hydra|ruamel|yacs|jsonargparse|literal_eval|pydantic|implicit_resolver")
SETTINGS = "planted_settings"


@mutator("HP216", "a rate that is text, times a number")
def rate_in_quotes(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls(*OPTIMIZERS):
        rate = script.argument(call, "lr", 1)
        if rate is None or READS_NUMBERS.search(script.text):
            yield Skipped("no rate is given, or the settings are read by what knows such numbers")
        else:
            written = script.above(call, f'{SETTINGS} = {{"lr": "1e-4"}}')
            yield planted(script, call, written, script.replaced(rate, f'{SETTINGS}["lr"] * 8'), also=["HP108"])


@mutator("HP216", "an argument that is text")
def argument_in_quotes(script: Script) -> Iterator[Planted | Skipped]:
    for call in script.calls(*NUMBERS):
        name, position, text = NUMBERS[script.dotted(call.func).removeprefix("torch.")]
        if script.is_open(call) or READS_NUMBERS.search(script.text):
            yield Skipped("`*` or `**` may bring the argument, or the settings are read by what knows such numbers")
        else:
            written = script.above(call, f'{SETTINGS} = {{"{name}": "{text}"}}')
            yield planted(script, call, written, script.given(call, name, f'{SETTINGS}["{name}"]', position))
