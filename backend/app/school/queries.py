"""Every SQL statement about the school."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Integer, case, cast, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core.constraints import register_conflict, register_invalid
from app.core.turns import take_turn
from app.db.base import Base
from app.db.models import School, SchoolHoliday, SchoolPolicy, SchoolSignatory, SchoolTerm
from app.rules.withdrawals import REFUND_DAYS
from app.school import remembered

_DAYS = "The last day is before the first day."
register_invalid("check_school_signatories_days", _DAYS, "last_day")
register_invalid("check_school_terms_days", _DAYS, "last_day")
register_invalid("check_school_holidays_days", _DAYS, "last_day")
register_invalid("check_school_fiscal_year", "Enter a month and a day that exist.", "fiscal_year_day")
register_conflict("uq_school_terms_name", "There is a term of this name already.", "name")
register_conflict("uq_school_holidays_first_day", "A holiday begins on this day already.", "first_day")
register_conflict(
    "uq_school_policies_kind_version", "Someone else has just added a version. Look at it and try again."
)
register_conflict(
    "check_school_policies_used",
    "Something was computed with this policy, so it stays. Add a new version instead.",
)

T = TypeVar("T", bound=Base)


def school(session: Session, *, lock: bool = False) -> School | None:
    """The school's row, if the system has been started before."""
    statement = select(School)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()


def insert_school(session: Session, **values: Any) -> bool:
    """Write the row unless there is one; whether it was written."""
    remembered.forget(session)
    statement = insert(School).values(**values).on_conflict_do_nothing().returning(School.id)
    return session.scalar(statement) is not None


def signatories(session: Session) -> Sequence[SchoolSignatory]:
    """Everybody who signs, signed or will, the earliest first."""
    statement = select(SchoolSignatory).order_by(SchoolSignatory.first_day, SchoolSignatory.id)
    return session.scalars(statement).all()


def terms(session: Session, first: date, last: date) -> Sequence[SchoolTerm]:
    """Terms that touch these days, in order."""
    return session.scalars(
        select(SchoolTerm)
        .where(SchoolTerm.first_day <= last, SchoolTerm.last_day >= first)
        .order_by(SchoolTerm.first_day, SchoolTerm.id)
    ).all()


def holidays(session: Session, first: date, last: date) -> Sequence[SchoolHoliday]:
    """Holidays that touch these days, in order."""
    return session.scalars(
        select(SchoolHoliday)
        .where(SchoolHoliday.first_day <= last, SchoolHoliday.last_day >= first)
        .order_by(SchoolHoliday.first_day)
    ).all()


def find(session: Session, model: type[T], number: int) -> T | None:
    """A signatory, term, holiday or policy by its number."""
    return session.get(model, number)


def add(session: Session, record: T) -> T:
    """Write a new signatory, term, holiday or policy."""
    remembered.forget(session)
    session.add(record)
    session.flush()
    return record


def remove(session: Session, record: Base) -> None:
    """Delete a signatory, term, holiday or policy."""
    remembered.forget(session)
    session.delete(record)
    session.flush()


# Policies


def policies(session: Session, kind: str | None = None) -> Sequence[SchoolPolicy]:
    """Every version, by kind and the newest first."""
    statement = select(SchoolPolicy).order_by(SchoolPolicy.kind, SchoolPolicy.version.desc())
    return session.scalars(statement if kind is None else statement.where(SchoolPolicy.kind == kind)).all()


def next_version(session: Session, kind: str) -> int:
    """The number of the next version; others who add one wait until the transaction ends."""
    take_turn(session, f"school_policies {kind}")
    newest = session.scalar(select(func.max(SchoolPolicy.version)).where(SchoolPolicy.kind == kind))
    return (newest or 0) + 1


def refund_days(day: ColumnElement[date]) -> ColumnElement[Any]:
    """The days that a refund has by the refund policy that was in force on a day, as a part of a statement."""
    filed = SchoolPolicy.values["rule"].astext == "filed"
    days = func.coalesce(cast(SchoolPolicy.values["due_days"].astext, Integer), REFUND_DAYS)
    return (
        select(case((filed, days), else_=REFUND_DAYS))
        .where(SchoolPolicy.kind == "refund", SchoolPolicy.effective_from <= day)
        .order_by(SchoolPolicy.effective_from.desc(), SchoolPolicy.version.desc())
        .limit(1)
        .scalar_subquery()
    )


def mark_used(session: Session, policy_id: int, at: datetime) -> None:
    """Note that something was computed with the policy, unless that is noted already."""
    session.execute(
        update(SchoolPolicy)
        .where(SchoolPolicy.id == policy_id, SchoolPolicy.used_at.is_(None))
        .values(used_at=at)
        .execution_options(synchronize_session=False)
    )
