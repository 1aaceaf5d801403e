"""SQL of leaves of absence."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.core.constraints import register_conflict
from app.core.search import matches
from app.db.models import Enrollment, EnrollmentStatus, LeaveOfAbsence, Program, User
from app.web.listing import Listing
from app.web.paging import Paging
from app.web.queue import line

register_conflict(
    "uq_leaves_of_absence_request", "This leave was received already. Nothing was entered twice."
)
register_conflict(
    "ex_leaves_of_absence_days",
    "Another leave of absence covers some of these days already. Nothing was changed.",
)
_Entered = aliased(User)
_Decided = aliased(User)
OPEN = ("requested", "approved")
"""The states of what is asked for or under way."""
COVERS = (*OPEN, "returned")
"""The states whose days no other leave of the enrollment may share."""
SORTS = {
    "student": func.lower(User.full_name),
    "program": func.lower(Program.name),
    "starts": LeaveOfAbsence.starts_on,
    "return": LeaveOfAbsence.return_on,
}


def get(session: Session, leave_id: int, *, lock: bool = False) -> LeaveOfAbsence | None:
    """A leave; with `lock` as it is now, and as it stays until the transaction ends."""
    return session.get(LeaveOfAbsence, leave_id, with_for_update=lock, populate_existing=lock)


def of_request(session: Session, request: UUID) -> LeaveOfAbsence | None:
    """The leave that was sent with this number."""
    return session.scalars(select(LeaveOfAbsence).where(LeaveOfAbsence.request == request)).one_or_none()


def of_enrollment(session: Session, enrollment_id: int, *, leave_id: int | None = None) -> Sequence[Row[Any]]:
    """Leaves with the names of who entered and decided them, the latest first."""
    statement = (
        select(
            LeaveOfAbsence,
            _Entered.full_name.label("entered_by"),
            _Decided.full_name.label("decided_by"),
        )
        .outerjoin(_Entered, _Entered.id == LeaveOfAbsence.entered_by)
        .outerjoin(_Decided, _Decided.id == LeaveOfAbsence.decided_by)
        .where(LeaveOfAbsence.enrollment_id == enrollment_id)
        .order_by(LeaveOfAbsence.starts_on.desc(), LeaveOfAbsence.id.desc())
    )
    if leave_id is not None:
        statement = statement.where(LeaveOfAbsence.id == leave_id)
    return session.execute(statement).all()


def covering(session: Session, enrollment_id: int) -> Sequence[LeaveOfAbsence]:
    """The leaves of an enrollment whose days count, or would once they are approved."""
    return session.scalars(
        select(LeaveOfAbsence)
        .where(LeaveOfAbsence.enrollment_id == enrollment_id, LeaveOfAbsence.state.in_(COVERS))
        .order_by(LeaveOfAbsence.starts_on)
    ).all()


def approved(session: Session, enrollment_ids: Collection[int]) -> Sequence[Row[Any]]:
    """enrollment_id, starts_on, return_on, returned_on of the leaves that were approved and not taken back; also of
    those that ended with the enrollment, whose days were days of leave all the same."""
    return session.execute(
        select(
            LeaveOfAbsence.enrollment_id,
            LeaveOfAbsence.starts_on,
            LeaveOfAbsence.return_on,
            LeaveOfAbsence.returned_on,
        ).where(
            LeaveOfAbsence.enrollment_id.in_(enrollment_ids),
            or_(
                LeaveOfAbsence.state.in_(("approved", "returned")),
                and_(LeaveOfAbsence.state == "withdrawn", LeaveOfAbsence.decided_at.is_not(None)),
            ),
        )
    ).all()


def still_open(session: Session, enrollment_id: int) -> Sequence[LeaveOfAbsence]:
    """Leaves that are asked for or under way."""
    return session.scalars(
        select(LeaveOfAbsence)
        .where(
            LeaveOfAbsence.enrollment_id == enrollment_id,
            LeaveOfAbsence.state.in_(OPEN),
        )
        .order_by(LeaveOfAbsence.id)
        .with_for_update()
    ).all()


def add(session: Session, row: LeaveOfAbsence) -> None:
    """Write a row."""
    session.add(row)
    session.flush()


def for_mail(session: Session, leave_id: int) -> Row[Any] | None:
    """LeaveOfAbsence, the student's email and name, the program; None for deleted students."""
    return session.execute(_mailed().where(LeaveOfAbsence.id == leave_id)).one_or_none()


