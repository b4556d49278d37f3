"""The database: engine, declarative base, and the two ways to open a transaction.

SQLite goes through pysqlite3, whose SQLite is new enough: versions before 3.51.3 can lose
commits in WAL mode with two connections. On an older one WAL is refused. What is committed is on
the disk, unless the writer says that a power cut may take it (docs/adr/0006).
"""

import contextlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as sqlite
import structlog
from sqlalchemy import DateTime, Dialect, Engine, MetaData, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from storage.refusals import UnavailableError

SAFE_WAL_VERSION = (3, 51, 3)
BUSY_TIMEOUT_MS = 10_000
#: Of one process, each two files: more than its threads, of which some look while they write.
CONNECTIONS_MAX = 40
#: Prepared statements that a connection keeps, 5 to 20 KiB each. Python's 128 times our connections
#: grew by megabytes for hours, until each had met every page; one prepared again costs 14 µs.
STATEMENTS_KEPT = 32
#: In WAL mode NORMAL syncs at checkpoints only: a power cut takes the last commits, whole.
_SYNC = {True: "FULL", False: "NORMAL"}

_log = structlog.get_logger(__name__)


class Base(DeclarativeBase):
    """Every table of the product; constraint names follow one convention on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in Python, stored in UTC, read back aware. A naive one is a fault."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        if value is None:
            return None
        instant: datetime = value
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


class DatabaseUnavailableError(UnavailableError):
    code = "database-unavailable"
    ru = "База данных недоступна: {reason}"
    en = "The database is unavailable: {reason}"


class DatabaseFullError(UnavailableError):
    code = "database-full"
    ru = "На диске базы данных нет места. Ничего не сохранено."
    en = "The database's disk is full. Nothing was saved."


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this SQLite has the fix for the WAL-reset fault (sqlite.org, 3.51.3)."""
    return version >= SAFE_WAL_VERSION


def sqlite_url(path: Path) -> URL:
    """The address of the embedded database file at `path`."""
    return URL.create("sqlite", database=str(path))


