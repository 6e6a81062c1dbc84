"""Statements that every request or change waits for: made into the driver's own words once for each kind of database.

SQLAlchemy looks a statement over at every execution, which takes several times as long as SQLite takes to answer it.
Only for values and columns that go to the driver as they are: texts, whole numbers, and null.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

Parameters = dict[str, Any] | tuple[Any, ...]


class Prepared:
    """One statement, with ``bindparam`` for its values."""

    def __init__(self, statement: Executable) -> None:
        assert isinstance(statement, ClauseElement)
        self._statement: ClauseElement = statement
        self._compiled = functools.lru_cache(maxsize=8)(self._compile)

    def run(self, connection: Connection, **values: Any) -> CursorResult[Any]:
        """Execute it with a value for each parameter."""
        text, parameters = self.for_driver(connection.dialect, values)
        return connection.exec_driver_sql(text, parameters)

    def run_for_each(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute it once for each of ``rows``, which hold a value for each parameter."""
        if rows:
            text, _ = self.for_driver(connection.dialect, rows[0])
            connection.exec_driver_sql(text, [self.for_driver(connection.dialect, row)[1] for row in rows])

    def for_driver(self, dialect: Dialect, values: Mapping[str, Any]) -> tuple[str, Parameters]:
        """The statement in the driver's own words, and the values in its order."""
        text, order = self._compiled(dialect)
        return text, dict(values) if order is None else tuple(values[name] for name in order)

    def _compile(self, dialect: Dialect) -> tuple[str, tuple[str, ...] | None]:
        compiled = self._statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        return str(compiled), tuple(compiled.positiontup or ()) if compiled.positional else None
