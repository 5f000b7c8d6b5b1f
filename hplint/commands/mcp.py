"""`hplint mcp`: the server for coding agents."""

from __future__ import annotations

import sys

import click

from hplint.commands.terminal import WRONG, complain


@click.command("mcp")
@click.pass_context
def command(context: click.Context) -> None:
    """Serve coding agents: the Model Context Protocol on standard input and output.

    Needs the extra `mcp`: pip install 'hplint[mcp]'. AGENTS.md tells how to set agents up.
    """
    try:
        from hplint.mcp.serving import serve
    except ModuleNotFoundError as problem:
        if (problem.name or "").partition(".")[0] != "mcp":
            raise
        complain("the MCP server is not installed: pip install 'hplint[mcp]'")
        context.exit(WRONG)
    if sys.stdin.isatty():
        click.echo("hplint mcp waits for an agent to speak to it; press Ctrl-C to end it", err=True)
    serve()
