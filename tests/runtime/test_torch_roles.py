"""The list of torch's modules against the torch that is installed."""

from __future__ import annotations

import pytest

from hplint.facts import torch_roles as roles
from hplint.facts.torch_roles import MODULES

torch = pytest.importorskip("torch")
nn = torch.nn

PUBLIC = {name for name in dir(nn) if isinstance(getattr(nn, name), type) and issubclass(getattr(nn, name), nn.Module)}


def test_every_module_of_torch_is_listed() -> None:
    assert PUBLIC <= MODULES


@pytest.mark.parametrize("name", sorted((roles.DROPOUT | roles.LOSSES | set(roles.FUNCTION_OF_ACTIVATION)) & PUBLIC))
def test_layers_without_options_hold_no_parameters(name: str) -> None:
    assert not list(getattr(nn, name)().parameters())
    assert name not in roles.PARAMETRIC


@pytest.mark.parametrize(
    "name", sorted(roles.LINEAR_OR_CONVOLUTION | roles.RECURRENT | roles.OTHER_NORMS | {"Embedding", "GRUCell"})
)
def test_parametric_layers_hold_parameters(name: str) -> None:
    arguments = {"Lazy": (4,), "LayerNorm": (4,), "RMSNorm": (4,)}
    sizes = next((given for start, given in arguments.items() if name.startswith(start)), (4, 4))
    layer = getattr(nn, name)(*sizes, 3) if "Conv" in name else getattr(nn, name)(*sizes)
    assert list(layer.parameters())
    assert name in roles.PARAMETRIC


@pytest.mark.parametrize(("activation", "function"), sorted(roles.FUNCTION_OF_ACTIVATION.items()))
def test_activations_have_their_functions(activation: str, function: str) -> None:
    assert hasattr(nn, activation)
    assert hasattr(nn.functional, function)


def test_every_public_attribute_of_a_module_is_listed() -> None:
    attributes = {name for name in {*dir(nn.Module), *vars(nn.Module())} if not name.startswith("_")}
    assert attributes <= roles.MODULE_ATTRIBUTES
