"""IPython's own lines (`%magic`, `!shell`, `help?`), masked so that what is left is Python of the same length.

Every other character keeps its line and its column, so places in the masked text are places in the cell.
"""

from __future__ import annotations

import ast
import re

_PYTHON_CELLS = frozenset(
    {"capture", "code_wrap", "debug", "heat", "ipytest", "memit", "mprun", "prun", "scalene", "snakeviz", "time"}
    | {"timeit", "wandb"}
)
"""Cell magics that run what stands under them as Python in the same process."""
_OTHER_LANGUAGES = frozenset({"fs", "md", "r", "scala", "sh", "sql"})
"""Databricks: a first line that starts so gives the whole cell to another language."""
_PYTHON_LINES = re.compile(r"%(?:time|timeit|prun|memit|mprun)[ \t]+(?:-[a-z]+(?:[ \t]*\d+)?[ \t]+)*")
"""Line magics that run the rest of their line as Python."""

_SUSPICIOUS = re.compile(r"^[ \t]*[%!?,;/]|=[ \t]*[%!]|\?[ \t]*;?[ \t]*$", re.MULTILINE)
"""Most cells have nothing of that, and are done with one search."""
_CELL_MAGIC = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?[\r\n]+)*[ \t]*%%[ \t]*(\w*)[^\r\n]*")
_FIRST_LINE = re.compile(r"\s*%(\w+)")
_LOGICAL_LINE = re.compile(r"(?:[^\r\n\\]|\\(?:\r\n|.|$))*", re.DOTALL)
_ASSIGNMENT = re.compile(r"""[^=!%\#("'\r\n]*=[ \t]*(?=[%!])""")
_HELP = re.compile(r"""[^\#"'\r\n]*\?[ \t]*;?[ \t]*(?=[\r\n]|\Z)""")
_AUTOMAGIC = re.compile(
    r"(?:pip3?|conda|mamba|uv|apt|apt-get|cd|ls|ll|mkdir|rmdir|rm|cp|mv|cat|pwd|git|wget|matplotlib|load_ext|reload_ext"
    r"|autoreload|env|run|tensorboard)(?:[ \t]+(?!=)[^\r\n]*)?(?=[\r\n]|\Z)"
)
"""What IPython takes for a magic although its sign is missing, where it is no Python."""
_PIECE = re.compile(
    r"""
    [^"'\#\\\r\n()\[\]{}]+
  | (?P<newline>\r\n|\n|\r)
  | (?P<open>[(\[{]) | (?P<close>[)\]}])
  | \"\"\"(?:\\.|[^\\])*?(?:\"\"\"|\Z) | '''(?:\\.|[^\\])*?(?:'''|\Z)
  | "(?:\\(?:\r\n|.)|[^"\\\r\n])*"? | '(?:\\(?:\r\n|.)|[^'\\\r\n])*'?
  | \#[^\r\n]*
  | \\(?:\r\n|.)?
    """,
    re.VERBOSE | re.DOTALL,
)
_RUN = re.compile(r"[^\r\n]+")


def masked(source: str, *, automagic: bool = False) -> str | None:
    """A cell as Python of the same length and the same lines; None for a cell in another language.

    ``automagic``: lines such as `pip install torch` are magics too.
    """
    if not automagic and not _SUSPICIOUS.search(source):
        return source
    start = 0
    while cell_magic := _CELL_MAGIC.match(source, start):
        if cell_magic[1] not in _PYTHON_CELLS:
            return None
        start = cell_magic.end()
    first = _FIRST_LINE.match(source)
    if first and first[1] in _OTHER_LANGUAGES and not _is_one_query(source, first[1]):
        return None
    return _blank(source[:start]) + _masked_lines(source, start, automagic)


def _is_one_query(source: str, magic: str) -> bool:
    """Whether a cell that starts with `%sql` is of ipython-sql, where a query takes one line and Python may follow."""
    lines = source.strip().splitlines()
    return magic == "sql" and len(lines) > 1 and len(lines[0].split()) > 1 and _is_python("\n".join(lines[1:]))


def _masked_lines(source: str, at: int, automagic: bool) -> str:
    done: list[str] = []
    depth = 0
    fresh = at == 0
    while at < len(source):
        if fresh and not depth:
            line = _LOGICAL_LINE.match(source, at)
            assert line is not None
            text = _masked_line(line.group(), automagic)
            if text is not None:
                done.append(text)
                at, fresh = line.end(), False
                continue
        piece = _PIECE.match(source, at)
        assert piece is not None
        kind = piece.lastgroup
        depth = max(0, depth + (kind == "open") - (kind == "close"))
        fresh = kind == "newline"
        done.append(piece.group())
        at = piece.end()
    return "".join(done)


def _masked_line(line: str, automagic: bool) -> str | None:
    """A line of IPython's own, masked; None for a line of Python."""
    body = line.lstrip(" \t")
    indent = line[: len(line) - len(body)]
    timed = _PYTHON_LINES.match(body)
    if timed and _is_python(body[timed.end() :]):
        # A statement that does nothing, then the one that is timed.
        return f"{indent}0{';':>{timed.end() - 1}}{body[timed.end() :]}"
    if body[:1] in tuple("%!?,;/") or (automagic and _AUTOMAGIC.match(body)):
        return indent + _nothing(body)
    if (assigned := _ASSIGNMENT.match(body)) is not None:
        value = body[assigned.end() :]
        timed = _PYTHON_LINES.match(value)
        if timed and _is_python(value[timed.end() :].strip()):
            return f"{indent}{assigned.group()}{' ' * timed.end()}{value[timed.end() :]}"
        return indent + assigned.group() + _unknown(value)
    return indent + _nothing(body) if _HELP.match(body) else None


def _is_python(text: str) -> bool:
    """Whether a text is simple statements, which may stand behind a semicolon."""
    try:
        found = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return not any(hasattr(each, "body") for each in found)


def _nothing(text: str) -> str:
    """A statement that does nothing, in place of a text that is not empty."""
    first = _RUN.match(text)
    assert first is not None
    length = first.end()
    return ("0#" + "~" * length)[:length] + _blank(text[length:])


def _unknown(text: str) -> str:
    """A value that nothing is known of: IPython's last result."""
    return "_" + _nothing(text)[1:]


def _blank(text: str) -> str:
    """Comments in place of a text, its line ends kept."""
    return _RUN.sub(lambda run: "#" + "~" * (len(run.group()) - 1), text)
