"""`hplint server`: the language server."""

from __future__ import annotations

import sys

import click

from hplint.commands.terminal import WRONG, complain

_NEEDED = ("lsprotocol", "pygls")


@click.command("server")
@click.pass_context
def command(context: click.Context) -> None:
    """Serve editors: the Language Server Protocol on standard input and output.

    Needs the extra `lsp`: pip install 'hplint[lsp]'. docs/editors.md tells how to set editors up.
    """
    try:
        from hplint.lsp.serving import serve
    except ModuleNotFoundError as problem:
        if (problem.name or "").partition(".")[0] not in _NEEDED:
            raise
        complain("the language server is not installed: pip install 'hplint[lsp]'")
        context.exit(WRONG)
    if sys.stdin.isatty():
        click.echo("hplint server waits for an editor to speak to it; press Ctrl-C to end it", err=True)
    serve()
