"""A callback for the ``Trainer`` of Lightning, by either name of the package."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from hplint.model import Finding
from hplint.runtime.callbacks import STEPS, Training

__all__ = ["HplintCallback"]

_PACKAGES = {"lightning": "lightning.pytorch", "pytorch_lightning": "pytorch_lightning"}


def _base() -> Any:
    """The base class of callbacks, of the package that the program uses. Each takes the callbacks of the other one."""
    imported = [package for package in _PACKAGES if package in sys.modules]
    for package in imported or _PACKAGES:
        try:
            return importlib.import_module(_PACKAGES[package]).Callback
        except ImportError as problem:
            if problem.name not in _PACKAGES:
                raise
    raise ImportError("hplint.runtime.lightning needs Lightning: `pip install lightning`")


_Callback: Any = _base()


class HplintCallback(_Callback):
    """Watches a fit, and reports on standard error what is wrong with it::

        trainer = Trainer(max_epochs=3, callbacks=[HplintCallback()])

    The report comes after ``steps`` optimizer steps, from when on nothing is watched, or at the end of a fit that makes
    fewer or where ``steps`` is None. Findings have the lines of your own code; those about what was built before
    ``fit`` are at its line. Of several processes the first one reports.

    Raises:
        ValueError: ``steps`` is below 1.
    """

    def __init__(self, steps: int | None = STEPS) -> None:
        self._training = Training(steps)

    @property
    def findings(self) -> list[Finding]:
        """What was found, once it is reported."""
        return self._training.findings

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Begin: the optimizers are built after this."""
        if stage == "fit" and trainer.is_global_zero:
            self._training.begin()

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Learn how long it trains: where it steps the schedulers itself, from the start, to a number of epochs."""
        if trainer.global_step or trainer.max_steps != -1 or not pl_module.automatic_optimization:
            return
        steps, epochs = trainer.estimated_stepping_batches, trainer.max_epochs
        if not isinstance(steps, int) or epochs is None:  # Without an end.
            return
        certain = not trainer.early_stopping_callbacks
        for each in trainer.lr_scheduler_configs:
            if each.frequency == 1 and not each.reduce_on_plateau:
                self._training.plan(each.scheduler, each.interval, steps=steps, epochs=epochs, certain=certain)

    def on_train_batch_end(self, *args: Any, **kwargs: Any) -> None:
        """Report after enough steps."""
        self._training.batch_done()

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Report."""
        self._training.end(complete=True)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Report what was seen until then."""
        self._training.end(complete=False)
