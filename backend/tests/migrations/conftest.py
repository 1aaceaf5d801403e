"""A school as it stood at any revision, built step by step once and cloned for each test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql

from app.ops.postgres import EmbeddedServer
from app.settings import Settings
from tests.migrations import catalog
from tests.migrations.alembic_commands import revisions, upgrade
from tests.migrations.catalog import Rows, Schema
from tests.migrations.rows import ROWS


@contextmanager
def connected(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A connection as the owner."""
    url = settings.owner_database_url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, options="-c timezone=UTC") as connection:
        yield connection


def fill(connection: psycopg.Connection[Any], revision: str) -> Rows:
    """Add this revision's rows and return all there are then; afterwards no table may be empty."""
    connection.execute(ROWS.get(revision, "").encode())
    found = catalog.rows(connection)
    connection.commit()
    empty = [table for table, rows in found.items() if not rows]
    assert not empty, f"tests/migrations/rows.py has no rows at {revision} for {empty}"
    return found


class SchoolAt:
    """`school_at("0004")` is a database at 0004 with rows in every table, as history would have left it."""

    def __init__(self, server: EmbeddedServer, make_settings: Callable[..., Settings]) -> None:
        self._server = server
        self._settings = make_settings
        self._revisions = revisions()
        self._built: list[str] = []
        self._clones: list[str] = []
        self._photographs: dict[str, tuple[Schema, Rows]] = {}

    def before(self, revision: str) -> str:
        """The revision below, or `base`."""
        position = self._revisions.index(revision)
        return self._revisions[position - 1] if position else "base"

    def __call__(self, revision: str) -> Settings:
        name = f"school_copy_{len(self._clones)}"
        self._clones.append(name)
        self._clone(self._template(revision), name)
        return self._settings(name)

    def _template(self, revision: str) -> str:
        if revision == "base":
            return "template1"
        name = f"school_{revision}"
        if name not in self._built:
            self._clone(self._template(self.before(revision)), name)
            upgrade(self._settings(name), revision)
            with connected(self._settings(name)) as connection:
                fill(connection, revision)
            self._built.append(name)
        return name

    def keep(self, database: Settings, revision: str, photograph: tuple[Schema, Rows]) -> None:
        """Take a database that came from the revision below, with this one's rows and nobody connected, for this
        revision's: the next one's tests begin with it."""
        name = f"school_{revision}"
        if name not in self._built:
            self._clone(str(database.owner_database_url.database), name)
            self._built.append(name)
        self._photographs[revision] = photograph

    def photograph(self, revision: str) -> tuple[Schema, Rows]:
        """The schema, and the rows of every table, of a database at `revision`."""
        if revision not in self._photographs:
            with connected(self(revision)) as connection:
                self._photographs[revision] = catalog.schema(connection), catalog.rows(connection)
        return self._photographs[revision]

    def _clone(self, template: str, name: str) -> None:
        command = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        with psycopg.connect(self._server.url("postgres"), autocommit=True) as admin:
            admin.execute(command.format(sql.Identifier(name), sql.Identifier(template)))

    def drop(self, names: list[str]) -> None:
        with psycopg.connect(self._server.url("postgres"), autocommit=True) as admin:
            for name in names:
                admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def drop_all(self) -> None:
        self.drop(self._clones + self._built)


@pytest.fixture(scope="session")
def school_at(postgres: EmbeddedServer, make_settings: Callable[..., Settings]) -> Iterator[SchoolAt]:
    maker = SchoolAt(postgres, make_settings)
    yield maker
    maker.drop_all()
