"""The file is too large or too deeply nested to be parsed safely, so it was not checked.

LibCST ends the whole process on some thousand brackets inside one another and needs many seconds for chains of some
thousand operators. hplint therefore counts first and does not parse a file with

- more than 2 MB (the setting `max-file-size`),
- more than 200 brackets inside one another,
- more than 500 operators, attributes or `elif`s in one chain.

Such files are nearly always generated. Leave them out with `exclude`.
"""

from __future__ import annotations

from hplint.rule import Draft, File, Files, Level, rule


@rule("HP003", "too-complex", level=Level.WARNING, topic="general", subject=Files(), since="0.1", library="any")
def too_complex(file: File) -> tuple[Draft, ...]:
    """Said by the engine, never by a check."""
    return ()
