"""Every SQL statement about corrections."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.compliance.attendance.corrections.schemas import State
from app.core.constraints import register_conflict
from app.core.search import matches
from app.db.models import (
    Attendance,
    AttendanceClosing,
    AttendanceCorrection,
    Enrollment,
    Program,
    User,
)
from app.db.ready import Ready
from app.web.listing import Listing
from app.web.paging import Paging
from app.web.queue import line

register_conflict(
    "uq_attendance_corrections_open",
    "A correction of this record waits for a decision already. Nothing was saved; decide that one first.",
)
register_conflict(
    "check_attendance_corrections_two_people",
    "The student and the person who asked cannot decide a correction. Nothing was saved.",
)
register_conflict(
    "check_attendance_corrections_three_people",
    "In a closed period two people approve, neither of them the person who asked. Nothing was saved.",
)
register_conflict(
    "check_attendance_closed",
    "These hours are in a closed period. Nothing was saved; request a correction, which two people approve.",
)
register_conflict(
    "check_class_attendance_closed",
    "This meeting is in a closed period, so its roster is final. Nothing was saved.",
)

_STATES: dict[State, ColumnElement[bool]] = {
    State.WAITING: and_(
        AttendanceCorrection.decided_at.is_(None), AttendanceCorrection.endorsed_at.is_(None)
    ),
    State.ENDORSED: and_(
        AttendanceCorrection.decided_at.is_(None), AttendanceCorrection.endorsed_at.is_not(None)
    ),
    State.APPROVED: AttendanceCorrection.outcome == "approved",
    State.DECLINED: AttendanceCorrection.outcome == "declined",
}
_SORTS = {
    "asked": AttendanceCorrection.asked_at,
    "student": User.full_name,
    "program": Program.name,
    "kind": AttendanceCorrection.kind,
}


def add(session: Session, row: AttendanceCorrection | Attendance) -> None:
    """Write a new row; its number is known afterwards."""
    session.add(row)
    session.flush()
    session.refresh(row)


def find(session: Session, number: int, *, lock: bool = False) -> AttendanceCorrection | None:
    """One request. `lock` makes others wait who want to decide it."""
    statement = select(AttendanceCorrection).where(AttendanceCorrection.id == number)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()


def _shown() -> Select[Any]:
    asker, endorser, decider = aliased(User), aliased(User), aliased(User)
    return (
        select(
            AttendanceCorrection,
            User.full_name,
            Program.name,
            asker.full_name.label("asker"),
            endorser.full_name.label("endorser"),
            decider.full_name.label("decider"),
        )
        .join(User, User.id == AttendanceCorrection.user_id)
        .join(Enrollment, Enrollment.id == AttendanceCorrection.enrollment_id)
        .join(Program, Program.id == Enrollment.program_id)
        .outerjoin(asker, asker.id == AttendanceCorrection.asked_by)
        .outerjoin(endorser, endorser.id == AttendanceCorrection.endorsed_by)
        .outerjoin(decider, decider.id == AttendanceCorrection.decided_by)
    )


def shown(session: Session, number: int) -> Row[Any] | None:
    """One request with the names in it, for `schemas.from_row`."""
    return session.execute(_shown().where(AttendanceCorrection.id == number)).one_or_none()


def of_record(session: Session, record_id: int) -> Sequence[Row[Any]]:
    """The requests for a record, oldest first."""
    statement = _shown().where(AttendanceCorrection.attendance_id == record_id)
    return session.execute(statement.order_by(AttendanceCorrection.id)).all()


# Most students have none, and all of them open their hours.
_OF_STUDENT = select(AttendanceCorrection.id).where(AttendanceCorrection.user_id == bindparam("user_id"))
_ANY_OF_STUDENT = Ready(select(_OF_STUDENT.exists()))


def of_student(session: Session, user_id: int, limit: int) -> Sequence[Row[Any]]:
    """A student's newest requests."""
    if not _ANY_OF_STUDENT.rows(session, user_id=user_id)[0][0]:
        return []
    statement = _shown().where(AttendanceCorrection.user_id == user_id)
    return session.execute(statement.order_by(AttendanceCorrection.id.desc()).limit(limit)).all()


def listing(
    session: Session, visible: ColumnElement[bool], paging: Paging, *, state: State | None, undecided: bool
) -> Listing[Any]:
    """Requests that `visible` lets through, the longest waiting first unless sorted otherwise."""
    conditions = [visible, User.deleted_at.is_(None)]
    if undecided:
        conditions.append(AttendanceCorrection.decided_at.is_(None))
    elif state is not None:
        conditions.append(_STATES[state])
    conditions += matches(paging.q, User.search_text, Program.name)
    statement = _shown().where(*conditions)
    return Listing(
        session, statement.order_by(paging.order(_SORTS, "asked"), AttendanceCorrection.id), paging
    )


