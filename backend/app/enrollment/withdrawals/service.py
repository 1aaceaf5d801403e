"""A withdrawal until it is processed (`processing`): asked for or recorded, noticed, canceled. Asking ends nothing."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core import clock, history, views
from app.core.actions import Action
from app.core.errors import Conflict, NotFound
from app.core.permissions import Subject, internal
from app.core.views import Part
from app.db.models import Enrollment, EnrollmentStatus, Withdrawal, WithdrawalForm
from app.enrollment import policy
from app.enrollment.completions.service import found, wrong
from app.enrollment.dates import first_moment
from app.enrollment.endings.processed import Figures, ProcessedWithdrawal
from app.enrollment.withdrawals import figures as measures
from app.enrollment.withdrawals import moments, queries
from app.enrollment.withdrawals.figures import Difference
from app.enrollment.withdrawals.schemas import KINDS, METHODS, Notice, Recorded
from app.enrollment.withdrawals.steps import NONE_PENDING, set_moment, waiting
from app.rules import enrollment as states
from app.rules.withdrawals import clause

__all__ = [
    "Account",
    "cancel",
    "frozen_figures",
    "note_notice",
    "read",
    "record",
    "request",
]


@dataclass(frozen=True, slots=True)
class Account:
    """A withdrawal with everything that a page says of it."""

    withdrawal: Withdrawal
    form: WithdrawalForm | None
    entered_by: str | None
    processed_by: str | None
    withdrawn_at: datetime
    figures: Figures
    frozen: bool
    differences: tuple[Difference, ...]

    @property
    def kind(self) -> str:
        """The kind as a page names it."""
        return KINDS[self.withdrawal.kind]

    @property
    def dated_by(self) -> str | None:
        """What gave the withdrawal its date, as a clause; None for one from before that was kept."""
        one = self.withdrawal
        return clause(one.kind, one.date_basis) if one.date_basis else None  # type: ignore[arg-type]

    @property
    def notice_method(self) -> str | None:
        """How the student was notified, as a page names it."""
        method = self.withdrawal.notice_method
        return METHODS[method] if method else None


def request(
    session: Session,
    subject: Subject,
    enrollment_id: int,
    *,
    request: UUID,
    reason: str,
    acknowledged: str,
    zone: ZoneInfo,
) -> WithdrawalForm:
    """A student asks to leave: the request waits for the office, and the enrollment goes on until it is processed.

    Sent again with the same `request`, it is the same form. `acknowledged` is the sentence that the student agreed to.
    Raises NotFound for another's enrollment, Conflict unless it is active and nothing waits already.
    """
    record = found(session, enrollment_id, lock=True)
    policy.require_own(subject, record.user_id)
    known = queries.form_of(session, request)
    if known is not None:
        if known.enrollment_id != record.id:
            raise NotFound(policy.NO_ENROLLMENT)
        return known
    decision = states.may_withdraw(record.status.value)
    if not decision.allowed:
        raise Conflict(decision.reason)
    if queries.pending(session, record.id) is not None:
        raise Conflict(
            "A withdrawal from this program is waiting for the office already. Nothing was sent a second time."
        )
    now = clock.now()
    kind = moments.kind_of_request(session, record, now, zone)
    withdrawal = Withdrawal(
        user_id=record.user_id,
        enrollment_id=record.id,
        requested_at=now,
        reason=reason,
        kind=kind,
        entered_by=subject.user_id,
    )
    why, _figures = set_moment(session, record, withdrawal, zone)
    queries.add(session, withdrawal)
    form = WithdrawalForm(
        request=request,
        enrollment_id=record.id,
        user_id=record.user_id,
        withdrawal_id=withdrawal.id,
        reason=reason,
        acknowledged=acknowledged,
        submitted_at=now,
    )
    queries.add(session, form)
    _say(session, subject, Action.WITHDRAWAL_REQUESTED, withdrawal, why, acknowledged=acknowledged)
    return form


def record(
    session: Session, subject: Subject, enrollment_id: int, given: Recorded, *, zone: ZoneInfo
) -> Withdrawal:
    """Record a withdrawal for a student: a request on paper, the school's decision or cancellation. It waits to be
    processed; one that the staff recorded before is changed.

    Conflict unless the enrollment is active and the student has no request of their own waiting; Invalid for a date
    before the enrollment or in the future.
    """
    policy.require_end(subject)
    record = found(session, enrollment_id, lock=True)
    policy.require_read(session, subject, record.user_id)
    policy.require_end(subject, record.user_id)
    decision = states.may_withdraw(record.status.value)
    if not decision.allowed:
        raise Conflict(decision.reason)
    now = clock.now()
    if given.requested_at > now:
        raise wrong(given.field, "The request date cannot be in the future.")
    if given.requested_at < first_moment(record.enrolled_at, zone):
        raise wrong(given.field, "The request date cannot be before the enrollment began.")
    if given.notice is not None:
        _require_notice(given.notice, record, zone)
    withdrawal = queries.pending(session, record.id)
    if withdrawal is None:
        withdrawal = Withdrawal(user_id=record.user_id, enrollment_id=record.id)
    elif withdrawal.entered_by == record.user_id:
        raise Conflict(
            "The student’s own request is waiting. Process it, or ask the student to cancel it. Nothing was changed."
        )
    withdrawal.kind, withdrawal.requested_at, withdrawal.reason = given.kind, given.requested_at, given.reason
    withdrawal.entered_by = subject.user_id
    _set_notice(withdrawal, given.notice)
    why, _figures = set_moment(session, record, withdrawal, zone)
    queries.add(session, withdrawal)
    _say(session, subject, Action.WITHDRAWAL_RECORDED, withdrawal, why)
    return withdrawal


def note_notice(
    session: Session, subject: Subject, enrollment_id: int, notice: Notice, *, zone: ZoneInfo
) -> Withdrawal:
    """Document how and when the student was notified. NotFound, Forbidden, Conflict where nothing waits."""
    policy.require_end(subject)
    record, withdrawal = waiting(session, subject, enrollment_id)
    _require_notice(notice, record, zone)
    _set_notice(withdrawal, notice)
    set_moment(session, record, withdrawal, zone)
    session.flush()
    history.record(
        session,
        subject,
        Action.WITHDRAWAL_NOTICED,
        withdrawal.id,
        student_id=record.user_id,
        enrollment_id=record.id,
        reason=notice.note,
        method=notice.method,
        notified_on=notice.on,
    )
    return withdrawal


def cancel(session: Session, subject: Subject, enrollment_id: int) -> None:
    """Take a pending withdrawal back: students their own request, the staff what they recorded, and any of a completed
    enrollment, which can no longer be processed.

    Conflict where none waits (it may have been processed meanwhile); NotFound for another's.
    """
    record = found(session, enrollment_id, lock=True)
    own = subject.user_id == record.user_id
    if not own:
        policy.require_read(session, subject, record.user_id)
        policy.require_end(subject, record.user_id)
    withdrawal = queries.pending(session, record.id)
    if withdrawal is None or record.status is EnrollmentStatus.WITHDRAWN:
        raise Conflict(NONE_PENDING)
    stranded = record.status is EnrollmentStatus.COMPLETED and not own
    if own != (withdrawal.entered_by == record.user_id) and not stranded:
        raise Conflict(
            "The office recorded this withdrawal. Ask the office to cancel it. Nothing was changed."
            if own
            else "The student asked for this withdrawal, and only they can cancel it. Nothing was changed."
        )
    form = queries.form_of_withdrawal(session, withdrawal.id)
    if form is not None:
        form.canceled_at = clock.now()
    history.record(
        session,
        subject,
        Action.WITHDRAWAL_CANCELED,
        withdrawal.id,
        student_id=record.user_id,
        enrollment_id=record.id,
        kind=withdrawal.kind,
        requested_at=withdrawal.requested_at,
    )
    queries.remove(session, withdrawal)


# Reading


@views.opens(Part.ENROLLMENT, student=lambda account, _given: account.withdrawal.user_id if account else None)
def read(session: Session, subject: Subject, enrollment_id: int, zone: ZoneInfo) -> Account | None:
    """The latest withdrawal of an enrollment with its figures: frozen, or as they stand while it waits.

    None without one, and for those who may not know why students left. NotFound for other people's.
    """
    record = found(session, enrollment_id)
    policy.require_read(session, subject, record.user_id)
    latest = queries.latest(session, enrollment_id)
    if latest is None or not policy.may_read_withdrawals(subject, record.user_id):
        return None
    row = queries.by_number(session, latest.id)
    assert row is not None  # noqa: S101 - read a line above, in this transaction
    stored = row.WithdrawalFigures
    at = latest.moment
    measured = measures.frozen(stored) if stored else measures.measure(session, record, at, zone)
    changed = measures.differences(session, record.id, measured) if stored else ()
    return Account(
        latest,
        queries.form_of_withdrawal(session, latest.id),
        row.entered_by,
        row.processed_by,
        at,
        measured,
        stored is not None,
        changed,
    )


@internal("a step of what the room of money computes, which asks who may see it")
def frozen_figures(session: Session, withdrawal_id: int) -> ProcessedWithdrawal:
    """A processed withdrawal with its frozen figures. NotFound for one that is not processed, or was before figures
    were kept."""
    row = queries.by_number(session, withdrawal_id)
    if row is None or row.WithdrawalFigures is None:
        raise NotFound("This withdrawal has no figures: it was not processed, or before figures were kept.")
    one = row.Withdrawal
    return ProcessedWithdrawal(
        one.id,
        one.enrollment_id,
        one.user_id,
        row.program_id,
        one.kind,
        one.moment,
        one.admin_processed_at,
        measures.frozen(row.WithdrawalFigures),
        one.date_basis,
    )


# Steps


def _set_notice(withdrawal: Withdrawal, notice: Notice | None) -> None:
    withdrawal.notice_method = notice.method if notice else None
    withdrawal.notice_on = notice.on if notice else None
    withdrawal.notice_note = notice.note if notice else None


def _require_notice(notice: Notice, record: Enrollment, zone: ZoneInfo) -> None:
    if notice.on > clock.today(zone):
        raise wrong("notice_on", "The notice cannot be in the future.")
    if notice.on < record.enrolled_at:
        raise wrong("notice_on", "The notice cannot be before the enrollment began.")


def _say(
    session: Session,
    subject: Subject,
    action: Action,
    withdrawal: Withdrawal,
    why: str,
    acknowledged: str | None = None,
) -> None:
    history.record(
        session,
        subject,
        action,
        withdrawal.id,
        student_id=withdrawal.user_id,
        enrollment_id=withdrawal.enrollment_id,
        reason=withdrawal.reason,
        kind=withdrawal.kind,
        requested_at=withdrawal.requested_at,
        withdrawn_at=withdrawal.moment,
        derivation=why,
        acknowledged=acknowledged,
    )
