"""A student's request reads the student's own rows alone, also where a query forgot to ask for them.

The database holds it: from `limit_to` on the transaction works as the role `aada_student`, which may change
nothing, and whose policies show the rows of one student (docs/decisions/0068-students-read-their-own-rows.md). It
ends with the transaction. `beyond` is the one way out: for what a request has to read of others, or to write, and
says why. A statement that would find a way out by itself is refused before it is sent.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Final

import structlog
from psycopg import errors as pg
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.core.errors import Forbidden, Unavailable

STUDENT_ROLE: Final = "aada_student"
LIMITED: Final = "own_rows"
"""Where a session says whose rows alone it sees; nothing or None for everybody’s."""
_ROLE: Final = "SELECT set_config('role', %s, true), set_config('aada.student_id', %s, true)"
_BEGINS = re.compile(r"[\s(]*(?:/\*.*?\*/\s*)?(\w+)", re.DOTALL)
_READS: Final = frozenset(
    ("select", "with", "values", "explain", "insert", "update", "delete", "savepoint", "release", "rollback")
)
"""What a statement may begin with; those that change something are the database's to refuse."""
_TO_A_SAVEPOINT = re.compile(r"\s+to\b", re.IGNORECASE)
_LEAVES = re.compile(
    # Sets a variable, also by a rule; runs a text as SQL; writes a name in another way; reaches another session.
    # Whole words, as columns are called `…ts_status` where a statement names them with their tables.
    r'\b(?:set_config|pg_settings|ts_stat|ts_rewrite)\b|_to_xml|u&"|dblink',
    re.IGNORECASE,
)
NO_ROLE = (
    "Your pages cannot be shown right now: the database lacks a part of its setup. Nothing was changed. Tell the "
    "school’s office; its administrator finds what to do with `aada doctor`."
)
log = structlog.get_logger(__name__)


def limit_to(session: Session, student_id: int) -> None:
    """From now on, until its end, the transaction sees this student's rows alone and changes nothing.

    Raises Unavailable on a database without the role.
    """
    session.flush()
    try:
        _become(session, STUDENT_ROLE, str(student_id))
    except (pg.InvalidParameterValue, pg.InsufficientPrivilege) as error:
        raise Unavailable(NO_ROLE) from error
    session.info[LIMITED] = student_id


@contextmanager
def beyond(session: Session, _why: str) -> Iterator[None]:
    """For a few statements the system's own role, with the reason in half a sentence. Nothing where nothing is limited.

    What is written inside is flushed at the end of the block. After an error nothing is, and whoever catches it sees
    the student's rows alone again.
    """
    student_id = session.info.get(LIMITED)
    if student_id is None:
        yield
        return
    _become(session, "none", "")
    session.info[LIMITED] = None
    try:
        yield
    except BaseException:
        session.info[LIMITED] = student_id
        # One that the database has aborted answers nothing more, and takes the setting back itself.
        with suppress(SQLAlchemyError, pg.Error):
            _become(session, STUDENT_ROLE, str(student_id))
        raise
    limit_to(session, student_id)


def _become(session: Session, role: str, student: str) -> None:
    """Change the role and whose rows are seen, as psycopg does it: each page of a student has this statement."""
    connection = session.connection()
    # Noted where every statement passes: see `guard`.
    connection.execution_options(own_rows=True)
    cursor = connection.connection.cursor()
    try:
        cursor.execute(_ROLE, (role, student))
    finally:
        cursor.close()


def guard(connection: Connection, statement: str) -> None:
    """Refuse a statement by which a student's transaction would leave its role or choose another student.

    It stands before every statement of such a transaction (`app.db.session`). Values never stand in the text, so what
    is found here was put there by somebody. Raises Forbidden.
    """
    if not connection.get_execution_options().get(LIMITED) or not _leaves(statement):
        return
    log.error("own_rows.way_out_refused", statement=" ".join(statement.split())[:500])
    raise Forbidden("You may not see this. Nothing was changed, and the attempt was recorded.")


@lru_cache(4096)
def _leaves(statement: str) -> bool:
    begins = _BEGINS.match(statement)
    if begins is None or (act := begins[1].lower()) not in _READS:
        return True
    # Without one it ends the transaction, and the role with it.
    if act == "rollback" and not _TO_A_SAVEPOINT.match(statement, begins.end()):
        return True
    # Several statements at once are possible where no value is sent along.
    return ";" in statement.rstrip().rstrip(";") or _LEAVES.search(statement) is not None
