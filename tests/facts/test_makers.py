"""Where objects come from, and where they go."""

from __future__ import annotations

import pytest

from hplint.facts.journeys import journey
from hplint.facts.makers import made_by
from hplint.facts.syntax import Attribute, Call
from tests.facts.reading import file_of


def makers_of(text: str) -> list[str]:
    """What has made the thing whose method ``go`` the text calls."""
    file = file_of(text)
    (asked,) = (each.value for each in file.all(Attribute) if each.attr == "go")
    return [file.source(call) for call in made_by(file, asked)]


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("x = None\nif a:\n    x = A()\nx.go()", ["A()"]),
        ("x = A() if a else B()\nx.go()", ["A()", "B()"]),
        ("def f():\n    return 1, A()\none, x = f()\nx.go()", ["A()"]),
        ("def f(x):\n    x.go()\nf(A())\ny = f(x=B())", ["A()", "B()"]),
        ("class C:\n    def __init__(self):\n        self.x = A()\n    def f(self):\n        self.x.go()", ["A()"]),
        ("class C:\n    def __init__(self, x):\n        self.x = x\nc = C(A())\nc.x.go()", ["A()"]),
        ("d = {'x': A()}\nd['x'].go()", ["A()"]),
        ("m, x = accelerator.prepare(model, A())\nx.go()", ["A()"]),
        ("for x in [A() for a in b]:\n    x.go()", ["A()"]),
        ("x.go()", []),
        ("def f(x):\n    x.go()", []),
        ("x = a + b\nx.go()", []),
        ("def f():\n    return f()\nx = f()\nx.go()", []),
        ("class C:\n    def f(self):\n        self.x = self.x\n        self.x.go()", []),
    ],
)
def test_what_has_made_an_object(text: str, made: list[str]) -> None:
    assert makers_of(text) == made


@pytest.mark.parametrize(
    ("text", "read", "handed", "escapes"),
    [
        ("x = A()\nx.go()\nprint(x)", ["go"], ["print"], False),
        ("def f(y):\n    y.go()\nf(A())", ["go"], [], False),
        ("def f():\n    return A()\nx = f()\nx.go()", ["go"], [], False),
        ("def f():\n    return A()", [], [], True),
        ("x = A()\ny = [x]", [], [], True),
        (
            "class C:\n    def __init__(self):\n        self.x = A()\n    def f(self):\n        self.x.go()",
            ["go"],
            [],
            False,
        ),
        ("x = A()\nif x is not None:\n    show(f'{x}')", [], [], False),
    ],
)
def test_where_an_object_goes(text: str, read: list[str], handed: list[str], escapes: bool) -> None:
    file = file_of(text)
    start = next(call for call in file.all(Call) if file.source(call) == "A()")
    way = journey(file, start)
    assert [each.attr for each in way.read] == read
    assert [file.source(call.func) for call, _ in way.handed] == handed
    assert way.escapes is escapes
