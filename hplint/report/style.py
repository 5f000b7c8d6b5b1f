"""Colours for terminals, and text made safe to print."""

from __future__ import annotations

import unicodedata

from hplint.model import Level

_CODES = {"bold": 1, "dim": 2, "italic": 3, "underline": 4, "red": 31, "green": 32, "yellow": 33, "blue": 34}
_CODES |= {"magenta": 35, "cyan": 36}
LEVEL_COLOURS = {Level.ERROR: "red", Level.WARNING: "yellow", Level.ADVICE: "cyan", Level.PEDANTIC: "magenta"}


class Style:
    """Wraps text in terminal codes, or leaves it as it is."""

    def __init__(self, color: bool) -> None:
        self._color = color

    def __call__(self, text: str, *styles: str) -> str:
        if not self._color or not styles or not text:
            return text
        return f"\x1b[{';'.join(str(_CODES[style]) for style in styles)}m{text}\x1b[0m"


def printable(text: str) -> str:
    """Text without characters that steer a terminal or turn its writing direction."""
    if text.isprintable():
        return text
    return "".join(char if _is_harmless(char) else repr(char)[1:-1] for char in text)


def _is_harmless(char: str) -> bool:
    return char.isprintable() or (unicodedata.category(char) == "Zs")
