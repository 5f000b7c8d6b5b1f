"""All that is known of one file, handed to rules; what is costly is worked out when it is first asked for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from hplint.facts.bind import Binder
from hplint.facts.calls import BoundCall
from hplint.facts.definitions import defined
from hplint.facts.evaluate import Evaluator
from hplint.facts.handing import Handings
from hplint.facts.holders import Flag, Holders
from hplint.facts.models import ModuleClass
from hplint.facts.module_reader import module_classes
from hplint.facts.names import Names
from hplint.facts.syntax import Attribute, BindingKind, Call, ClassDef, Code, Expr, FunctionDef, Import, Name, Node
from hplint.facts.training import TrainingStep
from hplint.facts.values import Value
from hplint.versions import ANY, Versions, exactly

if TYPE_CHECKING:
    from hplint.facts.elsewhere import Elsewhere
    from hplint.facts.following import Flows
    from hplint.facts.places import Callers
    from hplint.facts.receivers import Receivers

N = TypeVar("N", bound=Node)
_START = attrgetter("start")


class Linker(Protocol):
    """Finds the project's own modules."""

    def find(self, dotted: str, importer: str) -> tuple[File, str] | None:
        """The module that a dotted name leads to and what is left of the name.

        ``dotted`` starts with a dot a level for relative imports; ``importer`` is the path of the importing file.
        """

    def names(self, dotted: str, importer: str) -> tuple[str, ...] | None:
        """What a dotted name of a project module stands for, ``()`` for nothing, None if it is not the project's."""

    def document(self, path: str, kind: str, importer: str) -> File | None:
        """A configuration document that a file names; ``kind`` says what reads it."""

    def versions(self, library: str, importer: str) -> Versions:
        """The versions of a library that the project declares for a file."""

    def users(self, word: str, path: str) -> tuple[File, ...]:
        """The other files in view that use a word: those that may call what a file defines."""


