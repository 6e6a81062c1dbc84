"""A service that a test starts, kills and starts again on the same database."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from tests.database_places import Place
from tests.faults.http_client import Client, CutOffError
from tests.faults.launcher import Crashing, Forked, Launcher
from tests.service.matches.conftest import START

READY_WITHIN_S = 120.0
STOP_WITHIN_S = 30.0
_LOOK_EVERY_S = 0.02


@dataclass(frozen=True)
class Site:
    """Where services run: a launcher, a database, and a folder for all that they write."""

    launcher: Launcher
    place: Place
    folder: Path

    def environment(self) -> dict[str, str]:
        """Variables for a command."""
        return {
            "PEER_MATCHER_DATABASE": self.place.text,
            "PEER_MATCHER_INDEX_FOLDER": str(self.place.index_folder),
            "PEER_MATCHER_JOBS_FOLDER": str(self.folder / "jobs"),
            "PEER_MATCHER_AS_OF": START.date().isoformat(),
        }

    def work(self, crashing: Crashing | None = None) -> Forked:
        """Start a worker."""
        return self.launcher.start(["work"], self.environment(), self.folder, crashing, name="worker")

    def serve(self, crashing: Crashing | None = None) -> Running | None:
        """Start a service and wait until it can answer; None if it died before, as it was meant to."""
        arguments = ["serve", "--port", "0", "--workers", "0", "--quiet"]
        process = self.launcher.start(arguments, self.environment(), self.folder, crashing)
        until = time.monotonic() + READY_WITHIN_S
        url: str | None = None
        while not process.ended():
            assert time.monotonic() < until, process.log.read_text()
            url = url or _url(process.out)
            if url is not None and _ready(url):
                return Running(process, url)
            time.sleep(_LOOK_EVERY_S)
        assert crashing is not None, process.log.read_text()
        assert crashing.evidence.exists(), process.log.read_text()
        return None


@dataclass(frozen=True)
class Running:
    """A service that answers."""

    process: Forked
    url: str

    def stop(self) -> int:
        """Ask it to stop, and wait until it has."""
        self.process.kill(15)
        return self.process.wait()


def _url(out: Path) -> str | None:
    said = out.read_text() if out.exists() else ""
    return next((word for word in said.split() if word.startswith("http://")), None) if "\n" in said else None


def _ready(url: str) -> bool:
    try:
        with Client(url, {}) as client:
            return client.ask("GET", "/readyz").status == 200
    except CutOffError:
        return False
