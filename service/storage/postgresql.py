"""All that is particular to PostgreSQL: how it is reached, what its transactions are, and its lock for writers.

Writers wait for each other, as on SQLite, by an advisory lock that each takes first. So they cannot deadlock among
themselves, each sees all that the ones before it committed, and the numbers of the change log become visible in their
order. The lock belongs to the transaction: it ends with it, however that ends.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DatabaseError, ProgrammingError

from service.database_url import DatabaseUrl
from service.storage.backend import Engines, without
from service.storage.errors import StorageError
from service.storage.prepared import Prepared

CONNECT_TIMEOUT_S = 10
LOCK_TIMEOUT_MS = 30_000
"""How long a writer waits for another's transaction."""
OPENING_LOCK_TIMEOUT_MS = 600_000
"""How long one that opens the database waits while another migrates it."""
STATEMENT_TIMEOUT_MS = 120_000
IDLE_WRITER_TIMEOUT_MS = 60_000
"""A writer that hangs between two statements holds all others up for no longer than this."""

_WRITES = "peer_matcher_writes"
_OPENS = "peer_matcher_opens"
_LOCK_KEY = int.from_bytes(b"peermtch", "big")
_LOCK = (
    f"SELECT pg_advisory_xact_lock({_LOCK_KEY}),"
    f" set_config('idle_in_transaction_session_timeout', '{IDLE_WRITER_TIMEOUT_MS}', true),"
    # What is acknowledged is on the disk, also where the server's default says otherwise.
    " set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'"
    " ELSE current_setting('synchronous_commit') END, true)"
)
_NO_HURRY = (
    f"SELECT set_config('lock_timeout', '{OPENING_LOCK_TIMEOUT_MS}', true), set_config('statement_timeout', '0', true)"
)
_FACTS = "SELECT current_setting('server_encoding'), current_setting('transaction_read_only')"
_NOT_FOR_EVERYBODY = ("VACUUM FULL pg_statistic", "CHECKPOINT", "SELECT pg_switch_wal()", "CHECKPOINT")
_HORIZON = "SELECT CAST(pg_current_xact_id() AS xid)"
_STILL_SEE_IT = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type <> 'autovacuum worker'"  # keeps nothing
    " AND (age(backend_xmin) > age(CAST(%s AS xid)) OR age(backend_xid) > age(CAST(%s AS xid)))"
)
"""Transactions older than a moment: rows that were there when they began are kept for them."""
SEEN_FOR_S, LOOK_EVERY_S = 5.0, 0.05
"""How long a scrub waits for such transactions to end, and how often it looks."""
_SECRETS = ("password", "sslpassword", "oauth_client_secret")
_ABOUT_VALUES = ("22", "23")
"""Classes of errors whose words repeat the values that were sent: those are health data."""
_UNDONE = ("40001", "40P01")
"""Serialization failure, deadlock."""
_FORM = "postgresql://user:password@host:port/database, with %40, %3A, %2F and %3F for @, :, / and ? in a password"


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get(_OPENS, False):
        connection.exec_driver_sql(_NO_HURRY)
    if options.get(_WRITES, False):
        connection.exec_driver_sql(_LOCK)


def _keep_values_out(context: ExceptionContext) -> None:
    """Leave in an error what happened and where, and take out what was sent."""
    error = context.original_exception
    if not isinstance(error, psycopg.Error):
        return
    state = error.sqlstate or ""
    said = error.diag.message_primary or str(error)
    if state.startswith(_ABOUT_VALUES):
        places = [place for place in (error.diag.table_name, error.diag.constraint_name) if place]
        said = f"{type(error).__name__} {state} {' '.join(places)}".rstrip()
    error.args = (said,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(error).__name__}) {said}",)


