"""Functions of ours that stand between the program and torch without being met by either."""

from __future__ import annotations

import importlib
from types import FunctionType
from typing import Any, TypeVar

Taken = TypeVar("Taken")

_MARK = " (importlib._bootstrap)"
"""A warning is shown at the frame that its ``stacklevel`` counts up to, and frames whose file has these two words in
its name are not counted (``warnings.warn``, "internal frames"). So torch's warnings keep the user's line."""


def uncounted(function: Taken) -> Taken:
    """A function whose frame does not count where a warning looks for its line."""
    if isinstance(function, FunctionType):
        code = function.__code__
        function.__code__ = code.replace(co_filename=code.co_filename + _MARK)
    return function


def uncompiled(function: Taken) -> Taken:
    """A function that ``torch.compile`` runs as it is, with all that it calls.

    Without ``torch._dynamo``, whose import takes seconds; where a torch has no such thing, nothing is done.
    """
    try:
        frames: Any = importlib.import_module("torch._C._dynamo.eval_frame")
    except ImportError:
        return function
    if isinstance(function, FunctionType):
        skip = frames._FrameAction.SKIP
        frames.set_code_exec_strategy(function.__code__, frames._FrameExecStrategy(skip, skip))
    return function
