"""The school's history as statements: what happened before the record store was told as it happened."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.attendance.service import tell_entries
from app.content.service import tell_attempts
from app.db.models import Enrollment
from app.db.session import Database
from app.enrollment.service import tell_ended, tell_enrolled
from app.lrs import service as record_store


def tell_history(
    database: Database, zone: ZoneInfo, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> int:
    """Tell the record store of every enrollment, completed lesson, stay and lesson session it has not heard of.

    An enrollment is told in a transaction of its own, so that it may be broken off and begun again at any time; what
    is told already is not told twice. Answers how many facts were told; `progress` hears of each enrollment done.
    """
    with database.begin() as session:
        numbers = list(session.scalars(select(Enrollment.id).order_by(Enrollment.id)))
    total = 0
    for done, number in enumerate(numbers, start=1):
        with database.begin() as session:
            total += _tell(session, number, zone)
        progress(done, len(numbers))
    return total


def _tell(session: Session, enrollment_id: int, zone: ZoneInfo) -> int:
    record = session.get(Enrollment, enrollment_id, with_for_update=True)
    if record is None:
        return 0
    told = record_store.told(session, enrollment_id=record.id, program_id=record.program_id)
    return (
        tell_enrolled(session, told, record, zone)
        + tell_entries(session, told, record.id)
        + tell_attempts(session, told, record.id)
        + tell_ended(session, told, record, zone)
    )
