"""Files of weights that are not read: of what they hold, names and shapes count."""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import Module
from torch.nn.modules.module import _IncompatibleKeys

from hplint.runtime.patches import Patches
from hplint.runtime.running.imports import after_import
from hplint.runtime.running.quiet import Saves, path_of


class NotRead(dict[str, Any]):
    """Stands for weights that would have to be fetched. Whatever is looked up in it is another one."""

    def __missing__(self, key: str) -> NotRead:
        return NotRead()


class Remembered(Saves):
    """Takes the place of ``torch.save`` without a file: what has no numbers is kept as it is."""

    def __init__(self) -> None:
        super().__init__()
        self._objects: dict[str, object] = {}

    def _saving(self, original: Any) -> Any:
        @functools.wraps(original)
        def save(obj: object, f: Any, *args: Any, **kwargs: Any) -> None:
            self.number += 1
            path = path_of(f)
            if path is not None:
                self._objects[path] = obj

        return save

    def _loading(self, original: Any) -> Any:
        @functools.wraps(original)
        def load(f: Any, *args: Any, **kwargs: Any) -> Any:
            return self._objects[path_of(f) or ""] if self.knows(f) else original(f, *args, **kwargs)

        return load

    def knows(self, path: object) -> bool:
        return path_of(path) in self._objects


class Weights:
    """Takes the place of what reads weights."""

    def __init__(self, mode: FakeTensorMode) -> None:
        self._mode = mode
        self.skipped: dict[str, int] = {}
        """What was not read, and how often, by the function that was called."""

    def install(self, patches: Patches) -> None:
        """Replace the functions of torch now, those of others when they are imported."""
        patches.wrap(torch, "load", self._load)
        patches.wrap(torch.hub, "load_state_dict_from_url", self._fetch)
        patches.wrap(Module, "load_state_dict", self._load_state_dict)

        def safetensors() -> None:
            import safetensors.torch as library

            patches.wrap(library, "load_file", self._load_file)

        def transformers() -> None:
            import transformers.modeling_utils as library

            own = library.PreTrainedModel.__dict__["from_pretrained"]
            setattr(library.PreTrainedModel, "from_pretrained", classmethod(self._from_config(own.__func__)))  # noqa: B010

        after_import("safetensors.torch", safetensors)
        after_import("transformers.modeling_utils", transformers)

    def _skip(self, name: str) -> None:
        self.skipped[name] = self.skipped.get(name, 0) + 1

    def _load(self, original: Any) -> Any:
        """Under the mode, torch itself reads names, shapes and types, and none of the numbers."""

        @functools.wraps(original)
        def load(*args: Any, **kwargs: Any) -> Any:
            self._skip("torch.load")
            with self._mode:
                return original(*args, **kwargs)

        return load

    def _fetch(self, original: Any) -> Any:
        @functools.wraps(original)
        def load_state_dict_from_url(*args: Any, **kwargs: Any) -> NotRead:
            self._skip("load_state_dict_from_url")
            return NotRead()

        return load_state_dict_from_url

    def _load_state_dict(self, original: Any) -> Any:
        @functools.wraps(original)
        def load_state_dict(module: Module, state_dict: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(state_dict, NotRead):
                return _IncompatibleKeys([], [])
            return original(module, state_dict, *args, **kwargs)

        return load_state_dict

    def _load_file(self, original: Any) -> Any:
        @functools.wraps(original)
        def load_file(filename: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
            from safetensors import safe_open

            self._skip("safetensors.torch.load_file")
            with safe_open(filename, framework="pt") as file, self._mode:
                parts = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
                return {name: torch.empty(part.get_shape(), dtype=_type(part)) for name, part in parts.items()}

        return load_file

    def _from_config(self, original: Any) -> Any:
        """A model of Hugging Face, built from its configuration alone."""

        @functools.wraps(original)
        def from_pretrained(cls: Any, name: Any, *args: Any, config: Any = None, **kwargs: Any) -> Any:
            self._skip("from_pretrained")
            if config is None or isinstance(config, str):
                config = cls.config_class.from_pretrained(config or name)
            for key in [key for key in kwargs if hasattr(config, key) and key not in ("dtype", "torch_dtype")]:
                setattr(config, key, kwargs.pop(key))
            taken = {key: kwargs[key] for key in ("dtype", "torch_dtype", "attn_implementation") if key in kwargs}
            model = cls._from_config(config, **taken)
            model.eval()
            return model

        return from_pretrained


_TYPES = {
    "BOOL": torch.bool,
    "U8": torch.uint8,
    "I8": torch.int8,
    "I16": torch.int16,
    "I32": torch.int32,
    "I64": torch.int64,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F64": torch.float64,
}


def _type(part: Any) -> torch.dtype:
    return _TYPES.get(part.get_dtype(), torch.float32)
