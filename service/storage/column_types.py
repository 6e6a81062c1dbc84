"""Types of columns for which the databases need different words."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.types import TypeEngine


def ordered_text(length: int) -> TypeEngine[str]:
    """Text in the order of its code points, as Python and SQLite sort; PostgreSQL by itself follows a language."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")
