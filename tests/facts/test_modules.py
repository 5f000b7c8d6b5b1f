"""Classes as modules: where they come from, what they store and read, which layers they build."""

from __future__ import annotations

from textwrap import dedent

import pytest

from hplint.facts.models import ModuleClass
from tests.facts.reading import file_of

IMPORTS = "import torch\nfrom torch import nn\n"


def modules_of(text: str) -> dict[str, ModuleClass]:
    return {module.name: module for module in file_of(IMPORTS + dedent(text)).modules}


@pytest.mark.parametrize(
    ("bases", "known"),
    [
        ("nn.Module", True),
        ("torch.nn.Sequential", True),
        ("nn.Module, Mixin", True),
        ("Generic[T], nn.Module", True),
        ("pl.LightningModule", True),
        ("LightningModule", True),
        ("nn.Module, Foreign", False),
        ("nn.Module, *bases", False),
        ("PreTrainedModel", False),
    ],
)
def test_a_class_with_a_certain_base_is_a_module(bases: str, known: bool) -> None:
    text = f"""
    import pytorch_lightning as pl
    from lightning import LightningModule
    from transformers import PreTrainedModel
    from typing import Generic, TypeVar
    from elsewhere import Foreign
    T = TypeVar("T")
    class Mixin:
        pass
    class Net({bases}):
        pass
    """
    found = modules_of(text)
    assert list(found) == ["Net"]
    assert found["Net"].known is known


@pytest.mark.parametrize("bases", ["", "object", "Foreign", "Missing", "Net", "nn.Parameter", "metaclass=nn.Module"])
def test_other_classes_are_not(bases: str) -> None:
    assert not modules_of(f"from elsewhere import Foreign\nclass Net({bases}):\n    pass\n")


def test_what_a_local_base_holds_is_inherited() -> None:
    found = modules_of("""
    class Base(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1 = nn.Linear(4, 4)
        def forward(self, x):
            return self.fc1(x)
    class Net(Base):
        def __init__(self):
            super().__init__()
            self.fc2 = nn.Linear(4, 4)
        def extra(self, x):
            return self.fc2(x)
    """)
    net = found["Net"]
    assert (net.bases, net.ancestors) == (("Base",), ("torch.nn.Module",))
    assert [store.attr for store in net.stores] == ["fc1", "fc2"]
    assert [layer.attr for layer in net.layers] == ["fc1", "fc2"]
    assert [use.attr for use in net.uses] == ["fc1", "fc2"]
    assert list(net.methods) == ["__init__", "forward", "extra"]
    assert net.forward is found["Base"].methods["forward"]
    assert [net.own(store.node) for store in net.stores] == [False, True]


def test_layers_know_their_attribute_and_their_container() -> None:
    net = modules_of("""
    from collections import OrderedDict
    class Block(nn.Module):
        def __init__(self, n):
            super().__init__()
    class Net(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.fc = nn.Linear(4, 4).to("cpu")
            self.norm = torch.nn.utils.weight_norm(nn.Conv1d(4, 4, 3))
            self.body = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
            self.named = nn.Sequential(OrderedDict([("drop", nn.Dropout(0.5))]))
            self.blocks = nn.ModuleList([Block(i) for i in range(n)])
            self.heads = nn.ModuleDict({"a": nn.GELU()})
            self.plain = [nn.Tanh()]
            self.lost = {"b": nn.Sigmoid()}
            self.made = [nn.Softmax(dim=1) for _ in range(n)]
            local = nn.Embedding(4, 4)
            self.wrapped = Block(nn.PReLU())
            self.either = nn.ELU() if n else nn.SELU()
            self.helper()
        def helper(self):
            self.last = nn.LayerNorm(4)
        def forward(self, x):
            return nn.Softsign()(x)
    """)["Net"]
    assert [(layer.attr, layer.name.removeprefix("torch.nn."), layer.container) for layer in net.layers] == [
        ("fc", "Linear", None),
        ("norm", "Conv1d", None),
        ("body", "Sequential", None),
        (None, "Linear", "Sequential"),
        (None, "ReLU", "Sequential"),
        ("named", "Sequential", None),
        (None, "Dropout", "Sequential"),
        ("blocks", "ModuleList", None),
        (None, "Block", "ModuleList"),
        ("heads", "ModuleDict", None),
        (None, "GELU", "ModuleDict"),
        (None, "Tanh", "list"),
        (None, "Sigmoid", "dict"),
        (None, "Softmax", "comprehension"),
        (None, "Embedding", None),
        ("wrapped", "Block", None),
        (None, "PReLU", None),
        ("either", "ELU", None),
        ("either", "SELU", None),
        ("last", "LayerNorm", None),
    ]
    assert [layer.kind for layer in net.layers if layer.name == "Block"] == [None, None]


