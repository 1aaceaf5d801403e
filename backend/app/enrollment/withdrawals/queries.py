"""SQL of withdrawals, the students' forms and the frozen figures."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select
from sqlalchemy.orm import Session, aliased

from app.core.constraints import register_conflict
from app.db.models import Enrollment, Program, User, Withdrawal, WithdrawalFigures, WithdrawalForm

register_conflict(
    "uq_withdrawal_forms_request",
    "This request was received already. Nothing was entered twice.",
)
IS_WAITING = (
    "A withdrawal of this enrollment is waiting. Process or cancel it first; if the student asked for it, have them "
    "cancel it."
)
"""Why nothing else can be done with an enrollment that has one `pending`, for the staff."""
_Entered = aliased(User)
_Processed = aliased(User)


def pending(session: Session, enrollment_id: int) -> Withdrawal | None:
    """The first withdrawal of an enrollment that waits to be processed."""
    return session.scalars(
        select(Withdrawal)
        .where(Withdrawal.enrollment_id == enrollment_id, Withdrawal.admin_processed_at.is_(None))
        .order_by(Withdrawal.id)
        .limit(1)
    ).one_or_none()


def latest(session: Session, enrollment_id: int) -> Withdrawal | None:
    """The latest withdrawal of an enrollment."""
    return session.scalars(
        select(Withdrawal)
        .where(Withdrawal.enrollment_id == enrollment_id)
        .order_by(Withdrawal.id.desc())
        .limit(1)
    ).one_or_none()


def by_number(session: Session, withdrawal_id: int) -> Row[Any] | None:
    """Withdrawal, its enrollment's program, its figures and the names of who entered and processed it."""
    return session.execute(
        select(
            Withdrawal,
            Enrollment.program_id,
            WithdrawalFigures,
            _Entered.full_name.label("entered_by"),
            _Processed.full_name.label("processed_by"),
        )
        .join(Enrollment, Enrollment.id == Withdrawal.enrollment_id)
        .outerjoin(WithdrawalFigures, WithdrawalFigures.withdrawal_id == Withdrawal.id)
        .outerjoin(_Entered, _Entered.id == Withdrawal.entered_by)
        .outerjoin(_Processed, _Processed.id == Withdrawal.processed_by)
        .where(Withdrawal.id == withdrawal_id)
    ).one_or_none()


def for_notice(session: Session, withdrawal_id: int) -> Row[Any] | None:
    """Withdrawal, the student's email and name, the program; None for deleted students."""
    return session.execute(
        select(Withdrawal, User.email, User.full_name, Program.name.label("program"))
        .join(User, User.id == Withdrawal.user_id)
        .join(Enrollment, Enrollment.id == Withdrawal.enrollment_id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(Withdrawal.id == withdrawal_id, User.deleted_at.is_(None))
    ).one_or_none()


def form_of(session: Session, request: UUID) -> WithdrawalForm | None:
    """The form that was sent with this number."""
    return session.scalars(select(WithdrawalForm).where(WithdrawalForm.request == request)).one_or_none()


def form_of_withdrawal(session: Session, withdrawal_id: int) -> WithdrawalForm | None:
    """The student's form that a withdrawal came from."""
    return session.scalars(
        select(WithdrawalForm)
        .where(WithdrawalForm.withdrawal_id == withdrawal_id)
        .order_by(WithdrawalForm.id.desc())
        .limit(1)
    ).one_or_none()


def add(session: Session, row: Withdrawal | WithdrawalForm | WithdrawalFigures) -> None:
    """Write a row."""
    session.add(row)
    session.flush()


def remove(session: Session, withdrawal: Withdrawal) -> None:
    """Take a withdrawal away that was canceled before it was processed; the student's form stays."""
    session.flush()
    session.execute(delete(Withdrawal).where(Withdrawal.id == withdrawal.id))
    session.expire_all()
