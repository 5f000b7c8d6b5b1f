"""Lists of names that are to be spared from weight decay, and whether a model has parameters that are called so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hplint.facts.constructed import made_from, module_class, torch_module
from hplint.facts.journeys import record_around
from hplint.facts.lifetimes import followed
from hplint.facts.syntax import (
    Attribute,
    Call,
    Collection,
    Compare,
    Comprehension,
    Expr,
    For,
    Generator,
    Literal,
    Name,
    Node,
)
from hplint.facts.tree import last_name
from hplint.records import value_record

if TYPE_CHECKING:
    from hplint.facts.file import File
    from hplint.facts.models import ModuleClass

_FAMILIES = {
    **dict.fromkeys(
        ("Llama", "Mistral", "Mixtral", "Qwen2", "Qwen3", "Gemma", "Gemma2", "Phi3"),
        ("input_layernorm.weight", "post_attention_layernorm.weight", "norm.weight"),
    ),
    "Bloom": ("input_layernorm.weight", "post_attention_layernorm.weight", "ln_f.weight"),
    "GPTNeoX": ("input_layernorm.weight", "post_attention_layernorm.weight", "final_layer_norm.weight"),
    **dict.fromkeys(("GPT2", "GPTNeo", "GPTJ"), ("ln_1.weight", "ln_2.weight", "ln_f.weight")),
    **dict.fromkeys(("T5", "MT5", "UMT5"), ("layer_norm.weight", "final_layer_norm.weight")),
    **dict.fromkeys(
        ("Bart", "MBart", "OPT", "Whisper", "Pegasus", "M2M100"),
        ("self_attn_layer_norm.weight", "final_layer_norm.weight"),
    ),
    **dict.fromkeys(("ViT", "DeiT"), ("layernorm_before.weight", "layernorm_after.weight", "layernorm.weight")),
    "CLIP": ("layer_norm1.weight", "layer_norm2.weight", "final_layer_norm.weight"),
    "XLNet": ("layer_norm.weight",),
}
"""What the norms of models of transformers are called, by the first part of the name of their classes."""
_HEADS = ("For", "Model", "LMHead", "DoubleHeads", "Encoder")
_NORMS = frozenset({"LayerNorm", "RMSNorm", "GroupNorm", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d"})
_UNNAMED = "<number>.weight"
"""What a norm in a ``Sequential`` is called."""
_KNOWN_LIBRARIES = ("builtins.", "torch.", "math.", "numpy.", "collections.", "itertools.", "functools.")


@value_record
class SparedNames:
    """``names`` are looked for by ``tests`` in the parameters of a model, whose norms have ``norms`` as names."""

    names: tuple[Literal, ...]
    tests: tuple[tuple[Call, str], ...]
    made: Call
    norms: tuple[str, ...]


def unmatched_names(file: File) -> Iterator[SparedNames]:
    """The lists of names none of which any norm of the model has, for models whose names are known."""
    by_list: dict[int, tuple[Collection, list[tuple[Call, str, Expr]]]] = {}
    for call in file.callers.by_name.get("any", ()):
        found = _looked_for(file, call)
        if found is not None:
            names, parameter, model = found
            by_list.setdefault(names.start, (names, []))[1].append((call, parameter, model))
    for names, tests in by_list.values():
        words = tuple(each for each in names.elements if isinstance(each, Literal) and isinstance(each.value, str))
        made = [list(made_from(file, model)) for _, _, model in tests]
        if len(words) != len(names.elements) or not any(_of_norms(each) for each in words):
            continue
        if any(len(each) != 1 for each in made) or len({each[0].start for each in made}) != 1:
            continue
        norms = _norms(file, made[0][0], words)
        if norms and not any(str(word.value) in norm for word in words for norm in norms):
            spared = tuple(each for each in words if _of_norms(each))
            yield SparedNames(spared, tuple((call, name) for call, name, _ in tests), made[0][0], norms)


def _of_norms(word: Literal) -> bool:
    return isinstance(word.value, str) and any(part in word.value.lower() for part in ("norm", "ln_"))


def _looked_for(file: File, call: Call) -> tuple[Collection, str, Expr] | None:
    """The list of ``any(nd in n for nd in no_decay)``, the name of the parameter ``p``, and the model."""
    inner = call.args[0].value if len(call.args) == 1 else None
    if not isinstance(inner, Comprehension) or len(inner.generators) != 1 or not isinstance(inner.element, Compare):
        return None
    test, names = inner.element, followed(file, inner.generators[0].iter)
    if test.ops != ("in",) or not isinstance(names, Collection) or not isinstance(test.comparators[0], Name):
        return None
    if last_name(test.left) != last_name(inner.generators[0].target):
        return None
    word = test.comparators[0].id
    around: Node | None = record_around(file, inner)
    while around is not None:
        for each in around.generators if isinstance(around, Comprehension) else (around,):
            pair = each.target if isinstance(each, Generator | For) else None
            if isinstance(pair, Collection) and isinstance(each, Generator | For) and len(pair.elements) == 2:
                name, parameter = pair.elements
                if isinstance(name, Name) and name.id == word and isinstance(parameter, Name):
                    model = _model(file, each.iter)
                    return None if model is None else (names, parameter.id, model)
        around = record_around(file, around)
    return None


def _model(file: File, expr: Expr) -> Expr | None:
    """``model`` of ``list(model.named_parameters())``, also under a name."""
    made = followed(file, expr)
    if isinstance(made, Call) and last_name(made.func) == "list" and len(made.args) == 1:
        made = made.args[0].value
    if isinstance(made, Call) and isinstance(made.func, Attribute) and made.func.attr == "named_parameters":
        return made.func.value
    return None


def _norms(file: File, made: Call, words: tuple[Literal, ...]) -> tuple[str, ...]:
    """What the norms of a model are called; empty where that is not known."""
    own = module_class(file, made)
    if own is None:
        return _of_family(file.qualified(made.func) or "")
    parts = _parts(own, frozenset())
    if parts is None:
        return ()
    attrs = {store.attr for each in parts for store in each.stores}
    stems = [str(word.value).removesuffix(".weight").removesuffix(".bias").rpartition(".")[2] for word in words]
    if any(stem in attr for stem in stems if stem != "bias" for attr in attrs):
        return ()
    norms = [layer for each in parts for layer in each.layers if layer.kind in _NORMS]
    if any(layer.attr is None and layer.container != "Sequential" for layer in norms):
        return ()
    return tuple(dict.fromkeys(f"{layer.attr}.weight" if layer.attr else _UNNAMED for layer in norms))


def _of_family(name: str) -> tuple[str, ...]:
    """The norms of a class of transformers: ``transformers.LlamaForCausalLM.from_pretrained``."""
    library, _, rest = name.partition(".")
    kind = rest.removesuffix(".from_pretrained").removesuffix(".from_config").rpartition(".")[2]
    for family, norms in _FAMILIES.items():
        if library == "transformers" and kind.startswith(tuple(family + head for head in _HEADS)):
            return norms
    return ()


def _parts(own: ModuleClass, seen: frozenset[str]) -> list[ModuleClass] | None:
    """The classes of a model that is all in view, None for any other."""
    if not own.known or own.dynamic or own.ancestors != ("torch.nn.Module",) or own.name in seen:
        return None
    found = [own]
    for method in own.reached_from("__init__"):
        for call in own.file.within(Call, method):
            if torch_module(own.file, call) is not None:
                continue
            inner = module_class(own.file, call)
            below = None if inner is None else _parts(inner, seen | {own.name})
            if inner is not None and below is None:
                return None
            name = own.file.qualified(call.func)
            plain = name.startswith(_KNOWN_LIBRARIES) if name is not None else isinstance(call.func, Attribute)
            if below is None and not plain:
                return None
            found += below or []
    return found
