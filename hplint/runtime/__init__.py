"""Checks on live torch objects: the values that an optimizer really has, and the parameters that it really holds.

Importing this needs no torch; :func:`check` does. It reads what it is given and changes nothing: no parameter, no
gradient, no state, no random number is touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hplint.model import Finding

if TYPE_CHECKING:
    from torch.nn import Module
    from torch.optim import Optimizer

__all__ = ["check"]


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
    try:
        import torch  # noqa: F401
    except ImportError as problem:
        raise ImportError("the runtime checks need torch: `pip install 'hplint[runtime]'`") from problem
    from hplint.runtime._objects import module_of, optimizers_of
    from hplint.runtime._optimizer import optimizer_problems
    from hplint.runtime._ownership import ownership_problems
    from hplint.runtime._problem import findings

    optimizers = optimizers_of(optimizer)
    problems = [problem for each in optimizers for problem in optimizer_problems(each)]
    if model is not None and optimizers:
        problems += ownership_problems(module_of(model), optimizers)
    return findings(problems)
