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

    def on_train_batch_end(self, *args: Any, **kwargs: Any) -> None:
        """Report after enough steps."""
        self._training.batch_done()

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Report."""
        self._training.end(complete=True)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Report what was seen until then."""
        self._training.end(complete=False)