class PostgresqlDatabase:
    """The database of a URL, which has to be there; its tables are made on first use.

    Raises:
        StorageError: if the URL cannot be understood.
    """

    in_process = False

    def __init__(self, url: DatabaseUrl) -> None:
        self._text = url.secret_text
        self._given = _parts(self._text)
        self._secrets = [str(self._given[key]) for key in _SECRETS if self._given.get(key)]
        shown = [str(self._given.get(key) or "") for key in ("user", "host", "port", "dbname")]
        user, host, port, name = shown
        self.name = without(f"postgresql://{user and user + '@'}{host}{port and ':' + port}/{name}", self._secrets)

    def engines(self) -> Engines:
        """Engines with an empty pool, which holds eight connections and as many more as there are threads at work."""
        engine = create_engine(
            "postgresql+psycopg://",
            hide_parameters=True,  # parameters are health data, and errors are logged
            pool_size=8,
            max_overflow=-1,
            pool_pre_ping=True,  # a server that was restarted is noticed before anything is asked of it
            use_native_hstore=False,
            connect_args=self._connect_args(),
        )
        event.listen(engine, "do_connect", self._name_the_server)
        event.listen(engine, "begin", _begin)
        event.listen(engine, "handle_error", _keep_values_out)
        return Engines(
            reading=engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True),
            glancing=engine.execution_options(isolation_level="AUTOCOMMIT"),
            writing=engine.execution_options(isolation_level="READ COMMITTED", **{_WRITES: True}),
        )

    def _connect_args(self) -> dict[str, object]:
        """What the URL leaves open. A dead server or network is noticed within half a minute."""
        ours = f"-c lock_timeout={LOCK_TIMEOUT_MS} -c statement_timeout={STATEMENT_TIMEOUT_MS}"
        wanted: dict[str, object] = {
            "connect_timeout": CONNECT_TIMEOUT_S,
            "fallback_application_name": "peer-matcher",
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 4,
            "tcp_user_timeout": 30_000,
        }
        open_ones = {key: value for key, value in wanted.items() if key not in self._given}
        options = f"{ours} {self._given.get('options') or ''}".rstrip()  # of two settings the later one counts
        return open_ones | {"client_encoding": "utf8", "options": options}

    def _name_the_server(self, _dialect: object, _record: object, cargs: list[Any], _cparams: dict[str, Any]) -> None:
        cargs[:] = [self._text]  # libpq reads its own URLs better than anybody else

    def glance(self, engines: Engines, statement: Prepared, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """On a connection of the pool: what costs is the way to the server."""
        with engines.glancing.connect() as connection:
            return [tuple(row) for row in statement.run(connection, **values)]

    def close(self, engines: Engines) -> None:
        """Close the connections."""
        engines.reading.dispose()

    def turn(self) -> AbstractContextManager[None]:
        """Nothing: the lock of writers is given to them in their order, whatever process they are in."""
        return nullcontext()

    @contextmanager
    def opening(self, engines: Engines) -> Iterator[Connection]:
        """A writing transaction: the lock of writers keeps others out, and PostgreSQL undoes changes of tables, too.

        Raises:
            StorageError: if the database cannot keep every character, or takes no changes.
        """
        with engines.writing.execution_options(**{_OPENS: True}).begin() as connection:
            encoding, read_only = connection.exec_driver_sql(_FACTS).one()
            if encoding != "UTF8":
                raise StorageError(self.name, f"the database's encoding is {encoding}", "one made with ENCODING 'UTF8'")
            if read_only == "on":
                raise StorageError(self.name, "the database takes no changes", "the primary server, not a standby")
            yield connection

    def refusal(self, error: DatabaseError) -> StorageError:
        """The server's words, or libpq's, in one line and without the password."""
        state = getattr(error.orig, "sqlstate", None) or ""
        accepted = "a server that answers, and a user, a password and a database that it knows"
        if state and not state.startswith(("08", "28", "3D", "53", "57")):
            accepted = "a database in which this user may make and change tables"
        return StorageError(self.name, without(str(error.orig), self._secrets), accepted)

    def scrub(self, engines: Engines, tables: Sequence[str], _traces: Sequence[str]) -> bool:
        """Write the tables anew, and what the planner has noted of them: dead rows stay in the old files, which go.

        Whoever reads one of the tables waits meanwhile. The WAL holds what was written until the server recycles it;
        where our user may do so, a checkpoint lets it.

        Rows that somebody's transaction may still see would be taken along. So those that are older than the scrub are
        waited for, as far as our user sees them (its own, at least); if one goes on for longer, the next sweep tries.
        """
        with engines.glancing.connect() as connection:
            if not _seen_by_nobody(connection):
                return False
            try:
                connection.exec_driver_sql("SET statement_timeout = 0")
                for table in tables:
                    connection.exec_driver_sql(f'VACUUM (FULL, ANALYZE) "{table}"')
                for statement in _NOT_FOR_EVERYBODY:
                    with suppress(ProgrammingError):
                        connection.exec_driver_sql(statement)
                connection.exec_driver_sql("RESET statement_timeout")
            except BaseException:
                connection.invalidate()  # whoever has it next is to have a statement cut off that hangs
                raise
        return True

    def copy(self, _engines: Engines, _into: Path) -> None:
        """Never: the server's own tools do it better.

        Raises:
            StorageError: always.
        """
        raise StorageError(self.name, "is not copied from here", "pg_dump, or the backups of its server")

    def undone(self, error: DatabaseError) -> bool:
        """Whether it was a deadlock or a serialization failure, which only other programs can bring about."""
        return getattr(error.orig, "sqlstate", None) in _UNDONE


def _seen_by_nobody(connection: Connection) -> bool:
    """Whether all transactions that began before this moment end soon."""
    horizon = connection.exec_driver_sql(_HORIZON).scalar_one()
    until = time.monotonic() + SEEN_FOR_S
    while connection.exec_driver_sql(_STILL_SEE_IT, (horizon, horizon)).scalar_one():
        if time.monotonic() > until:
            return False
        time.sleep(LOOK_EVERY_S)
    return True


def _parts(text: str) -> dict[str, Any]:
    """The parts of a URL. What cannot be understood is not repeated: a password may have ended up anywhere in it."""
    refused = StorageError("the database's URL", "cannot be understood", _FORM)
    try:
        given = conninfo_to_dict(text)
    except psycopg.Error:
        raise refused from None
    if "@" in str(given.get("host") or "")[1:] or "@" in str(given.get("dbname") or ""):
        raise refused  # the rest of a password
    if not all(port.isdecimal() for port in str(given.get("port") or "1").split(",")):
        raise refused
    return given
