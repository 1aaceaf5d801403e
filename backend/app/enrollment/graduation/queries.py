"""SQL of graduation."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session, aliased

from app.db.models import Enrollment, EnrollmentStatus, GraduationDecision, Program, User
from app.enrollment.graduation.requirements import Candidate

_Decider = aliased(User)


def candidates(session: Session, enrollment_ids: Collection[int]) -> list[Candidate]:
    """What requirements are asked about, by enrollment number."""
    rows = session.execute(
        select(
            Enrollment.id,
            Enrollment.user_id,
            Enrollment.program_id,
            Enrollment.progress_pct,
            Program.clock_hours,
        )
        .join(Program, Program.id == Enrollment.program_id)
        .where(Enrollment.id.in_(enrollment_ids))
        .order_by(Enrollment.id)
    )
    return [
        Candidate(row.id, row.user_id, row.program_id, row.progress_pct or 0, row.clock_hours) for row in rows
    ]


def named(session: Session, enrollment_ids: Collection[int]) -> Sequence[Row[Any]]:
    """Active enrollments of present people among these: id, user_id, full_name, program, by name."""
    return session.execute(
        select(Enrollment.id, Enrollment.user_id, User.full_name, Program.name.label("program"))
        .join(User, User.id == Enrollment.user_id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(
            Enrollment.id.in_(enrollment_ids),
            Enrollment.status == EnrollmentStatus.ACTIVE,
            User.deleted_at.is_(None),
        )
        .order_by(User.full_name, Enrollment.id)
    ).all()


def decision(session: Session, enrollment_id: int) -> Row[Any] | None:
    """GraduationDecision and the name of who decided."""
    return session.execute(
        select(GraduationDecision, _Decider.full_name.label("decider"))
        .outerjoin(_Decider, _Decider.id == GraduationDecision.decided_by)
        .where(GraduationDecision.enrollment_id == enrollment_id)
    ).one_or_none()


def add(session: Session, row: GraduationDecision) -> None:
    """Write a decision."""
    session.add(row)
    session.flush()
