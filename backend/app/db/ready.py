"""Statements that nearly every request asks: written with SQLAlchemy, compiled once, handed to psycopg as they are.

`Session.execute` takes 80 to 140 µs of a processor for what psycopg does in 25: it looks for the compiled form, makes
a context, a result, and entities that a page only reads. For one statement that is nothing; a page has ten. This is
for those ten alone: SELECTs of columns, as constants of a module, whose rows are read and thrown away. Whatever
changes rows, locks them, or differs from request to request, goes through the session.
"""

from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import BindParameter, Dialect, Select
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import CompoundSelect

Processor = Callable[[Any], Any]
_row_type: Callable[..., Any] = namedtuple

watchers: list[Callable[[str], None]] = []
"""Called with each statement before it is asked, as SQLAlchemy's listeners are with the others: for counting them."""


class Ready:
    """A SELECT with its values as bound parameters by name.

    Rows are named tuples. Values and columns of types that SQLAlchemy translates (an enum, say) are translated. `IN`
    with a list that is not in the statement is not to be had: write `= ANY(…)`.
    """

    def __init__(self, statement: Select[Any] | CompoundSelect[Any]) -> None:
        self.statement = statement
        self._form: _Form | None = None

    def rows(self, session: Session, **values: Any) -> Sequence[Any]:
        """Every row, in the session's transaction, after what the session has changed. Raises psycopg's errors."""
        if session.autoflush:
            session.flush()
        connection = session.connection()
        form = self._form
        if form is None:
            self._form = form = _Form(self.statement, connection.dialect)
        for watch in watchers:
            watch(form.sql)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(form.sql, form.values(values))
            return form.rows(cursor.fetchall(), cursor.description or ())
        finally:
            cursor.close()

    def first(self, session: Session, **values: Any) -> Any | None:
        """The first row, or None."""
        found = self.rows(session, **values)
        return found[0] if found else None


class _Form:
    """A statement as psycopg takes it, and how values go in and columns come out."""

    def __init__(self, statement: Select[Any] | CompoundSelect[Any], dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        names: dict[BindParameter[Any], str] = compiled.bind_names
        asked = {name for bind, name in names.items() if bind.required}
        if any(bind.required and bind.expanding for bind in names):
            raise ValueError("IN with a list has another form for each length: write = ANY(…).")
        translated: dict[str, Processor] = {
            name: translate
            for bind, name in names.items()
            if (translate := bind.type.dialect_impl(dialect).bind_processor(dialect))
        }
        # A list that is in the statement becomes a value for each of its items.
        state = compiled.construct_expanded_state(dict.fromkeys(asked))
        translated |= state.processors
        self.sql: str = state.statement
        self._in = {name: translate for name, translate in translated.items() if name in asked}
        self._known = {
            name: translated[name](value) if name in translated else value
            for name, value in state.parameters.items()
            if name not in asked
        }
        self._dialect = dialect
        self._columns = tuple(statement.selected_columns)
        self._row = _row_type("Row", [column.key or "" for column in self._columns], rename=True)
        self._out: list[tuple[int, Processor]] | None = None

    def values(self, given: dict[str, Any]) -> dict[str, Any]:
        for name, translate in self._in.items():
            given[name] = translate(given[name])
        return {**self._known, **given}

    def rows(self, found: Sequence[Sequence[Any]], description: Sequence[Any]) -> Sequence[Any]:
        if self._out is None:
            self._out = [
                (place, translate)
                for place, column in enumerate(self._columns)
                if (translate := self._translation(column, description[place].type_code))
            ]
        if self._out:
            changed = []
            for row in found:
                cells = list(row)
                for place, translate in self._out:
                    cells[place] = translate(cells[place])
                changed.append(cells)
            found = changed
        return list(map(self._row._make, found))

    def _translation(self, column: Any, code: int) -> Processor | None:
        found: Processor | None = column.type.dialect_impl(self._dialect).result_processor(
            self._dialect, code
        )
        return found
