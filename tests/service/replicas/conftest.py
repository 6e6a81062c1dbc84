"""Both kinds of databases."""

from __future__ import annotations

from tests.service.matches.conftest import clock, stored_in

__all__ = ["clock", "stored_in"]
