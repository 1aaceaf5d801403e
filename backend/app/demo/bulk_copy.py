"""Rows by the thousand: keys drawn from the sequences, then COPY, all in the caller's transaction."""

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
        # PostgreSQL refuses COPY into tables whose policies say who sees which rows: it goes by a table beside.
        into, names = sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
        beside = sql.Identifier(f"copied_{table}")
        create = sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA")
        count = 0
        with self._connection.cursor() as cursor:
            cursor.execute(create.format(beside, names, into))
            with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(beside, names)) as copy:
                for row in rows:
                    copy.write_row([Jsonb(value) if isinstance(value, dict) else value for value in row])
                    count += 1
            cursor.execute(
                sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(into, names, names, beside)
            )
            cursor.execute(sql.SQL("DROP TABLE {}").format(beside))
        self.counts[table] = self.counts.get(table, 0) + count
