"""hplint itself failed on this file.

A rule, or the reading of the file, raised an exception. The message names the rule, the exception and the place in
hplint. Every other finding of the file, and every other file, is still reported; the exit code is 2.

This is never the fault of the checked file. Please report it with the message and, if you can, the lines it happened
on. Until it is repaired, leave the rule out:

```toml
[tool.hplint]
ignore = ["name-of-the-rule"]
```
"""

from __future__ import annotations

from hplint.rule import Draft, File, Files, Level, rule


@rule("HP000", "internal-error", level=Level.ERROR, topic="general", subject=Files(), since="0.1", library="any")
def internal_error(file: File) -> tuple[Draft, ...]:
    """Said by the engine, never by a check."""
    return ()
