"""Which PostgreSQL server the system uses, and whether it will do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.engine import URL

from app.db.session import libpq_url
from app.ops.errors import OperatorError
from app.ops.postgres import EmbeddedServer
from app.setting_values import normalize_database_url
from app.settings import Settings

OLDEST = 17


def embedded_server(settings: Settings, *, port: int | None = None) -> EmbeddedServer:
    """The embedded server of this installation, running or not."""
    return EmbeddedServer(settings.data_dir / "postgres", port=port)


def is_embedded(settings: Settings) -> bool:
    """Whether `database_url` is that of the embedded server, and it runs."""
    if settings.database_url is None:
        return False
    url, found = settings.owner_database_url, embedded_server(settings).status()
    return found.running and (url.host, url.port) == ("127.0.0.1", found.port)


@contextmanager
def database_server(settings: Settings) -> Iterator[tuple[Settings, EmbeddedServer | None]]:
    """The settings with a `database_url` that answers, for as long as the block runs.

    With DATABASE_URL set, that server is checked and used; otherwise the embedded one is joined or started, has its
    database, and is let go of at the end.
    """
    if settings.database_url is not None:
        check_server(settings)
        yield settings, None
        return
    with embedded_server(settings) as server:
        server.ensure_database()
        yield with_url(settings, server.url()), server


def with_url(settings: Settings, url: str) -> Settings:
    """The settings with another `database_url`."""
    return settings.model_copy(update={"database_url": normalize_database_url(url)})


def connect(settings: Settings, url: URL | None = None) -> psycopg.Connection[tuple[object, ...]]:
    """A plain connection, as the owner unless a URL is given. Raises OperatorError in one sentence."""
    conninfo = libpq_url(url or settings.owner_database_url)
    try:
        return psycopg.connect(conninfo, connect_timeout=10, application_name="aada")
    except psycopg.OperationalError as error:
        raise explain_failure(error, settings, url) from error


def check_server(settings: Settings) -> str:
    """Refuse a server that does not answer or is older than 17; return its version, for example ``17.10``."""
    with connect(settings) as connection:
        number = connection.info.server_version
        version = connection.info.parameter_status("server_version") or str(number)
    if number < OLDEST * 10_000:
        raise OperatorError(f"DATABASE_URL names PostgreSQL {version}, and {OLDEST} or newer is needed.")
    return version.split(" ")[0]


def explain_failure(error: BaseException | None, settings: Settings, url: URL | None = None) -> OperatorError:
    """One sentence for a connection that failed, without the password."""
    target = url or settings.owner_database_url
    place = f"{target.host or 'the local socket'}:{target.port or 5432}"
    text = " ".join(str(error).split())
    if "does not exist" in text and "database" in text:
        return OperatorError(
            f"The server at {place} has no database called {target.database}: create it (createdb), or correct "
            "DATABASE_URL."
        )
    if "authentication failed" in text or ("role" in text and "does not exist" in text):
        return OperatorError(
            f"The server at {place} refuses user {target.username}: correct the user or password in DATABASE_URL"
            " (for aada_app: AADA_APP_PASSWORD, then `aada db migrate`)."
        )
    if "unsupported startup parameter" in text:
        return OperatorError(
            f"What answers at {place} is a pooler such as pgbouncer, not the server: name the server in DATABASE_URL, "
            "and the pooler in POOLER_URL."
        )
    if "resolve" in text or "name or service not known" in text.lower():
        return OperatorError(f"DATABASE_URL names the host {target.host}, which cannot be found.")
    reason = text.rsplit("failed: ", 1)[-1].removeprefix("FATAL: ")
    reason = reason.partition(" Is the server running")[0].strip().rstrip(".?")
    return OperatorError(
        f"No PostgreSQL server answers at {place} ({reason[:200]}): start it, or correct DATABASE_URL."
    )
