"""Leaves of absence from the request to the return. The enrollment stays active through one, and its lessons open;
the attendance of the days is not counted, and nobody clocks in.

Every act locks the enrollment first, as withdrawals do: of two at once, one sees what the other did.
"""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core import clock, history, views
from app.core.actions import Action
from app.core.errors import Conflict, NotFound
from app.core.permissions import SYSTEM, Actor, Subject, internal
from app.core.views import Part
from app.db.models import Enrollment, EnrollmentStatus, LeaveOfAbsence
from app.enrollment import policies_in_force, policy, study_access
from app.enrollment.completions.service import found, wrong
from app.enrollment.dates import first_moment
from app.enrollment.endings import processed
from app.enrollment.leaves import queries
from app.enrollment.leaves.schemas import LeaveForm
from app.enrollment.leaves.shown import LeaveView, shown
from app.enrollment.withdrawals import queries as withdrawals
from app.rules import leaves as rules
from app.rules.days import long_date
from app.rules.leaves import Leave, Limit
from app.school import service as school
from app.school.service import LeavePolicy
from app.web import formats
from app.web.listing import Listing
from app.web.paging import Paging

LEAVING = (
    "Your withdrawal from this program is waiting for the office. If you asked for it and want to stay, cancel it "
    "first. Nothing was sent."
)
NO_LEAVE = "There is no such leave of absence, or you don’t have access to it."


# Asking and recording


def ask(
    session: Session,
    subject: Subject,
    enrollment_id: int,
    given: LeaveForm,
    zone: ZoneInfo,
) -> LeaveOfAbsence:
    """A student asks for a leave, which waits for the office. Sent again with the same number, it is the same leave.

    Raises NotFound for another's enrollment, Conflict unless it is active and no withdrawal waits, and Invalid for days
    in the past, that another leave covers, or above the policy's limit.
    """
    record = found(session, enrollment_id, lock=True)
    policy.require_own(subject, record.user_id)
    known = _sent_before(session, given.request, record)
    if known is not None:
        return known
    if given.starts_on < clock.today(zone):
        raise wrong(
            "starts_on", "Choose today or a later day. The office can record a leave that began earlier."
        )
    return _enter(session, subject, record, given, zone, approved=False)


def record(
    session: Session,
    subject: Subject,
    enrollment_id: int,
    given: LeaveForm,
    zone: ZoneInfo,
) -> LeaveOfAbsence:
    """The office records a leave, which is approved with that: a request on paper, or one that began already.

    Raises as `ask` does; Invalid besides for a leave before the enrollment, or over days with attendance.
    """
    policy.require_decide_leaves(subject)
    record = found(session, enrollment_id, lock=True)
    policy.require_read(session, subject, record.user_id)
    policy.require_decide_leaves(subject, record.user_id)
    known = _sent_before(session, given.request, record)
    if known is not None:
        return known
    return _enter(session, subject, record, given, zone, approved=True)


def enter(
    session: Session,
    subject: Subject,
    enrollment_id: int,
    given: LeaveForm,
    zone: ZoneInfo,
) -> LeaveOfAbsence:
    """`ask` for one's own enrollment, `record` for a student's."""
    own = found(session, enrollment_id).user_id == subject.user_id
    return (ask if own else record)(session, subject, enrollment_id, given, zone)


def _sent_before(session: Session, request: UUID, record: Enrollment) -> LeaveOfAbsence | None:
    known = queries.of_request(session, request)
    if known is not None and known.enrollment_id != record.id:
        raise NotFound(policy.NO_ENROLLMENT)
    return known


def _enter(
    session: Session,
    subject: Subject,
    record: Enrollment,
    given: LeaveForm,
    zone: ZoneInfo,
    *,
    approved: bool,
) -> LeaveOfAbsence:
    wanted = Leave(given.starts_on, given.return_on)
    _require_going_on(session, record, by_student=not approved)
    if wanted.starts_on < record.enrolled_at:
        raise wrong("starts_on", "A leave cannot begin before the enrollment did.")
    _require_within(session, record, wanted, zone)
    now = clock.now()
    leave = LeaveOfAbsence(
        request=given.request,
        enrollment_id=record.id,
        user_id=record.user_id,
        state="approved" if approved else "requested",
        reason=given.reason,
        starts_on=wanted.starts_on,
        return_on=wanted.ends_on,
        requested_at=now,
        entered_by=subject.user_id,
        decided_at=now if approved else None,
        decided_by=subject.user_id if approved else None,
    )
    queries.add(session, leave)
    _say(
        session,
        subject,
        Action.LEAVE_RECORDED if approved else Action.LEAVE_REQUESTED,
        leave,
        given.reason,
        days=wanted.days,
    )
    return leave


# Deciding


