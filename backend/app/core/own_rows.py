"""A student's request reads the student's own rows alone, also where a query forgot to ask for them.

The database holds it: from `limit_to` on the transaction works as the role `aada_student`, which may change
nothing, and whose policies show the rows of one student (docs/decisions/0068-students-read-their-own-rows.md). It
ends with the transaction. `beyond` is the one way out: for what a request has to read of others, or to write, and
says why.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

STUDENT_ROLE: Final = "aada_student"
LIMITED: Final = "own_rows"
"""Where a session says whose rows alone it sees; nothing or None for everybody's."""
_ROLE = "SELECT set_config('role', %s, true), set_config('aada.student_id', %s, true)"


def limit_to(session: Session, student_id: int) -> None:
    """From now on, until its end, the transaction sees this student's rows alone and changes nothing."""
    session.flush()
    _work_as(session, STUDENT_ROLE, str(student_id))
    session.info[LIMITED] = student_id


def _work_as(session: Session, role: str, student: str) -> None:
    # As psycopg takes it: every page of a student asks this, and compiling it would cost more than asking.
    session.connection().exec_driver_sql(_ROLE, (role, student))


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
    _work_as(session, "none", "")
    session.info[LIMITED] = None
    try:
        yield
    except BaseException:
        session.info[LIMITED] = student_id
        # One that the database has aborted answers nothing more, and takes the setting back itself.
        with suppress(SQLAlchemyError):
            _work_as(session, STUDENT_ROLE, str(student_id))
        raise
    limit_to(session, student_id)
