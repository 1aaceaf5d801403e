"""Statements that nearly every request asks: written with SQLAlchemy, compiled once, handed to libpq as they are.

`Session.execute` takes 80 to 140 µs of a processor for what libpq does in 25: it looks for the compiled form, makes
a context, a result, and entities that a page only reads. For one statement that is nothing; a page has ten. This is
for those ten alone: SELECTs of columns, as constants of a module, whose rows are read and thrown away. Whatever
changes rows, locks them, or differs from request to request, goes through the session.

`ahead` asks those of a page in one round trip; whoever asks one of them next finds the answer there.
"""

from collections import OrderedDict, namedtuple
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import Enum
from time import perf_counter
from typing import Any

import psycopg
from sqlalchemy import BindParameter, Connection, Dialect, Select
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import CompoundSelect

from app.core.own_rows import LIMITED
from app.db.session import ANSWERED, Answered
from app.db.wire import Question, Wire, prepared, written

Processor = Callable[[Any], Any]
_row_type: Callable[..., Any] = namedtuple

watchers: list[Callable[[str], None]] = []
"""Called with each statement before it is asked, as SQLAlchemy's listeners are with the others: for counting them."""


_STATEMENT = "aada_statement"


def statement_of(error: BaseException) -> str | None:
    """The text of the statement that failed with this error of psycopg's; None where it was not asked here."""
    found: str | None = getattr(error, _STATEMENT, None)
    return found


class Ready:
    """A SELECT with its values as bound parameters by name.

    Rows are named tuples. Values and columns of types that SQLAlchemy translates (an enum, say) are translated. `IN`
    with a list that is not in the statement is not to be had: write `= ANY(…)`.
    """

    def __init__(self, statement: Select[Any] | CompoundSelect[Any], *, page: "Page | None" = None) -> None:
        """`page` asks it together with others, by `ahead`."""
        self.statement = statement
        if page is not None:
            _of_page.setdefault(page, []).append(self)
        self._form: _Form | None = None

    def rows(self, session: Session, **values: Any) -> Sequence[Any]:
        """Every row, in the session's transaction, after what the session has changed. Raises psycopg's errors."""
        if session.autoflush:
            session.flush()
        kept = session.info.get(_AHEAD)
        if kept is not None and (found := _taken(session, kept, self, values)) is not None:
            return found
        connection = session.connection()
        form = self.form(connection)
        for watch in watchers:
            watch(form.sql)
        wire = Wire.of(connection)
        question = None if wire is None else form.question(values)
        with _heard(session, (form,)):
            if wire is None or question is None:
                return form.by_cursor(connection, values)
            [rows] = wire.ask([question])
        return form.made(rows, wire)

    def first(self, session: Session, **values: Any) -> Any | None:
        """The first row, or None."""
        found = self.rows(session, **values)
        return found[0] if found else None

    def form(self, connection: Connection) -> "_Form":
        """The statement as the database takes it, made with the first call."""
        # In this order: another thread that is here at the same time lets the statement go once there is a form.
        statement, form = self.statement, self._form
        if form is None:
            self._form = form = _Form(statement, connection.dialect)
        return form


class Kept:
    """Statements that differ by who asks: put together once for each key, of which the last ones are kept.

    A statement for a key must be right whenever the key comes back: what changes from request to request is a bound
    parameter, and everything else that decides about its form or its values is in the key.
    """

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, Ready] = OrderedDict()

    def of(self, key: Hashable, build: Callable[[], Select[Any] | CompoundSelect[Any]]) -> Ready:
        """The statement of this key, which `build` puts together when it is not known."""
        found = self._kept.get(key)
        if found is None:
            self._kept[key] = found = _Compiled(build())
            while len(self._kept) > self._most:
                with suppress(KeyError):  # another thread was here first
                    self._kept.popitem(last=False)
        else:
            with suppress(KeyError):
                self._kept.move_to_end(key)
        return found

    def clear(self) -> None:
        """Forget them all."""
        self._kept.clear()


class _Compiled(Ready):
    """One whose tree of objects, which takes a hundred times the space of its text, is let go once it is compiled."""

    def form(self, connection: Connection) -> "_Form":
        form = super().form(connection)
        self.statement = None  # type: ignore[assignment]
        return form


class Page(Enum):
    """What asks several statements together."""

    STUDENTS_FIRST = "a student's first page, by the student"
    STUDENTS_STUDIES = "a student's first page, by the enrollment"
    COMMIT = "a report of a lesson, once its launch is held"


