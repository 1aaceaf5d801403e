"""PostgreSQL 17 that comes with the program: found, initialised, started, shared and stopped."""

from __future__ import annotations

from app.ops.errors import OperatorError
from app.ops.postgres.binaries import PostgresPrograms, find_pg17
from app.ops.postgres.home import SUPERUSER
from app.ops.postgres.server import DEFAULT_DATABASE, EmbeddedServer, ServerStatus
from app.setting_values import normalize_database_url
from app.settings import Settings

__all__ = [
    "DEFAULT_DATABASE",
    "SUPERUSER",
    "EmbeddedServer",
    "PostgresPrograms",
    "ServerStatus",
    "find_pg17",
    "running_url",
]


def running_url(settings: Settings) -> str:
    """SQLAlchemy's URL of the embedded server, as the owner. Raises OperatorError when it does not run."""
    server = EmbeddedServer(settings.data_dir / "postgres")
    if not server.status().running:
        raise OperatorError("The embedded database is not running: start it with `aada db start`.")
    return normalize_database_url(server.url())
