"""Loopback addresses: the only ones that the service listens on, because it speaks no TLS itself."""

from __future__ import annotations

import ipaddress
import socket

from matcher.errors import MatcherError


class NotLoopbackError(MatcherError):
    """The service was asked to listen where other machines could reach it."""

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(
            f"will not listen on {host!r}: what it says is not encrypted, so keys and health data could be read on the "
            "way (accepted: 127.0.0.1, ::1 or localhost; a proxy in front may speak TLS to the world)"
        )


def is_loopback_address(text: str) -> bool:
    """Whether ``text`` is an IP address of this machine alone."""
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


def loopback_address(host: str) -> str:
    """The address to bind for ``host``.

    Raises:
        NotLoopbackError: unless it is a loopback address, or ``localhost`` and resolves to nothing else.
    """
    if is_loopback_address(host):
        return host
    if host.rstrip(".").lower() == "localhost":
        try:
            found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
        except OSError:
            found = set()
        if found and all(is_loopback_address(address) for address in found):
            return "127.0.0.1" if "127.0.0.1" in found else min(found)
    raise NotLoopbackError(host)


def names_loopback(host_header: str) -> bool:
    """Whether a Host header names this machine: a page elsewhere that points its own name here does not pass."""
    host = host_header.strip().lower()
    name = host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.partition(":")[0]
    return name.rstrip(".") == "localhost" or is_loopback_address(name.strip("[]"))