def to_remind(session: Session, today: date, days_before: int) -> Sequence[Row[Any]]:
    """The rows of `for_mail` whose return is so near, and who were not reminded of that day."""
    return session.execute(
        _mailed()
        .where(
            LeaveOfAbsence.state == "approved",
            Enrollment.status == EnrollmentStatus.ACTIVE,
            LeaveOfAbsence.return_on > today,
            LeaveOfAbsence.return_on <= today + timedelta(days=days_before),
            LeaveOfAbsence.reminded_on.is_distinct_from(LeaveOfAbsence.return_on),
        )
        .order_by(LeaveOfAbsence.id)
    ).all()


def mark_reminded(session: Session, leave_id: int, return_on: date) -> bool:
    """Note the reminder of a return day; False when another worker was faster."""
    return (
        session.execute(
            update(LeaveOfAbsence)
            .where(
                LeaveOfAbsence.id == leave_id,
                LeaveOfAbsence.state == "approved",
                LeaveOfAbsence.return_on == return_on,
                LeaveOfAbsence.reminded_on.is_distinct_from(return_on),
            )
            .values(reminded_on=return_on)
            .returning(LeaveOfAbsence.id)
        ).one_or_none()
        is not None
    )


def _mailed() -> Select[Any]:
    return (
        select(LeaveOfAbsence, User.email, User.full_name, Program.name.label("program"))
        .join(User, User.id == LeaveOfAbsence.user_id)
        .join(Enrollment, Enrollment.id == LeaveOfAbsence.enrollment_id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(User.deleted_at.is_(None))
    )


# Lists


def listing(
    session: Session, paging: Paging, visible: ColumnElement[bool], state: str | None, today: date
) -> Listing[Any]:
    """LeaveOfAbsence, full_name, program and overdue; those that are open unless a state, or "all", is asked for."""
    statement = _mailed().with_only_columns(
        LeaveOfAbsence,
        User.full_name,
        Program.name.label("program"),
        _overdue(today).label("overdue"),
        maintain_column_froms=True,
    )
    statement = statement.where(visible, *matches(paging.q, User.search_text, Program.name))
    if state is None:
        statement = statement.where(LeaveOfAbsence.state.in_(OPEN))
    elif state == "overdue":
        statement = statement.where(_overdue(today))
    elif state != "all":
        statement = statement.where(LeaveOfAbsence.state == state)
    # Who should be back stands first until another order is asked for.
    first = [] if paging.sort else [_overdue(today).desc()]
    statement = statement.order_by(*first, paging.order(SORTS, "return"), LeaveOfAbsence.id)
    return Listing(session, statement, paging)


def _overdue(today: date) -> ColumnElement[bool]:
    return (LeaveOfAbsence.state == "approved") & (LeaveOfAbsence.return_on < today)


def to_decide(visible: ColumnElement[bool]) -> Select[Any]:
    """Requests that wait for the office, for the queue; due on the first day of the leave."""
    return _waiting(LeaveOfAbsence.requested_at, LeaveOfAbsence.starts_on).where(
        visible, LeaveOfAbsence.state == "requested"
    )


def overdue(visible: ColumnElement[bool], today: date) -> Select[Any]:
    """Leaves whose return day passed without the student, for the queue."""
    return _waiting(LeaveOfAbsence.return_on, LeaveOfAbsence.return_on).where(visible, _overdue(today))


def _waiting(since: Any, due_on: Any) -> Select[Any]:
    return _mailed().with_only_columns(
        *line(
            number=LeaveOfAbsence.id,
            student_id=LeaveOfAbsence.user_id,
            about=User.full_name,
            what=Program.name,
            since=since,
            due_on=due_on,
            href=func.concat("/leaves/", LeaveOfAbsence.id),
        ),
        maintain_column_froms=True,
    )
