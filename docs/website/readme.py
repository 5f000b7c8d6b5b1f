"""The README, cut into the pages of the site, so that what it says is written once."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docs.website.links import code_apart

_HEADING = re.compile(r"^(#+) (.+)$")
_NAMED = re.compile(r"^(```\w+) ([\w./-]+)$", re.MULTILINE)
_COMMENT = re.compile(r"^<!-- .* -->\n\n?", re.MULTILINE)


def sections(text: str) -> dict[str, str]:
    """What stands under each heading, the heading excluded, down to the next heading of any level.

    The file that the fence of an example names becomes its title.
    """
    found: dict[str, str] = {}
    title = ""
    for heading, block in _blocks(_NAMED.sub(r'\1 title="\2"', _COMMENT.sub("", text))):
        title = heading or title
        found[title] = found.get(title, "") + block
    return {title: body.strip() for title, body in found.items()}


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Lines, each with the heading that it is, or an empty one and the line itself."""
    for part, is_code in code_apart(text):
        for line in part.splitlines(keepends=True):
            heading = None if is_code else _HEADING.match(line.rstrip("\n"))
            yield (heading[2], "") if heading else ("", line)
