"""What the server does for each request and notification."""

from __future__ import annotations

import os
from functools import partial
from zlib import crc32

from lsprotocol import types as lsp

from hplint.lsp import notebooks
from hplint.lsp.actions import KINDS
from hplint.lsp.answers import code_action, hover, inlay_hint, resolve
from hplint.lsp.diagnostics import diagnostic
from hplint.lsp.options import Run
from hplint.lsp.places import Places
from hplint.lsp.server import Server, log
from hplint.lsp.texts import CONFIGURATIONS, Text
from hplint.model import Related
from hplint.settings import CONFIG_NAMES

_PAUSE = 0.04
"""Seconds without an edit after which findings are pushed; a client that pulls has a pause of its own."""
_LONG_PAUSE = 0.6
"""The same for the other open texts, which may import what is edited."""
_WATCHED = ("**/*.py", *(f"**/*{suffix}" for suffix in CONFIGURATIONS), "**/*requirements*.txt")


def register(server: Server) -> None:
    """Make a server answer."""
    server.feature(lsp.INITIALIZE)(initialize)
    server.feature(lsp.INITIALIZED)(initialized)
    server.feature(lsp.SHUTDOWN)(shutdown)
    server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)(did_open)
    server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)(did_change)
    server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)(did_save)
    server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)(did_close)
    server.feature(lsp.NOTEBOOK_DOCUMENT_DID_OPEN)(did_open_notebook)
    server.feature(lsp.NOTEBOOK_DOCUMENT_DID_CHANGE)(did_change_notebook)
    server.feature(lsp.NOTEBOOK_DOCUMENT_DID_SAVE)(did_save_notebook)
    server.feature(lsp.NOTEBOOK_DOCUMENT_DID_CLOSE)(did_close_notebook)
    server.feature(lsp.WORKSPACE_DID_CHANGE_CONFIGURATION)(did_change_configuration)
    server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)(did_change_watched_files)
    pulled = lsp.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False, identifier="hplint")
    server.feature(lsp.TEXT_DOCUMENT_DIAGNOSTIC, pulled)(pull)
    offered = lsp.CodeActionOptions(code_action_kinds=[*KINDS], resolve_provider=True)
    server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, offered)(code_action)
    server.feature(lsp.CODE_ACTION_RESOLVE)(resolve)
    server.feature(lsp.TEXT_DOCUMENT_HOVER)(hover)
    server.feature(lsp.TEXT_DOCUMENT_INLAY_HINT)(inlay_hint)


# --- life


def initialize(ls: Server, params: lsp.InitializeParams) -> None:
    ls.initialization = params.initialization_options
    ls.use_options(None)


async def initialized(ls: Server, params: lsp.InitializedParams) -> None:
    _register_watchers(ls)
    found = await _options_of_client(ls)
    if found is not None and ls.use_options(found):
        _refresh(ls, 0)
    await ls.start_work()
    log.info("hplint %s, diagnostics are %s", ls.version, "pulled" if ls.pulls else "pushed")


def shutdown(ls: Server, params: None) -> None:
    ls.end_work()


def _register_watchers(ls: Server) -> None:
    workspace = ls.client_capabilities.workspace
    watched = workspace.did_change_watched_files if workspace else None
    if watched is None or not watched.dynamic_registration:
        return
    options = lsp.DidChangeWatchedFilesRegistrationOptions([lsp.FileSystemWatcher(glob) for glob in _WATCHED])
    registration = lsp.Registration("hplint-files", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
    ls.client_register_capability(
        lsp.RegistrationParams([registration]), lambda answer: log.info("files of the project are watched")
    )


async def _options_of_client(ls: Server) -> object:
    """The settings that the client tells when it is asked, None where it cannot be asked."""
    workspace = ls.client_capabilities.workspace
    if workspace is None or not workspace.configuration:
        return None
    item = lsp.ConfigurationItem(section="hplint")
    try:
        found = await ls.workspace_configuration_async(lsp.ConfigurationParams([item]))
    except Exception as problem:
        log.warning("the client does not tell its settings: %s", problem)
        return None
    return found[0] if found else None


# --- texts


async def did_open(ls: Server, params: lsp.DidOpenTextDocumentParams) -> None:
    text = ls.take(params.text_document.uri, is_saved=True)
    _push_later(ls, text.uri, 0)
    await _tell_others(ls, text)


async def did_change(ls: Server, params: lsp.DidChangeTextDocumentParams) -> None:
    text = ls.take(params.text_document.uri, is_saved=False)
    if ls.options.run is Run.ON_TYPE:
        _push_later(ls, text.uri, _PAUSE)
        await _tell_others(ls, text)


async def did_save(ls: Server, params: lsp.DidSaveTextDocumentParams) -> None:
    await _saved(ls, params.text_document.uri)


async def _saved(ls: Server, uri: str) -> None:
    ls.texts.save(uri)
    if os.path.basename(uri) in CONFIG_NAMES:
        await ls.ask(ls.analyst.settings_changed)
    await ls.ask(ls.analyst.files_changed)
    _refresh(ls, 0)


async def did_close(ls: Server, params: lsp.DidCloseTextDocumentParams) -> None:
    await _closed(ls, params.text_document.uri)


async def _closed(ls: Server, uri: str) -> None:
    text = ls.texts.drop(uri)
    for shown, _ in text.parts() if text is not None else [(uri, None)]:
        _clear(ls, shown)
    if text is not None:
        await ls.ask(partial(ls.analyst.closed, text))


def _clear(ls: Server, uri: str) -> None:
    """Show nothing any more under a URI."""
    if not ls.pulls:
        ls.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))


