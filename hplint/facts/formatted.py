"""Where an f-string ends: the scan takes it for a plain string, but its fields may hold strings with its own quotes."""

from __future__ import annotations

import re

from hplint.parse import TOKEN
from hplint.regex import regex

_OPENING = regex(r"[rR]?[fFtT][rR]?(\"\"\"|'''|\"|')")
# From a place inside an f-string to its next field or its end, by the quotes around it.
_TEXT = {
    '"': re.compile(r'(?:[^"{\\]|\\(?:[^{]|(?={))|{{)*', re.DOTALL),
    "'": re.compile(r"(?:[^'{\\]|\\(?:[^{]|(?={))|{{)*", re.DOTALL),
    '"""': re.compile(r'(?:[^"{\\]|"(?!"")|\\(?:[^{]|(?={))|{{)*', re.DOTALL),
    "'''": re.compile(r"(?:[^'{\\]|'(?!'')|\\(?:[^{]|(?={))|{{)*", re.DOTALL),
}
_FORMAT = regex(r"[^{}]*")


def formatted_end(text: str, start: int) -> int:
    """The offset behind the f-string that starts at an offset of a text that is known to be Python."""
    opening = _OPENING.match(text, start)
    if opening is None:
        return start
    quotes = opening[1]
    at = _text_end(quotes, text, opening.end())
    while text.startswith("{", at):
        at = _text_end(quotes, text, _field_end(text, at + 1))
    return at + len(quotes)


def _text_end(quotes: str, text: str, at: int) -> int:
    found = _TEXT[quotes].match(text, at)
    return found.end() if found else at


def _field_end(text: str, at: int) -> int:
    """Behind the bracket that closes the field whose inside starts here."""
    depth = 0
    while (found := TOKEN.match(text, at)) is not None and found[2]:
        token, at = found[2], found.end()
        if token in "([{":
            depth += 1
        elif token in ")]}":
            depth -= 1
            if depth < 0:
                return at
        elif token[0] == ":" and not depth:
            return _format_end(text, found.start(2) + 1)
        elif _OPENING.match(token):
            at = formatted_end(text, found.start(2))
    return at


def _format_end(text: str, at: int) -> int:
    """The same from behind the colon, after which quotes are plain text."""
    while (found := _FORMAT.match(text, at)) is not None:
        at = found.end()
        if not text.startswith("{", at):
            break
        at = _field_end(text, at + 1)
    return at + 1