_of_page: dict[Page, list[Ready]] = {}
_AHEAD = "asked ahead"


def ahead(session: Session, page: Page, **values: Any) -> None:
    """Ask every statement of a page in one round trip, each with those of the values that it has.

    The answers are kept for those who ask the same in this transaction. For a page that only reads: an answer is as of
    now, and is given once. It is not given when the session works under another role by then.
    """
    session.flush()
    connection = session.connection()
    wire = Wire.of(connection)
    if wire is None:
        return
    asked = []
    for ready in _of_page.get(page, ()):
        form = ready.form(connection)
        own = {name: values[name] for name in form.asked}
        question = form.question(own)
        if question is not None:
            asked.append((ready, own, form, question))
    for _ready, _own, form, _question in asked:
        for watch in watchers:
            watch(form.sql)
    limited = session.info.get(LIMITED)
    with _heard(session, [form for _ready, _own, form, _question in asked]):
        answers = wire.ask([question for *_rest, question in asked]) if asked else []
    session.info.setdefault(_AHEAD, []).extend(
        (ready, own, limited, form.made(rows, wire))
        for (ready, own, form, _question), rows in zip(asked, answers, strict=True)
    )


@contextmanager
def _heard(session: Session, forms: "Sequence[_Form]") -> Iterator[None]:
    """Let whoever follows this database know how long one round trip took, and what went wrong."""
    following: Sequence[Answered] = session.info.get(ANSWERED, ())
    begun, failed = perf_counter(), None
    try:
        yield
    except psycopg.Error as error:
        failed = error
        setattr(error, _STATEMENT, "; ".join(form.sql for form in forms))
        raise
    finally:
        seconds = perf_counter() - begun
        for hear in following:
            hear("; ".join(form.sql for form in forms), seconds, failed)


def _taken(
    session: Session,
    kept: list[tuple[Ready, dict[str, Any], Any, Sequence[Any]]],
    ready: Ready,
    values: dict[str, Any],
) -> Sequence[Any] | None:
    """The answer that was asked for ahead, out of those kept."""
    for place, (asked, with_these, limited, rows) in enumerate(kept):
        if asked is ready and with_these == values and limited == session.info.get(LIMITED):
            del kept[place]
            return rows
    return None


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
        self.asked = frozenset(asked)
        self._in = {name: translate for name, translate in translated.items() if name in asked}
        self._known = {
            name: translated[name](value) if name in translated else value
            for name, value in state.parameters.items()
            if name not in asked
        }
        self._prepared = prepared(self.sql)
        self._dialect = dialect
        self._columns: tuple[Any, ...] = tuple(statement.selected_columns)
        self._row = _row_type("Row", [column.key or "" for column in self._columns], rename=True)
        self._out: list[tuple[int, Processor]] | None = None

    def question(self, given: dict[str, Any]) -> Question | None:
        """As libpq takes it; None when psycopg must write a value."""
        values = self._values(given)
        text = written([values[name] for name in self._prepared.values])
        return None if text is None else (self._prepared, text)

    def made(self, found: Sequence[Sequence[Any]], wire: Wire) -> Sequence[Any]:
        """The rows of an answer."""
        if self._out is None:
            self._translate(wire.types(self._prepared))
        return self._rows(found)

    def by_cursor(self, connection: Connection, given: dict[str, Any]) -> Sequence[Any]:
        """Every row, asked by psycopg's cursor."""
        cursor: Any = connection.connection.cursor()
        try:
            cursor.execute(self.sql, self._values(given))
            if self._out is None:
                self._translate([column.type_code for column in cursor.description or ()])
            return self._rows(cursor.fetchall())
        finally:
            cursor.close()

    def _values(self, given: dict[str, Any]) -> dict[str, Any]:
        return {**self._known, **given, **{name: write(given[name]) for name, write in self._in.items()}}

    def _translate(self, types: Sequence[int]) -> None:
        # Two threads may ask a statement for the first time at once. Whoever comes second must not work it out from
        # the columns that the first has let go: a role would be a text from then on, and no student a student.
        columns = self._columns
        if self._out is not None:
            return
        self._out = [
            (place, translate)
            for place, column in enumerate(columns)
            if (translate := self._translation(column, types[place]))
        ]
        self._columns = ()  # they hold the whole statement

    def _rows(self, found: Sequence[Sequence[Any]]) -> Sequence[Any]:
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
