"""Which of several known words a misspelt one was meant to be. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable

OPTION_ALIASES = {
    "adam_eps": "eps",
    "adam_epsilon": "eps",
    "beta": "betas",
    "epsilon": "eps",
    "l2": "weight_decay",
    "l2_reg": "weight_decay",
    "learning_rate": "lr",
    "mom": "momentum",
    "wd": "weight_decay",
}
"""What people, papers and other libraries call the options of torch's optimizers."""

OPTIONS_OF_SOME = frozenset({"alpha", "amsgrad", "betas", "dampening", "momentum", "nesterov", "rho"})
"""Options that some of torch's optimizers have and others store in a group without reading them."""


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """The one candidate that a word is most likely a misspelling of; None when there is none, or more than one.

    Words that differ only in case and underscores are the same. Otherwise one slip is allowed in words of four to
    seven letters and two in longer ones, where a slip is a letter added, dropped, replaced or swapped with its
    neighbour; in shorter words only a swap. A word with other digits (``Conv2d``, ``Conv3d``) is another word. Of
    candidates that are equally near, the one that is nearer in case and underscores counts.
    """
    plain = _plain(word)
    allowed = 0 if len(plain) < 4 else 1 if len(plain) < 8 else 2
    near: dict[tuple[int, int], list[str]] = {}
    for candidate in candidates:
        if candidate == word or _differ_in_digits(word, candidate):
            continue
        other = _plain(candidate)
        slips = _slips(plain, other)
        if slips <= allowed or (slips == 1 and sorted(plain) == sorted(other)):
            near.setdefault((slips, _slips(word, candidate)), []).append(candidate)
    if not near:
        return None
    nearest = near[min(near)]
    return nearest[0] if len(nearest) == 1 else None


_TWINS = str.maketrans("1IO0", "lloo")


def look_alike(first: str, second: str) -> bool:
    """Whether two words differ only in characters that look the same: ``l``, ``1`` and ``I``, or ``O`` and ``0``."""
    return first != second and first.translate(_TWINS) == second.translate(_TWINS)


_OTHER_ALPHABETS = (
    ("аеорсухіјѕһԁԛԝӏАВЕКМНОРСТУХІЈЅ", "aeopcyxijshdqwlABEKMHOPCTYXIJS"),
    ("οΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "oABEZHIKMNOPTYX"),
    ("ɡı", "gi"),
)
"""Cyrillic, Greek and other letters that are drawn like Latin ones."""
LATIN_TWINS = {ord(one): other for those, latin in _OTHER_ALPHABETS for one, other in zip(those, latin, strict=True)}


def in_latin(word: str) -> str | None:
    """A word with Latin letters in place of those that look like them; None where it has no such letters, or others."""
    found = None if word.isascii() else word.translate(LATIN_TWINS)
    return found if found is not None and found.isascii() else None


def _plain(word: str) -> str:
    return word.replace("_", "").replace("-", "").lower()


def _differ_in_digits(first: str, second: str) -> bool:
    digits = [letter for letter in first if letter.isdigit()], [letter for letter in second if letter.isdigit()]
    return bool(digits[0]) and bool(digits[1]) and digits[0] != digits[1]


def _slips(first: str, second: str) -> int:
    """The number of slips between two words (optimal string alignment)."""
    if abs(len(first) - len(second)) > 2:
        return 3  # more than is ever allowed
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        two_before, before, row = before, row, [i]
        for j, other in enumerate(second, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == other:
                cost = min(cost, two_before[j - 2] + 1)
            row.append(cost)
    return row[-1]
