"""What a name stands for."""

from __future__ import annotations

import pytest

from tests.facts.reading import file_of, used

NAMES = {
    "import": ("import torch\nuse(torch.optim.Adam)", "torch.optim.Adam"),
    "import as": ("import torch.optim as o\nuse(o.Adam)", "torch.optim.Adam"),
    "dotted import": ("import torch.nn.functional\nuse(torch.nn.functional.relu)", "torch.nn.functional.relu"),
    "from": ("from torch import nn as n\nuse(n.Linear)", "torch.nn.Linear"),
    "home path": ("from torch.optim.adam import Adam\nuse(Adam)", "torch.optim.Adam"),
    "module path": ("import torch\nuse(torch.nn.modules.linear.Linear)", "torch.nn.Linear"),
    "alias": ("import torch\nA = torch.optim.Adam\nuse(A)", "torch.optim.Adam"),
    "alias in a function": ("import torch\ndef f():\n    A = torch.optim.Adam\n    use(A)", "torch.optim.Adam"),
    "getattr": ("import torch\nuse(getattr(torch.optim, 'Adam'))", "torch.optim.Adam"),
    "star": ("from torch.nn import *\nuse(Linear)", "torch.nn.Linear"),
    "star of something unknown": ("from torch.nn import *\nfrom mine import *\nuse(Linear)", None),
    "convention": ("use(optim.Adam)", "torch.optim.Adam"),
    "convention that the file binds": ("optim = make()\nuse(optim.Adam)", None),
    "convention that a star may bind": ("from mine import *\nuse(optim.Adam)", None),
    "parameter": ("from torch import optim\ndef f(optim):\n    use(optim.Adam)", None),
    "local class": ("from torch.optim import Adam\nclass Adam(Adam): pass\nuse(Adam)", "Adam"),
    "same fallback": (
        "try:\n    from torch.optim import AdamW\nexcept E:\n    from torch.optim.adamw import AdamW\nuse(AdamW)",
        "torch.optim.AdamW",
    ),
    "other fallback": (
        "try:\n    from apex import FusedAdam as Adam\nexcept E:\n    from torch.optim import Adam\nuse(Adam)",
        None,
    ),
    "none fallback": ("try:\n    import torch\nexcept ImportError:\n    torch = None\nuse(torch.save)", "torch.save"),
    "either": ("import torch.optim as o\nA = o.Adam if x else o.SGD\nuse(A)", None),
    "rebound before": ("import a as m\nimport torch as m\nuse(m.save)", "torch.save"),
    "rebound after": ("import torch as m\nuse(m.save)\nimport a as m", "torch.save"),
    "rebound in the same loop": ("import torch as m\nfor i in x:\n    use(m.save)\n    m = other()", None),
    "class scope is not seen by methods": (
        "from torch import nn\nclass C:\n    nn = 1\n    def f(self):\n        use(nn.Linear)",
        "torch.nn.Linear",
    ),
    "comprehension variable": ("import torch\n[use(torch.save) for torch in x]", None),
    "lambda parameter": ("import torch\nlambda torch: use(torch.save)", None),
    "global": ("m = None\ndef f():\n    global m\n    import torch as m\nuse(m.save)", "torch.save"),
    "relative": ("from .optim import Adam\nuse(Adam)", ".optim.Adam"),
    "builtin": ("use(bool)", "builtins.bool"),
    "loop variable": ("from torch.optim import Adam, SGD\nfor A in (Adam, SGD):\n    use(A)", None),
    "defined by itself": ("a = b\nb = a\nuse(a)", None),
    "with": ("with open(x) as torch:\n    use(torch.save)", None),
    "except": ("import torch\ntry:\n    pass\nexcept E as torch:\n    pass\nuse(torch.save)", None),
}


@pytest.mark.parametrize(("text", "expected"), NAMES.values(), ids=list(NAMES))
def test_qualified(text: str, expected: str | None) -> None:
    file = file_of(text)
    assert file.qualified(used(file)) == expected


def test_all_candidates_in_the_order_of_the_text() -> None:
    file = file_of(NAMES["other fallback"][0])
    assert file.names.candidates(used(file)) == ("apex.FusedAdam", "torch.optim.Adam")


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("x = le-5", False),
        ("le = 2\nx = le", True),
        ("from sklearn import *\nx = le", True),
        ("from torch.nn import *\nx = le", False),
        ("x = len", True),
        ("def f(le):\n    x = le", True),
        ("def f(le): pass\nx = le-5", False),
    ],
)
def test_is_bound(text: str, bound: bool) -> None:
    file = file_of(text)
    from hplint.facts import syntax

    name = file.all(syntax.Name)[-1]
    assert file.is_bound(name.id, name.scope) is bound
