"""Sessions that ended without a word from the course: their time is told to the record store all the same."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from app.content import queries
from app.content.packages.model import Manifest
from app.content.times import IDLE
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
            title=_title(session, record),
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
            found = queries.ended_untold(session, now - IDLE, now, _BATCH)
            total += tell_left(session, found)
        if len(found) < _BATCH:
            return total


def _title(session: Session, record: Launch) -> str:
    package = queries.package(session, record.package_id)
    item = None if package is None else Manifest.from_json(package.manifest).item(record.sco_id)
    return "" if item is None else item.title
