"""The scan keeps hostile text away from the parser; syntax errors have their place."""

from __future__ import annotations

import pytest

from hplint.parse import MAX_CHAIN, SyntaxProblem, TooComplex, parse, scan

HOSTILE = {
    "brackets": "x = " + "(" * 3000 + ")" * 3000,
    "open brackets": "[" * 3000,
    "sum": "x = " + "+".join(["a"] * 5000),
    "attributes": "x" + ".a" * 5000,
    "calls": "f" + "()" * 5000,
    "subscripts": "f" + "[0]" * 5000,
    "strings": "x = " + "'a' " * 5000,
    "not": "x = " + "not " * 5000 + "y",
    "minus": "x = " + "-" * 5000 + "y",
    "lambda": "x = " + "lambda: " * 5000 + "y",
    "conditional": "x = " + "a if b else " * 5000 + "y",
    "comprehension": "x = [a " + "for a in b " * 5000 + "]",
    "elif": "if a: pass\n" + "elif b: pass\n" * 5000,
    "blocks": "".join(" " * depth + "if a:\n" for depth in range(300)) + " " * 300 + "pass\n",
    "star chain": "x = a" + "**a" * 5000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_text_is_refused(text: str) -> None:
    with pytest.raises(TooComplex):
        scan(text)


ORDINARY = {
    "long list": "x = [" + "-1.5, " * 20_000 + "]",
    "long dictionary": "x = {" + "'a': b.c + d, " * 5000 + "}",
    "many statements": "x = a + b * c\n" * 5000,
    "many ifs": "if a:\n    pass\nelif b:\n    pass\n" * 2000,
    "a long chain": "x = " + "+".join(["a"] * (MAX_CHAIN - 1)),
}


@pytest.mark.parametrize("text", ORDINARY.values(), ids=list(ORDINARY))
def test_large_but_ordinary_text_is_read(text: str) -> None:
    scan(text)
    parse(text)


@pytest.mark.parametrize(
    ("text", "offset"),
    [("x = (", 4), ("a = 1\nb = = 2\n", 10), ("a = 1\r\nb = 1 1\r\n", 11), ("x = 'abc", 4), ("def f():\n", 9)],
)
def test_a_syntax_error_has_its_place(text: str, offset: int) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        parse(text)
    assert abs(caught.value.offset - offset) <= 2
    assert caught.value.message
