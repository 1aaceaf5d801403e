"""Process a withdrawal: the enrollment, its class seats, its launches and the student's API tokens end in one
transaction, the figures freeze, and the rooms that registered do their part."""

from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict
from app.core.permissions import Subject
from app.db.models import Enrollment, EnrollmentStatus, Withdrawal
from app.enrollment import policies_in_force, policy, study_access
from app.enrollment.completions.service import progress_of
from app.enrollment.endings import processed
from app.enrollment.endings.processed import Figures, ProcessedWithdrawal, WithdrawalKind
from app.enrollment.endings.service import require_no_objection
from app.enrollment.withdrawals import figures as measures
from app.enrollment.withdrawals import moments
from app.enrollment.withdrawals.steps import set_moment, waiting
from app.rules import enrollment as states
from app.rules.withdrawals import Event
from app.school import service as school

UNNOTICED = (
    "The school must document that it notified the student of an administrative withdrawal (GNPEC Standard 12). "
    "Record the notice first. Nothing was changed."
)


def process(
    session: Session, subject: Subject, enrollment_id: int, *, note: str, zone: ZoneInfo
) -> Withdrawal:
    """Process a withdrawal: the enrollment ends with everything that hangs on it, and the figures freeze.

    Conflict where none waits, for a completed enrollment, while a room objects (the student is clocked in), without the
    notice of an administrative withdrawal, and for whoever recorded it where the policy asks for another person.
    """
    policy.require_end(subject)
    record, withdrawal = waiting(session, subject, enrollment_id)
    if record.status is EnrollmentStatus.COMPLETED:
        raise Conflict(states.may_withdraw(record.status.value).reason)
    in_force = policies_in_force.withdrawal(session)
    if in_force.values.second_person == "somebody_else" and withdrawal.entered_by == subject.user_id:
        raise Conflict(
            "You recorded this withdrawal, and the school’s policy asks for another person to process it. "
            "Nothing was changed."
        )
    if withdrawal.kind == "administrative" and withdrawal.notice_on is None:
        raise Conflict(UNNOTICED)
    ends = record.status is EnrollmentStatus.ACTIVE
    if ends:
        require_no_objection(session, subject, record, zone)
    now = clock.now()
    why, figures = set_moment(session, record, withdrawal, zone)
    moment = withdrawal.moment
    withdrawal.admin_processed_at, withdrawal.admin_notes = now, note
    withdrawal.processed_by = subject.user_id
    measures.freeze(session, withdrawal, figures)
    school.policies.used(session, in_force)
    if ends:
        _end(session, subject, record, withdrawal, figures, why, zone)
    history.record(
        session,
        subject,
        Action.WITHDRAWAL_PROCESSED,
        withdrawal.id,
        student_id=record.user_id,
        enrollment_id=record.id,
        reason=note,
        kind=withdrawal.kind,
        withdrawn_at=moment,
        date_basis=withdrawal.date_basis,
        progress_pct=figures.percent,
        completed_minutes=figures.hours.completed_minutes,
        total_minutes=figures.hours.total_minutes,
    )
    kind: WithdrawalKind = withdrawal.kind  # type: ignore[assignment]
    basis: Event | None = withdrawal.date_basis  # type: ignore[assignment]
    processed.announce(
        session,
        subject,
        ProcessedWithdrawal(
            withdrawal_id=withdrawal.id,
            enrollment_id=record.id,
            user_id=record.user_id,
            program_id=record.program_id,
            kind=kind,
            withdrawn_at=moment,
            processed_at=now,
            figures=figures,
            date_basis=basis,
        ),
    )
    return withdrawal


def _end(
    session: Session,
    subject: Subject,
    record: Enrollment,
    withdrawal: Withdrawal,
    figures: Figures,
    why: str,
    zone: ZoneInfo,
) -> None:
    record.status = EnrollmentStatus.WITHDRAWN
    record.progress_pct = progress_of(session, record).percent
    session.flush()
    history.record(
        session,
        subject,
        Action.ENROLLMENT_WITHDRAWN,
        record.id,
        student_id=record.user_id,
        enrollment_id=record.id,
        reason=withdrawal.reason,
        withdrawal_id=withdrawal.id,
        requested_at=withdrawal.requested_at,
        derivation=f"{why} {moments.progress_sentence(figures)}",
    )
    last_day = withdrawal.moment.astimezone(zone).date()
    classes.end_seats(session, subject, record.id, student_id=record.user_id, last_day=last_day)
    study_access.ended(session, record)
