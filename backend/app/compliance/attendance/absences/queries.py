"""Every SQL statement about reported absences."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.core.constraints import register_conflict
from app.core.search import matches
from app.db.models import AbsenceRequest, ClassAttendance, Enrollment, Program, SchoolClass, User
from app.db.ready import Ready
from app.web.listing import Listing
from app.web.paging import Paging
from app.web.queue import line

register_conflict(
    "uq_absence_requests_request", "This absence was received already. Nothing was entered twice."
)
register_conflict(
    "fk_absence_requests_class_id",
    "Students have reported absences from this class, so it cannot be deleted. Nothing was changed.",
)
OPEN = ("requested", "excused")
"""The states of absences that a roster expects."""
_SORTS = {
    "requested": AbsenceRequest.requested_at,
    "student": func.lower(User.full_name),
    "program": func.lower(Program.name),
    "starts": AbsenceRequest.starts_on,
}


def add(session: Session, row: AbsenceRequest) -> None:
    """Write a new row; its number is known afterwards."""
    session.add(row)
    session.flush()


def find(session: Session, number: int, *, lock: bool = False) -> AbsenceRequest | None:
    """One absence. `lock` makes others wait who want to decide it."""
    statement = select(AbsenceRequest).where(AbsenceRequest.id == number)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()


def of_request(session: Session, request: UUID) -> AbsenceRequest | None:
    """The absence that a page has sent before."""
    return session.scalars(select(AbsenceRequest).where(AbsenceRequest.request == request)).one_or_none()


def _shown() -> Select[Any]:
    decider = aliased(User)
    return (
        select(
            AbsenceRequest,
            User.full_name,
            Program.name,
            SchoolClass.code,
            decider.full_name.label("decider"),
        )
        .join(User, User.id == AbsenceRequest.user_id)
        .join(Enrollment, Enrollment.id == AbsenceRequest.enrollment_id)
        .join(Program, Program.id == Enrollment.program_id)
        .outerjoin(SchoolClass, SchoolClass.id == AbsenceRequest.class_id)
        .outerjoin(decider, decider.id == AbsenceRequest.decided_by)
    )


def shown(session: Session, number: int) -> Row[Any] | None:
    """One absence with the names in it, for `schemas.from_row`."""
    return session.execute(_shown().where(AbsenceRequest.id == number)).one_or_none()


# Most students have none, and all of them open their hours.
_OF_STUDENT = select(AbsenceRequest.id).where(AbsenceRequest.user_id == bindparam("user_id"))
_ANY_OF_STUDENT = Ready(select(_OF_STUDENT.exists()))


def of_student(session: Session, user_id: int, limit: int) -> Sequence[Row[Any]]:
    """A student's newest absences."""
    if not _ANY_OF_STUDENT.rows(session, user_id=user_id)[0][0]:
        return []
    statement = _shown().where(AbsenceRequest.user_id == user_id)
    return session.execute(statement.order_by(AbsenceRequest.id.desc()).limit(limit)).all()


def listing(
    session: Session, visible: ColumnElement[bool], paging: Paging, state: str | None
) -> Listing[Any]:
    """Absences that `visible` lets through, of one state or all, the longest waiting first unless sorted otherwise."""
    statement = _shown().where(visible, User.deleted_at.is_(None))
    if state is not None:
        statement = statement.where(AbsenceRequest.state == state)
    statement = statement.where(*matches(paging.q, User.search_text, Program.name))
    return Listing(session, statement.order_by(paging.order(_SORTS, "requested"), AbsenceRequest.id), paging)