def decide(
    session: Session, subject: Subject, leave_id: int, *, approve: bool, note: str | None, zone: ZoneInfo
) -> LeaveOfAbsence:
    """Approve or decline a request. Conflict when it was decided or canceled meanwhile, Invalid for days above the
    limit or with attendance."""
    leave, enrollment = _held(session, subject, leave_id, "requested")
    if approve:
        _require_going_on(session, enrollment)
        _require_within(session, enrollment, Leave(leave.starts_on, leave.return_on), zone, but=leave.id)
    leave.state = "approved" if approve else "declined"
    leave.decided_at, leave.decided_by, leave.decision_note = clock.now(), subject.user_id, note
    session.flush()
    _say(session, subject, Action.LEAVE_APPROVED if approve else Action.LEAVE_DECLINED, leave, note)
    return leave


def extend(
    session: Session, subject: Subject, leave_id: int, *, return_on: date, note: str, zone: ZoneInfo
) -> LeaveOfAbsence:
    """Move the expected return to a later day, within the limit. Conflict unless the leave is approved and goes on."""
    leave, enrollment = _held(session, subject, leave_id, "approved")
    if return_on <= leave.return_on:
        raise wrong("return_on", "Choose a day after the expected return of now.")
    _require_going_on(session, enrollment)
    wanted = Leave(leave.starts_on, return_on)
    _require_within(session, enrollment, wanted, zone, but=leave.id)
    before, leave.return_on = leave.return_on, return_on
    session.flush()
    _say(session, subject, Action.LEAVE_EXTENDED, leave, note, days=wanted.days, before=before)
    return leave


def note_return(
    session: Session, subject: Subject, leave_id: int, *, returned_on: date, zone: ZoneInfo
) -> LeaveOfAbsence:
    """Record that the student is back. The days from the expected return on count as absences for who came later.

    Conflict unless the leave is approved and goes on; Invalid for a day in the future or before the leave.
    """
    leave, _enrollment = _held(session, subject, leave_id, "approved")
    if returned_on > clock.today(zone):
        raise wrong("returned_on", "The return cannot be in the future.")
    if returned_on < leave.starts_on:
        raise wrong("returned_on", "The return cannot be before the first day of the leave.")
    leave.state, leave.returned_on = "returned", returned_on
    leave.ended_at, leave.ended_by = clock.now(), subject.user_id
    session.flush()
    history.record(
        session,
        subject,
        Action.LEAVE_RETURNED,
        leave.id,
        student_id=leave.user_id,
        enrollment_id=leave.enrollment_id,
        returned_on=returned_on,
        return_on=leave.return_on,
    )
    return leave


def cancel(session: Session, subject: Subject, leave_id: int, *, zone: ZoneInfo) -> LeaveOfAbsence:
    """Take back a leave that has not begun, or was not decided: the student theirs, the office any.

    Conflict for one that has begun, was declined or is over.
    """
    leave = _visible(session, subject, leave_id)
    if subject.user_id != leave.user_id:
        policy.require_decide_leaves(subject, leave.user_id)
    found(session, leave.enrollment_id, lock=True)
    leave = _again(session, leave_id)
    if leave.state == "approved" and leave.starts_on <= clock.today(zone):
        raise Conflict("The leave has begun. Ask the office to record the return. Nothing was changed.")
    if leave.state not in {"requested", "approved"}:
        raise Conflict(f"This leave of absence is {leave.state}, so there is nothing to cancel.")
    leave.state = "canceled"
    leave.ended_at, leave.ended_by = clock.now(), subject.user_id
    session.flush()
    _say(session, subject, Action.LEAVE_CANCELED, leave, None)
    return leave


# Reading


@internal("a policy of the school, which everybody may read")
def limit(session: Session) -> Limit:
    """How long leaves may be, as of today."""
    return _limit(policies_in_force.leave(session).values)


def _limit(values: LeavePolicy) -> Limit:
    return Limit(values.longest_leave_days, values.leave_window_months)


@views.opens(Part.ENROLLMENT, student=lambda rows, _given: rows[0].user_id if rows else None)
def of_enrollment(session: Session, subject: Subject, enrollment_id: int, zone: ZoneInfo) -> list[LeaveView]:
    """The leaves of an enrollment, the latest first. NotFound for other people's."""
    record = found(session, enrollment_id)
    policy.require_read(session, subject, record.user_id)
    return [shown(row, subject, zone) for row in queries.of_enrollment(session, enrollment_id)]


@views.opens(Part.ENROLLMENT, student=lambda one, _given: one.user_id)
def read(session: Session, subject: Subject, leave_id: int, zone: ZoneInfo) -> LeaveView:
    """One leave. NotFound for other people's."""
    leave = _visible(session, subject, leave_id)
    (row,) = queries.of_enrollment(session, leave.enrollment_id, leave_id=leave_id)
    return shown(row, subject, zone)


