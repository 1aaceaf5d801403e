"""The enrollments that hours are recorded for: SQL over what other rooms own, read only."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.attendance.schemas import EnrollmentChoice
from app.core import clock
from app.db.models import Enrollment, EnrollmentStatus, Program, User, Withdrawal
from app.db.ready import Page, Ready

ARRIVES_BEFORE = timedelta(minutes=30)
"""So long before a meeting a clock-in is for it."""


def enrollments_of(session: Session, user_id: int) -> list[EnrollmentChoice]:
    """All enrollments of a student, the active ones first, then the newest."""
    return [_choice(row) for row in _CHOICES_OF_STUDENT.rows(session, user_id=user_id)]


def meeting_at(session: Session, user_id: int, moment: datetime, zone: ZoneInfo) -> int | None:
    """Of several active enrollments the one whose class meets at `moment`, half an hour before its start included.

    None for whoever has one enrollment, none, or not exactly one that meets.
    """
    active = [item.id for item in enrollments_of(session, user_id) if item.status == "active"]
    if len(active) < 2:
        return None
    day = clock.local(moment, zone).date()
    held = classes.meetings_by_enrollment(session, active, day, zone, since=day)
    meets = [
        number
        for number in active
        if any(one.starts - ARRIVES_BEFORE <= moment < one.ends for one in held.get(number, []))
    ]
    return meets[0] if len(meets) == 1 else None


def active_enrollments(session: Session, visible: ColumnElement[bool]) -> list[EnrollmentChoice]:
    """The active enrollments of every student who may be seen, by name."""
    statement = (
        _choices()
        .where(Enrollment.status == EnrollmentStatus.ACTIVE, User.deleted_at.is_(None), visible)
        .order_by(User.full_name, Enrollment.id)
    )
    return [_choice(row) for row in session.execute(statement)]


def enrollment(
    session: Session, enrollment_id: int, *, lock: bool = False, alone: bool = False
) -> EnrollmentChoice | None:
    """One enrollment; `lock` keeps its status, and its student from being deleted, until the transaction ends.

    `alone` makes others wait meanwhile who ask the same of any enrollment of the student.
    """
    statement = _choices().where(Enrollment.id == enrollment_id)
    if lock or alone:
        statement = statement.with_for_update(read=not alone, key_share=alone, of=[Enrollment, User])
    row = session.execute(statement).one_or_none()
    return None if row is None else _choice(row)


def _choices() -> Select[Any]:
    return (
        select(
            Enrollment.id,
            Enrollment.user_id,
            User.full_name,
            Enrollment.program_id,
            Program.name,
            Enrollment.status,
            Program.clock_hours,
            Enrollment.enrolled_at,
            Enrollment.completed_at,
            select(func.max(Withdrawal.moment))
            .where(Withdrawal.enrollment_id == Enrollment.id)
            .scalar_subquery(),
            User.deleted_at,
        )
        .join(User, User.id == Enrollment.user_id)
        .join(Program, Program.id == Enrollment.program_id)
    )


_CHOICES_OF_STUDENT = Ready(
    _choices()
    .where(Enrollment.user_id == bindparam("user_id"))
    .order_by(Enrollment.status != EnrollmentStatus.ACTIVE, Enrollment.enrolled_at.desc(), Enrollment.id),
    page=Page.STUDENTS_FIRST,
)


def _choice(row: Any) -> EnrollmentChoice:
    identity, user_id, full_name, program_id, program_name, status, clock_hours, enrolled_at, *ending = row
    completed_at, requested_at, deleted_at = ending
    ends = {EnrollmentStatus.COMPLETED: completed_at, EnrollmentStatus.WITHDRAWN: requested_at}
    return EnrollmentChoice(
        identity, user_id, full_name, program_id, program_name, status.value, clock_hours, enrolled_at,
        ended_at=ends.get(status), deleted=deleted_at is not None,
    )  # fmt: skip
