"""Engine and sessions.

A `Database` is one engine with its pool. A request, a job or a command works in one transaction of it:
`with database.begin() as session`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

from app.settings import Settings

SessionLocal = sessionmaker(expire_on_commit=False)
"""Makes sessions for scripts and notebooks; bound when the first `Database` opens."""


def libpq_url(url: URL) -> str:
    """The URL as psql, libpq and psycopg's own pools read it."""
    # SQLAlchemy leaves a space in a password as it is; libpq refuses one.
    return url.set(drivername="postgresql").render_as_string(hide_password=False).replace(" ", "%20")


class Database:
    """An engine with the documented pool (10 + 20 overflow, pre-ping, recycled hourly) and its sessions."""

    def __init__(self, settings: Settings, url: URL | None = None) -> None:
        """Connects lazily, as `aada_app` unless a URL is given."""
        self.engine: Engine = create_engine(
            url or settings.app_database_url,
            echo=settings.sql_echo,
            pool_size=settings.pool_size,
            max_overflow=settings.pool_max_overflow,
            pool_pre_ping=settings.pool_pre_ping,
            pool_recycle=settings.pool_recycle_seconds,
            pool_timeout=10,
            connect_args={
                "connect_timeout": 5,
                "application_name": "aada",
                "options": "-c timezone=UTC -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s",
            },
        )
        self.sessions = sessionmaker(self.engine, expire_on_commit=False)
        SessionLocal.configure(bind=self.engine)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A session in one transaction: committed at the end, rolled back by an exception."""
        with self.sessions.begin() as session:
            yield session

    def close(self) -> None:
        """Give every pooled connection back to the server."""
        self.engine.dispose()
