"""A callback for the ``Trainer`` of transformers."""

from __future__ import annotations

from typing import Any

try:
    from transformers import TrainerCallback
except ImportError as problem:
    raise ImportError("hplint.runtime.huggingface needs transformers: `pip install transformers`") from problem

from hplint.model import Finding
from hplint.runtime.callbacks import STEPS, Training

__all__ = ["HplintCallback"]


class HplintCallback(TrainerCallback):
    """Watches a training, and reports on standard error what is wrong with it::

        trainer = Trainer(model, args, train_dataset=data, callbacks=[HplintCallback()])

    The report comes after ``steps`` optimizer steps, from when on nothing is watched, or at the end of a training that
    makes fewer or where ``steps`` is None. Findings have the lines of your own code; those about what was built before
    the ``Trainer`` are at its line. Of several processes the first one reports.

    Raises:
        ValueError: ``steps`` is below 1.
    """

    def __init__(self, steps: int | None = STEPS) -> None:
        self._training = Training(steps)

    @property
    def findings(self) -> list[Finding]:
        """What was found, once it is reported."""
        return self._training.findings

    def on_init_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Begin: the optimizer is built after this."""
        self._begin(state)

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Begin where the callback was added later, or the trainer trains again; learn how long it trains."""
        self._begin(state)
        scheduler = kwargs.get("lr_scheduler")
        scheduler = getattr(scheduler, "scheduler", scheduler)  # That of accelerate is a wrapper.
        if scheduler is not None and not state.global_step:
            self._training.plan(scheduler, "step", steps=state.max_steps, epochs=state.num_train_epochs)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Report after enough steps."""
        self._training.batch_done()

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Report."""
        self._training.end(complete=True)

    def _begin(self, state: Any) -> None:
        if state.is_world_process_zero:
            self._training.begin()
