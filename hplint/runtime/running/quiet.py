"""What a dry run keeps from the outside: nothing is saved, and trackers of experiments are told to be silent.

What ``torch.save`` would write goes to a temporary folder, where ``torch.load`` finds it again under the same name, so
that a program which reads its own checkpoints goes on as it would.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import sys
import tempfile
from typing import Any

from hplint.runtime.patches import Patches

TRACKERS = {"WANDB_MODE": "disabled", "NEPTUNE_MODE": "debug", "CLEARML_OFFLINE_MODE": "1"}
"""Environment variables that make trackers do nothing, or keep to this machine."""


def hush(*, compile: bool = True) -> None:
    """Tell trackers, before the program imports them, and unless it is to ``compile``, torch."""
    os.environ.update(TRACKERS)
    if not compile:
        os.environ["TORCHDYNAMO_DISABLE"] = "1"


class Saves:
    """Takes the place of ``torch.save`` and ``torch.load``, which must be imported."""

    def __init__(self) -> None:
        self.number = 0
        self._folder: str | None = None
        self._kept: dict[str, str] = {}

    def install(self, patches: Patches) -> None:
        """Redirect them."""
        torch = sys.modules["torch"]
        patches.wrap(torch, "save", self._saving)
        patches.wrap(torch, "load", self._loading)

    def _saving(self, original: Any) -> Any:
        @functools.wraps(original)
        def save(obj: object, f: Any, *args: Any, **kwargs: Any) -> None:
            path = path_of(f)
            if path is not None:
                self.number += 1
                original(obj, self._instead(path), *args, **kwargs)
            elif _is_in_memory(f):
                original(obj, f, *args, **kwargs)
            else:
                self.number += 1

        return save

    def _loading(self, original: Any) -> Any:
        @functools.wraps(original)
        def load(f: Any, *args: Any, **kwargs: Any) -> Any:
            path = path_of(f)
            kept = self._kept.get(path) if path is not None else None
            return original(f if kept is None else kept, *args, **kwargs)

        return load

    def knows(self, path: object) -> bool:
        """Whether a path would exist, had it been saved."""
        found = path_of(path)
        return found is not None and found in self._kept

    def _instead(self, path: str) -> str:
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="hplint-")
            atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        return self._kept.setdefault(path, os.path.join(self._folder, str(len(self._kept))))


def path_of(file: object) -> str | None:
    """The absolute path, None for what is no path."""
    if isinstance(file, (str, os.PathLike)):
        return os.path.abspath(os.fsdecode(os.fspath(file)))
    return None


def _is_in_memory(file: object) -> bool:
    """Whether an open file is none on a disk."""
    try:
        file.fileno()  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return True
    return False
