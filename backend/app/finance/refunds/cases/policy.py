"""Who sees refunds, and who computes, approves and remits them. Nobody handles their own."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Permission
from app.core.visibility import Records

NO_REFUND = "There is no such refund, or you don’t have access to it."


def may_read_all(subject: Actor) -> bool:
    """Whoever works with withdrawals."""
    return subject.may(Permission.WITHDRAWALS_READ)


def require_read_all(subject: Actor) -> None:
    """Raises Forbidden unless `may_read_all`."""
    if not may_read_all(subject):
        raise Forbidden("Refunds are for the bursar and the registrar. Your own are under Money.")


def visible(session: Session, subject: Actor, column: Any) -> ColumnElement[bool]:
    """The condition that a column of account numbers holds a student whose refunds the person sees."""
    found: ColumnElement[bool] = visibility.limit(session, subject, Records.STUDENTS, column)
    return found


def require_read(session: Session, subject: Actor, student_id: int) -> None:
    """The student's own, and those of students whom one may see. Raises NotFound."""
    if subject.user_id == student_id:
        return
    if not may_read_all(subject) or not visibility.may_see(session, subject, Records.STUDENTS, student_id):
        raise NotFound(NO_REFUND)


def may_compute(subject: Actor) -> bool:
    """The bursar, who also remits."""
    return subject.may(Permission.LEDGER_POST)


def require_compute(subject: Actor, student_id: int) -> None:
    """Raises Forbidden unless the person keeps the ledger, and for their own refund."""
    if not may_compute(subject):
        raise Forbidden("Only the bursar computes refunds again. Nothing was changed.")
    require_not_own(subject, student_id, "refunds")


def require_remit(subject: Actor, student_id: int) -> None:
    """Raises Forbidden unless the person keeps the ledger, and for their own refund."""
    if not may_compute(subject):
        raise Forbidden("Only the bursar remits refunds. Nothing was paid.")
    require_not_own(subject, student_id, "refunds")


def may_approve(subject: Actor) -> bool:
    """Registrars and administrators."""
    return subject.may(Permission.REFUNDS_APPROVE)


def require_approve(subject: Actor, student_id: int) -> None:
    """Raises Forbidden unless `may_approve`, and for their own refund."""
    if not may_approve(subject):
        raise Forbidden("Only a registrar or an administrator approves refunds. Nothing was changed.")
    require_not_own(subject, student_id, "refunds")