def list_leaves(
    session: Session, subject: Actor, paging: Paging, *, state: str | None = None
) -> Listing[Any]:
    """Leaves of absence with LeaveOfAbsence, full_name, program and overdue, the first return first: those asked for or
    under way; of one state if asked, "overdue", or "all". Forbidden for who may not know why students are away."""
    policy.require_read_withdrawals(subject)
    today = clock.today(school.facts(session).zone)
    return queries.listing(session, paging, policy.visible(session, subject), state, today)


@internal("a step of a measure or an act that was allowed")
def days_of(session: Session, enrollment_ids: Collection[int]) -> dict[int, list[Leave]]:
    """The days that approved leaves cover, by enrollment; those without are left out."""
    covered: dict[int, list[Leave]] = {}
    for number, starts_on, return_on, returned_on in queries.approved(session, enrollment_ids):
        covered.setdefault(number, []).append(rules.excused(starts_on, return_on, returned_on))
    return covered


@internal("follows from the end of an enrollment, whoever ended it")
def end_with(session: Session, enrollment_id: int, _status: EnrollmentStatus) -> None:
    """End what is asked for or under way when the enrollment ends."""
    for leave in queries.still_open(session, enrollment_id):
        leave.state, leave.ended_at = "withdrawn", clock.now()
        session.flush()
        _say(session, SYSTEM, Action.LEAVE_ENDED, leave, None)


study_access.register_end("leaves of absence", end_with)


# Steps


def _require_going_on(session: Session, record: Enrollment, *, by_student: bool = False) -> None:
    if record.status is not EnrollmentStatus.ACTIVE:
        raise Conflict(f"This enrollment is {record.status.value}, so no leave of absence is possible.")
    if withdrawals.pending(session, record.id) is not None:
        raise Conflict(LEAVING if by_student else f"{withdrawals.IS_WAITING} Nothing was changed.")


def _require_within(
    session: Session, record: Enrollment, wanted: Leave, zone: ZoneInfo, but: int | None = None
) -> None:
    """Raises Invalid for days that another leave covers, above the limit, or with attendance, closed or still open."""
    in_force = policies_in_force.leave(session)
    others = [
        rules.excused(one.starts_on, one.return_on, one.returned_on)
        for one in queries.covering(session, record.id)
        if one.id != but
    ]
    refused = rules.why_not(wanted, others, _limit(in_force.values))
    if refused is not None:
        raise wrong("return_on", refused)
    if wanted.starts_on <= clock.today(zone):
        since = processed.open_since(session, record.id)
        if since is not None and clock.local(since, zone).date() < wanted.ends_on:
            raise wrong(
                "starts_on",
                f"The student has been clocked in since {formats.local_time(since, zone)}. A leave covers no day with "
                "attendance: close that record first, or begin the leave on a later day.",
            )
        records = processed.records_until(session, record.id, first_moment(wanted.ends_on, zone))
        attended = {clock.local(one.clock_in, zone).date() for one in records if one.minutes}
        shared = sorted(day for day in attended if wanted.covers(day))
        if shared:
            raise wrong(
                "starts_on",
                f"The student attended on {long_date(shared[0])}. A leave covers no day with attendance.",
            )
    school.policies.used(session, in_force)


def _visible(session: Session, subject: Subject, leave_id: int) -> LeaveOfAbsence:
    leave = queries.get(session, leave_id)
    if leave is None or not policy.may_read(session, subject, leave.user_id):
        raise NotFound(NO_LEAVE)
    return leave


def _again(session: Session, leave_id: int) -> LeaveOfAbsence:
    leave = queries.get(session, leave_id, lock=True)
    assert leave is not None  # noqa: S101 - read before, and no leave is ever deleted alone
    return leave


def _held(session: Session, subject: Subject, leave_id: int, state: str) -> tuple[LeaveOfAbsence, Enrollment]:
    """The leave and its enrollment, both locked, for an act of the office on a leave in this state."""
    policy.require_decide_leaves(subject)
    leave = _visible(session, subject, leave_id)
    policy.require_decide_leaves(subject, leave.user_id)
    enrollment = found(session, leave.enrollment_id, lock=True)
    leave = _again(session, leave_id)
    if leave.state != state:
        raise Conflict(
            f"This leave of absence is {leave.state}. Someone may have changed it just now. "
            "Nothing was saved."
        )
    return leave, enrollment


def _say(
    session: Session, subject: Actor, action: Action, leave: LeaveOfAbsence, reason: str | None, **more: Any
) -> None:
    history.record(
        session,
        subject,
        action,
        leave.id,
        student_id=leave.user_id,
        enrollment_id=leave.enrollment_id,
        reason=reason,
        starts_on=leave.starts_on,
        return_on=leave.return_on,
        **more,
    )