class Database:
    """One engine and the two ways to open a transaction: `reading()` and `writing()`."""

    def __init__(
        self, url: str | URL, *, sqlite_version: tuple[int, ...] = sqlite.sqlite_version_info
    ) -> None:
        self.url = make_url(url)
        self.engine = _engine(self.url, sqlite_version)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._own = threading.local()
        self._looking: list[Any] = []

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for looking; whatever it changed is rolled back."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A session for looking in which everything is of one instant, however long it looks."""
        with self.reading() as session:
            if not self.is_sqlite:  # whose transactions all are
                level = {"isolation_level": "REPEATABLE READ"}
                session.connection(execution_options=level)
            yield session

    @contextlib.contextmanager
    def writing(self, *, lasting: bool = True) -> Iterator[Session]:
        """A session in one write transaction: commits on leaving, rolls back on an exception.

        On SQLite it takes the write lock at once (BEGIN IMMEDIATE): a transaction that reads
        first and writes later fails however long it waits. A `lasting` one survives a power cut
        as soon as this is left; any other survives the end of the process only. Raises
        DatabaseFullError when there is no room for it.
        """
        options = {"sqlite_begin": "IMMEDIATE", "sqlite_synchronous": _SYNC[lasting]}
        try:
            with Session(self.engine, expire_on_commit=False) as session, session.begin():
                session.connection(execution_options=options)
                if not (lasting or self.is_sqlite):
                    session.execute(text("SET LOCAL synchronous_commit = off"))
                yield session
        except OperationalError as error:
            if is_full(error):
                raise DatabaseFullError from error
            raise

    def look_up(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """The rows of one statement in the driver's own words, by the shortest way there is.

        On SQLite each thread holds a connection for it, outside the pool. What was committed
        before is seen. Raises DatabaseUnavailableError, or the pool's errors.
        """
        if not self.is_sqlite:
            with self.engine.connect() as pooled:
                own = pooled.execution_options(isolation_level="AUTOCOMMIT")
                return [tuple(row) for row in own.exec_driver_sql(statement, values)]
        try:
            cursor = getattr(self._own, "cursor", None)
            if cursor is None:
                connection = self._sqlite_connection()
                self._looking.append(connection)
                cursor = self._own.cursor = connection.cursor()
            # All rows are taken: an unfinished statement would hold on to an old state.
            rows: list[tuple[Any, ...]] = cursor.execute(statement, values).fetchall()
        except sqlite.Error as error:
            raise DatabaseUnavailableError(reason=type(error).__name__) from error
        return rows

    def _sqlite_connection(self) -> Any:
        arguments, options = self.engine.dialect.create_connect_args(self.url)
        # Each is one thread's; only `dispose` closes it from another.
        options["check_same_thread"] = False
        connection: Any = self.engine.dialect.connect(*arguments, **options)
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        return connection

    def check(self) -> None:
        """Raise DatabaseUnavailableError unless a query is answered."""
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except DatabaseError as error:
            raise DatabaseUnavailableError(reason=_reason(error)) from error

    def alone(self, session: Session, key: str) -> None:
        """Wait until no other transaction is at work under this key.

        SQLite's writers are alone anyway.
        """
        if not self.is_sqlite:
            statement = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
            session.execute(statement, {"key": key})

    def overwrite_erased(self, session: Session) -> None:
        """Let this transaction overwrite what it erases: SQLite would leave it in free pages."""
        if self.is_sqlite:
            session.connection().exec_driver_sql("PRAGMA secure_delete = ON")

    def empty_journal(self) -> None:
        """Move what is committed from SQLite's write-ahead log into the file, and cut the log."""
        if self.is_sqlite:
            connection = self._sqlite_connection()
            try:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()

    def dispose(self) -> None:
        """Let go of every connection, also of those that threads hold for `look_up`."""
        self._own = threading.local()
        while self._looking:
            self._looking.pop().close()
        self.engine.dispose()


def is_full(error: OperationalError) -> bool:
    """Whether the database had no room: SQLITE_FULL, or PostgreSQL's disk_full (53100)."""
    cause = error.orig
    name, state = (getattr(cause, word, None) for word in ("sqlite_errorname", "sqlstate"))
    return name == "SQLITE_FULL" or state == "53100" or "disk is full" in str(cause)


def _reason(error: DatabaseError) -> str:
    """The driver's first line; it names hosts and files, never a password."""
    lines = str(error.orig).strip().splitlines()
    return lines[0][:200] if lines else type(error.orig).__name__


def _engine(url: URL, sqlite_version: tuple[int, ...]) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(
        url,
        module=sqlite,
        connect_args={
            "timeout": BUSY_TIMEOUT_MS / 1000,
            "cached_statements": STATEMENTS_KEPT,
        },
        # None is closed: the others' locks would keep its file open. The one that was used last is
        # used next: each holds the schema, its statements and its pages, so few should.
        pool_size=CONNECTIONS_MAX,
        max_overflow=0,
        pool_use_lifo=True,
    )
    safe = wal_is_safe(sqlite_version)
    if not safe:
        _log.warning("sqlite-wal-refused", sqlite_version=".".join(map(str, sqlite_version)))

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # We send BEGIN ourselves (below), so the driver must not.
        connection.isolation_level = None
        mode = "WAL" if safe else "DELETE"
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA journal_mode = {mode}")
        connection.execute("PRAGMA synchronous = FULL")
        # What is updated leaves nothing behind in its page; see overwrite_erased for the rest.
        connection.execute("PRAGMA secure_delete = FAST")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        options = connection.get_execution_options()
        if safe:
            # Between transactions only; NORMAL without WAL could leave a torn file.
            sync = options.get("sqlite_synchronous", "FULL")
            connection.exec_driver_sql(f"PRAGMA synchronous = {sync}")
        connection.exec_driver_sql(f"BEGIN {options.get('sqlite_begin', 'DEFERRED')}")

    return engine
