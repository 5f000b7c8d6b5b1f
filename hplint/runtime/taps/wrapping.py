"""Replacements for methods and functions of torch that behave as these do."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from hplint.runtime.unseen import uncounted

if TYPE_CHECKING:
    from hplint.runtime.session import Session

Arguments = tuple[Any, ...]
Options = dict[str, Any]
Before = Callable[[Arguments, Options], Any]
After = Callable[[Any, Any, Arguments, Options], None]
"""Called with what ``before`` gave, the result, and the arguments."""


def watched(
    session: Session, original: Any, *, before: Before | None = None, after: After | None = None
) -> Callable[..., Any]:
    """A method that calls ``before``, the original, and ``after`` unless that raised."""
    is_compiling = torch.compiler.is_compiling
    name = getattr(original, "__qualname__", repr(original))

    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if is_compiling() or session.idle or session.is_broken(name):
            return original(*args, **kwargs)
        token = session.shielded(name, before, args, kwargs) if before is not None else None
        result = original(*args, **kwargs)
        if after is not None:
            session.shielded(name, after, token, result, args, kwargs)
        return result

    return wrapper


class Function:
    """A module's function, replaced. Pickled, it is the name of the function, so that no trace of us is stored."""

    def __init__(self, original: Any, call: Callable[..., Any]) -> None:
        functools.update_wrapper(self, original)
        self._original = original
        self._call = uncounted(call)

    @uncounted
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_compiling():
            return self._original(*args, **kwargs)
        return self._call(*args, **kwargs)

    def stands_for(self, function: object) -> bool:
        """Whether it replaces a function."""
        return self._original is function

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __reduce__(self) -> tuple[Any, ...]:
        import pydoc  # Here, because most programs store no function of torch's.

        return pydoc.locate, (f"{self._original.__module__}.{self._original.__qualname__}",)

    def __copy__(self) -> Function:
        return self

    def __deepcopy__(self, memo: object) -> Function:
        return self

    def __repr__(self) -> str:
        return repr(self._original)
