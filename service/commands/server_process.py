"""A service in a process of its own, as an operator would start it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from matcher.errors import MatcherError
from service.database_url import DatabaseTarget

READY_WITHIN_S = 300.0
STOP_WITHIN_S = 60.0
"""Longer than the service allows itself and its worker together: killed before that, it would leave a worker behind."""
_LOOK_EVERY_S = 0.05


class ServerError(MatcherError):
    """The service did not come up."""

    def __init__(self, what: str, log: Path) -> None:
        self.what = what
        self.log = log
        super().__init__(f"the service did not start: {what}")


@dataclass(slots=True)
class ServerProcess:
    """A running service. Use :meth:`started`."""

    process: subprocess.Popen[str]
    url: str
    log: Path

    @classmethod
    @contextmanager
    def started(
        cls, database: DatabaseTarget, port: int, log: Path, index_folder: Path | None = None
    ) -> Iterator[ServerProcess]:
        """Start a service, wait until it can answer, and stop it in good order at the end.

        If ``port`` is taken, any free one serves. The database is named in the environment: a URL may hold a password,
        and everybody on a machine can list arguments.

        Raises:
            ServerError: if it ends or is not ready in time.
        """
        with log.open("w", encoding="utf-8") as lines:
            server = cls._listening(_variables(database, index_folder), port, log, lines.fileno())
            try:
                server._wait_until_ready()
                yield server
            finally:
                server.stop()

    @classmethod
    def _listening(cls, variables: dict[str, str], port: int, log: Path, log_descriptor: int) -> ServerProcess:
        for candidate in (port, 0) if port else (0,):
            command = [sys.executable, "-m", "service.cli", "serve"]
            process = subprocess.Popen(
                [*command, "--port", str(candidate)],
                env=os.environ | variables,
                stdout=subprocess.PIPE,
                stderr=log_descriptor,
                stdin=subprocess.DEVNULL,
                cwd=os.fspath(Path(__file__).parents[2]),  # where the packages are, wherever the caller stands
                text=True,
            )
            said = process.stdout.readline() if process.stdout else ""
            url = next((word for word in said.split() if word.startswith("http://")), None)
            if url is not None:
                return cls(process, url, log)
            process.wait(STOP_WITHIN_S)
        raise ServerError(_last_line(log), log)

    def _wait_until_ready(self) -> None:
        last = "no answer"
        until = time.monotonic() + READY_WITHIN_S
        with httpx.Client(base_url=self.url, timeout=5) as client:
            while time.monotonic() < until:
                if self.process.poll() is not None:
                    raise ServerError(_last_line(self.log), self.log)
                with suppress(httpx.TransportError):
                    reply = client.get("/readyz")
                    if reply.status_code == httpx.codes.OK:
                        return
                    last = reply.json()["detail"]
                time.sleep(_LOOK_EVERY_S)
        raise ServerError(f"not ready after {READY_WITHIN_S:.0f} s; {last}", self.log)

    def wait(self) -> None:
        """Wait until the service ends."""
        self.process.wait()

    def stop(self) -> None:
        """Ask the service to stop and wait until it has saved its index; kill it if it does not."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def _variables(database: DatabaseTarget, index_folder: Path | None) -> dict[str, str]:
    text = str(database.absolute()) if isinstance(database, Path) else database.secret_text
    variables = {"PEER_MATCHER_DATABASE": text}
    if index_folder is not None:
        variables["PEER_MATCHER_INDEX_FOLDER"] = str(index_folder.absolute())
    return variables


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
