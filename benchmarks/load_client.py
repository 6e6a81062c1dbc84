"""Requests at a given pace over many connections, each timed from the moment at which it was due.

An open loop: what is due is sent whether or not earlier answers have come, so that waiting counts. A client that waits
for an answer before it asks again measures a service that is never asked too much.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import uvloop

MOST_CONNECTIONS = 1_000
_END = b"\r\n\r\n"


@dataclass(slots=True)
class Tally:
    """What came back, and after how many seconds."""

    seconds: dict[int, list[float]] = field(default_factory=dict)
    broken: int = 0
    """Connections that ended before an answer had come."""

    def add(self, status: int, seconds: float) -> None:
        """One answer."""
        self.seconds.setdefault(status, []).append(seconds)

    @property
    def asked(self) -> int:
        """How many requests were made."""
        return self.broken + sum(map(len, self.seconds.values()))

    def times(self, *statuses: int) -> npt.NDArray[np.float64]:
        """Seconds of all answers with one of these statuses."""
        return np.array([took for status in statuses for took in self.seconds.get(status, ())])

    def count(self, *statuses: int) -> int:
        """How many answers had one of these statuses."""
        return sum(len(self.seconds.get(status, ())) for status in statuses)


class _Wire(asyncio.Protocol):
    """One connection, which asks one thing at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._told = b""
        self._answer: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        self.transport = cast("asyncio.Transport", transport)

    def ask(self, request: bytes) -> asyncio.Future[int]:
        """Send a request; the future holds the status of the answer, which is read to its end."""
        assert self.transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._told = b""
        self.transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        """A piece of the answer."""
        self._told += data
        end = self._told.find(_END)
        if end < 0 or self._answer is None:
            return
        head = self._told[:end].lower()
        place = head.find(b"content-length:")
        length = int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
        if len(self._told) >= end + len(_END) + length and not self._answer.done():
            self._answer.set_result(int(self._told[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self.transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError())


class Client:
    """Connections to one address, made as they are needed and kept for the next request."""

    def __init__(self, host: str, port: int, most: int = MOST_CONNECTIONS) -> None:
        self._address = host, port
        self._idle: list[_Wire] = []
        self._room = asyncio.Semaphore(most)

    async def ask(self, request: bytes, due: float, tally: Tally) -> None:
        """Ask, and note how long after ``due`` the answer was there."""
        async with self._room:
            wire = self._idle.pop() if self._idle else None
            try:
                if wire is None or wire.transport is None or wire.transport.is_closing():
                    _, wire = await asyncio.get_running_loop().create_connection(_Wire, *self._address)
                status = await wire.ask(request)
            except OSError:
                tally.broken += 1
                return
            tally.add(status, time.perf_counter() - due)
            self._idle.append(wire)

    def close(self) -> None:
        """Give the connections back."""
        for wire in self._idle:
            if wire.transport is not None:
                wire.transport.close()


async def at_pace(client: Client, requests: Iterable[bytes], a_second: float, seconds: float, tally: Tally) -> None:
    """Ask ``a_second`` times a second, evenly, and wait for the last answer. Takes as many requests as it sends."""
    began, under_way = time.perf_counter(), set[asyncio.Task[None]]()
    for number, request in zip(range(round(a_second * seconds)), requests, strict=False):
        due = began + number / a_second
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(client.ask(request, due, tally))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    while under_way:
        await asyncio.wait(under_way)


async def one_after_the_other(
    client: Client, requests: Sequence[bytes], at_once: int, seconds: float, tally: Tally
) -> None:
    """``at_once`` clients, each of which asks as soon as it was answered: as much as the service can do."""
    until, following = time.perf_counter() + seconds, itertools.cycle(requests)

    async def ask() -> None:
        while (now := time.perf_counter()) < until:
            await client.ask(next(following), now, tally)

    await asyncio.gather(*(ask() for _ in range(at_once)))


def request_bytes(method: str, target: str, key: str, body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {key}"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a measurement on the fastest loop there is: the client's own time is in what it measures."""
    uvloop.run(work)
