"""The completion of an enrollment, with the enrollment locked, unless a room objects. Withdrawals are a room of their
own, `withdrawals`; what follows from them is registered in `processed`."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.core import history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError
from app.core.permissions import Subject, internal
from app.db.models import Enrollment, EnrollmentStatus, GraduationDecision
from app.enrollment import policies_in_force, policy, study_access
from app.enrollment.completions.service import found, progress_of
from app.enrollment.graduation import checklist
from app.enrollment.graduation import queries as graduation_queries
from app.enrollment.objections import Ending, Objection, objections
from app.enrollment.withdrawals import queries as withdrawals
from app.rules import enrollment as states
from app.rules import graduation
from app.rules.progress import Progress
from app.school import service as school

__all__ = ["complete", "objections_to_ending", "why_not_complete"]
_KEPT = ("name", "title", "state", "sentence", "number")


def why_not_complete(session: Session, subject: Subject, enrollment_id: int) -> str | None:
    """The sentence that refuses the completion, None when nothing speaks against it."""
    record = found(session, enrollment_id)
    policy.require_read(session, subject, record.user_id)
    threshold = policies_in_force.completion_threshold_pct(session)
    decision = _may_complete(session, record, progress_of(session, record), threshold)
    return None if decision.allowed else decision.reason


def _may_complete(
    session: Session, record: Enrollment, progress: Progress, threshold: int
) -> states.Decision:
    decision = states.may_complete(record.status.value, progress, threshold)
    if decision.allowed and withdrawals.pending(session, record.id) is not None:
        return states.Decision(False, withdrawals.IS_WAITING)
    return decision


def objections_to_ending(
    session: Session, subject: Subject, enrollment_id: int, zone: ZoneInfo
) -> list[Objection]:
    """What must be done before the enrollment can end, as the rooms that registered a question see it."""
    record = found(session, enrollment_id)
    policy.require_read(session, subject, record.user_id)
    return objections(session, subject, Ending(record.id, record.user_id, zone, lock=False))


@internal("a step of an end that was allowed")
def require_no_objection(session: Session, subject: Subject, record: Enrollment, zone: ZoneInfo) -> None:
    """Raises Conflict with every objection's sentence."""
    found_ones = objections(session, subject, Ending(record.id, record.user_id, zone, lock=True))
    if found_ones:
        extra: dict[str, Any] = {name: value for one in found_ones for name, value in one.extra.items()}
        raise Conflict(" ".join(one.sentence for one in found_ones), **extra)


def complete(
    session: Session,
    subject: Subject,
    enrollment_id: int,
    *,
    today: date,
    zone: ZoneInfo,
    exception: str | None = None,
) -> Enrollment:
    """Complete an enrollment, as of today at the school; the checklist as it stands is kept with the decision.

    Conflict unless it is active, the lessons that the progress policy asks for are done, and no room objects. What else
    is missing needs an `exception`: the reason why the student graduates all the same.
    """
    policy.require_change(subject)
    record = found(session, enrollment_id, lock=True)
    policy.require_read(session, subject, record.user_id)
    policy.require_end(subject, record.user_id)
    result = progress_of(session, record)
    in_force = policies_in_force.progress(session)
    decision = _may_complete(session, record, result, in_force.values.completion_threshold_pct)
    if not decision.allowed:
        raise Conflict(decision.reason)
    school.policies.used(session, in_force)
    require_no_objection(session, subject, record, zone)
    requirements = checklist.of_enrollments(session, [record.id], today, zone)[record.id]
    judged = graduation.may_graduate(requirements, exception)
    if not judged.allowed:
        raise Conflict(judged.reason, errors=[FieldError("exception", judged.reason)])
    if not graduation.missing(requirements):
        exception = None
    lines = [{name: str(getattr(one, name)) for name in _KEPT} for one in requirements]
    record.status = EnrollmentStatus.COMPLETED
    record.completed_at = max(today, record.enrolled_at)
    record.progress_pct = result.percent
    session.flush()
    history.record(
        session,
        subject,
        Action.ENROLLMENT_COMPLETED,
        record.id,
        student_id=record.user_id,
        enrollment_id=record.id,
        reason=exception,
        completed_at=record.completed_at,
        derivation=decision.reason,
        checklist=lines,
    )
    graduation_queries.add(
        session,
        GraduationDecision(
            enrollment_id=record.id, checklist=lines, exception=exception, decided_by=subject.user_id
        ),
    )
    classes.end_seats(session, subject, record.id, student_id=record.user_id, last_day=record.completed_at)
    study_access.ended(session, record)
    return record
