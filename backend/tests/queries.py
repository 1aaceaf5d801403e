"""Counts the statements that reach the database, so that a test can hold a page to a number."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

from app.db import ready


class Statements(list[str]):
    """The statements seen, in order; savepoints of the test's own are left out."""

    def __str__(self) -> str:
        return "\n".join(self)


ROLE_GIVEN_BACK = "SELECT set_config('role', 'none', true)"


@contextmanager
def counted(bind: Engine | Connection) -> Iterator[Statements]:
    """`with counted(connection) as statements: ...; assert len(statements) == 3, statements`"""
    seen = Statements()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        # Nor what the tests' database does in place of a transaction's end.
        if not statement.startswith(
            ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", ROLE_GIVEN_BACK)
        ):
            seen.append(statement)

    event.listen(bind, "before_cursor_execute", note)
    ready.watchers.append(seen.append)
    try:
        yield seen
    finally:
        ready.watchers.remove(seen.append)
        event.remove(bind, "before_cursor_execute", note)
