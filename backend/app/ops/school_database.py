"""The school's database for a command: ready to work with, a refusal as one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app.core.errors import Problem
from app.db.session import Database
from app.ops import address, migrations
from app.ops.errors import OperatorError
from app.ops.servers import database_server
from app.settings import Settings, get_settings


@contextmanager
def school_database() -> Iterator[tuple[Database, Settings]]:
    """The database at the code's revision, and the settings as the running server has them. Raises OperatorError."""
    with database_server(get_settings()) as (found, _server):
        settings, _running = address.of_running_server(found)
        migrations.require_head(settings)
        database = Database(settings)
        try:
            yield database, settings
        except Problem as problem:
            raise OperatorError(problem.detail) from problem
        finally:
            database.close()
