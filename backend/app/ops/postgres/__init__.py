"""PostgreSQL 17 that comes with the program: found, initialised, started, shared and stopped."""

from __future__ import annotations

from app.ops.postgres.binaries import PostgresPrograms, find_pg17
from app.ops.postgres.server import DEFAULT_DATABASE, EmbeddedServer, ServerStatus

__all__ = ["DEFAULT_DATABASE", "EmbeddedServer", "PostgresPrograms", "ServerStatus", "find_pg17"]
