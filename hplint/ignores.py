"""Files with the comments that suppress what is found in them."""

from __future__ import annotations

from collections.abc import Iterable

from hplint.builtin import BUILTIN_RULES
from hplint.fix import Change, apply
from hplint.model import Finding, Fix, Safety
from hplint.registry import registry
from hplint.source import Source
from hplint.suppress import Suppressions

_NOT_IGNORED = frozenset(rule.code for rule in BUILTIN_RULES)
"""What is wrong with a file as a whole, or with its suppressions, is to be repaired."""


def can_ignore(finding: Finding) -> bool:
    """Whether a comment may suppress a finding."""
    return finding.code not in _NOT_IGNORED and finding.span is not None


def ignoring(source: Source, findings: Iterable[Finding], reason: str) -> Change | None:
    """A file with a comment for each of its findings; None where none can be written.

    Raises:
        UnicodeError: the file's encoding lacks a character of the reason.
    """
    edits = Suppressions(source, registry()).edits_for(filter(can_ignore, findings), reason)
    if not edits:
        return None
    changed, _ = apply(source, [Fix("ignore", tuple(edits), Safety.SAFE)])
    return Change(source.encoded(), changed.encoded())
