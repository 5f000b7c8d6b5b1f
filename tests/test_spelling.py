"""Which word a misspelt one was meant to be."""

from __future__ import annotations

import pytest

from hplint.spelling import closest

OPTIMIZERS = ("SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta", "adam", "sgd")
LAYERS = ("Conv1d", "Conv2d", "Conv3d", "Linear", "ReLU", "Dropout", "CrossEntropyLoss", "LSTM")


@pytest.mark.parametrize(
    ("word", "candidates", "meant"),
    [
        ("Adma", OPTIMIZERS, "Adam"),
        ("SDG", OPTIMIZERS, "SGD"),
        ("RMSProp", OPTIMIZERS, "RMSprop"),
        ("ReLu", LAYERS, "ReLU"),
        ("Linaer", LAYERS, "Linear"),
        ("CrossEntropyloss", LAYERS, "CrossEntropyLoss"),
        ("batchsize", ("batch_size", "batch_sampler"), "batch_size"),
        ("momentun", ("momentum", "dampening"), "momentum"),
    ],
)
def test_a_near_miss(word: str, candidates: tuple[str, ...], meant: str) -> None:
    assert closest(word, candidates) == meant


@pytest.mark.parametrize(
    ("word", "candidates"),
    [
        ("Conv4d", LAYERS),
        ("Lion", OPTIMIZERS),
        ("ab", ("ac", "ad")),
        ("Adam", ("Adam",)),
        ("lrx", ("lr",)),
        ("", LAYERS),
        ("word", ()),
    ],
)
def test_another_word(word: str, candidates: tuple[str, ...]) -> None:
    assert closest(word, candidates) is None


def test_two_that_are_equally_near_are_none() -> None:
    assert closest("maxima", ("maximx", "maximy")) is None
