"""The runtime checks, one topic a file; :mod:`hplint.runtime.checking` tells how to write one."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from hplint.runtime.checking import Check


@cache
def all_checks() -> tuple[type[Check], ...]:
    """Every check in this package, in the order of their files."""
    modules = sorted(found.name for found in pkgutil.iter_modules(__path__, f"{__name__}."))
    return tuple(
        value
        for name in modules
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, type) and issubclass(value, Check) and value.__module__ == name
    )
