"""Every SQL statement about complaints."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Row, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from app.core.search import matches
from app.core.turns import take_turn
from app.db.models import Complaint, ComplaintFile, ComplaintStep, IssuedDocument, User
from app.rules.complaints import OPEN
from app.web.listing import Listing
from app.web.paging import Paging
from app.web.queue import line

_Student, _Assigned = aliased(User), aliased(User)
DUE = case(
    (Complaint.state == "received", Complaint.acknowledge_by),
    (Complaint.state.in_(("acknowledged", "under_review")), Complaint.decide_by),
    (Complaint.state == "appealed", Complaint.appeal_due),
)
"""The last day for what the school does next (`rules.complaints.next_due`)."""


def add(session: Session, row: Any) -> None:
    """Write a new row; its number is known afterwards."""
    session.add(row)
    session.flush()


def next_number(session: Session, year: int) -> str:
    """The next number of a year. Others who enter a complaint wait until the commit."""
    take_turn(session, "complaints")
    like = f"CO-{year}-"
    last = session.scalar(
        select(Complaint.number)
        .where(Complaint.number.startswith(like))
        .order_by(func.length(Complaint.number).desc(), Complaint.number.desc())
        .limit(1)
    )
    return f"{like}{int(last.removeprefix(like)) + 1 if last else 1:04}"


def complaint(session: Session, number: int, *, lock: bool = False) -> Complaint | None:
    statement = select(Complaint).where(Complaint.id == number)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()


def by_request(session: Session, request: UUID) -> Complaint | None:
    return session.scalars(select(Complaint).where(Complaint.request == request)).one_or_none()


def steps(session: Session, complaint_id: int) -> Sequence[Row[Any]]:
    """Each step with the name of who took it, in order."""
    return session.execute(
        select(ComplaintStep, User.full_name)
        .outerjoin(User, User.id == ComplaintStep.done_by)
        .where(ComplaintStep.complaint_id == complaint_id)
        .order_by(ComplaintStep.id)
    ).all()


def files(session: Session, complaint_id: int) -> Sequence[ComplaintFile]:
    return session.scalars(
        select(ComplaintFile).where(ComplaintFile.complaint_id == complaint_id).order_by(ComplaintFile.id)
    ).all()


def file(session: Session, number: int) -> ComplaintFile | None:
    return session.get(ComplaintFile, number)


def hides_from(session: Session, hidden: ColumnElement[bool]) -> bool:
    """Whether there is a complaint of the condition."""
    return bool(session.scalar(select(select(Complaint.id).where(hidden).exists())))


def documents(session: Session, numbers: Collection[int | None]) -> dict[int, str]:
    """The numbers of letters as printed, by row."""
    rows = session.execute(
        select(IssuedDocument.id, IssuedDocument.number).where(
            IssuedDocument.id.in_([one for one in numbers if one])
        )
    )
    return {row[0]: row[1] for row in rows}


def of_student(session: Session, student_id: int) -> Sequence[Complaint]:
    """A student's complaints, the newest first."""
    return session.scalars(
        select(Complaint).where(Complaint.student_id == student_id).order_by(Complaint.id.desc())
    ).all()


def staff(session: Session, keep: int | None = None) -> Sequence[Row[Any]]:
    """id, full_name and deleted_at of everybody who works at the school, by name; of `keep` whatever they are now."""
    works = and_(User.role != "student", User.deleted_at.is_(None))
    return session.execute(
        select(User.id, User.full_name, User.deleted_at)
        .where(works if keep is None else or_(works, User.id == keep))
        .order_by(func.lower(User.full_name), User.id)
    ).all()


def listing(
    session: Session,
    paging: Paging,
    visible: ColumnElement[bool],
    today: date,
    *,
    state: str | None = None,
    kind: str | None = None,
) -> Listing[Any]:
    """Complaints, the oldest first unless sorted otherwise. Sorts: received, due, number, student, kind, state."""
    conditions = [visible, *matches(paging.q, _Student.search_text, Complaint.number, Complaint.complainant)]
    if state == "open":
        conditions.append(Complaint.state.in_(OPEN))
    elif state is not None:
        conditions.append(Complaint.state == state)
    if kind is not None:
        conditions.append(Complaint.kind == kind)
    late = and_(Complaint.decided_on.is_(None), Complaint.state.in_(OPEN), Complaint.decide_by < today)
    statement = (
        select(
            Complaint.id,
            Complaint.number,
            Complaint.student_id,
            _Student.full_name.label("student"),
            Complaint.complainant,
            Complaint.relation,
            Complaint.received_how,
            Complaint.received_on,
            Complaint.kind,
            Complaint.state,
            Complaint.outcome,
            Complaint.acknowledge_by,
            Complaint.decide_by,
            Complaint.decided_on,
            Complaint.appeal_outcome,
            Complaint.closed_on,
            DUE.label("due_on"),
            (DUE - literal(today, Date)).label("days_left"),
            (Complaint.decided_on - Complaint.received_on).label("days"),
            case(
                (Complaint.decided_on <= Complaint.decide_by, "on time"),
                (or_(Complaint.decided_on > Complaint.decide_by, late), "late"),
                (Complaint.state.not_in(OPEN), "withdrawn"),
                else_="not due yet",
            ).label("timeliness"),
            _Assigned.full_name.label("assigned"),
        )
        .join(_Student, _Student.id == Complaint.student_id)
        .outerjoin(_Assigned, _Assigned.id == Complaint.assigned_to)
        .where(*conditions)
    )
    sorts = {
        "received": Complaint.received_on,
        "due": DUE,
        "number": Complaint.number,
        "student": func.lower(_Student.full_name),
        "kind": Complaint.kind,
        "state": Complaint.state,
    }
    return Listing(session, statement.order_by(paging.order(sorts, "received"), Complaint.id), paging)


def waiting(visible: ColumnElement[bool], today: date) -> Select[Any]:
    """What the school does next: the next step of open complaints, and decided ones whose appeal never came."""
    unappealed = and_(Complaint.state == "decided", Complaint.appeal_by < today)
    return (
        select(
            *line(
                number=Complaint.id,
                student_id=Complaint.student_id,
                about=_Student.full_name,
                what=case(
                    (Complaint.state == "received", func.concat(Complaint.number, ": acknowledge")),
                    (Complaint.state == "appealed", func.concat(Complaint.number, ": decide the appeal")),
                    (Complaint.state == "decided", func.concat(Complaint.number, ": close")),
                    else_=func.concat(Complaint.number, ": decide"),
                ),
                since=Complaint.filed_at,
                due_on=DUE,
                href=func.concat("/complaints/", Complaint.id),
            )
        )
        .select_from(Complaint)
        .join(_Student, _Student.id == Complaint.student_id)
        .where(
            visible,
            Complaint.state.not_in(("closed", "referred")),
            or_(Complaint.state.in_(OPEN), unappealed),
        )
    )
