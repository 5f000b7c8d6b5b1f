"""Numbers that are asked of tensors which have none."""

from __future__ import annotations

import operator
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensor,
    UnsupportedFakeTensorException,
    UnsupportedOperatorException,
)

from hplint.runtime.patches import Patches
from hplint.runtime.places import Place
from hplint.runtime.running.ends import DryRunEnds
from hplint.runtime.session import Session

REFUSALS = (
    DataDependentOutputException,
    DynamicOutputShapeException,
    UnsupportedFakeTensorException,
    UnsupportedOperatorException,
)
"""What torch raises where an operation needs numbers."""
_MOST = 10_000
"""How often one place may ask: a loop that waits for a number would never end."""
_SCALERS = "grad_scaler.py"


class ValuesNeeded(DryRunEnds):
    """Ends a fake run at a place that cannot go on without numbers."""

    def __init__(self, place: Place | None, what: str) -> None:
        super().__init__()
        self.place = place
        self.what = what


class UnknownFloat(float):
    """Some number, finite and not 0. It shows as ``?``, and so does what is computed from it."""

    def __repr__(self) -> str:
        return "?"

    def __str__(self) -> str:
        return "?"

    def __format__(self, spec: str) -> str:
        return "?"

    def __reduce__(self) -> tuple[Any, ...]:
        return float, (float(self),)


class UnknownInt(int):
    """The same for whole numbers."""

    __repr__ = UnknownFloat.__repr__
    __str__ = UnknownFloat.__str__
    __format__ = UnknownFloat.__format__

    def __reduce__(self) -> tuple[Any, ...]:
        return int, (int(self),)


def _closed(kind: type, function: Callable[..., Any], *, swapped: bool) -> Callable[..., Any]:
    base = kind.__mro__[1]

    def compute(self: Any, other: Any) -> Any:
        if not isinstance(other, (int, float)):
            return NotImplemented
        result = function(other, base(self)) if swapped else function(base(self), other)
        return UnknownInt(result) if isinstance(result, int) else UnknownFloat(result)

    return compute


for _kind in (UnknownFloat, UnknownInt):
    for _name in ("add", "sub", "mul", "truediv", "floordiv", "pow"):
        setattr(_kind, f"__{_name}__", _closed(_kind, getattr(operator, _name), swapped=False))
        setattr(_kind, f"__r{_name}__", _closed(_kind, getattr(operator, _name), swapped=True))


class Values:
    """Takes the place of the methods of fake tensors that give numbers."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._asked: Counter[Place | None] = Counter()
        self.ended: ValuesNeeded | None = None
        """What has ended the run."""

    def install(self, patches: Patches) -> None:
        """Replace them. Checks get torch's own: they ask whether a tensor can be read."""
        for name in ("item", "__float__", "__int__", "__index__", "tolist"):
            patches.wrap(FakeTensor, name, self._number)
        patches.wrap(FakeTensor, "__bool__", self._truth)
        patches.wrap(FakeTensor, "__format__", self._format)
        for name in ("numpy", "__array__"):
            patches.wrap(FakeTensor, name, self._array)

    def _number(self, original: Any) -> Any:
        name = original.__name__

        def number(tensor: FakeTensor, *args: Any) -> Any:
            if self._session.idle or tensor.constant is not None:
                return original(tensor, *args)
            if tensor.numel() != 1 or tensor.dtype.is_complex:
                raise self._end(f"{tensor.numel()} values")
            if tensor.dtype is torch.bool:
                return self._answer(tensor)
            found = self._unknown(tensor)
            return {"__float__": float, "__int__": int, "__index__": int}.get(name, type(found))(found)

        return number

    def _unknown(self, tensor: FakeTensor) -> float:
        place = self._session.finder.here()
        self._asked[place] += 1
        if self._asked[place] > _MOST:
            raise self._end("a number, again and again,")
        if sys._getframe(2).f_code.co_filename.endswith(_SCALERS):
            return UnknownFloat(0.0)  # No gradient is infinite: the scaler lets the optimizer step.
        return UnknownFloat(1.0) if tensor.dtype.is_floating_point else UnknownInt(1)

    def _truth(self, original: Any) -> Any:
        def truth(tensor: FakeTensor) -> bool:
            if self._session.idle or tensor.constant is not None:
                return bool(original(tensor))
            return self._answer(tensor)

        return truth

    def _answer(self, tensor: FakeTensor) -> bool:
        """Whether numbers are finite is answered with yes; any other question ends the run."""
        place = self._session.finder.here()
        text = place.text if place is not None else ""
        if "isnan" in text or "isinf" in text:
            return False
        if "isfinite" in text:
            return True
        raise self._end("a yes or no")

    def _format(self, original: Any) -> Any:
        def format_(tensor: FakeTensor, spec: str) -> str:
            return "?" if spec and not self._session.idle and tensor.dim() == 0 else str(original(tensor, spec))

        return format_

    def _end(self, what: str) -> ValuesNeeded:
        self.ended = ValuesNeeded(self._session.finder.here(), what)
        return self.ended

    def _array(self, original: Any) -> Any:
        def array(tensor: FakeTensor, *args: Any, **kwargs: Any) -> Any:
            if self._session.idle:
                return original(tensor, *args, **kwargs)
            raise self._end("an array")

        return array
