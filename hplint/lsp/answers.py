"""What the server answers when it is asked about a place of a text: actions, hovers, hints."""

from __future__ import annotations

import asyncio
from functools import partial

from lsprotocol import types as lsp

from hplint.lsp.actions import Actions
from hplint.lsp.analyst import Checked
from hplint.lsp.hints import hints
from hplint.lsp.hovers import Hovers
from hplint.lsp.places import Places
from hplint.lsp.server import Server
from hplint.lsp.texts import Text
from hplint.source import Unreadable


async def code_action(ls: Server, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    shown = ls.texts.shown_in(params.text_document.uri)
    if shown is None:
        return []
    return await ls.ask(partial(_actions, ls, *shown, params))


def _actions(ls: Server, text: Text, cell: int | None, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    checked = _checked(ls, text, cell)
    if checked is None:
        return []
    found = list(_actions_of(ls, checked, cell).at(params.range, params.context))
    if not _resolves(ls):
        return [_resolved(ls, action) for action in found]
    return found


def _checked(ls: Server, text: Text, cell: int | None) -> Checked | None:
    """What is known of a text; None where that is nothing, or where a cell is not part of the notebook's program."""
    checked = ls.analyst.check(text)
    return checked if checked is not None and checked.source.has_cell(cell) else None


def _actions_of(ls: Server, checked: Checked, cell: int | None = None) -> Actions:
    workspace = ls.client_capabilities.workspace
    edits = workspace.workspace_edit if workspace else None
    versioned = bool(edits and edits.document_changes)
    return Actions(checked, ls.encoding, cell, versioned=versioned)


def _resolves(ls: Server) -> bool:
    """Whether the client asks for the edit of an action when it is chosen."""
    text = ls.client_capabilities.text_document
    support = text.code_action.resolve_support if text and text.code_action else None
    return support is not None and "edit" in support.properties


async def resolve(ls: Server, action: lsp.CodeAction) -> lsp.CodeAction:
    return await ls.ask(partial(_resolved, ls, action))


def _resolved(ls: Server, action: lsp.CodeAction) -> lsp.CodeAction:
    """An action with its edit; without one where the text has changed since."""
    data = action.data if isinstance(action.data, dict) else {}
    text = ls.texts.get(str(data.get("uri")))
    if action.edit is None and text is not None and text.version == data.get("version"):
        checked = ls.analyst.check(text)
        if checked is not None:
            action.edit = _actions_of(ls, checked).replaced(ls.analyst.fixed(checked).source)
    return action


async def hover(ls: Server, params: lsp.HoverParams) -> lsp.Hover | None:
    shown = ls.texts.shown_in(params.text_document.uri)
    return None if shown is None else await ls.ask(partial(_hover, ls, *shown, params.position))


def _hover(ls: Server, text: Text, cell: int | None, position: lsp.Position) -> lsp.Hover | None:
    if text.is_configuration:
        settings = ls.analyst.configuration.settings(text.path)
        try:
            source = text.source(settings.max_file_size)
        except Unreadable:
            return None
        places = Places(source, ls.encoding)
        return Hovers(source, places, settings.registry, ls.texts.uri_of).of_key(places.offset(position))
    checked = _checked(ls, text, cell)
    if checked is None:
        return None
    places = Places(checked.source, ls.encoding, cell)
    at = places.offset(position)
    hovers = Hovers(checked.source, places, checked.settings.registry, ls.texts.uri_of)
    return hovers.of_suppression(at) or hovers.of_value(ls.analyst.entries(checked), at)


async def inlay_hint(ls: Server, params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
    shown = ls.texts.shown_in(params.text_document.uri)
    if shown is None or not ls.options.inlay_hints:
        return []
    await asyncio.sleep(0)  # Diagnostics that were asked for in the same breath go first.
    return await ls.ask(partial(_hints, ls, *shown, params.range))


def _hints(ls: Server, text: Text, cell: int | None, place: lsp.Range) -> list[lsp.InlayHint]:
    checked = _checked(ls, text, cell)
    if checked is None:
        return []
    places = Places(checked.source, ls.encoding, cell)
    start, end = places.offset(place.start), places.offset(place.end)
    return list(hints(ls.analyst.entries(checked), checked.source, places, start, end))