class File:
    """One file: its text, its code and what they mean.

    ``path`` is as shown in findings; ``text`` is what offsets count into; ``targets`` are the versions of libraries
    that the code is written for, as far as the settings tell; ``cells`` lie between these offsets of a notebook.
    """

    def __init__(
        self, path: str, text: str, code: Code, linker: Linker | None = None, targets: Mapping[str, str] | None = None
    ) -> None:
        self.path = path
        self.cells: tuple[tuple[int, int], ...] = ()
        self._targets = targets or {}
        self.text = text
        self.code = code
        self._linker = linker
        self.names = Names(code, self._linked)
        self.holders = Holders(code, self.names)
        self.evaluator = Evaluator(self.names, self.holders, self.imported, lambda expr: defined(self, expr), path)
        self.evaluator.document = self._document
        self.evaluator.users = self._users
        self._ordered: dict[type[Node], tuple[Node, ...]] = {}
        self._bound: dict[int, BoundCall | None] = {}

    def all(self, kind: type[N]) -> tuple[N, ...]:
        """Every record of a type, in the order of the text: ``file.all(syntax.Binary)``."""
        found = self._ordered.get(kind)
        if found is None:
            # Of records that start together the outer one was finished last.
            ordered = list(self.code.index.get(kind.__name__, ()))
            ordered.reverse()
            ordered.sort(key=_START)
            found = self._ordered[kind] = tuple(ordered)
        return cast("tuple[N, ...]", found)

    def every(self, kind: type[N]) -> Sequence[N]:
        """The same in any order, which costs nothing."""
        return cast("Sequence[N]", self.code.index.get(kind.__name__, ()))

    def within(self, kind: type[N], outer: Node) -> tuple[N, ...]:
        """Every record of a type that stands in another record, in the order of the text."""
        every = self.all(kind)
        first = bisect_left(every, outer.start, key=_START)
        return every[first : bisect_left(every, outer.end, first, key=_START)]

    def function_around(self, node: Node) -> FunctionDef | None:
        """The innermost function that a record stands in, None for the statements of the module."""
        around = [each for each in self.every(FunctionDef) if each.start <= node.start and node.end <= each.end]
        return max(around, key=_START) if around else None

    def cell_of(self, node: Node) -> int | None:
        """Which of the ``cells`` a record starts in, None outside of notebooks."""
        return bisect_right(self.cells, (node.start, len(self.text))) - 1 if self.cells else None

    def is_displayed(self, statement: Node) -> bool:
        """Whether a notebook shows the value of a statement: it is the last one of its cell."""
        if not self.cells:
            return False
        cell = self.cell_of(statement)
        last = max((each.start for each in self.code.body if self.cell_of(each) == cell), default=-1)
        return last == statement.start

    def source(self, node: Node) -> str:
        """The text of a record."""
        return self.text[node.start : node.end]

    def qualified(self, expr: Expr) -> str | None:
        """The one canonical dotted name that an expression stands for (``torch.optim.Adam``), None when unsure.

        A name of this file is given as it is: a local class ``Net`` is ``Net``; see :meth:`definition`.
        """
        return self.names.qualified(expr)

    def definition(self, expr: Expr) -> FunctionDef | ClassDef | None:
        """The function or class of this file that an expression stands for, None when unsure."""
        return self.names.definition(expr)

    def value(self, expr: Expr) -> Value:
        """What an expression may be."""
        return self.evaluator.value(expr)

    def bound(self, node: Call) -> BoundCall | None:
        """The call with its name and arguments, None when it is not known what is called."""
        key = id(node)
        if key not in self._bound:
            self._bound[key] = self._binder.bind(node)
        return self._bound[key]

    def is_bound(self, name: str, scope: int) -> bool:
        """Whether a name means something in a scope: bound there or around it, a builtin, or maybe by a star import."""
        return self.names.is_bound(name, scope)

    def versions(self, library: str) -> Versions:
        """The versions of a library that the code is written for, by the settings or else by what the project
        declares: any, when neither says."""
        version = self._targets.get(library)
        if version is not None:
            return exactly(version)
        return ANY if self._linker is None else self._linker.versions(library, self.path)

    def assigned(self, name: Name) -> Expr | None:
        """The one expression that a name was assigned (no unpacking), None when there may be others."""
        bindings = self.names.reaching(name)
        if len(bindings) != 1 or bindings[0].path != () or bindings[0].kind is not BindingKind.ASSIGN:
            return None
        return bindings[0].value

    @cached_property
    def flags(self) -> tuple[Flag, ...]:
        """Every command-line option that argparse is told of, in the order of the text."""
        found = [flag for flags in self.holders.flags.values() for flag in flags]
        return tuple(sorted(found, key=lambda flag: flag.call.start))

    @cached_property
    def calls(self) -> tuple[BoundCall, ...]:
        """Every call with a known name, in the order of the text.

        Where a call of a function of the project hands arguments on to the library, that call of the library follows.
        """
        found: list[BoundCall] = []
        for call in self.all(Call):
            bound = self.bound(call)
            if bound is not None:
                found.append(bound)
                if bound.signature is None and (bound.inherited or self.names.may_be_project(bound.name)):
                    found.extend(self.handings.derived(call))
            elif isinstance(call.func, Attribute) and call.func.attr == "__init__":
                found.extend(self.handings.derived(call))
        return tuple(found)

    @cached_property
    def identifiers(self) -> frozenset[str]:
        """The names that the code reads or assigns, without those of attributes."""
        return frozenset({name.id for name in self.every(Name)})

    @cached_property
    def modules(self) -> tuple[ModuleClass, ...]:
        """Classes that derive from ``torch.nn.Module``."""
        return module_classes(self)

    @cached_property
    def flows(self) -> Flows:
        """Which operation's result reaches which layer and which loss."""
        from hplint.facts.following import flows_of

        return flows_of(self)

    @cached_property
    def steps(self) -> tuple[TrainingStep, ...]:
        """Training steps, in the order of the text."""
        from hplint.facts.training import training_steps

        return training_steps(self)

    @cached_property
    def handings(self) -> Handings:
        """What functions of the project hand on to the library."""
        return Handings(self)

    @cached_property
    def callers(self) -> Callers:
        """The calls by the last part of what is called, and the functions that they stand in."""
        from hplint.facts.places import Callers

        return Callers(self)

    @cached_property
    def elsewhere(self) -> Elsewhere:
        """The functions of other modules of the project that calls of the file run."""
        from hplint.facts.elsewhere import Elsewhere

        return Elsewhere(self)

    @cached_property
    def receivers(self) -> Receivers:
        """The roles of the objects of training loops, and their names."""
        from hplint.facts.receivers import Receivers

        return Receivers(self)

    @cached_property
    def uses_project(self) -> bool:
        """Whether anything is imported from other modules of the project."""
        for statement in self.every(Import):
            module = "." * statement.level + (statement.module or "")
            for name in ("",) if statement.star else [name for name, _ in statement.names]:
                dotted = f"{module}.{name}" if module.strip(".") and name else module + name
                if self._linked(dotted) is not None:
                    return True
        return False

    def class_around(self, scope: int) -> ClassDef | None:
        """The class whose method opens a scope."""
        parent = self.names.scope(scope).parent
        return None if parent is None else self._classes.get(parent)

    @cached_property
    def _classes(self) -> dict[int, ClassDef]:
        return {each.scope: each for each in self.all(ClassDef)}

    @cached_property
    def _binder(self) -> Binder:
        return Binder(self)

    def let_go(self) -> None:
        """Forget everything: the parts refer to each other, and only a search for garbage would free them."""
        for part in (self.evaluator, self.names, self.holders, self):
            vars(part).clear()

    def _linked(self, dotted: str) -> tuple[str, ...] | None:
        return None if self._linker is None else self._linker.names(dotted, self.path)

    def _document(self, path: str, kind: str) -> File | None:
        return None if self._linker is None else self._linker.document(path, kind, self.path)

    def _users(self, word: str) -> tuple[File, ...]:
        return () if self._linker is None else self._linker.users(word, self.path)

    def imported(self, dotted: str) -> tuple[File, str] | None:
        """The project module that a dotted name leads to from here, and what is left of the name."""
        return None if self._linker is None else self._linker.find(dotted, self.path)
