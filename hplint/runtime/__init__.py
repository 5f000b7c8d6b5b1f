"""Checks on live torch objects and on training as it happens. Importing this needs no torch; what it offers does.

:func:`check` looks once at objects that it is given. :func:`watch` and ``hplint run`` follow a program: taps on torch
(``taps``) tell a :class:`~hplint.runtime.session.Session` what happens (``events``), it remembers objects and places
(``world``, ``recorder``, ``places``) and asks the checks (``checks``; ``checking`` tells how to write one), and what
these say becomes findings with the codes, names, levels and places of the static rules (``findings``). Nothing is
written to the user's objects, and what goes wrong in here becomes an HP000.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hplint.model import Finding

if TYPE_CHECKING:
    from torch.nn import Module
    from torch.optim import Optimizer

    from hplint.runtime.session import Session

__all__ = ["check", "watch"]


def check(*, optimizer: Optimizer | Iterable[Optimizer] | None = None, model: Module | None = None) -> list[Finding]:
    """What is wrong with these objects, worst first.

    Call it once, after everything is built and before the first step::

        for finding in hplint.runtime.check(optimizer=optimizer, model=model):
            print(finding.code, finding.message)

    ``optimizer`` may be several, when several train the same model; wrappers with an ``optimizer`` attribute are seen
    through. With ``model`` too, parameters that would train but are in no optimizer are reported. Findings have the
    codes, names and pages of the static rules, and no place, because a live object has none.

    Raises:
        ImportError: torch is not installed.
        TypeError: something given is no optimizer or no module.
    """
    _need_torch()
    from hplint.runtime.checks.group_values import optimizer_problems
    from hplint.runtime.findings import placeless
    from hplint.runtime.given import module_of, optimizers_of
    from hplint.runtime.held import ownership_problems

    optimizers = optimizers_of(optimizer)
    problems = [problem for each in optimizers for problem in optimizer_problems(each)]
    if model is not None and optimizers:
        problems += ownership_problems(module_of(model), optimizers)
    return placeless(problems)


@contextmanager
def watch() -> Iterator[Session]:
    """Watch what torch is asked to do inside of the block::

        with hplint.runtime.watch() as session:
            train(model, optimizer, loader)
        print(session.report())

    ``session.findings()`` are the findings, at the lines that caused them. Nothing is cut short or altered; afterwards
    torch is as it was.

    Raises:
        ImportError: torch is not installed.
    """
    _need_torch()
    from hplint.runtime.checks import all_checks
    from hplint.runtime.session import Session

    session = Session(all_checks())
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
