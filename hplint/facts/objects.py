"""Which objects an expression may be: namespaces of options, instances, classes, dictionaries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hplint.facts import mappings
from hplint.facts.commandline import (
    PARSE_METHODS,
    AbslFlags,
    Namespace,
    gives_options,
    is_bare,
    one_parser,
    parser_of,
)
from hplint.facts.configured import hydra_configuration, items_at, loaded, loaded_by
from hplint.facts.records import ClassItself, Hparams, Instance, lineage, method
from hplint.facts.syntax import (
    Attribute,
    Binary,
    BindingKind,
    Call,
    ClassDef,
    Collection,
    Dict,
    Expr,
    FunctionDef,
    Name,
    Parameter,
    Subscript,
)
from hplint.facts.ways import MOST, NOTHING, Held, Holder, Way, Ways

if TYPE_CHECKING:
    from hplint.facts.evaluate import Evaluator

_COMMAND_LINES = (
    "tyro.cli",
    "pyrallis.parse",
    "draccus.parse",
    "simple_parsing.parse",
    "jsonargparse.CLI",
    "chz.entrypoint",
)
"""Functions that fill a dataclass from the command line."""
_DATACLASS_METHODS = (
    "parse_args_into_dataclasses",
    "parse_args_and_config",
    "parse_dict",
    "parse_json_file",
    "parse_yaml_file",
)
"""Methods of a ``HfArgumentParser`` that fill the dataclasses it was made of."""
_WANDB = ("wandb.config", "wandb.run.config")


class Objects:
    """Answers for the expressions of one file."""

    def __init__(self, owner: Evaluator) -> None:
        self._owner = owner
        self._made: dict[int, Call] = {}

    def find(self, expr: Expr) -> Held:
        """The objects that an expression may be."""
        match expr:
            case Dict() if self._owner.is_document:
                return items_at(expr, self._owner)
            case Dict():
                return _just(mappings.display(expr, self._owner))
            case Binary(op="|"):
                return _just(mappings.merged(expr, (expr.left, expr.right), self._owner))
            case Call():
                return self._of_call(expr)
            case Name():
                return self._of_name(expr)
            case Attribute():
                return self._of_attribute(expr)
        return self.along(self._owner.ways(expr))

    def along(self, ways: Ways) -> Held:
        """The objects that arrive by some ways."""
        return together((self._at_end(way) for way in ways.every), closed=ways.closed)

    def _at_end(self, way: Way) -> Held:
        if way.called:
            return way.owner.object_maker.made_by(way.expr)
        if not way.path:
            return way.owner.objects(way.expr)
        if isinstance(way.expr, Call) and isinstance(way.expr.func, Attribute):
            if way.expr.func.attr in PARSE_METHODS and way.path == (0,):
                return way.owner.objects(way.expr)
            found = _dataclass_parsed(way.expr, way.path, way.owner)
            if found.every:
                return found
        return way.owner.objects_in(way.expr, way.path)

    # --- names

    def _of_name(self, name: Name) -> Held:
        if self._owner.names.qualified(name) == "absl.flags.FLAGS":
            return _just(AbslFlags(self._owner))
        definition = self._owner.definitions.definition_at(name)
        if definition is not None:
            return _just(ClassItself(definition[0], definition[1])) if isinstance(definition[1], ClassDef) else NOTHING
        bindings = self._owner.names.reaching(name)
        if len(bindings) == 1 and bindings[0].parameter is not None and bindings[0].kind is BindingKind.PARAMETER:
            return self._of_parameter(name, bindings[0].parameter)
        return self.along(self._owner.ways(name))

    def _of_parameter(self, name: Name, parameter: Parameter) -> Held:
        holders = self._owner.holders
        owner = holders.class_of_method(name.scope, parameter)
        if owner is not None:
            return _just(Instance(self._owner, owner, holders.frame(owner.scope)))
        bound = self._owner.names.lookup(name.id, name.scope)
        function = None if bound is None else holders.function_by_scope.get(bound[0].number)
        if function is not None and function.decorators:
            document = hydra_configuration(function, name.id, self._owner)
            if document.every:
                return document
        ways = self._owner.ways(name)
        found = self.along(ways)
        if found.every:
            return found
        annotated = self.annotated(parameter.annotation)
        if annotated is not None:
            return _just(Instance(*annotated, 0, opened=True))
        if not ways.every and is_bare(name, self._owner) and one_parser(self._owner):
            return Held((Namespace(self._owner, 0, None),), closed=False)
        return found

    def annotated(self, annotation: Expr | None) -> tuple[Evaluator, ClassDef] | None:
        """The class of the project that an annotation names."""
        if isinstance(annotation, Subscript):
            index = annotation.index
            annotation = index.elements[0] if isinstance(index, Collection) and index.elements else index
        return None if annotation is None else self._owner.definitions.class_at(annotation)

    # --- attributes

    def _of_attribute(self, expr: Attribute) -> Held:
        qualified = self._owner.names.qualified(expr)
        if qualified == "absl.flags.FLAGS":
            return _just(AbslFlags(self._owner))
        if qualified in _WANDB:
            return self._given_to_wandb()
        if expr.attr == "__dict__":
            return self._owner.objects(expr.value)
        if expr.attr == "config" and self._is_wandb_run(expr.value):
            return self._given_to_wandb()
        if expr.attr in ("hparams", "_hparams"):
            every = self._owner.objects(expr.value).every
            found = [Hparams(each) for each in every if isinstance(each, Instance) and _saves_parameters(each)]
            if found:
                return Held(tuple(found), closed=False)
        definition = self._owner.definitions.definition_at(expr)
        if definition is not None and isinstance(definition[1], ClassDef):
            return _just(ClassItself(definition[0], definition[1]))
        nearest = self._declared(expr)
        if nearest.every:
            return nearest
        brought = self.along(self._owner.ways(expr))
        return brought if brought.every else self._declared(expr, set_as_well=True)

    def _declared(self, expr: Attribute, *, set_as_well: bool = False) -> Held:
        """What the class of an object says that an attribute is, unless a class as near to it sets the attribute."""
        found: list[Holder] = []
        for holder in self._owner.objects(expr.value).every:
            for home, each in lineage(holder.home, holder.definition) if isinstance(holder, Instance) else ():
                in_body = home.names.scope(each.scope).bindings
                if not set_as_well and (expr.attr in in_body or home.holders.self_stores(each).get(expr.attr)):
                    break
                annotation = home.holders.declared(each).get(expr.attr)
                named = None if annotation is None else home.object_maker.annotated(annotation)
                if named is not None:
                    found.append(Instance(*named, 0, opened=True))
                    break
        return Held(tuple(found), closed=True) if len(found) == 1 else NOTHING

    def _is_wandb_run(self, expr: Expr) -> bool:
        if not isinstance(expr, Name):
            return False
        values = [binding.value for binding in self._owner.names.reaching(expr)]
        return any(isinstance(v, Call) and self._owner.names.qualified(v.func) == "wandb.init" for v in values)

    def _given_to_wandb(self) -> Held:
        calls = [call for call in self._owner.holders.method_calls("init") if self._is_wandb_init(call)]
        given = [arg.value for call in calls for arg in call.args if arg.keyword == "config"]
        return together((self._owner.objects(each) for each in given[:MOST]), closed=False)

    def _is_wandb_init(self, call: Call) -> bool:
        return self._owner.names.qualified(call.func) == "wandb.init"

    # --- calls

    def _of_call(self, call: Call) -> Held:
        func = call.func
        if isinstance(func, Attribute) and func.attr in PARSE_METHODS:
            return self._parsed(call, func)
        qualified = self._owner.names.qualified(func) or ""
        if qualified in mappings.MAKERS:
            return _just(mappings.made(call, self._owner))
        if qualified in mappings.COPIES and call.args:
            if qualified.endswith("merge"):
                return _just(mappings.merged(call, tuple(arg.value for arg in call.args), self._owner))
            return self._owner.objects(call.args[0].value)
        if qualified in ("dataclasses.replace", "attr.evolve", "attrs.evolve") and call.args:
            base = self._owner.objects(call.args[0].value)
            return _just(mappings.changed(call, base, call.args[1:], self._owner))
        if qualified in _COMMAND_LINES and call.args:
            read = self._owner.definitions.class_at(call.args[0].value)
            return NOTHING if read is None else _just(Instance(*read, call.scope, opened=True))
        document = loaded(call, self._owner)
        if document.every:
            return document
        if isinstance(func, Attribute) and func.attr in mappings.COPYING_METHODS and not qualified:
            return self._owner.objects(func.value)
        return self._called(func, call)

    def made_by(self, func: Expr) -> Held:
        """What calling something without arguments gives."""
        call = self._made.setdefault(id(func), Call(func.start, func.end, func, (), 0))
        return self._called(func, call)

    def _called(self, func: Expr, call: Call) -> Held:
        """What calling a class or a function of the project gives."""
        found = self._owner.definitions.callee(func)
        if found is None:
            return self.along(self._owner.ways(call))
        owner, definition = found
        if isinstance(definition, FunctionDef):
            if owner is not self._owner:
                document = loaded_by(definition, owner, call, self._owner)
                if document.every:
                    return document
            return self.along(owner.definitions.returned(definition, definition.name))
        if self._derives_from_mapping(owner, definition):
            return _just(mappings.made(call, self._owner))
        return _just(Instance(owner, definition, self._owner.holders.frame(call.scope), call, self._owner))

    def _derives_from_mapping(self, owner: Evaluator, definition: ClassDef) -> bool:
        every = lineage(owner, definition)
        bases = [home.names.qualified(base.value) for home, each in every for base in each.bases]
        return any(base in mappings.MAKERS for base in bases)

    def _parsed(self, call: Call, func: Attribute) -> Held:
        """What ``parse_args()`` gives: the options of a parser, or the fields of a class that parses itself."""
        if gives_options(call):
            return NOTHING
        parser = parser_of(func.value, self._owner)
        frame = self._owner.holders.frame(call.scope)
        if parser is None:
            own = [each for each in self._owner.objects(func.value).every if isinstance(each, Instance)]
            if own:
                return Held(tuple(Instance(e.home, e.definition, frame, opened=True) for e in own), closed=False)
        return _just(Namespace(self._owner, frame, parser))


def _dataclass_parsed(call: Call, path: tuple[int, ...], owner: Evaluator) -> Held:
    """One of the objects of ``HfArgumentParser((A, B)).parse_args_into_dataclasses()``."""
    if not isinstance(call.func, Attribute) or call.func.attr not in _DATACLASS_METHODS:
        return NOTHING
    base: Expr | None = call.func.value
    if isinstance(base, Name):
        bindings = owner.names.reaching(base)
        base = bindings[0].value if len(bindings) == 1 else None
    if not isinstance(base, Call) or not base.args or len(path) != 1:
        return NOTHING
    given = base.args[0].value
    kinds = given.elements if isinstance(given, Collection) else (given,)
    found = owner.definitions.class_at(kinds[path[0]]) if path[0] < len(kinds) else None
    return NOTHING if found is None else _just(Instance(*found, call.scope, opened=True))


def _saves_parameters(holder: Instance) -> bool:
    for owner, each in lineage(holder.home, holder.definition):
        for call in owner.holders.method_calls("save_hyperparameters"):
            if each.start <= call.start < each.end and method(holder.home, holder.definition, "__init__"):
                return True
    return False


def _just(holder: Holder) -> Held:
    return Held((holder,), closed=True)


def together(parts: Iterable[Held], *, closed: bool = True) -> Held:
    """Any of several objects."""
    found = tuple(parts)
    every: list[Holder] = []
    for holder in (each for part in found for each in part.every):
        if holder not in every:
            every.append(holder)
    if len(every) > MOST:
        return NOTHING
    return Held(tuple(every), closed and bool(found) and all(part.closed for part in found))
