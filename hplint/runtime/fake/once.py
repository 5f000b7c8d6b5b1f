"""One run of a model that somebody hands over, without numbers."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from torch import Tensor
from torch.nn import Module
from torch.optim import Optimizer

from hplint.runtime.fake.front import Fake
from hplint.runtime.fake.memory import memory_of
from hplint.runtime.given import is_torchs_own
from hplint.runtime.patches import Patches
from hplint.runtime.session import Session

Counting = Callable[[Tensor, Iterable[Optimizer]], None]


@contextmanager
def pretended(session: Session, model: Module) -> Iterator[Counting]:
    """Inside of it a model has fake parameters and buffers. Whoever calls this puts back the others.

    It gives a function that goes on from a loss to a step of some optimizers, and notes what that needs.
    """
    fake, patches = Fake(session), Patches()
    fakes: dict[int, Tensor] = {}
    for module in model.modules():
        for held in (module._parameters, module._buffers):
            for name, tensor in held.items():
                if tensor is not None:
                    if id(tensor) not in fakes:
                        fakes[id(tensor)] = fake.imitation(tensor)
                    held[name] = fakes[id(tensor)]  # type: ignore[assignment]

    def count(loss: Tensor, optimizers: Iterable[Optimizer]) -> None:
        known = session.world.memory
        with suppress(Exception):  # What cannot be differentiated or stepped here has no figures, and is no finding.
            loss.backward()  # type: ignore[no-untyped-call]
            copies = [_fake_copy(each, fakes) for each in optimizers if is_torchs_own(each)]
            for each in copies:
                each.step()
            session.world.memory = memory_of([model], copies, known.kept if known is not None else 0)

    fake.install(patches)
    try:
        yield count
    except BaseException as problem:
        if not fake.refused(problem):
            raise
        warnings.warn("; ".join(fake.remarks()), stacklevel=6)
    finally:
        patches.undo()


def _fake_copy(optimizer: Optimizer, fakes: dict[int, Tensor]) -> Optimizer:
    """An optimizer with the same options, a state of its own, and those parameters that are fake."""
    copy = object.__new__(type(optimizer))
    groups = [
        {**group, "params": [fakes[id(each)] for each in group["params"] if id(each) in fakes]}
        for group in optimizer.param_groups
    ]
    copy.__setstate__({"defaults": optimizer.defaults, "state": defaultdict(dict), "param_groups": groups})
    return copy
