"""A comment suppresses a rule that found nothing there.

Suppressions outlive what they were written for; then they hide the next mistake. hplint reports a comment that

- names a rule that is checked and finds nothing in the statement (or, for `file-ignore`, in the file): the safe fix
  removes the name, or the whole comment when none is left;
- names no rule at all: `# hplint: ignore` counts for nothing, on purpose;
- names a rule that does not exist.

These are the forms that count:

```text
optimizer = SGD(net.parameters(), lr=3.0)  # hplint: ignore[lr-implausible] the loss is scaled down by 1000
optimizer = SGD(net.parameters(), lr=3.0)  # noqa: HP109
# hplint: file-ignore[default-learning-rate]
```

The first two stand on any line of the statement, the third on a line of its own anywhere in the file. Codes that do not
begin with `HP` after `noqa` belong to other tools and are left alone, and so is a rule that is not selected.
"""

from __future__ import annotations

from hplint.rule import Draft, File, Files, Level, rule


@rule("HP004", "unused-suppression", level=Level.WARNING, topic="general", subject=Files(), since="0.1", library="any")
def unused_suppression(file: File) -> tuple[Draft, ...]:
    """Said by the engine, never by a check."""
    return ()
