"""Rows by the thousand: keys drawn from the sequences, then INSERT in a pipeline, all in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session


class Copier:
    """Writes into the tables of a session's transaction."""

    def __init__(self, session: Session) -> None:
        driver = session.connection().connection.driver_connection
        if not isinstance(driver, psycopg.Connection):
            raise TypeError("COPY needs psycopg 3")
        self._connection = driver
        self.counts: dict[str, int] = {}

    def keys(self, table: str, count: int) -> list[int]:
        """The next `count` keys of the table."""
        query = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
        return [int(row[0]) for row in self._connection.execute(query, (table, count)).fetchall()]

    def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Append the rows."""
        # Not COPY: PostgreSQL refuses it on tables whose policies say who sees which rows.
        command = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join(sql.Placeholder() * len(columns)),
        )
        values = [[Jsonb(value) if isinstance(value, dict) else value for value in row] for row in rows]
        with self._connection.cursor() as cursor:
            cursor.executemany(command, values)
        self.counts[table] = self.counts.get(table, 0) + len(values)
