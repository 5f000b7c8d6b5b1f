"""The file is not Python, so nothing in it was checked.

hplint reads files as Python 3 does, up to the newest grammar that LibCST knows. The place is where the parser gave up,
which may be a little after the mistake: an unclosed bracket is noticed only at the end.

A file that is not meant to be Python (a template, Python 2) is left out with `exclude`, or only this finding with

```toml
[tool.hplint.per-file-ignores]
"templates/*" = ["syntax-error"]
```
"""

from __future__ import annotations

from hplint.rule import Draft, File, Files, Level, rule


@rule("HP001", "syntax-error", level=Level.ERROR, topic="general", subject=Files(), since="0.1", library="any")
def syntax_error(file: File) -> tuple[Draft, ...]:
    """Said by the engine, never by a check."""
    return ()
