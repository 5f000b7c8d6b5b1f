"""One run of a model that somebody hands over, without numbers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor
from torch.nn import Module

from hplint.runtime.fake.front import Fake
from hplint.runtime.patches import Patches
from hplint.runtime.session import Session


@contextmanager
def pretended(session: Session, model: Module) -> Iterator[None]:
    """Inside of it a model has fake parameters and buffers. Whoever calls this puts back the others."""
    fake, patches = Fake(session), Patches()
    fakes: dict[int, Tensor] = {}
    for module in model.modules():
        for held in (module._parameters, module._buffers):
            for name, tensor in held.items():
                if tensor is not None:
                    if id(tensor) not in fakes:
                        fakes[id(tensor)] = fake.imitation(tensor)
                    held[name] = fakes[id(tensor)]  # type: ignore[assignment]
    fake.install(patches)
    try:
        yield
    except BaseException as problem:
        if not fake.refused(problem):
            raise
        warnings.warn("; ".join(fake.remarks()), stacklevel=6)
    finally:
        patches.undo()
