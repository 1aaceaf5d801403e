"""The documented lists of enrollments as statements, and a page at a time.

The statements stand here once: the documented functions in `app.enrollment.queries` run them whole, the staff's
lists search, sort and cut them.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    bindparam,
    exists,
    func,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.search import about_people, matches
from app.db.models import Enrollment, EnrollmentStatus, Program, Transcript, User, Withdrawal
from app.db.ready import Ready
from app.web.listing import Listing
from app.web.paging import Paging

_STUDENT = func.lower(User.full_name)
_PROGRAM = func.lower(Program.name)

BY_PROGRAM = {Enrollment.program_id: lambda word: select(Program.id).where(*matches(word, Program.name))}
"""For a search: the programs of this name."""
NOT_DELETED = Enrollment.user_id.not_in(select(User.id).where(User.deleted_at.is_not(None)))
"""Deleted people are few: the enrollments of everybody else are found without everybody's account."""


def active(*, with_deleted: bool = False) -> Select[Any]:
    """Active enrollments: full_name, program_name, enrolled_at, and behind them what the product needs."""
    return _people(
        select(
            User.full_name,
            Program.name.label("program_name"),
            Enrollment.enrolled_at,
            Enrollment.id.label("enrollment_id"),
            User.id.label("user_id"),
            User.email,
            Enrollment.progress_pct,
        )
        .join(Enrollment.user)
        .join(Enrollment.program)
        .where(Enrollment.status == EnrollmentStatus.ACTIVE),
        with_deleted=with_deleted,
    )


def pending_withdrawals(*, with_deleted: bool = False) -> Select[Any]:
    """Withdrawals nobody has processed: full_name, program, requested_at, reason, and the numbers."""
    return _people(
        select(
            User.full_name,
            Program.name.label("program"),
            Withdrawal.requested_at,
            Withdrawal.reason,
            Withdrawal.id,
            Withdrawal.enrollment_id,
            Withdrawal.user_id,
            Withdrawal.progress_pct_at_withdrawal,
        )
        .select_from(Withdrawal)
        .join(User, Withdrawal.user_id == User.id)
        .join(Enrollment, Withdrawal.enrollment_id == Enrollment.id)
        .join(Program, Enrollment.program_id == Program.id)
        .where(Withdrawal.admin_processed_at.is_(None)),
        with_deleted=with_deleted,
    )


def eligible_for_graduation(
    *, with_deleted: bool = False, threshold_pct: int | BindParameter[int] = 100
) -> Select[Any]:
    """Active enrollments without a transcript of the program, from a progress on: full_name, program, and the numbers.

    The documented query asks for every lesson; the staff's lists for what the progress policy does.
    """
    return _people(
        select(
            User.full_name,
            Program.name.label("program"),
            Enrollment.id.label("enrollment_id"),
            User.id.label("user_id"),
            Enrollment.enrolled_at,
        )
        .join(Enrollment.user)
        .join(Enrollment.program)
        .where(
            Enrollment.progress_pct >= threshold_pct,
            Enrollment.status == EnrollmentStatus.ACTIVE,
            ~exists().where(
                Transcript.user_id == Enrollment.user_id,
                Transcript.program_id == Enrollment.program_id,
            ),
        ),
        with_deleted=with_deleted,
    )


def _people(statement: Select[Any], *, with_deleted: bool) -> Select[Any]:
    return statement if with_deleted else statement.where(User.deleted_at.is_(None))


# Searched and sorted


def active_listing(session: Session, paging: Paging, visible: ColumnElement[bool]) -> Listing[Any]:
    """Active enrollments, newest first unless sorted otherwise."""
    sorts = {
        "student": _STUDENT,
        "program": _PROGRAM,
        "enrolled": Enrollment.enrolled_at,
        "progress": func.coalesce(Enrollment.progress_pct, 0),
    }
    return _listing(session, active().where(visible), paging, sorts, "-enrolled", Enrollment.id)


def pending_withdrawals_listing(
    session: Session, paging: Paging, visible: ColumnElement[bool]
) -> Listing[Any]:
    """Pending withdrawals, oldest first unless sorted otherwise; the reason is searched, too."""
    sorts = {
        "student": _STUDENT,
        "program": _PROGRAM,
        "requested": Withdrawal.requested_at,
        "progress": Withdrawal.progress_pct_at_withdrawal,
    }
    return _listing(
        session,
        pending_withdrawals().where(visible),
        paging,
        sorts,
        "requested",
        Withdrawal.id,
        also=Withdrawal.reason,
    )


def eligible_for_graduation_listing(
    session: Session, paging: Paging, visible: ColumnElement[bool], threshold_pct: int
) -> Listing[Any]:
    """Students ready to graduate, by name unless sorted otherwise."""
    sorts = {"student": _STUDENT, "program": _PROGRAM, "enrolled": Enrollment.enrolled_at}
    statement = eligible_for_graduation(threshold_pct=threshold_pct).where(visible)
    return _listing(session, statement, paging, sorts, "student", Enrollment.id)


def _listing(
    session: Session,
    statement: Select[Any],
    paging: Paging,
    sorts: Mapping[str, SQLColumnExpression[Any]],
    default: str,
    number: InstrumentedAttribute[int],
    *,
    also: InstrumentedAttribute[str | None] | None = None,
) -> Listing[Any]:
    """Every word must occur in the student's name or address, the program's name, or `also`."""
    if also is None:
        words = about_people(session, paging.q, Enrollment.user_id, BY_PROGRAM)
    else:  # what waits for a decision is few
        words = matches(paging.q, User.search_text, Program.name, also)
    order = paging.order(sorts, default)
    return Listing(session, statement.where(*words).order_by(order, number), paging)


# Counted


def status_counts(session: Session, visible: ColumnElement[bool]) -> dict[EnrollmentStatus, int]:
    """How many enrollments stand in each state, without soft-deleted people."""
    everybody = visible is true()
    rows = _BY_STATUS.rows(session) if everybody else session.execute(_STATUSES.where(visible))
    return {row[0]: row[1] for row in rows}


def eligible_count(session: Session, visible: ColumnElement[bool], threshold_pct: int) -> int:
    """How many enrollments `eligible_for_graduation` has."""
    if visible is true():
        return int(_ELIGIBLE.rows(session, threshold_pct=threshold_pct)[0][0])
    return session.scalar(_counted(_eligible().where(visible)), {"threshold_pct": threshold_pct}) or 0


def pending_count(session: Session, visible: ColumnElement[bool]) -> int:
    """How many withdrawals `pending_withdrawals` has."""
    if visible is true():
        return int(_PENDING.rows(session)[0][0])
    return session.scalar(_counted(pending_withdrawals().where(visible))) or 0


def _counted(statement: Select[Any]) -> Select[tuple[int]]:
    return select(func.count()).select_from(statement.subquery())


def _eligible() -> Select[Any]:
    return eligible_for_graduation(threshold_pct=bindparam("threshold_pct", type_=Integer))


# Those who see everybody have them on each first page.
_STATUSES = select(Enrollment.status, func.count()).where(NOT_DELETED).group_by(Enrollment.status)
_BY_STATUS = Ready(_STATUSES)
_ELIGIBLE = Ready(_counted(_eligible()))
_PENDING = Ready(_counted(pending_withdrawals()))
