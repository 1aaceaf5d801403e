"""What a letter says of an enrollment, in one query."""

from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app.db.models import Enrollment, Program, User, Withdrawal


def facts_of(session: Session, enrollment_id: int) -> Row[Any] | None:
    """The enrollment with student, program and the day of a withdrawal's request, if there is one."""
    requested = (
        select(func.max(Withdrawal.moment)).where(Withdrawal.enrollment_id == Enrollment.id).scalar_subquery()
    )
    return session.execute(
        select(
            Enrollment.id,
            Enrollment.user_id,
            User.full_name,
            Program.name.label("program_name"),
            Program.clock_hours,
            Program.duration_weeks,
            Enrollment.status,
            Enrollment.enrolled_at,
            Enrollment.completed_at,
            requested.label("withdrawn_at"),
        )
        .join(Enrollment.user)
        .join(Enrollment.program)
        .where(Enrollment.id == enrollment_id)
    ).one_or_none()
