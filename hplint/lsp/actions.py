"""Code actions: the fix of a finding, all safe fixes at once, a comment that suppresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import cached_property

from lsprotocol import types as lsp

from hplint.engine import State
from hplint.fix import with_newlines
from hplint.ignores import can_ignore
from hplint.lsp.analyst import Checked
from hplint.lsp.diagnostics import SOURCE
from hplint.lsp.places import Places
from hplint.model import Edit, Finding, Safety
from hplint.source import Source
from hplint.suppress import Suppressions

FIX_ALL = "source.fixAll.hplint"
KINDS = (lsp.CodeActionKind.QuickFix, FIX_ALL)


class Actions:
    """The actions for one version of a text, asked for in one of its cells where it is a notebook."""

    def __init__(self, checked: Checked, encoding: str, cell: int | None, *, versioned: bool) -> None:
        self._checked = checked
        self._source = checked.source
        self._encoding = encoding
        self._cell = cell
        self._places = Places(checked.source, encoding, cell)
        self._versioned = versioned

    def at(self, place: lsp.Range, context: lsp.CodeActionContext) -> Iterator[lsp.CodeAction]:
        """Fixes, then suppressions, of the findings at a place; then the fix for all."""
        found = list(self._findings(place, context.diagnostics))
        if _wants(context.only, lsp.CodeActionKind.QuickFix):
            for finding, shown in found:
                yield from self._fix(finding, shown)
            for finding, shown in found:
                yield from self._suppression(finding, shown)
        if _wants(context.only, FIX_ALL) and any(_is_safe(finding) for finding in self._checked.findings):
            yield lsp.CodeAction("Fix all hplint findings that are safe to fix", FIX_ALL, data=self._data())

    def replaced(self, fixed: Source) -> lsp.WorkspaceEdit:
        """The edit that makes another text of this one: only the lines that differ."""
        if self._source.notebook is None:
            return self._workspace_edit(
                [(None, edit) for edit in _differences(self._source, fixed.text, self._encoding)]
            )
        assert fixed.notebook is not None
        new = {part.cell.number: part.cell.source for part in fixed.notebook.parts}
        found = []
        for part in self._source.notebook.parts:
            cell = part.cell
            before = Source(self._source.path, cell.source)
            edits = _differences(before, new.get(cell.number, ""), self._encoding)
            found += [(cell.number, edit) for edit in edits]
        return self._workspace_edit(found)

    def _findings(
        self, place: lsp.Range, shown: Sequence[lsp.Diagnostic]
    ) -> Iterator[tuple[Finding, lsp.Diagnostic | None]]:
        """The findings that touch a place, and the diagnostics that the client has of them."""
        start, end = (self._places.offset(at) for at in (place.start, place.end))
        if self._checked.state is State.FAILED:
            return
        for finding in self._checked.findings:
            if finding.span is None or finding.cell != self._cell:
                continue
            own = self._places.range(finding.span)
            same = (each for each in shown if (each.source, each.code, each.range) == (SOURCE, finding.code, own))
            known = next(same, None)
            first, last = self._source.offsets(finding.span)
            if known is not None or (first <= end and start <= last):
                yield finding, known

    def _fix(self, finding: Finding, shown: lsp.Diagnostic | None) -> Iterator[lsp.CodeAction]:
        if finding.fix is None:
            return
        safe = _is_safe(finding)
        title = finding.fix.title[:1].upper() + finding.fix.title[1:]
        yield lsp.CodeAction(
            title if safe else f"{title} (unsafe: may change what the program does)",
            lsp.CodeActionKind.QuickFix,
            diagnostics=[shown] if shown else None,
            is_preferred=safe or None,
            edit=self._workspace_edit([self._text_edit(edit) for edit in finding.fix.edits]),
        )

    def _suppression(self, finding: Finding, shown: lsp.Diagnostic | None) -> Iterator[lsp.CodeAction]:
        edits = self._suppressions.edits_for([finding]) if can_ignore(finding) else []
        if edits:
            yield lsp.CodeAction(
                f"Suppress {finding.name} here",
                lsp.CodeActionKind.QuickFix,
                diagnostics=[shown] if shown else None,
                edit=self._workspace_edit([self._text_edit(edit) for edit in edits]),
            )

    @cached_property
    def _suppressions(self) -> Suppressions:
        return Suppressions(self._source, self._checked.settings.registry)

    def _text_edit(self, edit: Edit) -> tuple[int | None, lsp.TextEdit]:
        """An edit, and the cell that it is in."""
        cell = edit.span.cell
        places = self._places if cell == self._cell else Places(self._source, self._encoding, cell)
        return cell, lsp.TextEdit(places.range(edit.span), with_newlines(edit.text, self._source.newline))

    def _workspace_edit(self, edits: Iterable[tuple[int | None, lsp.TextEdit]]) -> lsp.WorkspaceEdit:
        of_texts: dict[tuple[str, int], list[lsp.TextEdit]] = {}
        for cell, edit in edits:
            of_texts.setdefault(self._checked.text.place(cell), []).append(edit)
        if not self._versioned:
            return lsp.WorkspaceEdit(changes={uri: found for (uri, _), found in of_texts.items()})
        return lsp.WorkspaceEdit(
            document_changes=[
                lsp.TextDocumentEdit(lsp.OptionalVersionedTextDocumentIdentifier(*place), [*found])
                for place, found in of_texts.items()
            ]
        )

    def _data(self) -> dict[str, object]:
        return {"uri": self._checked.text.uri, "version": self._checked.text.version}


def _differences(before: Source, text: str, encoding: str) -> Iterator[lsp.TextEdit]:
    """The edits of the lines in which another text differs."""
    places = Places(before, encoding)
    old, new = (each.splitlines(keepends=True) for each in (before.text, text))
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    for kind, first, last, new_first, new_last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            place = places.of_offsets(starts[first], starts[last])
            yield lsp.TextEdit(place, "".join(new[new_first:new_last]))


def _is_safe(finding: Finding) -> bool:
    return finding.fix is not None and finding.fix.safety is Safety.SAFE


def _wants(only: Sequence[str] | None, kind: str) -> bool:
    """Whether a client asks for actions of a kind: a kind stands for all that its name begins."""
    return not only or any(kind == each or kind.startswith(f"{each}.") or not each for each in only)
