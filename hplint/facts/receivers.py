"""What the objects of a training loop are (an optimizer, a scaler, a model) and what they are called.

An object's role is read off its construction in the file, or else off its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from hplint.facts import syntax
from hplint.facts.events import Role
from hplint.facts.syntax import (
    Attribute,
    Binding,
    BindingKind,
    Call,
    ClassDef,
    Expr,
    FunctionDef,
    Literal,
    Name,
    Subscript,
)
from hplint.facts.tree import inside, last_name
from hplint.regex import regex

if TYPE_CHECKING:
    from hplint.facts.file import File

_DEPTH = 5
"""How many assignments from name to name are followed."""

_OTHER_OPTIMIZERS = (
    (regex(r"(apex\.optimizers|bitsandbytes\.optim|deepspeed\.ops\.\w+|torch_optimizer)\.\w+"), Role.OPTIMIZER),
)
_FABRIC = ((regex(r"(lightning|lightning_fabric)\.(\w+\.)*Fabric"), Role.ACCELERATOR),)
_NO_PART = ((regex(r"(gym|gymnasium|tqdm)\.\w+"), Role.OTHER),)
_CONSTRUCTORS = {
    "torch": (
        (regex(r"torch\.optim\.(lr_scheduler\.\w+|swa_utils\.SWALR)"), Role.SCHEDULER),
        (regex(r"torch\.optim\.[A-Z]\w*"), Role.OPTIMIZER),
        (regex(r"torch\.(\w+\.)*(Sharded)?GradScaler"), Role.SCALER),
        (regex(r"torch\.nn\.(\w+\.)*[A-Z]\w*"), Role.MODULE),
        (regex(r"torch\.profiler\.\w+|torch\.autograd\.profiler\.\w+"), Role.OTHER),
    ),
    "torchvision": ((regex(r"torchvision\.models\.\w+"), Role.MODULE),),
    "transformers": (
        (regex(r"transformers\.(\w+\.)*(get_\w*schedule\w*|create_scheduler\w*)"), Role.SCHEDULER),
        (regex(r"transformers\.(\w+\.)*(AdamW|Adafactor|AdamWeightDecay)"), Role.OPTIMIZER),
    ),
    "timm": (
        (regex(r"timm\.(\w+\.)*(get_\w*schedule\w*|create_scheduler\w*)"), Role.SCHEDULER),
        (regex(r"timm\.(\w+\.)*create_optimizer\w*"), Role.OPTIMIZER),
    ),
    **dict.fromkeys(("apex", "bitsandbytes", "deepspeed", "torch_optimizer"), _OTHER_OPTIMIZERS),
    "accelerate": ((regex(r"accelerate\.(\w+\.)?Accelerator"), Role.ACCELERATOR),),
    **dict.fromkeys(("lightning", "lightning_fabric"), _FABRIC),
    **dict.fromkeys(("gym", "gymnasium", "tqdm"), _NO_PART),
}
"""By the library."""
_BASES = (
    (regex(r"torch\.optim\.(lr_scheduler\.\w+)"), Role.SCHEDULER),
    (regex(r"torch\.optim\.(\w+\.)*[A-Z]\w*"), Role.OPTIMIZER),
    (regex(r"torch\.nn\.(\w+\.)*[A-Z]\w*"), Role.MODULE),
)
_DEEPSPEED = {0: Role.ENGINE, 1: Role.OPTIMIZER, 2: Role.OTHER, 3: Role.SCHEDULER}
_PASS_THROUGH = frozenset({"prepare", "setup", "initialize", "optimize"})
"""Calls that give back what they are given, in its order: ``accelerator.prepare``, ``fabric.setup`` and so on."""
_SAME_OBJECT = frozenset({"to", "cuda", "cpu", "train", "eval", "float", "half", "double", "requires_grad_"})
_WRAPPERS = frozenset({"unwrap_model", "DataParallel", "DistributedDataParallel", "DDP", "compile", "FSDP"})
_GIVES_BACK = _PASS_THROUGH | _WRAPPERS

_SPOKEN = {
    Role.SCHEDULER: "sched scheduler schedule",
    Role.SCALER: "scaler gradscaler ampscaler lossscaler",
    Role.ACCELERATOR: "accelerator fabric",
    Role.ENGINE: "engine",
    Role.OTHER: "env envs profiler prof pbar progress ema timer logger meter trainer agent wandb writer",
    Role.MODULE: "model network module generator discriminator gen disc encoder decoder critic actor backbone "
    "classifier policy student teacher transformer unet vae resnet bert gpt",
}
_WORDS = {word: role for role, words in _SPOKEN.items() for word in words.split()}
_OPTIMIZER = regex(r"\w?(optimi[sz]er|optim)\w?|\w?opt|adamw?|sgd|rmsprop|adagrad|optimizer\w*")
_STRONGEST = (
    Role.SCHEDULER,
    Role.SCALER,
    Role.OPTIMIZER,
    Role.ACCELERATOR,
    Role.ENGINE,
    Role.OTHER,
    Role.MODULE,
)
"""Of the roles that the words of one name speak of, the first in this order counts."""
_HUMPS = regex(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN = regex(r"[\W\d_]+")
_ITERATORS = frozenset(
    {"parameters", "named_parameters", "children", "modules", "values", "items", "trainable_parameters"}
)
_CONTAINERS = frozenset({"list", "tuple", "filter", "chain", "enumerate", "reversed", "master_params", "iter"})


@lru_cache(maxsize=8192)
def words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case, digits left out: ``optimizerG_2`` gives ``optimizer`` and ``g``."""
    if name.isascii() and name.islower() and name.replace("_", "").isalpha():
        return tuple(word for word in name.split("_") if word)  # Most names are written like that.
    return tuple(word for word in _BETWEEN.split(_HUMPS.sub("_", name).lower()) if word)


