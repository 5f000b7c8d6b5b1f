"""What functions of torch and methods of tensors do to a tensor, named as the layers that do the same."""

from __future__ import annotations

from hplint.facts import torch_roles as roles


def words(text: str) -> frozenset[str]:
    """The words of a text, for sets of many names."""
    return frozenset(text.split())


LOSS_OF_FUNCTION = {
    "binary_cross_entropy": "BCELoss",
    "binary_cross_entropy_with_logits": "BCEWithLogitsLoss",
    "cross_entropy": "CrossEntropyLoss",
    "huber_loss": "HuberLoss",
    "l1_loss": "L1Loss",
    "mse_loss": "MSELoss",
    "nll_loss": "NLLLoss",
    "smooth_l1_loss": "SmoothL1Loss",
}
"""Losses of ``torch.nn.functional`` by the class that does the same."""

KEEPS_VALUES = words(
    """
    Identity Flatten Unflatten view view_as reshape reshape_as flatten unflatten squeeze unsqueeze contiguous clone
    detach float double half bfloat16 to cuda cpu type type_as permute transpose swapaxes swapdims movedim t expand
    expand_as repeat getitem index_select masked_select narrow select part chunk split unbind requires_grad_
    data T mT
    """
)
"""Operations that move numbers about, or cast them, and leave each as it is."""

KEEPS_SHAPE = (
    frozenset(roles.FUNCTION_OF_ACTIVATION) - {"GLU"}
    | roles.DROPOUT
    | roles.NORMS
    | words(
        """
        Identity contiguous clone detach float double half bfloat16 to cuda cpu type type_as requires_grad_ data
        clamp clip exp log abs sqrt neg tanh sin cos square layer_norm batch_norm group_norm instance_norm normalize
        hardtanh erf sign nan_to_num masked_fill masked_fill_
        """
    )
)
"""Operations that give a tensor of the shape that they are given."""

_ON_ANYTHING = words("softmax log_softmax sigmoid relu tanh")
"""Methods that only tensors have: what they are called on is one."""

_METHODS_THAT_ASK = words(
    "size dim item numpy tolist backward nelement numel ndimension element_size data_ptr stride is_contiguous"
)
"""Methods of a tensor that give no tensor to go on with."""


def function_kind(name: str) -> str | None:
    """What a function of torch with this canonical name does; None for what is no function on tensors."""
    module, _, short = name.rpartition(".")
    if module not in ("torch", "torch.nn.functional", "torch.special", "torch.linalg", "torch.Tensor"):
        return None
    return None if short[:1].isupper() else _kind(short)


def method_kind(attr: str, *, certain: bool) -> str | None:
    """What a method does; ``certain`` whether it is known to be a tensor's."""
    if attr in _METHODS_THAT_ASK or not (certain or attr in _ON_ANYTHING):
        return None
    return _kind(attr)


def _kind(short: str) -> str:
    plain = short.rstrip("_") or short
    if plain in roles.FUNCTIONAL_DROPOUT:
        return "Dropout"
    return roles.ACTIVATION_OF_FUNCTION.get(plain, "flatten" if plain == "ravel" else plain)


CLASSES_OF_DATASET = {
    "CIFAR10": 10,
    "CIFAR100": 100,
    "DTD": 47,
    "EuroSAT": 10,
    "FGVCAircraft": 100,
    "FashionMNIST": 10,
    "Flowers102": 102,
    "Food101": 101,
    "GTSRB": 43,
    "ImageNet": 1000,
    "KMNIST": 10,
    "MNIST": 10,
    "QMNIST": 10,
    "STL10": 10,
    "SVHN": 10,
    "StanfordCars": 196,
    "USPS": 10,
}
"""Datasets of torchvision and how many classes each has, by their documentation."""
