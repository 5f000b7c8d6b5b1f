"""What a finding is recognised by in another version of its file: in baselines, and by services that keep its history.

A fingerprint is made of the file, the rule, the words of the line that the finding starts on, and of which of several
such findings it is, counted from the top. So it stays the same when lines move, when a comment or the indentation of
the line changes, and whatever happens elsewhere in the file.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from hplint.model import Finding
from hplint.source import Source

SourceOf = Callable[[str], "Source | None"]
_LENGTH = 16


def fingerprints(findings: Sequence[Finding], source_of: SourceOf, root: str | None = None) -> list[str]:
    """The fingerprint of each finding; all of them differ.

    ``root``: the absolute folder that paths count from, by default the working directory.
    """
    found = [""] * len(findings)
    seen: Counter[tuple[str, str, str]] = Counter()
    for at in sorted(range(len(findings)), key=lambda at: findings[at].sort_key()):
        finding = findings[at]
        what = (path_from(root, finding.path or ""), finding.code, _words(finding, source_of))
        seen[what] += 1
        digest = sha256("\0".join(what).encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]
        found[at] = f"{digest}:{seen[what]}"
    return found


def path_from(root: str | None, path: str) -> str:
    """A path as findings show it, as it is seen from ``root``; names that are no paths (``<stdin>``) stay."""
    if root is None or not path or path.startswith("<"):
        return path
    try:
        return Path(os.path.relpath(path, root)).as_posix()
    except ValueError:  # Another drive.
        return path


def _words(finding: Finding, source_of: SourceOf) -> str:
    """The words of a finding's line, without a comment that follows code; of a finding without a line its message."""
    source = source_of(finding.path) if finding.path and finding.span else None
    if source is None or finding.span is None:
        return finding.message
    line = source.shown_line(finding.span.start.line, finding.cell)
    # A "#" in a string ends the words early, which does no harm: it does so in every version of the file.
    return " ".join((line.partition("#")[0].strip() or line).split())
