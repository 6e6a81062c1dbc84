"""Running the application on this machine alone."""

from __future__ import annotations

import contextlib
import gc
import signal
import socket
import sys
from types import FrameType

import uvicorn

from matcher.errors import MatcherError
from service.app import create_service
from service.community import Community
from service.loopback import loopback_address
from service.wire_protocol import ProblemProtocol

BACKLOG = 512
ACCEPTED_A_TURN = 8
"""Connections. libuv takes one in each turn of its loop from each socket that listens (its pull request 3696). Where a
turn is a search, whoever connects while many do would be seen tens of milliseconds later, and be let in or refused
then."""
GRACE_S = 10
KEEP_ALIVE_S = 75
"""So long a connection may be silent between two requests. Longer than proxies and clients keep theirs (60 s is
usual): if we hang up first, a request may be on its way, and nobody knows what became of it."""
TURN_S = 0.0005
"""So long one thread computes before another one has its turn. Python's own 5 ms, several times in one request, are
what an answer would wait for a thread that stores a member."""


COLLECT_AFTER = (1_000, 20, 1_000)
"""When the cycle collector looks: often at few objects, because looking at 5,000 young ones was a halt of 3 to 12 ms
for everybody; and seldom at what has been there for long, where there is next to nothing to find."""


class AddressTakenError(MatcherError):
    """Another process listens there already, or the port is not ours to take."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        self.host = host
        self.port = port
        super().__init__(f"cannot listen on {host}:{port}: {reason} (accepted: a free port; --port 0 takes any)")


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on a loopback address; port 0 takes any free one.

    Raises:
        NotLoopbackError: for every other address.
        AddressTakenError: if the port cannot be had.
    """
    address = loopback_address(host)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # Named, because asyncio sends short pieces at once only where it sees that it is TCP; uvloop always does.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        raise AddressTakenError(address, port, error.strerror or str(error)) from error
    listener.listen(BACKLOG)
    return listener


def several_times(listener: socket.socket) -> list[socket.socket]:
    """A listening socket as often as connections are to be taken from it in one turn of the event loop."""
    if sys.platform == "win32":  # no uvloop there: asyncio takes all who wait, and a handle can be waited for once
        return [listener]
    return [listener, *(listener.dup() for _ in range(ACCEPTED_A_TURN - 1))]


def url_of(listener: socket.socket) -> str:
    """The address under which a listening socket is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """Lets the community know when it stops, before it waits for the answers that are under way."""

    def __init__(self, config: uvicorn.Config, community: Community) -> None:
        super().__init__(config)
        self._community = community

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in good order. Ending when told to is no failure: after SIGTERM the exit code is 0."""
        if sig == signal.SIGTERM:
            self.should_exit = True
        else:
            super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, and wait for the answers that are under way."""
        self._community.stopping.set()
        await super().shutdown(sockets)


def server_for(community: Community) -> uvicorn.Server:
    """The server of an open community, which it closes when it stops."""
    config = uvicorn.Config(
        create_service(community),
        http=ProblemProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    return _Server(config, community)


def run(community: Community, listener: socket.socket) -> None:
    """Serve until the process is told to stop; answers that are under way are finished first.

    It takes the process for its own: how its threads take turns and what the cycle collector looks at.
    """
    sys.setswitchinterval(TURN_S)
    gc.set_threshold(*COLLECT_AFTER)
    community.index.when_made = _keep_for_good
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn has stopped in good order and tells what stopped it
        server_for(community).run(sockets=several_times(listener))


def _keep_for_good() -> None:
    """Spare the cycle collector the index: it would walk through all of it again and again, and find nothing.

    With 100,000 members each time would take 0.1 s, in which nobody is answered.
    """
    gc.collect()
    gc.freeze()
