"""What keeps a network from memorising its training data, as far as one file shows, and what makes that no question.

Nothing here proves anything: a single sign in the names of the code is enough to stay silent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from hplint.facts import torch_roles as roles
from hplint.facts.calls import BoundCall, Presence
from hplint.facts.constructed import made_from, module_class, torch_module
from hplint.facts.file import File
from hplint.facts.lifetimes import followed, optimizers, parameter_groups
from hplint.facts.models import ModuleClass
from hplint.facts.syntax import (
    Arg,
    Attribute,
    Binary,
    Call,
    ClassDef,
    Comprehension,
    For,
    FunctionDef,
    Import,
    Name,
    Node,
)
from hplint.facts.tree import last_name, walk
from hplint.records import value_record
from hplint.regex import regex

_DECAYING = frozenset({"AdamW", "Muon", "Adafactor"})
"""Optimizers that decay weights by default, or whose default is not worth relying on."""

_REGULARISING = r"""
      (?<![a-z])drop(?!na|_last|_duplicates|_column|ped|down|s?_?index) | stochastic_?depth
      | (batch|layer|group|instance|rms|spectral|weight|filter|ada)_?norm | (?<![a-z])(bn|gn|ln)(?![a-z])
      | (?<![a-z])norm\d*$ | weight_?decay | (?<![a-z])wd(?![a-z]) | (lambda|reg|alpha|weight|coef)_?l[12](?![a-z0-9])
      | (?<![a-z])l[12]_?(reg|lambda|norm|weight|coef|alpha|decay|term) | regulari[sz] | penalty | noise
      | early_?stop | patience | label_?smoothing
      | augment | albument | imgaug | kornia | mix_?up | cut_?mix | cut_?out | auto_?augment | color_?jitter
      | random_?(crop|resized|horizontal|vertical|flip|rotation|erasing|affine|perspective|apply|grayscale)
    """
"""Names that stand for a regulariser: dropout, normalisation, decay, penalties, early stopping, augmentation."""

_OTHER_AIMS = r"""
      (?<![a-z])(actor|critic|policy|agents?|reward|replay|[a-z]*dqn|ddpg|ppo|sac|td3|gym[a-z]*|q_?nets?)(?![a-z])
      | q_?(values?|network) | discriminator | (?<![a-z])[a-z]{0,2}gan(?![a-z]) | (net|model|opt|loss)_?[gd]$ | adversar
      | auto_?encod | (?<!label_)(?<!hot_)(?<!ordinal_)encoder | decoder | (?<![a-z])c?vae(?![a-z]) | latent | reparam
      | kld | reconstruct | nerf | siren | pinn | (?<![a-z])(pde|ode|sdf)(?![a-z]) | collocation | diffusion | denois
      | score_?net | attn | attention | transformer | (?<![a-z])flows?(?![a-z]) | siamese | triplet | contrastive
      | distill | teacher | pre_?trained | embed | word2vec | skip_?gram
    """
"""Names of work where a network without a regulariser is normal: reinforcement learning, generative models, fields."""

_CAMEL = regex(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_KNOWN_LIBRARIES = ("builtins.", "torch.", "math.", "numpy.", "collections.", "itertools.", "functools.")


def shows_regularisation(file: File) -> bool:
    """Whether any name of the file, or any optimizer in it, regularises, or the file is about something else."""
    if any(_decays(file, call) for call in optimizers(file)) or any(map(_is_sign, _names(file))):
        return True
    if any(file.qualified(call.func) in ("torch.autograd.grad", "torch.func.grad") for call in file.every(Call)):
        return True
    return any(map(_sums_weights, _over_parameters(file)))


@lru_cache(maxsize=8192)
def _is_sign(name: str) -> bool:
    """Whether a name stands for a regulariser, or for work that needs none."""
    words = _CAMEL.sub("_", name).lower()
    # Compiled when they are needed: that takes longer than importing the rest of this module.
    return any(re.search(pattern, words, re.VERBOSE) for pattern in (_REGULARISING, _OTHER_AIMS))


def trained_models(file: File) -> Iterator[tuple[BoundCall, Call]]:
    """Optimizers of a file that calls ``backward``, with the calls that construct the models that they train."""
    if not any(isinstance(call.func, Attribute) for call in file.callers.by_name.get("backward", ())):
        return
    for optimizer in optimizers(file):
        given = optimizer.argument("params").node
        for part in () if given is None else walk(followed(file, given.value)):
            if isinstance(part, Attribute) and part.attr in ("parameters", "named_parameters"):
                for made in made_from(file, part.value):
                    yield optimizer, made


@value_record
class PlainModel:
    """A model of Linear and Conv layers. ``weights``: how many it holds, as far as the sizes are known."""

    layers: int
    weights: int


def plain_model(file: File, made: Call) -> PlainModel | None:
    """The Linear and Conv layers of the model that a call constructs.

    None when not all of it is in view, other layers in it learn (recurrent ones, attention, embeddings), or nothing
    but linear layers stands in it.
    """
    constructed = list(_layers_of(file, made))
    learning = [call for call in constructed if call is None or call.short in roles.PARAMETRIC - {"PReLU"}]
    layers = [call for call in learning if call is not None and call.short in roles.LINEAR_OR_CONVOLUTION]
    if len(layers) < len(learning) or _is_linear(file, made, constructed):
        return None
    return PlainModel(len(layers), sum(map(_weights, layers)))


_UNKNOWN_SIZE = 64
"""What a size counts as that is not known: the features of a table, the number of classes, a width."""
_UNKNOWN_KERNEL = 3


def _weights(call: BoundCall) -> int:
    """How many weights a Linear or Conv layer holds; of several sizes that one may have, the largest counts."""
    if "Linear" in call.short:
        return (_size(call, "in_features") + 1) * _size(call, "out_features")
    area: int = _size(call, "kernel_size", _UNKNOWN_KERNEL) ** int(call.short[-2])
    return (_size(call, "in_channels") * area // _size(call, "groups", 1) + 1) * _size(call, "out_channels")


def _size(call: BoundCall, parameter: str, unknown: int = _UNKNOWN_SIZE) -> int:
    found = [each.constant for each in call.argument(parameter).value.possible]
    flat = [size for each in found for size in (each if isinstance(each, tuple) else (each,))]
    sizes = [each for each in flat if isinstance(each, int) and not isinstance(each, bool) and each > 0]
    return max(sizes) if sizes else unknown


_STAYS_LINEAR = roles.LINEAR_OR_CONVOLUTION | {"Sequential", "Flatten", "Unflatten", "Identity"}
_RESHAPES = frozenset({"view", "reshape", "flatten", "squeeze", "unsqueeze", "size", "permute", "to", "float", "super"})


def _is_linear(file: File, made: Call, constructed: list[BoundCall | None]) -> bool:
    """Whether a model certainly holds no nonlinearity."""
    if any(call is None or call.short not in _STAYS_LINEAR for call in constructed):
        return False
    module = module_class(file, made)
    if module is None:
        return True
    layers = {layer.attr for layer in module.layers if layer.kind in _STAYS_LINEAR}
    methods = list(module.reached_from("forward"))
    calls = [call for method in methods for call in module.file.within(Call, method)]
    return bool(methods) and all(last_name(call.func) in layers | _RESHAPES for call in calls)


def _layers_of(file: File, made: Call, seen: frozenset[str] = frozenset()) -> Iterator[BoundCall | None]:
    """Every layer of ``torch.nn`` in a model, a None for each part that is not in view."""
    module = module_class(file, made)
    if module is None:
        for part in walk(made):
            if isinstance(part, Call):
                bound = file.bound(part)
                yield bound if torch_module(file, part) is not None else None
        return
    whole = not module.dynamic and module.ancestors == ("torch.nn.Module",) and module.name not in seen
    if not whole or not all(_understood(module, call) for call in _building_calls(module)):
        yield None
        return
    for layer in module.layers:
        if layer.kind is not None:
            yield layer.call
        else:
            yield from _layers_of(file, layer.call.node, seen | {module.name})


def _building_calls(module: ModuleClass) -> Iterator[Call]:
    for method in module.reached_from("__init__"):
        yield from module.file.within(Call, method)


def _understood(module: ModuleClass, call: Call) -> bool:
    """Whether a call of the constructor makes a layer in view, or certainly no model."""
    file, func = module.file, call.func
    if torch_module(file, call) is not None or module_class(file, call) is not None:
        return True
    name = file.qualified(func)
    if name is not None:
        return name.startswith(_KNOWN_LIBRARIES)
    # A method of something: `self.layers.append(...)`, `super().__init__()`.
    return isinstance(func, Attribute)


def _names(file: File) -> Iterator[str]:
    """Every identifier of the file; strings and comments do not count."""
    yield from (definition.name for definition in file.every(ClassDef))
    for function in file.every(FunctionDef):
        yield function.name
        yield from (parameter.name for parameter in function.parameters)
    for statement in file.every(Import):
        yield statement.module or ""
        yield from (part for name, alias in statement.names for part in (name, alias or ""))
    yield from (name.id for name in file.every(Name))
    # `frame.drop(...)` is a table losing a column.
    called = {call.func.end for call in file.every(Call) if isinstance(call.func, Attribute)}
    for attribute in file.every(Attribute):
        if attribute.attr != "drop" or attribute.end not in called:
            yield attribute.attr
    for call in file.every(Call):
        yield from (arg.keyword for arg in call.args if arg.keyword is not None and not _is_off(file, arg))


def _is_off(file: File, arg: Arg) -> bool:
    """Whether an option is given its zero: ``weight_decay=0``."""
    value = file.value(arg.value).single
    return value is not None and value.constant in (0, 0.0, False)


def _decays(file: File, call: BoundCall) -> bool:
    """Whether an optimizer decays weights, or may."""
    decay = call.argument("weight_decay")
    if call.short in _DECAYING or decay.presence is Presence.UNKNOWN:
        return True
    if decay.presence is Presence.PRESENT:
        value = decay.value.single
        return value is None or value.constant != 0
    groups = parameter_groups(file, call)
    return any("weight_decay" in group.options or not group.complete for group in groups.listed)


def _over_parameters(file: File) -> Iterator[Node]:
    """Loops and comprehensions over the parameters of something."""
    for loop in file.all(For):
        if _reads_parameters(loop.iter):
            yield loop
    for comprehension in file.all(Comprehension):
        if any(_reads_parameters(generator.iter) for generator in comprehension.generators):
            yield comprehension


def _reads_parameters(node: Node) -> bool:
    return any(isinstance(part, Attribute) and part.attr in ("parameters", "named_parameters") for part in walk(node))


def _sums_weights(loop: Node) -> bool:
    """Whether a loop over parameters takes a norm: a penalty written by hand."""
    return any(
        (isinstance(part, Attribute) and part.attr in ("norm", "abs", "pow", "square", "vector_norm"))
        or (isinstance(part, Binary) and part.op == "**")
        for part in walk(loop)
    )
