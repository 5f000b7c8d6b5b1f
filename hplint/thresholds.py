"""From which value on a hyperparameter is hard to believe: one place for the static rules and the runtime checks.

Every number says where it comes from. "Corpus" is a count over 25,621 public training files, 2,258 optimizer
constructions among them. Standard library and :mod:`hplint.model` only.
"""

from __future__ import annotations

from hplint.model import Level
from hplint.records import value_record


@value_record
class Ladder:
    """The value from which on each level is said; None where a level is never said."""

    error: float | None = None
    warning: float | None = None
    pedantic: float | None = None

    def level(self, value: float) -> Level | None:
        """The worst level whose bound ``value`` reaches; None below all of them, and for NaN."""
        bounds = ((Level.ERROR, self.error), (Level.WARNING, self.warning), (Level.PEDANTIC, self.pedantic))
        return next((level for level, bound in bounds if bound is not None and value >= bound), None)


ADAM_FAMILY = frozenset({"Adam", "AdamW", "Adamax", "NAdam", "RAdam", "SparseAdam"})
"""Optimizers whose step moves each weight by about the learning rate, whatever the size of the gradient."""

ADAM_FAMILY_LR = Ladder(error=10.0, warning=1.0, pedantic=0.1)
"""Kingma & Ba 2015 (arXiv 1412.6980): the step is bounded by about ``lr``, so ``lr=1`` moves every weight by one.

Corpus: 17 of 1,330 at 0.1 or more, most of them meant (convex models at 0.2, prompt tuning at 1); none at 10.
"""

SGD_LR = Ladder(error=1000.0, warning=100.0, pedantic=10.0)
"""Word language models train with plain SGD at 5, 20 and 30 (AWD-LSTM, arXiv 1708.02182), with clipped gradients.

Corpus: 15 at 1 or more, the largest 20, all meant.
"""

LR_FLOOR = 1e-9
"""Below this nothing moves in float32. FQF trains its fractions at 2.5e-9, finders start at 1e-8, and 0 is left for a
scheduler."""

LR_LADDERS = {
    **dict.fromkeys(sorted(ADAM_FAMILY), ADAM_FAMILY_LR),
    "RMSprop": ADAM_FAMILY_LR,
    "SGD": SGD_LR,
    "ASGD": SGD_LR,
}
"""By optimizer. Left out on purpose: Adadelta, Adafactor, LBFGS and Rprop, where 1 is a normal learning rate."""

MOMENTUM_LIMIT = 1.0
"""From here on the velocity never decays: ``SGD(momentum=1.5)`` diverges. torch rejects negative values only."""

RMSPROP_ALPHA_LIMIT = 1.0
"""At 1 the running average of squared gradients stays 0 and one step moved a weight by 1e16; above it is NaN."""

SGD_WEIGHT_DECAY = 0.05
"""With momentum 0.9 and lr 0.01, SGD with a decay of 0.05 halves every weight in 140 steps.

Usual values are 1e-4 and 5e-4. Corpus: 107 values, the largest 0.01.
"""

COUPLED_WEIGHT_DECAY = 0.2
"""For adaptive optimizers that add the decay to the gradient (Adam, RMSprop …), where it drowns the loss.

Corpus: one of 203 values reaches it (Adam with 0.3, a mistake).
"""

DECOUPLED_WEIGHT_DECAY = 1.0
"""For AdamW and its like, where 0.1 (language models) up to 0.5 (vision transformers) is meant. Corpus: none of 91."""

SHOWING_DECAY = 0.01
"""From here on a decoupled decay shows on norms, embeddings and biases: it is the default of AdamW."""

_SGD_LIKE = frozenset({"SGD", "ASGD"})
_COUPLED = frozenset({"Adam", "Adamax", "NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta"})
_DECOUPLED = frozenset({"AdamW", "Adafactor", "Muon"})


def weight_decay_limit(optimizer: str, *, decoupled: bool = False) -> float | None:
    """From which ``weight_decay`` on an optimizer of torch (its short name) is hard to believe; None if not known.

    ``decoupled``: the optimizer was given ``decoupled_weight_decay=True`` (NAdam, RAdam and Adam have the option).
    """
    if optimizer in _DECOUPLED or (decoupled and optimizer in _COUPLED):
        return DECOUPLED_WEIGHT_DECAY
    if optimizer in _COUPLED:
        return COUPLED_WEIGHT_DECAY
    return SGD_WEIGHT_DECAY if optimizer in _SGD_LIKE else None


def learning_rate_level(optimizer: str, value: float) -> Level | None:
    """How hard to believe a learning rate is for an optimizer of torch (its short name); None when it may be meant.

    Zero is silent: a scheduler or a write to the group may set it later. So are negative values, which torch refuses.
    """
    ladder = LR_LADDERS.get(optimizer)
    if ladder is None:
        return None
    return Level.WARNING if 0.0 < value < LR_FLOOR else ladder.level(value)


DROPOUT = Ladder(warning=0.8, pedantic=0.51)
"""Srivastava et al. (JMLR 2014): 0.5 for hidden units; Graph Attention Networks (arXiv 1710.10903) take 0.6.

Corpus: 6 of 433 literal rates are above 0.5, five of them 0.6 and meant.
"""

LABEL_SMOOTHING = Ladder(error=1.0 + 1e-9, warning=0.5)
"""Szegedy et al. 2016 (arXiv 1512.00567) and all 14 values of the corpus: 0.1. Above 1 torch raises."""
ADAM_EPS = 1.0
"""From here on the step is the gradient times ``lr / eps``. Recipes of reinforcement learning go up to 1e-2.

Corpus: 2 of 2,258 above 1e-4, both from papers; none at 1.
"""

ADAM_L2 = 0.01
"""The decay that recipes of transformers give AdamW (BERT, arXiv 1810.04805: 0.01). Corpus: AdamW 0.1 and 0.01 most
often; Adam 5e-4 (79 of 203) and 1e-4, 0.01 three times.
"""

FEW_WEIGHTS = 10_000
"""Below this a network is small beside the data sets that it is usually given, and needs no regulariser to begin with.

Read in published code: toys on tables and points had 37 to 9,571 weights, networks for MNIST mostly over 40,000.
LeNet-5 (LeCun et al. 1998) has 60,000, for 60,000 images.
"""
