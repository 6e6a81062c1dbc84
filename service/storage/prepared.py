"""Statements that every request or change waits for: made into the driver's own words once for each kind of database.

SQLAlchemy looks a statement over at every execution, which takes several times as long as SQLite takes to answer it.
Only for values and columns that go to the driver as they are: texts, whole numbers, and null.
"""

from __future__ import annotations

import functools
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement


class Prepared:
    """One statement, with ``bindparam`` for its values."""

    def __init__(self, statement: Executable) -> None:
        assert isinstance(statement, ClauseElement)
        self._statement: ClauseElement = statement
        self._compiled = functools.lru_cache(maxsize=8)(self._compile)

    def run(self, connection: Connection, **values: Any) -> CursorResult[Any]:
        """Execute it with a value for each parameter."""
        text, order = self._compiled(connection.dialect)
        return connection.exec_driver_sql(text, values if order is None else tuple(values[name] for name in order))

    def _compile(self, dialect: Dialect) -> tuple[str, tuple[str, ...] | None]:
        compiled = self._statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        return str(compiled), tuple(compiled.positiontup or ()) if compiled.positional else None
