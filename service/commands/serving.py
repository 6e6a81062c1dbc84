"""``peer-matcher serve``."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from service import server
from service.commands.console import out
from service.commands.options import DATABASE, AsOfOption, DatabaseOption, IndexFolderOption, settings_of
from service.community import Community
from service.logs import configure_logs
from service.settings import DEFAULT_HOST, DEFAULT_PORT

HostOption = Annotated[
    str,
    typer.Option(
        "--host", envvar="PEER_MATCHER_HOST", help="127.0.0.1, ::1 or localhost: there are no access keys yet."
    ),
]
PortOption = Annotated[
    int, typer.Option("--port", "-p", envvar="PEER_MATCHER_PORT", min=0, max=65535, help="0 takes any free port.")
]


def serve(
    *,
    database: DatabaseOption = DATABASE,
    index_folder: IndexFolderOption = None,
    host: HostOption = DEFAULT_HOST,
    port: PortOption = DEFAULT_PORT,
    as_of: AsOfOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Log warnings only.")] = False,
) -> None:  # fmt: skip
    """Serve the HTTP API on this machine until Ctrl-C.

    The first line on standard output is the address; logs are JSON lines on standard error and hold ids, never a
    member's data. /docs describes every call, /readyz says when the index is there.
    """
    configure_logs(logging.WARNING if quiet else logging.INFO)
    listener = server.listen(host, port)
    try:
        community = Community.open(settings_of(database, as_of, index_folder))
        out().print(f"Peer Matcher listens on {server.url_of(listener)} (what it can do: /docs)", soft_wrap=True)
        server.run(community, listener)
    finally:
        listener.close()
