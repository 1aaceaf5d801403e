"""Engine and sessions.

A `Database` is one engine with its pool. A request, a job or a command works in one transaction of it:
`with database.begin() as session`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, ClassVar
from urllib.parse import quote, urlencode
from weakref import WeakKeyDictionary

import psycopg
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.orm import Session, sessionmaker

from app.core import own_rows
from app.core.sockets import has_something_to_read
from app.db.replica import Replica
from app.settings import Settings

SessionLocal = sessionmaker(expire_on_commit=False)
"""Makes sessions for scripts and notebooks; bound when the first `Database` opens."""

REVISION = "school revision"
"""Where a session says which revision of the school its transaction began with: see `app.school.remembered`."""

ANSWERED = "answered"
"""Where a session has the followers of its database, for statements that SQLAlchemy's events do not see."""
Answered = Callable[[str, float, psycopg.Error | None], None]
"""Takes the statements of one round trip, its seconds, and what went wrong."""


def libpq_url(url: URL, *, password: bool = True) -> str:
    """The URL as psql and libpq read it: every part percent-encoded, several hosts as lists.

    SQLAlchemy leaves spaces in a password as they are and names several hosts `?host=a:1&host=b:2`. Without the
    `password` it can be an argument, which every user of the machine can read.
    """
    parts = (url.username, url.password if password else None)
    user = ":".join(quote(str(part), safe="") for part in parts if part is not None)
    host = f"[{url.host}]" if url.host and ":" in url.host else url.host or ""
    port = f":{url.port}" if url.port else ""
    query = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    hosts = url.query.get("host", ())
    if not isinstance(hosts, str):
        places = [place.rpartition(":") if ":" in place else (place, "", "5432") for place in hosts]
        query["host"] = ",".join(place[0] for place in places)
        query["port"] = ",".join(place[2] for place in places)
        query = {name: value for name, value in query.items() if value}
    options = f"?{urlencode(query, quote_via=quote)}" if query else ""
    at = "@" if user else ""
    return f"postgresql://{user}{at}{host}{port}/{quote(url.database or '', safe='')}{options}"


class _Liveness:
    """The pool's pre-ping, asked each time that a connection is taken: a round trip where looking does not do.

    A server that has ended a connection has said so on it. Only one that was not used for a while may have been
    dropped in silence, by a network in between.
    """

    quiet_seconds: ClassVar[float] = 5.0

    def __init__(self, ping: Callable[[DBAPIConnection], bool]) -> None:
        self._ping = ping
        self._taken_at: WeakKeyDictionary[Any, float] = WeakKeyDictionary()

    def __call__(self, connection: DBAPIConnection) -> bool:
        now = monotonic()
        taken_at = self._taken_at.get(connection, 0.0)
        lively = now - taken_at < self.quiet_seconds and not has_something_to_read(connection.fileno())
        if not lively and not self._ping(connection):
            return False
        self._taken_at[connection] = now
        return True


_CONNECT: dict[str, Any] = {"connect_timeout": 5, "application_name": "aada"}
SESSION_SETTINGS = {"timezone": "UTC", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "1min"}
"""What holds on every connection, as SHOW says it. Behind a pooler it is set for the role (`app.ops.pooler`)."""

_DIRECTLY: dict[str, Any] = _CONNECT | {
    "options": " ".join(f"-c {name}={value}" for name, value in SESSION_SETTINGS.items())
}
# A pooler refuses options. What is prepared is on one of its connections, and the next transaction on another.
_THROUGH_POOLER: dict[str, Any] = _CONNECT | {"prepare_threshold": None}


def _leave_standby(context: ExceptionContext) -> None:
    """Let go of every connection to a server that has become a standby: the next one goes to the new primary."""
    if isinstance(context.original_exception, psycopg.errors.ReadOnlySqlTransaction):
        context.is_disconnect = True