@lru_cache(maxsize=4096)
def role_by_name(name: str) -> Role | None:
    """What an object is called: of a scheduler's and an optimizer's word in one name, the scheduler's counts."""
    roles = {_role_of_word(part) for part in words(name)}
    return next((role for role in _STRONGEST if role in roles), None) if roles != {None} else None


@lru_cache(maxsize=4096)
def _role_of_word(word: str) -> Role | None:
    """What a word or its plural speaks of."""
    both = (word, word[:-1]) if word.endswith("s") else (word,)
    roles = {_role_in_singular(each) for each in both}
    return next((role for role in _STRONGEST if role in roles), None)


def _role_in_singular(word: str) -> Role | None:
    role = _WORDS.get(word)
    if role is not None:
        return role
    if _OPTIMIZER.fullmatch(word):
        return Role.OPTIMIZER
    return Role.MODULE if word.endswith("net") or (word.startswith("net") and len(word) <= 4) else None


@lru_cache(maxsize=4096)
def _constructed(name: str) -> Role | None:
    """What a library's function or class of this dotted name gives."""
    known = _CONSTRUCTORS.get(name.partition(".")[0], ())
    return next((role for names, role in known if names.fullmatch(name)), None)


@lru_cache(maxsize=4096)
def _of_base(name: str) -> Role | None:
    """What classes that derive from a library's class of this dotted name are."""
    return next((role for bases, role in _BASES if bases.fullmatch(name)), None) if name[:6] == "torch." else None


def role_of(file: File, expr: Expr) -> Role | None:
    """What an object of the training loop is, None when that is not certain."""
    return file.receivers.role(expr)


