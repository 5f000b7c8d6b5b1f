"""Functions and methods of torch replaced for a while, and put back without a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from hplint.runtime.unseen import uncounted


class Handle(Protocol):
    """What torch gives for a registered hook."""

    def remove(self) -> None:
        """Take the hook back."""


_ABSENT = object()


class Patches:
    """What was replaced, in order."""

    def __init__(self) -> None:
        self._replaced: list[tuple[Any, str, object, object]] = []
        self._hooks: list[Handle] = []

    def wrap(self, owner: Any, name: str, make: Callable[[Any], object]) -> None:
        """Replace an attribute of a module or class by what ``make`` makes of it. What is not there is left alone."""
        original = getattr(owner, name, _ABSENT)
        if original is _ABSENT:
            return
        own = vars(owner).get(name, _ABSENT)
        replacement = uncounted(make(original))
        setattr(owner, name, replacement)
        self._replaced.append((owner, name, own, replacement))

    def has(self, owner: Any, name: str) -> bool:
        """Whether this attribute of this very object is replaced already."""
        return any(owner is each and name == other for each, other, _, _ in self._replaced)

    def hook(self, handle: Handle) -> None:
        """Remember a hook of torch's own to remove it later."""
        self._hooks.append(handle)

    @contextmanager
    def lifted(self, owner: Any) -> Iterator[None]:
        """Put back what was replaced in one module or class, for a while."""
        ours = [each for each in self._replaced if each[0] is owner and vars(owner).get(each[1]) is each[3]]
        for _, name, own, _ in reversed(ours):
            setattr(owner, name, own)
        try:
            yield
        finally:
            for _, name, _, replacement in ours:
                setattr(owner, name, replacement)

    def undo(self) -> None:
        """Put everything back. Where somebody has replaced ours since, theirs stays, and ours is silent inside it."""
        for handle in reversed(self._hooks):
            handle.remove()
        for owner, name, own, replacement in reversed(self._replaced):
            if vars(owner).get(name) is not replacement:
                continue
            if own is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, own)
        self._hooks.clear()
        self._replaced.clear()