async def did_open_notebook(ls: Server, params: lsp.DidOpenNotebookDocumentParams) -> None:
    text = notebooks.opened(params)
    ls.texts.put(text, is_saved=True)
    _push_later(ls, text.uri, 0)
    await _tell_others(ls, text)


async def did_change_notebook(ls: Server, params: lsp.DidChangeNotebookDocumentParams) -> None:
    before = ls.texts.get(params.notebook_document.uri)
    if not isinstance(before, notebooks.Notebook):
        return
    text = notebooks.changed(before, params, ls.encoding)
    if text is before:
        return
    ls.texts.put(text, is_saved=False)
    for gone in {uri for uri, _ in before.parts()} - {uri for uri, _ in text.parts()}:
        _clear(ls, gone)
    if ls.options.run is Run.ON_TYPE:
        _push_later(ls, text.uri, _PAUSE)


async def did_save_notebook(ls: Server, params: lsp.DidSaveNotebookDocumentParams) -> None:
    await _saved(ls, params.notebook_document.uri)


async def did_close_notebook(ls: Server, params: lsp.DidCloseNotebookDocumentParams) -> None:
    await _closed(ls, params.notebook_document.uri)


async def did_change_configuration(ls: Server, params: lsp.DidChangeConfigurationParams) -> None:
    found = await _options_of_client(ls)
    ls.use_options(params.settings if found is None else found)
    _refresh(ls, 0)


async def did_change_watched_files(ls: Server, params: lsp.DidChangeWatchedFilesParams) -> None:
    if any(os.path.basename(change.uri) in CONFIG_NAMES for change in params.changes):
        await ls.ask(ls.analyst.settings_changed)
    await ls.ask(ls.analyst.files_changed)
    _refresh(ls, _PAUSE)


async def _tell_others(ls: Server, text: Text) -> None:
    """Check the other texts again if they import what is edited."""
    if await ls.ask(partial(ls.analyst.edited, text.path)):
        ls.later("others", _LONG_PAUSE, partial(_refresh_now, ls, but=text.uri))


def _refresh(ls: Server, pause: float) -> None:
    ls.later("all", pause, partial(_refresh_now, ls))


async def _refresh_now(ls: Server, but: str | None = None) -> None:
    """Have all open texts checked again."""
    workspace = ls.client_capabilities.workspace
    if not ls.pulls:
        for text in ls.texts.all():
            if text.uri != but:
                _push_later(ls, text.uri, 0)
    elif workspace and workspace.diagnostics and workspace.diagnostics.refresh_support:
        ls.workspace_diagnostic_refresh(None, lambda answer: None)
    if workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support:
        ls.workspace_inlay_hint_refresh(None, lambda answer: None)


# --- diagnostics


def _push_later(ls: Server, uri: str, pause: float) -> None:
    if not ls.pulls:
        ls.later(uri, pause, partial(_push, ls, uri))


async def _push(ls: Server, uri: str) -> None:
    text = ls.texts.get(uri)
    if text is None:
        return
    for shown, cell in text.parts():
        found = await ls.ask(partial(_diagnostics, ls, text, cell))
        if found is None or not ls.texts.is_newest(text):
            return
        ls.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(shown, found, text.place(cell)[1]))


async def pull(ls: Server, params: lsp.DocumentDiagnosticParams) -> lsp.DocumentDiagnosticReport:
    uri = params.text_document.uri
    shown = ls.texts.shown_in(uri)
    only_saved = ls.options.run is Run.ON_SAVE and shown is not None and not ls.texts.is_saved(shown[0])
    if only_saved and params.previous_result_id:
        return lsp.RelatedUnchangedDocumentDiagnosticReport(params.previous_result_id)
    found: list[lsp.Diagnostic] | None = None
    while shown is not None and found is None:
        found = await ls.ask(partial(_diagnostics, ls, *shown))
        newer = ls.texts.shown_in(uri)
        if newer == shown:
            break
        shown = newer  # Somebody has typed on: the client gets what it is about to ask for.
    result = f"{crc32(repr(found).encode()):08x}"
    if result == params.previous_result_id:
        return lsp.RelatedUnchangedDocumentDiagnosticReport(result)
    return lsp.RelatedFullDocumentDiagnosticReport(found or [], result_id=result)


def _diagnostics(ls: Server, text: Text, cell: int | None) -> list[lsp.Diagnostic] | None:
    """The diagnostics of a text, or of a cell of a notebook; None where a newer version has come."""
    checked = ls.analyst.check(text)
    if checked is None:
        return [] if ls.texts.is_newest(text) else None
    first = text.parts()[0][1]
    findings = [finding for finding in ls.analyst.shown(checked) if (finding.cell or first) == cell]
    if not findings:
        return []
    source = checked.source

    def places_of(number: int | None) -> Places:
        return Places(source, ls.encoding, number if source.has_cell(number) else None)

    def locate(related: Related) -> lsp.Location | None:
        there = related.span.cell
        if related.path == source.path:
            return lsp.Location(text.place(there)[0], places_of(there).range(related.span))
        other = ls.analyst.source(related.path, checked.settings.max_file_size)
        if other is None:
            return None
        return lsp.Location(ls.texts.uri_of(related.path), Places(other, ls.encoding).range(related.span))

    places = places_of(cell)
    return [diagnostic(finding, places, locate) for finding in findings]
