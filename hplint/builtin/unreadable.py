"""The file cannot be read, or its bytes are no text.

Either the operating system refused (permissions, a link that leads nowhere), or the bytes do not fit the encoding. As
in Python, a byte order mark comes first, then a comment such as `# -*- coding: latin-1 -*-` in the first two lines;
without either a file is UTF-8. The message names the first byte that does not fit, counted from 0, and its line.

Save the file as UTF-8, or name the encoding in the first line.
"""

from __future__ import annotations

from hplint.rule import Draft, File, Files, Level, rule


@rule("HP002", "unreadable", level=Level.ERROR, topic="general", subject=Files(), since="0.1", library="any")
def unreadable(file: File) -> tuple[Draft, ...]:
    """Said by the engine, never by a check."""
    return ()
