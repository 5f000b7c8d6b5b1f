"""Where in the user's own code something happens: the innermost frame that is neither Python's, a library's nor ours.

Taking a :class:`Place` is cheap (a walk over frames, two attributes kept). The range in the text, as the static rules
give it, is worked out when a finding needs it.
"""

from __future__ import annotations

import itertools
import linecache
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from types import CodeType, FrameType

from hplint.model import Position, Span
from hplint.source import display_path

_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARY_FOLDERS = frozenset({"site-packages", "dist-packages"})
_DEEPEST = 200
"""Frames that are looked through before giving up."""


class Place:
    """An instruction of the user's code: the file, and the range of the expression that it belongs to."""

    __slots__ = ("_instruction", "code", "line")

    def __init__(self, code: CodeType, instruction: int, line: int) -> None:
        self.code = code
        self.line = line
        self._instruction = instruction

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Place):
            return NotImplemented
        return self.code is other.code and self._instruction == other._instruction

    def __hash__(self) -> int:
        return hash((id(self.code), self._instruction))

    def __repr__(self) -> str:
        return f"<Place {self.file}:{self.line}>"

    @property
    def file(self) -> str:
        """The file as the interpreter names it; a notebook's cell has a name of its own."""
        return self.code.co_filename

    @property
    def function(self) -> str:
        """The name of the function, ``<module>`` outside of one."""
        return self.code.co_name

    @property
    def span(self) -> Span:
        """The range of the expression; the whole line where the interpreter does not tell (Python 3.10)."""
        first, last, start, end = self._positions()
        text = linecache.getline(self.file, self.line).rstrip("\r\n")
        if first is None or last is None or start is None or end is None:
            begin = len(text) - len(text.lstrip())
            return Span(Position(self.line, begin + 1), Position(self.line, max(len(text), begin) + 1))
        return Span(self._position(first, start), self._position(last, end))

    @property
    def text(self) -> str:
        """The lines of the expression."""
        span = self.span
        return "".join(linecache.getline(self.file, line) for line in range(span.start.line, span.end.line + 1))

    def _positions(self) -> tuple[int | None, int | None, int | None, int | None]:
        if sys.version_info >= (3, 11):
            return next(itertools.islice(self.code.co_positions(), self._instruction // 2, None))
        return None, None, None, None

    def _position(self, line: int, column: int) -> Position:
        """The interpreter counts columns in bytes of UTF-8, findings in characters."""
        encoded = linecache.getline(self.file, line).encode("utf-8", "surrogatepass")
        return Position(line, len(encoded[:column].decode("utf-8", "replace")) + 1)


def shown(place: Place) -> str:
    """The file of a place as findings show it."""
    return place.file if place.file.startswith("<") else display_path(place.file)


class Finder:
    """Tells the user's files from the others. ``own`` are folders that are the user's although they look installed."""

    def __init__(self, own: Iterable[str] = ()) -> None:
        self._own = tuple(os.path.realpath(folder) + os.sep for folder in own)
        self._libraries = _libraries()
        self._known: dict[str, bool] = {}
        self.seen: set[str] = set()
        """The user's files that were met."""

    def here(self) -> Place | None:
        """The place in the user's code that the running code was called from."""
        return self._from(sys._getframe(1), None, ())

    def outside(self, acting: object, methods: tuple[str, ...]) -> Place | None:
        """The same, outside of these methods of an object, which a subclass of the user's own may have."""
        return self._from(sys._getframe(1), acting, methods)

    def construction(self, built: object) -> Place | None:
        """The same for a constructor: outside of the ``__init__`` of subclasses."""
        return self._from(sys._getframe(1), built, ("__init__",))

    def frames(self) -> Iterator[FrameType]:
        """The frames of the user's code that lead here, from the innermost. For a look at them, now."""
        frame: FrameType | None = sys._getframe(1)
        for _ in range(_DEEPEST):
            if frame is None:
                return
            file = frame.f_code.co_filename
            if self.is_the_users(file):
                yield frame
            frame = frame.f_back

    def is_the_users(self, file: str) -> bool:
        """Whether a file, as the interpreter names it, is the user's."""
        known = self._known.get(file)
        return self._is_the_users(file) if known is None else known

    def _from(self, frame: FrameType | None, acting: object, methods: tuple[str, ...]) -> Place | None:
        for _ in range(_DEEPEST):
            if frame is None:
                return None
            code = frame.f_code
            known = self._known.get(code.co_filename)
            if known is None:
                known = self._is_the_users(code.co_filename)
            if known and not (code.co_name in methods and _is_method_of(frame, acting)):
                return Place(code, frame.f_lasti, frame.f_lineno)
            frame = frame.f_back
        return None

    def _is_the_users(self, file: str) -> bool:
        found = self._known[file] = self._decided(file)
        if found:
            self.seen.add(file)
        return found

    def _decided(self, file: str) -> bool:
        if file.startswith("<"):
            return file.startswith("<ipython-input") or (file in linecache.cache and not file.startswith("<frozen"))
        real = os.path.realpath(file)
        if os.path.abspath(file).startswith(_OWN) or real.startswith(os.path.realpath(_OWN) + os.sep):
            return False
        if real.startswith(self._own):
            return True
        return not real.startswith(self._libraries) and _LIBRARY_FOLDERS.isdisjoint(real.split(os.sep))


def _is_method_of(frame: FrameType, acting: object) -> bool:
    code = frame.f_code
    return bool(code.co_argcount) and frame.f_locals.get(code.co_varnames[0]) is acting


def _libraries() -> tuple[str, ...]:
    """The folders of Python's own modules, of installed packages, and of torch wherever it is."""
    folders = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    torch = sys.modules.get("torch")
    if torch is not None and torch.__file__:
        folders.add(os.path.dirname(torch.__file__))
    return tuple(os.path.realpath(folder) + os.sep for folder in folders if folder)
