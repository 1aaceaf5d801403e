"""The documented lists of enrollments as statements, and a page at a time.

The statements stand here once: the documented functions in `app.enrollment.queries` run them whole, the staff's
lists search, sort and cut them.
"""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    SQLColumnExpression,
    cast,
    exists,
    func,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.search import about_people, matches
from app.db.models import (
    Enrollment,
    EnrollmentStatus,
    LessonCompletion,
    Program,
    Transcript,
    User,
    Withdrawal,
)
from app.db.ready import Ready
from app.enrollment.lists import refund_days
from app.web.listing import Listing
from app.web.paging import Paging
from app.web.queue import line

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
            Withdrawal.kind,
            Withdrawal.moment.label("withdrawn_at"),
        )
        .select_from(Withdrawal)
        .join(User, Withdrawal.user_id == User.id)
        .join(Enrollment, Withdrawal.enrollment_id == Enrollment.id)
        .join(Program, Enrollment.program_id == Program.id)
        .where(Withdrawal.admin_processed_at.is_(None)),
        with_deleted=with_deleted,
    )


def eligible_for_graduation(*, with_deleted: bool = False, threshold_pct: int = 100) -> Select[Any]:
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
    """Pending withdrawals with the days for the refund, oldest first unless sorted otherwise; reasons are searched."""
    days = refund_days.of(Withdrawal.enrollment_id)
    sorts = {
        "student": _STUDENT,
        "program": _PROGRAM,
        "requested": Withdrawal.requested_at,
        "progress": Withdrawal.progress_pct_at_withdrawal,
        "due": Withdrawal.moment + func.make_interval(0, 0, 0, days),
    }
    return _listing(
        session,
        pending_withdrawals().add_columns(days.label("refund_days")).where(visible),
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


# Those who see everybody have it on each first page.
_STATUSES = select(Enrollment.status, func.count()).where(NOT_DELETED).group_by(Enrollment.status)
_BY_STATUS = Ready(_STATUSES)


# Waiting, for the queue


def ready(visible: ColumnElement[bool], threshold_pct: int) -> Select[Any]:
    """`eligible_for_graduation`, since the last lesson was completed."""
    last = (
        select(func.max(LessonCompletion.completed_at))
        .where(LessonCompletion.enrollment_id == Enrollment.id)
        .scalar_subquery()
    )
    return (
        eligible_for_graduation(threshold_pct=threshold_pct)
        .where(visible)
        .with_only_columns(
            *line(
                number=Enrollment.id,
                student_id=Enrollment.user_id,
                about=User.full_name,
                what=Program.name,
                since=func.coalesce(last, Enrollment.created_at),
                href=func.concat("/enrollments/", Enrollment.id, "/complete"),
            ),
            maintain_column_froms=True,
        )
    )


def to_process(visible: ColumnElement[bool], zone: ZoneInfo) -> Select[Any]:
    """`pending_withdrawals`, with the last day for the refund, counted from the day at the school."""
    return (
        pending_withdrawals()
        .where(visible)
        .with_only_columns(
            *line(
                number=Withdrawal.id,
                student_id=Withdrawal.user_id,
                about=User.full_name,
                what=Program.name,
                since=Withdrawal.requested_at,
                due_on=cast(func.timezone(zone.key, Withdrawal.moment), Date)
                + refund_days.of(Withdrawal.enrollment_id),
                href=func.concat("/enrollments/", Withdrawal.enrollment_id, "#withdrawal"),
            ),
            maintain_column_froms=True,
        )
    )
