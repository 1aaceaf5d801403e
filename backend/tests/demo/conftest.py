"""The demo school that tests read and never change."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from app.db.session import Database, libpq_url
from app.demo import seed_demo_school
from app.ops.postgres import EmbeddedServer
from app.settings import Settings
from tests.conftest import _throwaway

MOMENT = datetime(2026, 11, 23, 15, 20, tzinfo=UTC)  # a Monday morning at the school


@pytest.fixture(scope="session")
def school(postgres: EmbeddedServer, template: str, make_settings: Callable[..., Settings]) -> Any:
    """The whole demo school of 200 students, to be read only."""
    with _throwaway(postgres, template) as name:
        settings = make_settings(name)
        database = Database(settings)
        summary = seed_demo_school(database, settings, seed=1, moment=MOMENT)
        # Autocommit: this connection waits between tests, and the server ends a transaction that idles.
        url = libpq_url(settings.owner_database_url)
        with psycopg.connect(url, autocommit=True, options="-c timezone=UTC") as owner:
            yield owner, summary, database
        database.close()


@pytest.fixture
def ask(school: Any) -> Callable[[str], list[Any]]:
    """The rows of a query on the whole school."""
    owner: psycopg.Connection[Any] = school[0]
    return lambda query: owner.execute(query.encode()).fetchall()
