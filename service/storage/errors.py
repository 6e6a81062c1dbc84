"""What storage raises when a database cannot be opened."""

from __future__ import annotations

from matcher.errors import MatcherError


class StorageError(MatcherError):
    """The database cannot be opened or used."""

    def __init__(self, source: str, what: str, accepted: str) -> None:
        self.source = source
        self.what = what
        self.accepted = accepted
        super().__init__(f"{source}: {what} (accepted: {accepted})")


class RevisionError(StorageError):
    """The tables are not ones that this program can bring up to date."""