def test_stores_of_every_kind() -> None:
    net = modules_of("""
    class Net(nn.Module):
        scale = 2
        width: int
        def __init__(self, n):
            super().__init__()
            self.a = self.b = 1
            self.c, (self.d, *self.e) = 1, (2, 3)
            self.f: int = 4
            self.f += 1
            for self.g in range(3):
                pass
            with open("x") as self.h:
                pass
            self.register_buffer("i", torch.zeros(3))
            setattr(self, "j", 5)
            self.add_module("k", nn.Linear(4, 4))
            n.l = 6
    """)["Net"]
    assert {store.attr for store in net.stores} == {"scale", "width", *"abcdefghijk"}
    assert [store.attr for store in net.stores if store.method is None] == ["width", "scale"]
    assert {store.attr for store in net.stores if store.value is None} >= {"g", "h", "width"}
    assert not net.dynamic


@pytest.mark.parametrize(
    "statement",
    [
        'setattr(self, f"fc{n}", 1)',
        'self.add_module("fc" + n, nn.ReLU())',
        "self.__dict__.update(n)",
        "vars(self).update(n)",
        'exec("self.x = 1")',
        "configure(self)",
        "n.attach(owner=self)",
    ],
)
def test_what_may_add_attributes_unseen_makes_a_class_dynamic(statement: str) -> None:
    found = modules_of(f"""
    class Net(nn.Module):
        def __init__(self, n):
            super(Net, self).__init__()
            {statement}
    class Derived(Net):
        pass
    """)
    assert found["Net"].dynamic
    assert found["Derived"].dynamic


def test_what_adds_nothing_does_not() -> None:
    found = modules_of("""
    import copy
    class Net(nn.Module):
        def __init__(self, n):
            nn.Module.__init__(self)
            print(self, isinstance(self, nn.Module), copy.deepcopy(self))
            setattr(n, f"fc{n}", 1)
            n.apply(self.weights)
        def weights(self, module):
            return hasattr(self, "x") and getattr(self, "x")
    """)
    assert not found["Net"].dynamic


def test_uses_belong_to_the_object_of_the_method() -> None:
    net = modules_of("""
    class Net(nn.Module):
        def forward(this, x):
            def inner(y):
                return this.a(y)
            class Other:
                def forward(this, x):
                    return this.b(x)
            return inner(this.c)
        @staticmethod
        def plain(this):
            return this.d
    """)["Net"]
    assert [(use.attr, use.method) for use in net.uses] == [("a", "forward"), ("c", "forward")]


def test_methods_are_followed_through_calls() -> None:
    net = modules_of("""
    class Net(nn.Module):
        def forward(self, x):
            return self.encode(x)
        def encode(self, x):
            return self.hidden(x)
        @property
        def hidden(self):
            return self.forward
        def other(self, x):
            return x
    """)["Net"]
    assert [method.name for method in net.reached_from("forward")] == ["forward", "encode", "hidden"]


def test_bases_in_a_circle_end() -> None:
    assert not modules_of("class A(B):\n    pass\nclass B(A):\n    pass\n")
