"""What every use case works on, opened and closed as one."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from service.exposure import ExposureBook
from service.live_index import LiveIndex
from service.metrics import Metrics
from service.precedence import Precedence
from service.settings import Settings
from service.storage.database import Database


@dataclass(frozen=True, slots=True)
class Community:
    """A community's settings, its database, and the index that follows it."""

    settings: Settings
    database: Database
    index: LiveIndex
    exposure: ExposureBook
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set once the service is to stop: whoever sends without an end comes to one."""
    metrics: Metrics = field(default_factory=Metrics)
    """What is counted on the way."""
    precedence: Precedence = field(default_factory=Precedence)
    """Whether searches are being answered, before which changes stand back."""

    @classmethod
    def open(cls, settings: Settings) -> Community:
        """Open the database; the index is started apart, because it may take long.

        Raises:
            StorageError, RevisionError: if the database cannot be used.
        """
        database = Database.open(settings.database)
        return cls(settings, database, LiveIndex(database, settings), ExposureBook(database, settings))

    def close(self) -> None:
        """Save a snapshot if there is an index, and what was counted last, and close the database."""
        if self.index.ready:
            self.exposure.turn(self.index.catch_up().index)
            self.index.save()
        self.database.close()
