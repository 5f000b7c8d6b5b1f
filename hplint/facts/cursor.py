"""Where the walk is in the tokens of a text: it reads every offset off them as it passes."""

from __future__ import annotations

from hplint.parse import Tokens, TooComplex


class Misaligned(TooComplex):
    """The tree does not match the tokens: the text holds something that the scan does not know."""

    def __init__(self, expected: str, found: str, offset: int) -> None:
        super().__init__(f"`{expected}` expected, found `{found}`", offset)


class Cursor:
    """Where the walk is in the tokens."""

    def __init__(self, tokens: Tokens, length: int) -> None:
        self.texts = [*tokens.texts, ""]
        self.starts = [*tokens.starts, length]
        self.at = 0

    def begin(self) -> int:
        """The offset of the next token."""
        return self.starts[self.at]

    def end(self) -> int:
        """The offset behind the last token that was passed."""
        return self.starts[self.at - 1] + len(self.texts[self.at - 1]) if self.at else 0

    def peek(self) -> str:
        return self.texts[self.at]

    def expect(self, text: str) -> int:
        """Pass the next token, which must be ``text``; the offset behind it."""
        at = self.at
        if self.texts[at] != text:
            raise Misaligned(text, self.texts[at], self.starts[at])
        self.at = at + 1
        return self.starts[at] + len(text)

    def accept(self, text: str) -> bool:
        """Pass the next token if it is ``text``."""
        if self.texts[self.at] == text:
            self.at += 1
            return True
        return False

    def skip(self) -> None:
        self.at += 1

    def skip_past(self, offset: int) -> None:
        """Pass every token that starts before ``offset``."""
        while self.starts[self.at] < offset and self.at < len(self.texts) - 1:
            self.at += 1

    def skip_brackets(self) -> None:
        """Pass a bracket and all that is in it, if one comes next."""
        depth = 0
        while True:
            text = self.peek()
            depth += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
            if not text or (depth == 0 and text not in (")", "]", "}")):
                return
            self.skip()
            if depth == 0:
                return


class Frozen(Cursor):
    """A cursor that stays put: all that is inside an f-string gets the place of the f-string."""

    def __init__(self, start: int, end: int) -> None:
        super().__init__(Tokens([], []), start)
        self._end = end

    def end(self) -> int:
        return self._end

    def expect(self, text: str) -> int:
        return self._end

    def accept(self, text: str) -> bool:
        return False
