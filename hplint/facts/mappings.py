"""Dictionaries and objects that are made of them: what each item is, whatever form they are written in."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from hplint.facts.syntax import Arg, Call, Dict, Expr, Literal, Node
from hplint.facts.values import OriginKind
from hplint.facts.ways import Held, Holder, Way, Ways, either, one, unknown
from hplint.records import record, value_record

if TYPE_CHECKING:
    from hplint.facts.evaluate import Evaluator

MAKERS = frozenset(
    (
        "builtins.dict",
        "collections.OrderedDict",
        "types.SimpleNamespace",
        "argparse.Namespace",
        "easydict.EasyDict",
        "munch.Munch",
        "munch.DefaultMunch",
        "munch.munchify",
        "munch.DefaultMunch.fromDict",
        "munch.Munch.fromDict",
        "addict.Dict",
        "attrdict.AttrDict",
        "box.Box",
        "dotmap.DotMap",
        "ml_collections.ConfigDict",
        "ml_collections.config_dict.ConfigDict",
        "ml_collections.FrozenConfigDict",
        "ml_collections.config_dict.FrozenConfigDict",
        "omegaconf.OmegaConf.create",
        "omegaconf.OmegaConf.structured",
        "omegaconf.DictConfig",
        "yacs.config.CfgNode",
        "fvcore.common.config.CfgNode",
        "detectron2.config.CfgNode",
        "mmcv.Config",
        "mmcv.ConfigDict",
        "mmengine.Config",
        "mmengine.config.Config",
        "mmengine.ConfigDict",
        "mmengine.config.ConfigDict",
        "transformers.PretrainedConfig",
    )
)
"""Calls that make a dictionary, or an object with attributes, of a dictionary or of their keywords."""
COPIES = frozenset(
    (
        "copy.copy",
        "copy.deepcopy",
        "omegaconf.OmegaConf.merge",
        "omegaconf.OmegaConf.to_container",
        "builtins.vars",
        "dataclasses.asdict",
        "attr.asdict",
        "attrs.asdict",
    )
)
"""Calls that give the named values of their argument; ``OmegaConf.merge`` those of all its arguments."""
COPYING_METHODS = frozenset(("copy", "clone", "defrost", "to_dict", "toDict", "dict", "model_dump", "_asdict"))


LACKING = unknown("it is not among the items")
"""The entry of a dictionary that is known to have no such item when it is made."""
_HIGHEST = 20


@value_record
class Part:
    """One item of a dictionary, or another dictionary (``rest``) whose items all go in."""

    key: str | None
    way: Way | None
    rest: Held | None = None


@record
class Mapping:
    """A dictionary that ``node`` writes. Later parts win."""

    home: Evaluator
    frame: int
    node: Node
    parts: tuple[Part, ...]
    height: int = 0
    """Dictionaries that go into each other below this one."""
    known: dict[str, Ways] = field(default_factory=dict)
    content: list[dict[str, Way] | None] = field(default_factory=list)

    def entry(self, name: str) -> Ways:
        """Where an item takes its value from when the dictionary is made."""
        found = self.known.get(name)
        if found is None:
            found = self.known[name] = self._find(name)
        return found

    def _find(self, name: str) -> Ways:
        found: list[Ways] = []
        for part in reversed(self.parts):
            if part.key == name and part.way is not None:
                return either((one(part.way), *found))
            if part.rest is not None:
                whole = self._of_rest(part.rest, name)
                if whole.closed:
                    return either((whole, *found))
                if whole is not LACKING:
                    found.append(whole)
        if found:
            return either((*found, unknown(found[0].why)))
        return LACKING if self._is_complete() else unknown(f"`{name}` is not among the items")

    def _of_rest(self, rest: Held, name: str) -> Ways:
        """What a spread dictionary brings."""
        known = [holder.entry(name) for holder in rest.every]
        if not rest.closed or not known:
            return either((*known, unknown("a dictionary of unknown content may hold it")))
        return LACKING if all(each is LACKING for each in known) else either(known)

    def _is_complete(self) -> bool:
        """Whether nothing of unknown content goes into it."""
        return all(part.rest is None or part.rest.closed for part in self.parts)

    def items(self) -> dict[str, Way] | None:
        """All items; None where not all are known."""
        if not self.content:
            self.content.append(self._items())
        return self.content[0]

    def _items(self) -> dict[str, Way] | None:
        found: dict[str, Way] = {}
        for part in self.parts:
            if part.way is not None and part.key is not None:
                found[part.key] = part.way
            elif part.rest is not None:
                whole = part.rest.every[0] if part.rest.closed and len(part.rest.every) == 1 else None
                inner = whole.items() if isinstance(whole, Mapping) else None
                if inner is None:
                    return None
                found.update(inner)
        return found

    def may_be(self, other: Holder) -> bool:
        return isinstance(other, Mapping) and other.node is self.node


def display(expr: Dict, owner: Evaluator) -> Mapping:
    """What ``{"lr": 1, **rest}`` writes."""
    parts = []
    for key, value in expr.items:
        if key is None:
            parts.append(Part(None, None, owner.objects(value)))
        elif isinstance(key, Literal) and isinstance(key.value, str):
            parts.append(Part(key.value, Way(value, OriginKind.DICT_ITEM, f"[{key.value!r}]", owner)))
        elif not isinstance(key, Literal):
            parts.append(Part(None, None, Held()))
    return _mapping(owner, owner.holders.frame_at(expr), expr, parts)


def made(call: Call, owner: Evaluator) -> Mapping:
    """What ``dict(base, lr=1)``, ``EasyDict({...})`` and the like write."""
    parts = []
    for arg in call.args:
        if arg.keyword is not None:
            parts.append(Part(arg.keyword, Way(arg.value, OriginKind.DICT_ITEM, f"{arg.keyword}=…", owner)))
        elif arg.star == "*":
            parts.append(Part(None, None, Held()))
        else:
            parts.append(Part(None, None, owner.objects(arg.value)))
    return _mapping(owner, owner.holders.frame(call.scope), call, parts)


def merged(node: Expr, parts: tuple[Expr, ...], owner: Evaluator) -> Mapping:
    """``base | {...}``: the items of both, those of the last one win."""
    return _mapping(
        owner, owner.holders.frame_at(node), node, [Part(None, None, owner.objects(part)) for part in parts]
    )


def changed(node: Call, base: Held, args: tuple[Arg, ...], owner: Evaluator) -> Mapping:
    """``dataclasses.replace(base, lr=1)``: the values of ``base`` but for those given."""
    parts = [Part(None, None, base)]
    for arg in args:
        if arg.keyword is not None:
            parts.append(Part(arg.keyword, Way(arg.value, OriginKind.CONSTANT, f"{arg.keyword}=…", owner)))
        else:
            parts.append(Part(None, None, Held()))
    return _mapping(owner, owner.holders.frame(node.scope), node, parts)


def _mapping(owner: Evaluator, frame: int, node: Node, parts: list[Part]) -> Mapping:
    inner = [each for part in parts if part.rest is not None for each in part.rest.every]
    height = max((each.height + 1 for each in inner if isinstance(each, Mapping)), default=0)
    if height > _HIGHEST:
        parts, height = [Part(None, None, Held())], 0
    return Mapping(owner, frame, node, tuple(parts), height)
