"""The enrollments that hours are recorded for: SQL over what other rooms own, read only."""

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import Session

from app.compliance.attendance.schemas import EnrollmentChoice
from app.db.models import Enrollment, EnrollmentStatus, Program, User, Withdrawal
from app.db.ready import Ready


def enrollments_of(session: Session, user_id: int) -> list[EnrollmentChoice]:
    """All enrollments of a student, the active ones first, then the newest."""
    return [_choice(row) for row in _CHOICES_OF_STUDENT.rows(session, user_id=user_id)]


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
            select(func.max(Withdrawal.requested_at))
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
    .order_by(Enrollment.status != EnrollmentStatus.ACTIVE, Enrollment.enrolled_at.desc(), Enrollment.id)
)


def _choice(row: Any) -> EnrollmentChoice:
    identity, user_id, full_name, program_id, program_name, status, clock_hours, enrolled_at, *ending = row
    completed_at, requested_at, deleted_at = ending
    ends = {EnrollmentStatus.COMPLETED: completed_at, EnrollmentStatus.WITHDRAWN: requested_at}
    return EnrollmentChoice(
        identity, user_id, full_name, program_id, program_name, status.value, clock_hours, enrolled_at,
        ended_at=ends.get(status), deleted=deleted_at is not None,
    )  # fmt: skip