def _guard(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
    own_rows.guard(connection, statement)


class Database:
    """An engine with the documented pool (10 + 20 overflow, pre-ping, recycled hourly) and its sessions."""

    _direct: Engine | None = None

    def __init__(self, settings: Settings, url: URL | None = None) -> None:
        """Connects lazily, as `aada_app` unless a URL is given, and through the pooler if there is one."""
        pooler = settings.pooler_database_url if url is None else None
        server = url or settings.app_database_url
        self._server, self._recycle_seconds = server, settings.pool_recycle_seconds
        self.engine: Engine = create_engine(
            pooler or server,
            echo=settings.sql_echo,
            # An error's text goes into the log, and the values are people's names, addresses and password hashes.
            hide_parameters=not settings.sql_echo,
            pool_size=settings.pool_size,
            max_overflow=settings.pool_max_overflow,
            pool_pre_ping=settings.pool_pre_ping,
            pool_recycle=settings.pool_recycle_seconds,
            pool_timeout=10,
            # The one given back last is taken first. Otherwise all take turns, and each of them comes to hold what the
            # database remembers of every table and statement: 5 MB for a connection.
            pool_use_lifo=True,
            connect_args=_THROUGH_POOLER if pooler else _DIRECTLY,
        )
        event.listen(self.engine, "handle_error", _leave_standby)
        event.listen(self.engine, "before_cursor_execute", _guard)
        if pooler is not None:
            self._direct = create_engine(
                server, hide_parameters=True, poolclass=NullPool, connect_args=_DIRECTLY
            )
        # What works on a session (the record store's statements, say) finds the program's settings there.
        if settings.pool_pre_ping:
            self.engine.dialect.do_ping = _Liveness(self.engine.dialect.do_ping)  # type: ignore[assignment, method-assign]
        self.answered: list[Answered] = []
        """Called after each statement of `app.db.ready`, as the engine's listeners are after the others."""
        # A memory that all sessions share: see app.school.remembered.
        self._info: dict[str, Any] = {"settings": settings, "memory": {}, ANSWERED: self.answered}
        reports = settings.reports_database_url if url is None else None
        self.replica = None if reports is None else Replica(reports, settings.reports_lag_seconds, self._info)
        if self.replica is not None:
            self._info["replica"] = self.replica
        self.sessions = sessionmaker(self.engine, expire_on_commit=False, info=self._info)
        self._aside: Engine | None = None
        self._aside_url = settings.monitor_database_url if url is None else None
        SessionLocal.configure(bind=self.engine, info=self._info)

    @property
    def direct(self) -> Engine:
        """Connections that no pooler gives to somebody else after each transaction: for locks that outlast one."""
        return self._direct or self.engine

    def use(self, settings: Settings) -> None:
        """Let the sessions that begin from now on find these settings."""
        self._info["settings"] = settings

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A session in one transaction: committed at the end, rolled back by an exception."""
        with self.sessions.begin() as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """The same, but every query sees the school as it was at the first: for what is read in many of them."""
        with self.sessions.begin() as session:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    @contextmanager
    def aside(self) -> Iterator[Session]:
        """A session on the one connection that is no part of the pool: for whoever asks how the pool is doing.

        Raises TimeoutError of SQLAlchemy when somebody else has had it for a quarter of a second.
        """
        if self._aside is None:
            self._aside = create_engine(
                self._aside_url or self._server,
                hide_parameters=True,
                pool_size=1,
                max_overflow=0,
                pool_timeout=0.25,
                pool_pre_ping=True,
                pool_recycle=self._recycle_seconds,
                connect_args={
                    "connect_timeout": 2,
                    "application_name": "aada metrics",
                    "options": "-c timezone=UTC -c lock_timeout=1s -c idle_in_transaction_session_timeout=10s",
                },
            )
        with Session(self._aside, expire_on_commit=False, info=self._info) as session, session.begin():
            yield session

    def close(self) -> None:
        """Give every connection back to the server."""
        self.engine.dispose()
        if self._aside is not None:
            self._aside.dispose()
        if self.replica is not None:
            self.replica.close()
