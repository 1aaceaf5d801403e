"""Sessions that ended without a word from the course: their time is told to the record store all the same."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from app.content import queries
from app.content.launches import queries as launch_queries
from app.content.launches.sessions import IDLE
from app.content.packages.model import Manifest
from app.core import clock
from app.db.models import Launch
from app.db.session import Database
from app.lrs import service as record_store

_BATCH = 200


def tell_left(session: Session, launches: Iterable[Launch]) -> int:
    """Tell of sessions whose end has not been told: how long each was, at the moment the course last spoke.

    Sessions without time are left out, and told already is told for good. Answers how many there were.
    """
    count = 0
    for record in launches:
        if record.end_told or record.session_seconds == 0 or record.enrollment_id is None:
            continue
        record.end_told = True
        count += 1
        record_store.record_session_left(
            session,
            enrollment_id=record.enrollment_id,
            lesson_id=record.lesson_id,
            sco_id=record.sco_id,
            title=_title(session, record.package_id, record.sco_id),
            session_seconds=record.session_seconds,
            at=record.last_seen_at,
        )
    session.flush()
    return count


def tell_ended(database: Database) -> int:
    """Tell of every session that has run out, a few hundred in a transaction; how many there were."""
    total = 0
    while True:
        now = clock.now()
        with database.begin() as session:
            found = launch_queries.ended_untold(session, now - IDLE, now, _BATCH)
            total += tell_left(session, found)
        if len(found) < _BATCH:
            return total


def tell_attempts(session: Session, told: record_store.Told, enrollment_id: int) -> int:
    """Tell how long each part of a lesson was worked in of which no session is told; how many there were."""
    count = 0
    for attempt in queries.attempts_with_time(session, enrollment_id):
        if attempt.package_id is None or told.worked(attempt.lesson_id, attempt.sco_id):
            continue
        record_store.record_session_left(
            session,
            enrollment_id=enrollment_id,
            lesson_id=attempt.lesson_id,
            sco_id=attempt.sco_id,
            title=_title(session, attempt.package_id, attempt.sco_id),
            session_seconds=attempt.total_seconds,
            at=attempt.updated_at,
        )
        count += 1
    return count


def _title(session: Session, package_id: int, sco_id: str) -> str:
    package = queries.package(session, package_id)
    item = None if package is None else Manifest.from_json(package.manifest).item(sco_id)
    return "" if item is None else item.title
