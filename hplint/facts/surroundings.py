"""What the code around a value or a call expects: a test before use, an exception that is caught, a version."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from hplint.facts import syntax
from hplint.facts.calls import Argument
from hplint.facts.definitions import class_of, defined
from hplint.facts.file import File
from hplint.facts.syntax import Expr, Node
from hplint.facts.tree import children, inside, last_name
from hplint.facts.values import UNKNOWN, OriginKind
from hplint.regex import regex

_BROAD = frozenset({"Exception", "BaseException"})
_RAISES = frozenset({"raises", "assertRaises", "assertRaisesRegex", "suppress"})
_PROBE = regex(r"version|hasattr|signature|getfullargspec|torch_\d|is_\w+_available", re.IGNORECASE)
_SMALL = 3
"""A ``try`` with a catch-all handler around more statements than this guards a program, not a call."""


def untested(file: File, argument: Argument) -> Argument:
    """The argument, its value unknown where the file tests what it is given by: ``if args.dropout > 0:``.

    A default of -1 or 0 then often means "off" and never arrives. Values written in the call itself stay.
    """
    if argument.node is None or isinstance(argument.node.value, syntax.Literal):
        return argument
    possible = argument.value.possible
    if all(each.origin.kind is OriginKind.LITERAL for each in possible):
        return argument
    sources, words = _tested(file)
    tested = not words.isdisjoint(_dest(each.origin.label) for each in possible) or any(
        file.source(part) in sources for part in _named(file, argument.node.value)
    )
    return replace(argument, source=UNKNOWN) if tested else argument


@lru_cache(maxsize=4)
def _tested(file: File) -> tuple[frozenset[str], frozenset[str]]:
    """What the file compares or takes for true, as it is written (``args.lr``), and the last words of it (``lr``)."""
    parts = [part for test in _tests(file) for part in _dotted(test)]
    return frozenset(map(file.source, parts)), frozenset(map(last_name, parts)) - {""}


def _dest(label: str) -> str:
    """The last word of what a value is called: ``lr`` of ``--lr``, ``Config.lr`` and ``config.yaml:lr``."""
    return label.rpartition(":")[2].rpartition(".")[2].lstrip("-").replace("-", "_")


def _named(file: File, expr: Expr) -> Iterator[Node]:
    """The names and attributes that an expression is made of, and those that its names are assigned."""
    for part in _dotted(expr):
        yield part
        assigned = file.assigned(part) if isinstance(part, syntax.Name) else None
        if assigned is not None:
            yield from _dotted(assigned)


def _dotted(node: Node) -> Iterator[Node]:
    """The names, attributes and subscripts in a record, each as a whole: ``args.lr`` and not ``args``."""
    if isinstance(node, syntax.Name | syntax.Attribute | syntax.Subscript):
        yield node
    else:
        for child in children(node):
            yield from _dotted(child)


def _tests(file: File) -> Iterator[Expr]:
    """What conditions compare or take for true; what they hand to a call is not looked at."""
    for condition in (
        *(node.test for node in file.all(syntax.If)),
        *(node.test for node in file.all(syntax.Conditional)),
        *(node.test for node in file.all(syntax.While)),
        *(node.children[0] for node in file.all(syntax.Simple) if node.kind == "assert"),
    ):
        yield from _compared(condition)


def _compared(condition: Expr) -> Iterator[Expr]:
    if isinstance(condition, syntax.Binary) and condition.op in ("and", "or"):
        yield from _compared(condition.left)
        yield from _compared(condition.right)
    elif isinstance(condition, syntax.Unary) and condition.op == "not":
        yield from _compared(condition.operand)
    elif isinstance(condition, syntax.Compare):
        if not {"is", "is not"} & set(condition.ops):
            yield condition
    elif not isinstance(condition, syntax.Call):
        yield condition


def expected(file: File, node: Node, *exceptions: str) -> bool:
    """Whether the code expects a node to raise one of the named exceptions, or asked for a version before it.

    It does under ``try`` with a handler for it (a catch-all counts when it guards a few statements only), in
    ``with pytest.raises(...)`` and its like, and under a test that mentions a version, ``hasattr`` or a signature.
    """
    return _caught(file, node, frozenset(exceptions)) or _raised_on_purpose(file, node) or _probed(file, node)


def _caught(file: File, node: Node, exceptions: frozenset[str]) -> bool:
    for statement in file.all(syntax.Try):
        if not any(inside(node, inner) for inner in statement.body):
            continue
        for kind, _ in statement.handlers:
            caught = _names(kind)
            if caught & exceptions or ((kind is None or caught & _BROAD) and len(statement.body) <= _SMALL):
                return True
    return False


def _raised_on_purpose(file: File, node: Node) -> bool:
    return any(
        isinstance(context, syntax.Call) and last_name(context.func) in _RAISES
        for statement in file.all(syntax.With)
        if any(inside(node, inner) for inner in statement.body)
        for context, _ in statement.items
    )


def _probed(file: File, node: Node) -> bool:
    return any(_PROBE.search(test) for test in tests_around(file, node))


def tests_around(file: File, node: Node) -> Iterator[str]:
    """The texts of the conditions that a record stands under, in either branch."""
    choices: tuple[syntax.If | syntax.Conditional, ...] = (*file.all(syntax.If), *file.all(syntax.Conditional))
    yield from (file.source(choice.test) for choice in choices if inside(node, choice))


def _names(kind: Expr | None) -> frozenset[str]:
    """The last parts of the exception types of a handler."""
    if isinstance(kind, syntax.Collection):
        return frozenset(last_name(element) for element in kind.elements)
    return frozenset() if kind is None else frozenset({last_name(kind)})


def is_test(file: File) -> bool:
    """Whether a file holds tests of a library, which choose odd numbers to see them."""
    *folders, name = file.path.replace("\\", "/").split("/")
    named = name.startswith(("test_", "conftest.")) or name.endswith("_test.py")
    return named or bool({"tests", "unittests"} & set(folders))


def in_test(file: File, node: Node) -> bool:
    """Whether a record stands in a test: in a file of tests, or in a test function that asserts something."""
    if is_test(file):
        return True
    functions = [each for each in file.all(syntax.FunctionDef) if each.name.startswith("test") and inside(node, each)]
    return any(
        last_name(each.func).startswith("assert")
        for function in functions
        for each in file.within(syntax.Call, function)
    ) or any(each.kind == "assert" for function in functions for each in file.within(syntax.Simple, function))


_OTHER_PARSERS = (
    "jsonargparse",
    "HfArgumentParser",
    "simple_parsing",
    "from tap import",
    "import tap\n",
    "typed_argparse",
)


_CONVERTING = frozenset({"add_argument", "_get_value", "_get_values"})
"""Methods of a parser that decide what becomes of the text that a user types."""
_MAX_HOMES = 6
"""Files that a parser may come through."""


def own_parser(file: File) -> bool:
    """Whether options of the file are read by argparse itself, not by a parser that converts by rules of its own."""
    homes = [file]
    for home in homes:
        if any(word in home.text for word in _OTHER_PARSERS) or _names_another(home):
            return False
        homes += [each for each in _parser_makers(home) if each not in homes][: _MAX_HOMES - len(homes)]
    return True


def _parser_makers(file: File) -> Iterator[File]:
    """Other files of the project with a function that a parser comes from: ``parser = train_setup_args()``."""
    for assign in file.every(syntax.Assign):
        made, target = assign.value, assign.targets[0]
        if isinstance(made, syntax.Call) and isinstance(target, syntax.Name) and target.id.endswith("parser"):
            found = defined(file, made.func)
            if found is not None and found[0] is not file:
                yield found[0]


def _names_another(file: File) -> bool:
    """Whether a file names a class of the project that is a parser with one of these methods."""
    named = {each.id: each for each in file.every(syntax.Name) if each.id.endswith("Parser")}
    dotted = [each for each in file.every(syntax.Attribute) if each.attr.endswith("Parser")]
    parsers: list[Expr] = [*named.values(), *dotted]
    classes = [found[1] for each in parsers if (found := class_of(file, each)) is not None]
    return any(
        isinstance(each, syntax.FunctionDef) and each.name in _CONVERTING for found in classes for each in found.body
    )