class Receivers:
    """Roles and names of the objects of one file."""

    def __init__(self, file: File) -> None:
        self.file = file
        self._names = file.names
        self._models: dict[str, tuple[str, ...]] = {}
        self._roles: dict[str | tuple[str, int], Role | None] = {}

    def bindings(self, name: Name) -> tuple[Binding, ...]:
        """The places that bind a name, in the scope that it is read from."""
        found = self._names.lookup(name.id, name.scope)
        return found[1] if found else ()

    def assigned(self, name: Name) -> Expr | None:
        """What a name is assigned, whole, in the one place that binds it."""
        bindings = self.bindings(name)
        only = bindings[0] if len(bindings) == 1 else None
        return only.value if only and only.kind is BindingKind.ASSIGN and only.path == () else None

    @cached_property
    def stores(self) -> dict[str, list[Expr]]:
        """What is assigned to each dotted target of the file, by the target's text (``self.optimizer``)."""
        found: dict[str, list[Expr]] = {}
        for statement in self.file.all(syntax.Assign):
            if statement.value is not None:
                for target in statement.targets:
                    if isinstance(target, Name | Attribute):
                        found.setdefault(self.file.source(target), []).append(statement.value)
        return found

    # --- names

    def text(self, expr: Expr, depth: int = 0) -> str | None:
        """The dotted name of an object, the same for all its names that are known to be one; None if it has none."""
        if isinstance(expr, Name):
            return self._name(expr, depth)
        if isinstance(expr, Attribute):
            outer = self.text(expr.value, depth)
            return outer if outer is None or expr.attr == "module" else f"{outer}.{expr.attr}"
        if isinstance(expr, Subscript):
            outer = self.text(expr.value, depth)
            return outer and f"{outer}[{self.file.source(expr.index)}]"
        if isinstance(expr, Call) and expr.args and last_name(expr.func) in _WRAPPERS:
            return self.text(expr.args[0].value, depth)
        if isinstance(expr, Call) and isinstance(expr.func, Attribute):
            if expr.func.attr in _SAME_OBJECT:
                return self.text(expr.func.value, depth)
            outer = self.text(expr.func, depth)
            return f"{outer}()" if outer and not expr.args else None
        return None

    def _name(self, name: Name, depth: int) -> str:
        bindings = self.bindings(name)
        if depth < _DEPTH and len(bindings) == 1:
            only = bindings[0]
            if (
                only.kind is BindingKind.ASSIGN
                and only.path == ()
                and isinstance(only.value, Name | Attribute | Subscript)
            ):
                return self.text(only.value, depth + 1) or name.id
            if only.kind is BindingKind.LOOP and only.value is not None:
                iterated = self._iterated(only.value, only.path)
                if isinstance(iterated, Name | Attribute):
                    outer = self.text(iterated, depth + 1)
                    return f"{outer}[*]" if outer else name.id
        return name.id

    def _iterated(self, expr: Expr, path: tuple[int, ...] | None) -> Expr | None:
        """What a loop's variable comes from: ``b`` for y in ``for x, y in zip(a, b)``."""
        if isinstance(expr, Call):
            called = last_name(expr.func)
            if called == "zip" and path and path[0] < len(expr.args):
                return expr.args[path[0]].value
            if called == "enumerate" and expr.args and path:
                return expr.args[0].value if path[0] == 1 else None
            if called in ("values", "items") and isinstance(expr.func, Attribute):
                return expr.func.value
            return None
        return expr

    def owner(self, expr: Expr | None, depth: int = 0) -> str | None:
        """Whose parameters these are: ``model`` for ``model.parameters()`` and for a loop's variable over them."""
        if expr is None or depth > _DEPTH:
            return None
        if isinstance(expr, Name):
            binding = next(iter(self.bindings(expr)), None)
            if binding is not None and binding.kind in (BindingKind.LOOP, BindingKind.ASSIGN):
                return self.owner(binding.value, depth + 1) or expr.id
            return expr.id
        if isinstance(expr, Call):
            if isinstance(expr.func, Attribute) and expr.func.attr in _ITERATORS:
                return self.owner(expr.func.value, depth + 1)
            if last_name(expr.func) in _CONTAINERS and expr.args:
                return self.owner(expr.args[-1].value, depth + 1)
            return None
        if isinstance(expr, Subscript):
            return self.owner(expr.value, depth + 1)
        if isinstance(expr, syntax.Comprehension):
            return self.owner(expr.generators[0].iter, depth + 1)
        if isinstance(expr, Attribute) and expr.attr == "param_groups":
            return self.text(expr.value)
        return self.text(expr)

    @cached_property
    def _parameter_calls(self) -> list[Call]:
        return [call for call in self.file.all(Call) if last_name(call.func) in ("parameters", "named_parameters")]

    def _given_models(self, optimizer: str) -> Iterator[str]:
        for value in self.stores.get(optimizer, ()):
            if not isinstance(value, Call) or self.role_of_value(value) is not Role.OPTIMIZER:
                continue
            given: list[Expr] = [arg.value for arg in value.args]
            given += [known for each in given if isinstance(each, Name) and (known := self.assigned(each))]
            for call in self._parameter_calls:
                owner = self.owner(call) if any(inside(call, each) for each in given) else None
                if owner:
                    yield self._kept.get(owner, owner) if optimizer.startswith("self.") else owner

    @cached_property
    def _kept(self) -> dict[str, str]:
        """Attributes of ``self`` that hold what a bare name stands for, by the name: ``self.model = model``."""
        pairs = ((target, value) for target, values in self.stores.items() for value in values)
        return {value.id: target for target, value in pairs if isinstance(value, Name) and target.startswith("self.")}

    def models(self, optimizer: str) -> tuple[str, ...]:
        """The models whose parameters an optimizer was given, where the file constructs it."""
        found = self._models.get(optimizer)
        if found is None:
            found = self._models[optimizer] = tuple(self._given_models(optimizer))
        return found

    # --- roles

    def role(self, expr: Expr) -> Role | None:
        """What an object is, None when that is not certain."""
        if isinstance(expr, Name):
            key: str | tuple[str, int] = (expr.id, expr.scope)
        elif isinstance(expr, Attribute):
            key = self.file.source(expr)
        else:
            return self._role(expr, 0)
        if key not in self._roles:
            self._roles[key] = self._role(expr, 0)
        return self._roles[key]

    def _role(self, expr: Expr, depth: int) -> Role | None:
        if depth > _DEPTH:
            return None
        if isinstance(expr, Name):
            roles = {self._role_of_binding(binding, depth + 1) for binding in self.bindings(expr)} - {None}
        elif isinstance(expr, Attribute):
            values = self.stores.get(self.file.source(expr), [])
            roles = {self.role_of_value(value, (), depth + 1) for value in values} - {None}
        elif isinstance(expr, Subscript):
            key = expr.index.value if isinstance(expr.index, Literal) else None
            return (role_by_name(key) if isinstance(key, str) else None) or self._role(expr.value, depth + 1)
        elif isinstance(expr, Call):
            return self.role_of_value(expr, (), depth + 1) or role_by_name(last_name(expr.func))
        else:
            return None
        return roles.pop() if len(roles) == 1 else role_by_name(last_name(expr))

    def _role_of_binding(self, binding: Binding, depth: int) -> Role | None:
        if binding.kind is BindingKind.PARAMETER and binding.parameter is not None:
            return self._role_of_class(binding.parameter.annotation, depth)
        if binding.kind is BindingKind.LOOP and binding.value is not None:
            iterated = self._iterated(binding.value, binding.path)
            return None if iterated is None else self._role(iterated, depth)
        if (
            binding.kind in (BindingKind.ASSIGN, BindingKind.WITH)
            and binding.value is not None
            and binding.path is not None
        ):
            return self.role_of_value(binding.value, binding.path, depth)
        return None

    def role_of_value(self, value: Expr, path: tuple[int, ...] = (), depth: int = 0) -> Role | None:
        """What an assigned expression is, or the part of it that ``path`` unpacks."""
        if depth > _DEPTH:
            return None
        if isinstance(value, Call):
            return self._role_of_call(value, path, depth)
        if path:
            inner = isinstance(value, syntax.Collection) and path[0] < len(value.elements)
            return self.role_of_value(value.elements[path[0]], path[1:], depth + 1) if inner else None  # type: ignore[union-attr]
        if isinstance(value, syntax.Conditional):
            both = {self.role_of_value(value.body, (), depth + 1), self.role_of_value(value.orelse, (), depth + 1)}
            return both.pop() if len(both) == 1 else None
        return self._role(value, depth + 1) if isinstance(value, Name | Attribute) else None

    def _role_of_call(self, call: Call, path: tuple[int, ...], depth: int) -> Role | None:
        name = self.file.qualified(call.func) or ""
        if path:
            if name == "deepspeed.initialize":
                return _DEEPSPEED.get(path[0])
            passed = last_name(call.func) in _PASS_THROUGH and path[0] < len(call.args)
            return self._role(call.args[path[0]].value, depth + 1) if passed else None
        role = _constructed(name)
        if role is not None:
            return role
        if isinstance(call.func, Attribute) and call.func.attr in _SAME_OBJECT:
            return self._role(call.func.value, depth + 1)
        if last_name(call.func) in _GIVES_BACK and len(call.args) == 1:
            return self._role(call.args[0].value, depth + 1)
        return self._role_of_class(call.func, depth + 1)

    def _role_of_class(self, expr: Expr | None, depth: int) -> Role | None:
        """What instances of a class are: of torch, or of this file by its bases."""
        if expr is None or depth > _DEPTH:
            return None
        name = self.file.qualified(expr) or ""
        role = _of_base(name)
        if role is not None:
            return role
        defined = self.file.definition(expr)
        if not isinstance(defined, ClassDef):
            return None
        roles = (self._role_of_class(base.value, depth + 1) for base in defined.bases if not base.keyword)
        return next((role for role in roles if role), None)

    # --- code of this file

    @cached_property
    def _classes(self) -> tuple[ClassDef, ...]:
        return self.file.all(ClassDef)

    def enclosing_class(self, node: syntax.Node) -> ClassDef | None:
        """The innermost class around a place."""
        around = [each for each in self._classes if each.start <= node.start and node.end <= each.end]
        return max(around, key=lambda each: each.start, default=None)

    def method(self, owner: ClassDef | None, name: str, depth: int = 0) -> FunctionDef | None:
        """A method of a class of this file or of its bases in this file."""
        if owner is None or depth > _DEPTH:
            return None
        own = [each for each in owner.body if isinstance(each, FunctionDef) and each.name == name]
        if own:
            return own[-1] if len(own) == 1 else None
        bases = [self.file.definition(base.value) for base in owner.bases if not base.keyword]
        found = (self.method(base, name, depth + 1) for base in bases if isinstance(base, ClassDef))
        return next((each for each in found if each), None)

    def class_of(self, expr: Expr) -> ClassDef | None:
        """The class of this file that an object is constructed from."""
        if isinstance(expr, Name):
            values = [binding.value for binding in self.bindings(expr) if binding.path == ()]
        elif isinstance(expr, Attribute):
            values = list(self.stores.get(self.file.source(expr), []))
        else:
            return None
        call = values[0] if len(values) == 1 else None
        found = self.file.definition(call.func) if isinstance(call, Call) else None
        return found if isinstance(found, ClassDef) else None
