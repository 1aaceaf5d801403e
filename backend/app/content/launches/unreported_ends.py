"""Sessions that ended without a word from the course: the history has their time all the same."""

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.content.launches import queries as launch_queries
from app.content.launches import tokens
from app.content.launches.sessions import IDLE
from app.content.packages.versions import find_version
from app.core import clock, history
from app.core.actions import Action
from app.db.models import EnrollmentStatus, Launch
from app.db.session import Database
from app.enrollment import service as enrollment

__internal__ = "the system records what happened"

_BATCH = 200


def record_left(session: Session, launches: Iterable[Launch]) -> int:
    """Record the end of sessions that have none: how long each was, at the moment the course last spoke.

    Sessions without time are left out, and recorded is recorded for good. Answers how many there were.
    """
    count = 0
    for record in launches:
        if record.end_recorded or record.session_seconds == 0 or record.enrollment_id is None:
            continue
        record.end_recorded = True
        count += 1
        history.record(
            session,
            None,
            Action.CONTENT_PART_LEFT,
            record.id,
            student_id=record.user_id,
            enrollment_id=record.enrollment_id,
            occurred_at=record.last_seen_at,
            lesson_id=record.lesson_id,
            sco_id=record.sco_id,
            title=_title(session, record.package_id, record.sco_id),
            session_seconds=record.session_seconds,
        )
    session.flush()
    return count


def record_ended(database: Database) -> int:
    """Record the end of every session that has run out, a few hundred in a transaction; how many there were."""
    total = 0
    while True:
        now = clock.now()
        with database.begin() as session:
            found = launch_queries.ended_unrecorded(session, now - IDLE, now, _BATCH)
            total += record_left(session, found)
        if len(found) < _BATCH:
            return total


def _title(session: Session, package_id: int, sco_id: str) -> str:
    item = find_version(session, package_id).manifest.item(sco_id)
    return "" if item is None else item.title


# Ended before their time


def sessions_ended(session: Session, ended: accounts.SessionsEnded) -> None:
    """The person signed out, changed the password, lost a duty or was deleted: launches of those sessions end with
    them."""
    _end(
        session,
        launch_queries.open_of_sessions(session, ended.user_id, only=ended.only, but=ended.but),
        ended.why.value,
    )


def enrollment_ended(session: Session, enrollment_id: int, status: EnrollmentStatus) -> None:
    """The enrollment was completed or withdrawn: its launches end, and record nothing more."""
    _end(session, launch_queries.open_of_enrollment(session, enrollment_id), status.value)


def _end(session: Session, launches: Sequence[Launch], reason: str) -> None:
    now = clock.now()
    for record in launches:
        record.ended_at, record.end_reason = now, reason
        tokens.end(session, record)
    record_left(session, launches)


accounts.on_sessions_ended("content: launches", sessions_ended)
enrollment.on_ended("content: launches", enrollment_ended)
