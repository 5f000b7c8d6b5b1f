"""Colours for terminals, and text made safe to print."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from hplint.model import Level

_CODES = {"bold": 1, "dim": 2, "italic": 3, "underline": 4, "red": 31, "green": 32, "yellow": 33, "blue": 34}
_CODES |= {"magenta": 35, "cyan": 36}
LEVEL_COLOURS = {Level.ERROR: "red", Level.WARNING: "yellow", Level.ADVICE: "cyan", Level.PEDANTIC: "magenta"}


class Style:
    """Wraps text in terminal codes, or leaves it as it is."""

    def __init__(self, color: bool, *, links: bool = False) -> None:
        self._color = color
        self._links = links

    def __call__(self, text: str, *styles: str) -> str:
        if not self._color or not styles or not text:
            return text
        return f"\x1b[{';'.join(str(_CODES[style]) for style in styles)}m{text}\x1b[0m"

    def linked(self, text: str, path: str) -> str:
        """Text that a terminal opens a file for when it is clicked (OSC 8); others show the text alone."""
        if not self._links or not os.path.isfile(path):
            return text
        return f"\x1b]8;;{Path(path).absolute().as_uri()}\x1b\\{text}\x1b]8;;\x1b\\"


def printable(text: str) -> str:
    """Text without characters that steer a terminal or turn its writing direction."""
    if text.isprintable():
        return text
    return "".join(char if _is_harmless(char) else repr(char)[1:-1] for char in text)


def _is_harmless(char: str) -> bool:
    return char.isprintable() or (unicodedata.category(char) == "Zs")
