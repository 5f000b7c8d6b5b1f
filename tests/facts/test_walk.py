"""The walk gives every record the place that Python's own parser gives it."""

from __future__ import annotations

import ast
import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hplint.facts import syntax
from hplint.facts.walk import read_code
from hplint.parse import SyntaxProblem, TooComplex

ROOT = Path(__file__).parents[2]
SOURCES = sorted(p for folder in ("hplint", "rules", "tests", "fixtures") for p in (ROOT / folder).rglob("*.py"))
KINDS: list[tuple[type[ast.AST], type[syntax.Node]]] = [
    (ast.Name, syntax.Name),
    (ast.Attribute, syntax.Attribute),
    (ast.Call, syntax.Call),
    (ast.Subscript, syntax.Subscript),
    (ast.BinOp, syntax.Binary),
    (ast.Dict, syntax.Dict),
    (ast.Lambda, syntax.Lambda),
    (ast.Assign, syntax.Assign),
    (ast.If, syntax.If),
    (ast.For, syntax.For),
    (ast.FunctionDef, syntax.FunctionDef),
    (ast.ClassDef, syntax.ClassDef),
]


def python_places(text: str, kind: type[ast.AST]) -> set[tuple[int, int]]:
    """Where Python's parser sees nodes of a kind, without what stands in f-strings and patterns."""
    starts = [0, *(m.end() for m in re.finditer(r"\r\n|\n|\r", text))]
    lines = [text[a:b].encode() for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]

    def offset(line: int, column: int) -> int:
        return starts[line - 1] + len(lines[line - 1][:column].decode())

    tree = ast.parse(text)
    hidden = {
        id(inner)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.JoinedStr | ast.pattern)
        for inner in ast.walk(outer)
    }
    return {
        (offset(n.lineno, n.col_offset), offset(n.end_lineno or 0, n.end_col_offset or 0))
        for n in ast.walk(tree)
        if isinstance(n, kind) and id(n) not in hidden and isinstance(n, ast.expr | ast.stmt)
    }


def assert_same_places(text: str) -> None:
    code = read_code(text)
    for python, ours in KINDS:
        places = {(node.start, node.end) for node in code.index.get(ours.__name__, ())}
        assert python_places(text, python) <= places, python.__name__


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_places_are_those_of_python(path: Path) -> None:
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    try:
        ast.parse(text)
    except SyntaxError:
        pytest.skip("a fixture that is no Python")
    assert_same_places(text)


ATOMS = st.sampled_from(
    ["x", "lr", "1e-3", "'a'", "None", "(yield_)", "f(x, *a, k=1, **b)", "a.b.c", "d[0]", "d[1:, ::2]"]
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", " * ", "\\\n-", " and ", " not in ", " if x else "]), inner).map(
            "".join
        ),
        inner.map(lambda e: f"({e})"),
        inner.map(lambda e: f"(  # why\n  {e},\n)"),
        inner.map(lambda e: f"[{e} for x in y if {e}]"),
        inner.map(lambda e: f"lambda a, *, b=({e}): ({e})"),
        inner.map(lambda e: "{'k': (" + e + "), **m}"),
        inner.map(lambda e: f"-({e})"),
        inner.map(lambda e: f"g({e} , k = ({e}) ,)"),
    ),
    max_leaves=6,
)
STATEMENTS = st.one_of(
    EXPRESSIONS.map(lambda e: f"a = b, c = {e}\n"),
    EXPRESSIONS.map(lambda e: f"a: int = ({e}) ; b += 1\n"),
    EXPRESSIONS.map(lambda e: f"if ({e}): pass\nelif x:\n    y\nelse :\n    z\n"),
    EXPRESSIONS.map(lambda e: f"for i, (j, *k) in ({e}):\n\t# only a comment\n\n\tbreak\nelse: pass\n"),
    EXPRESSIONS.map(lambda e: f"with (open({e}) as f, g):\n  pass\n"),
    EXPRESSIONS.map(lambda e: f"@d({e})\nasync def f(a, /, b: int = ({e}), *c, d, **e) -> None:\n    return {e}\n"),
    EXPRESSIONS.map(lambda e: f"class C(B, metaclass=M):\n    x = {e}\n"),
    EXPRESSIONS.map(lambda e: f"try:\n    {e}\nexcept (A, B) as e:\n    raise X from e\nfinally:\n    del x\n"),
    EXPRESSIONS.map(
        lambda e: f"from . import (a as b,\n   c)\nprint(f'{{({e})!r:>{{w}}}}', {e})\n" if "'" not in e else "pass\n"
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(STATEMENTS, min_size=1, max_size=4).map("".join), st.sampled_from(["\n", "\r\n"]))
def test_any_layout(text: str, newline: str) -> None:
    text = text.replace("\n", newline)
    try:
        ast.parse(text)
    except SyntaxError:
        return
    assert_same_places(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(SyntaxProblem, TooComplex):
        read_code(text)


def test_numbers_and_strings_have_their_values() -> None:
    code = read_code("1_000; 0x1F; 1e-5; .5; 3j; 'a' 'b'; b'x'; r'\\d'; True; None; '''q'''; '\\n'\n")
    values = [
        s.value.value for s in code.body if isinstance(s, syntax.ExprStatement) and isinstance(s.value, syntax.Literal)
    ]
    assert values == [1000, 31, 1e-5, 0.5, 3j, "ab", b"x", "\\d", True, None, "q", "\n"]


def test_nested_quotes_of_new_f_strings_do_not_shift_what_follows() -> None:
    text = "x = f\"{d['k']}\"; lr = 1\n"
    assert [text[n.start : n.end] for n in read_code(text).index["Literal"]][-1] == "1"


def test_code_can_be_pickled() -> None:
    import pickle

    code = read_code(Path(__file__).read_text(encoding="utf-8"))
    assert repr(pickle.loads(pickle.dumps(code))) == repr(code)