def to_decide(visible: ColumnElement[bool], user_id: int | None) -> Select[Any]:
    """Absences that wait for this person, for the queue; never their own."""
    person = aliased(User)  # the queue joins the account itself
    deleted = exists().where(person.id == AbsenceRequest.user_id, person.deleted_at.is_not(None))
    statement = (
        select(
            *line(
                number=AbsenceRequest.id,
                student_id=AbsenceRequest.user_id,
                about=User.full_name,
                what=Program.name,
                since=AbsenceRequest.requested_at,
                href=func.concat("/attendance/absences/", AbsenceRequest.id),
            )
        )
        .select_from(AbsenceRequest)
        .join(User, User.id == AbsenceRequest.user_id)
        .join(Enrollment, Enrollment.id == AbsenceRequest.enrollment_id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(visible, AbsenceRequest.state == "requested", ~deleted)
    )
    return statement if user_id is None else statement.where(AbsenceRequest.user_id != user_id)


def waiting(session: Session, visible: ColumnElement[bool]) -> Sequence[AbsenceRequest]:
    """Absences that wait for a decision."""
    return session.scalars(select(AbsenceRequest).where(visible, AbsenceRequest.state == "requested")).all()


def sharing(
    session: Session, enrollment_id: int, first: date, last: date, meeting: tuple[int, datetime] | None
) -> AbsenceRequest | None:
    """An absence, waiting or excused, that covers some of the same: any on these days, or for one meeting of them the
    same meeting and whole days."""
    statement = select(AbsenceRequest).where(
        AbsenceRequest.enrollment_id == enrollment_id,
        AbsenceRequest.state.in_(OPEN),
        AbsenceRequest.starts_on <= last,
        AbsenceRequest.ends_on >= first,
    )
    if meeting is not None:
        same = and_(AbsenceRequest.class_id == meeting[0], AbsenceRequest.meeting_at == meeting[1])
        statement = statement.where(or_(AbsenceRequest.class_id.is_(None), same))
    return session.scalars(statement.order_by(AbsenceRequest.id).limit(1)).first()


def at_meeting(
    session: Session, enrollment_ids: Collection[int], class_id: int, starts: datetime, day: date
) -> dict[int, AbsenceRequest]:
    """By enrollment, the absence that covers a meeting: an excused one before one that waits."""
    rows = session.scalars(
        select(AbsenceRequest)
        .where(
            AbsenceRequest.enrollment_id.in_(enrollment_ids),
            AbsenceRequest.state.in_(OPEN),
            AbsenceRequest.starts_on <= day,
            AbsenceRequest.ends_on >= day,
            or_(
                AbsenceRequest.class_id.is_(None),
                and_(AbsenceRequest.class_id == class_id, AbsenceRequest.meeting_at == starts),
            ),
        )
        .order_by(AbsenceRequest.state.desc(), AbsenceRequest.id)
    )
    return {row.enrollment_id: row for row in rows}


def waiting_before(session: Session, ends: date) -> int:
    """How many absences wait that begin before a day; deleted people's are in no list."""
    statement = (
        select(func.count())
        .select_from(AbsenceRequest)
        .join(User, User.id == AbsenceRequest.user_id)
        .where(
            AbsenceRequest.state == "requested", AbsenceRequest.starts_on < ends, User.deleted_at.is_(None)
        )
    )
    return session.scalar(statement) or 0


def excused_between(session: Session, first: date, last: date) -> Sequence[int]:
    """Numbers of the excused absences with a day from `first` to `last`."""
    return session.scalars(
        select(AbsenceRequest.id)
        .where(
            AbsenceRequest.state == "excused",
            AbsenceRequest.ends_on >= first,
            AbsenceRequest.starts_on <= last,
        )
        .order_by(AbsenceRequest.enrollment_id, AbsenceRequest.id)
    ).all()


def marks_between(
    session: Session, enrollment_id: int, since: datetime, until: datetime
) -> dict[tuple[int, datetime], str | None]:
    """What rosters say of an enrollment, by class and the start of the meeting; None after a mark was taken back."""
    rows = session.execute(
        select(ClassAttendance.class_id, ClassAttendance.starts_at, ClassAttendance.mark).where(
            ClassAttendance.enrollment_id == enrollment_id,
            ClassAttendance.starts_at >= since,
            ClassAttendance.starts_at < until,
        )
    )
    return {(row.class_id, row.starts_at): row.mark for row in rows}


def recipient(session: Session, user_id: int) -> tuple[str, str] | None:
    """Email and name of a present person."""
    row = session.execute(
        select(User.email, User.full_name).where(User.id == user_id, User.deleted_at.is_(None))
    ).one_or_none()
    return None if row is None else (row[0], row[1])