def to_decide(visible: ColumnElement[bool], user_id: int | None, *, of_everybody: bool) -> Select[Any]:
    """Requests that wait for this person, for the queue; `of_everybody` for who decides in the whole school."""
    return (
        select(
            *line(
                number=AttendanceCorrection.id,
                student_id=AttendanceCorrection.user_id,
                about=User.full_name,
                what=AttendanceCorrection.reason,
                since=AttendanceCorrection.asked_at,
                href=func.concat("/attendance/corrections/", AttendanceCorrection.id),
            )
        )
        .select_from(AttendanceCorrection)
        .join(User, User.id == AttendanceCorrection.user_id)
        .where(*_decidable(visible, user_id, of_everybody=of_everybody))
    )


def count_waiting(
    session: Session, visible: ColumnElement[bool], user_id: int | None, *, of_everybody: bool
) -> int:
    """How many requests wait that this person may decide."""
    statement = select(func.count()).select_from(AttendanceCorrection)
    return session.scalar(statement.where(*_decidable(visible, user_id, of_everybody=of_everybody))) or 0


def _decidable(
    visible: ColumnElement[bool], user_id: int | None, *, of_everybody: bool
) -> list[ColumnElement[bool]]:
    """What waits and is not the person's own, nor what they asked or approved already."""
    person = aliased(User)  # the queue joins the account itself
    deleted = exists().where(person.id == AttendanceCorrection.user_id, person.deleted_at.is_not(None))
    conditions = [visible, AttendanceCorrection.decided_at.is_(None), ~deleted]
    if user_id is not None:
        conditions += [
            AttendanceCorrection.user_id != user_id,
            AttendanceCorrection.asked_by.is_distinct_from(user_id),
            AttendanceCorrection.endorsed_by.is_distinct_from(user_id),
        ]
    if not of_everybody:
        # Transfers and closed periods are the registrar's.
        begins = func.least(AttendanceCorrection.clock_in, AttendanceCorrection.old_clock_in)
        closed = exists().where(AttendanceClosing.ends_at > begins)
        conditions += [AttendanceCorrection.kind != "transfer", ~closed]
    return conditions


def waiting_before(session: Session, ends: datetime) -> int:
    """How many requests wait that concern hours before an instant; deleted people's are in no list."""
    statement = (
        select(func.count())
        .select_from(AttendanceCorrection)
        .join(User, User.id == AttendanceCorrection.user_id)
        .where(
            AttendanceCorrection.decided_at.is_(None),
            or_(AttendanceCorrection.clock_in < ends, AttendanceCorrection.old_clock_in < ends),
            User.deleted_at.is_(None),
        )
    )
    return session.scalar(statement) or 0


def overlapping(
    session: Session, user_id: int, clock_in: datetime, clock_out: datetime, but: int | None
) -> Attendance | None:
    """Another attendance record of the student that shares time with this one."""
    statement = select(Attendance).where(
        Attendance.user_id == user_id,
        Attendance.clock_in < clock_out,
        or_(
            Attendance.clock_out.is_(None),
            and_(Attendance.clock_out > clock_in, Attendance.clock_out > Attendance.clock_in),
        ),
    )
    if but is not None:
        statement = statement.where(Attendance.id != but)
    return session.scalars(statement.order_by(Attendance.clock_in).limit(1)).first()


def asked_for(
    session: Session, user_id: int, clock_in: datetime, clock_out: datetime
) -> AttendanceCorrection | None:
    """An undecided request of the student for hours that no record has and that share time with these."""
    statement = select(AttendanceCorrection).where(
        AttendanceCorrection.user_id == user_id,
        AttendanceCorrection.decided_at.is_(None),
        AttendanceCorrection.attendance_id.is_(None),
        AttendanceCorrection.clock_in < clock_out,
        AttendanceCorrection.clock_out > clock_in,
    )
    return session.scalars(statement.order_by(AttendanceCorrection.clock_in).limit(1)).first()


def transferred(session: Session, enrollment_ids: Collection[int]) -> dict[int, int]:
    """Minutes that were approved as transferred from other schools, by enrollment; those without are left out."""
    rows = session.execute(
        select(AttendanceCorrection.enrollment_id, func.sum(AttendanceCorrection.minutes))
        .where(
            AttendanceCorrection.enrollment_id.in_(enrollment_ids),
            AttendanceCorrection.kind == "transfer",
            AttendanceCorrection.outcome == "approved",
        )
        .group_by(AttendanceCorrection.enrollment_id)
    )
    return {row[0]: row[1] for row in rows}


def people(session: Session, user_ids: Collection[int | None]) -> Sequence[tuple[int, str, str]]:
    """Number, email and name of present people."""
    rows = session.execute(
        select(User.id, User.email, User.full_name)
        .where(User.id.in_(user_ids), User.deleted_at.is_(None))
        .order_by(User.id)
    )
    return [(row[0], row[1], row[2]) for row in rows]
