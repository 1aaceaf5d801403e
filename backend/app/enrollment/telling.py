"""Telling the record store of enrollments that it has not heard of."""

from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.db.models import Enrollment, EnrollmentStatus
from app.enrollment import queries
from app.enrollment.dates import first_moment
from app.lrs import service as record_store
from app.rules.progress import progress_of_counts

__internal__ = "the system records what happened"

_ENDS = {
    EnrollmentStatus.COMPLETED: record_store.record_program_completed,
    EnrollmentStatus.WITHDRAWN: record_store.record_withdrawn,
}


def tell_enrolled(session: Session, told: record_store.Told, record: Enrollment, zone: ZoneInfo) -> int:
    """Tell of the enrollment and of each completed lesson that no statement tells of; how many facts that were."""
    count = 0
    if not told.enrolled:
        at = first_moment(record.enrolled_at, zone)
        record_store.record_enrolled(session, enrollment_id=record.id, by=None, at=at)
        count += 1
    required = queries.lesson_count(session, record.program_id)
    for done, completion in enumerate(queries.completions_of(session, record.id), start=1):
        if told.completed(completion.lesson_id):
            continue
        record_store.record_lesson_completed(
            session,
            enrollment_id=record.id,
            lesson_id=completion.lesson_id,
            score_pct=completion.score_pct,
            progress_pct=progress_of_counts(min(done, required), required).percent,
            at=completion.completed_at,
        )
        count += 1
    return count


def tell_ended(session: Session, told: record_store.Told, record: Enrollment, zone: ZoneInfo) -> int:
    """Tell that the enrollment ended, if it did and no statement tells of it."""
    tell = _ENDS.get(record.status)
    if tell is None or told.ended:
        return 0
    withdrawal = queries.withdrawal_of(session, record.id)
    if record.completed_at is not None:
        at = first_moment(record.completed_at, zone)
    elif withdrawal is not None:
        at = withdrawal.requested_at
    else:
        return 0  # nobody knows when
    tell(session, enrollment_id=record.id, by=None, at=at)
    return 1
