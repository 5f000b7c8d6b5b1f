"""Checks on live torch objects and on training as it happens. Importing this needs no torch; what it offers does.

:func:`check` looks once at objects that it is given. :func:`watch` and ``hplint run`` follow a program: taps on torch
(``taps``) tell a :class:`~hplint.runtime.session.Session` what happens (``events``), it remembers objects and places
(``world``, ``recorder``, ``places``) and asks the checks (``checks``; ``checking`` tells how to write one), and what
these say becomes findings with the codes, names, levels and places of the static rules (``findings``). Nothing is
written to the user's objects, and what goes wrong in here becomes an HP000.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hplint.model import Finding

if TYPE_CHECKING:
    from torch.nn import Module
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler
    from torch.utils.data import DataLoader

    from hplint.runtime.fake.memory import Memory
    from hplint.runtime.session import Session

__all__ = ["Checked", "check", "watch"]


class Checked(list[Finding]):
    """The findings of :func:`check`, the worst first, and ``memory``: what a step needs, where that was counted."""

    memory: Memory | None = None


def check(
    *,
    model: Module | None = None,
    optimizer: Optimizer | Iterable[Optimizer] | None = None,
    scheduler: LRScheduler | Iterable[LRScheduler] | None = None,
    loader: DataLoader[Any] | None = None,
    loss: Callable[..., Any] | None = None,
    batch: Any = None,
    steps: int | None = None,
    fake: bool = False,
) -> Checked:
    """What is wrong with these objects, worst first.

    Call it once, after everything is built and before the first step::

        found = hplint.runtime.check(
            model=model, optimizer=optimizer, scheduler=scheduler, loader=loader, steps=epochs * len(loader)
        )
        for finding in found:
            print(finding.code, finding.message)

    Everything may be left out. What is given is judged by itself and together: parameters that would train but are in
    no optimizer, a schedule over the ``steps`` that are planned (how often ``scheduler.step()`` will be called), the
    loader of the training data. ``optimizer`` and ``scheduler`` may be several; wrappers with an attribute of that name
    are seen through. With ``batch``, the model is run on it once, as it is: an input, a pair of input and target, for
    which ``loss(output, target)`` is computed where ``loss`` is given, or a dictionary of the model's arguments.

    With ``fake`` the model is run on its batch without a number: shapes, types and the graph are looked at, nothing is
    computed, and no memory is needed. Build a model that fits nowhere inside of ``with torch.device("meta")``. Where
    the model asks for numbers it is left, with a warning that says where; what was found before is returned. With a
    loss, and optimizers of torch, the memory that a step needs is counted: ``found.memory.lines()`` tells of
    parameters, buffers, gradients, the state of the optimizers, and what forward keeps for backward.

    Parameters, buffers, gradients, modes, the states of optimizers and schedulers and those of the random generators of
    torch, NumPy and Python are afterwards what they were, bit by bit. No gradient is computed, and nothing is drawn
    from the loader; of data that keep no labels, some samples are read. Findings have the codes, names and pages of
    the static rules, and the place of this call, because a live object has none: the settings of its file and the
    comments at it count.

    Raises:
        ImportError: torch is not installed.
        TypeError: something given is not what its name says.
        ValueError: ``steps`` is below 1.
        Exception: whatever the model or the loss raises on the batch.
    """
    _need_torch()
    from hplint.runtime.findings import worst_first
    from hplint.runtime.given import loader_of, loss_of, module_of, optimizers_of, schedulers_of, steps_of
    from hplint.runtime.once import Objects, problems_of
    from hplint.runtime.places import Finder

    place = Finder().here()
    given = Objects(
        model=module_of(model) if model is not None else None,
        optimizers=optimizers_of(optimizer),
        schedulers=schedulers_of(scheduler),
        loader=loader_of(loader) if loader is not None else None,
        loss=loss_of(loss) if loss is not None else None,
        batch=batch,
        steps=steps_of(steps) if steps is not None else None,
        fake=fake,
    )
    problems, memory = problems_of(given, place)
    found = Checked(worst_first(problems))
    found.memory = memory
    return found


@contextmanager
def watch() -> Iterator[Session]:
    """Watch what torch is asked to do inside of the block::

        with hplint.runtime.watch() as session:
            train(model, optimizer, loader)
        print(session.report())

    ``session.findings()`` are the findings, at the lines that caused them; those about something that was built before
    are at the line of the ``with``. Nothing is cut short or altered; afterwards torch is as it was.

    Raises:
        ImportError: torch is not installed.
    """
    _need_torch()
    from hplint.runtime.checks import all_checks
    from hplint.runtime.session import Session

    session = Session(all_checks())
    session.begins = session.finder.here()
    session.install()
    try:
        yield session
    except BaseException:
        session.finish(complete=False)
        raise
    else:
        session.finish()
    finally:
        session.undo()


def _need_torch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError as problem:
        raise ImportError("the runtime checks need torch: `pip install 'hplint[runtime]'`") from problem
