"""Findings as diagnostics."""

from __future__ import annotations

from collections.abc import Callable

from lsprotocol import types as lsp

from hplint.lsp.places import Places
from hplint.model import Finding, Level, Related

SOURCE = "hplint"
_SEVERITIES = {
    Level.ERROR: lsp.DiagnosticSeverity.Error,
    Level.WARNING: lsp.DiagnosticSeverity.Warning,
    Level.ADVICE: lsp.DiagnosticSeverity.Information,
    Level.PEDANTIC: lsp.DiagnosticSeverity.Hint,
}
_TAGS = {
    "unused-suppression": lsp.DiagnosticTag.Unnecessary,
    "deprecated-cuda-amp": lsp.DiagnosticTag.Deprecated,
    "deprecated-reduce-args": lsp.DiagnosticTag.Deprecated,
    "deprecated-step-epoch": lsp.DiagnosticTag.Deprecated,
    "removed-argument": lsp.DiagnosticTag.Deprecated,
}
"""Rules whose findings editors show faded or struck through."""

Locate = Callable[[Related], "lsp.Location | None"]


def diagnostic(finding: Finding, places: Places, locate: Locate) -> lsp.Diagnostic:
    """One finding; ``locate`` finds the places in other files that it speaks of."""
    related = [
        lsp.DiagnosticRelatedInformation(location, each.message)
        for each in finding.related
        if (location := locate(each)) is not None
    ]
    tag = _TAGS.get(finding.name)
    return lsp.Diagnostic(
        range=places.range(finding.span),
        message=finding.message,
        severity=_SEVERITIES[finding.level],
        code=finding.code,
        source=SOURCE,
        tags=None if tag is None else [tag],
        related_information=related or None,
    )
