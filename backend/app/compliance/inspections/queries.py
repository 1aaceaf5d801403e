"""Every SQL statement about inspections."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.core.search import matches
from app.db.models import (
    Enrollment,
    EnrollmentStatus,
    InspectedStudent,
    InspectionPacket,
    IssuedDocument,
    Program,
    User,
)
from app.web.listing import Listing
from app.web.paging import Paging

_Asker = aliased(User)
_ENDED = (EnrollmentStatus.COMPLETED, EnrollmentStatus.WITHDRAWN)


# Who is meant

_ENROLLED = User.id.in_(select(Enrollment.user_id))
_STUDIED = or_(and_(User.role == "student", User.deleted_at.is_(None)), _ENROLLED)
"""Students, graduates who now work at the school, and everybody who was enrolled and whose account is deleted."""


def students_named(
    session: Session, word: str, visible: ColumnElement[bool], most: int
) -> Sequence[Row[Any]]:
    """Who a line means, by a number, an address, a document's or a name: id, full_name, email and deleted_at."""
    statement = select(User.id, User.full_name, User.email, User.deleted_at).where(_STUDIED, visible)
    if word.isascii() and word.isdigit() and len(word) < 10:
        statement = statement.where(User.id == int(word))
    elif "@" in word:
        statement = statement.where(User.email == word.lower())
    else:
        issued = select(IssuedDocument.student_id).where(IssuedDocument.number == word.upper())
        numbered = session.execute(statement.where(User.id.in_(issued))).all()
        if numbered:
            return numbered
        statement = statement.where(*matches(word, User.search_text))
    return session.execute(statement.order_by(func.lower(User.full_name), User.id).limit(most)).all()


def students(session: Session, numbers: Sequence[int], visible: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """id, full_name, email and deleted_at of those of these accounts that are students', by name."""
    return session.execute(
        select(User.id, User.full_name, User.email, User.deleted_at)
        .where(User.id.in_(numbers), _STUDIED, visible)
        .order_by(func.lower(User.full_name), User.id)
    ).all()


def to_draw_from(session: Session, among: str, visible: ColumnElement[bool]) -> Sequence[int]:
    """The students who were ever enrolled, those who are active, or those of whom no enrollment is open.

    Whether their account is deleted does not matter: the authority's own list of students has them.
    """
    statement = select(User.id).where(_ENROLLED, visible)
    active = select(Enrollment.user_id).where(Enrollment.status == EnrollmentStatus.ACTIVE)
    if among == "active":
        statement = statement.where(User.id.in_(active))
    if among == "left":
        is_open = select(Enrollment.user_id).where(Enrollment.status.not_in(_ENDED))
        statement = statement.where(User.id.not_in(is_open))
    return session.scalars(statement).all()


def enrollments(session: Session, numbers: Sequence[int]) -> Sequence[Row[Any]]:
    """user_id, program, status, first and last day, of these students, the latest first."""
    return session.execute(
        select(
            Enrollment.user_id,
            Program.name.label("program"),
            Enrollment.status,
            Enrollment.enrolled_at,
            Enrollment.completed_at,
        )
        .join(Program, Program.id == Enrollment.program_id)
        .where(Enrollment.user_id.in_(numbers))
        .order_by(Enrollment.enrolled_at.desc(), Enrollment.id.desc())
    ).all()


# Inspections


def add(session: Session, row: InspectionPacket, drawn: Sequence[int], named: Sequence[int]) -> None:
    """Write an inspection with its students, those who were drawn first."""
    session.add(row)
    session.flush()
    lines = [(number, True) for number in drawn] + [(number, False) for number in named]
    session.execute(
        insert(InspectedStudent),
        [
            {"inspection_id": row.id, "student_id": number, "place": place, "drawn": by_chance}
            for place, (number, by_chance) in enumerate(lines, start=1)
        ],
    )


def find(session: Session, inspection_id: int, *, lock: bool = False) -> InspectionPacket | None:
    statement = select(InspectionPacket).where(InspectionPacket.id == inspection_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()


def of(session: Session, inspection_id: int) -> Sequence[Row[Any]]:
    """The students of an inspection in their order: student_id, full_name, email, deleted_at, place, drawn, how far.

    `problem` is in packets of earlier versions, which left out whose account was deleted.
    """
    return session.execute(
        select(
            InspectedStudent.student_id,
            User.full_name,
            User.email,
            User.deleted_at,
            InspectedStudent.place,
            InspectedStudent.drawn,
            InspectedStudent.done_at,
            InspectedStudent.files,
            InspectedStudent.problem,
        )
        .join(User, User.id == InspectedStudent.student_id)
        .where(InspectedStudent.inspection_id == inspection_id)
        .order_by(InspectedStudent.place)
    ).all()


def begin_again(session: Session, inspection_id: int) -> None:
    """Nobody is done: a packet that a killed worker left is made from the beginning."""
    session.execute(
        update(InspectedStudent)
        .where(InspectedStudent.inspection_id == inspection_id)
        .values(done_at=None, files=None, problem=None)
    )


def note(session: Session, inspection_id: int, student_id: int, at: datetime, files: int) -> None:
    """Write how many files one student's file has."""
    session.execute(
        update(InspectedStudent)
        .where(InspectedStudent.inspection_id == inspection_id, InspectedStudent.student_id == student_id)
        .values(done_at=at, files=files, problem=None)
    )


def listing(session: Session, paging: Paging) -> Listing[Any]:
    """Every inspection, the newest first unless sorted otherwise. Sorts: asked, inspector, agency."""
    count = (
        select(func.count())
        .where(InspectedStudent.inspection_id == InspectionPacket.id)
        .scalar_subquery()
        .label("students")
    )
    statement = (
        select(
            InspectionPacket.id,
            InspectionPacket.inspector,
            InspectionPacket.agency,
            InspectionPacket.reference,
            InspectionPacket.made_on,
            InspectionPacket.asked_at,
            InspectionPacket.finished_at,
            InspectionPacket.problem,
            InspectionPacket.expires_at,
            InspectionPacket.seed,
            InspectionPacket.drawn_from,
            InspectionPacket.packet_sha256,
            _Asker.full_name.label("asker"),
            count,
        )
        .outerjoin(_Asker, _Asker.id == InspectionPacket.asked_by)
        .where(*matches(paging.q, InspectionPacket.inspector, InspectionPacket.agency))
    )
    sorts = {
        "asked": InspectionPacket.asked_at,
        "inspector": func.lower(InspectionPacket.inspector),
        "agency": func.lower(InspectionPacket.agency),
    }
    return Listing(
        session, statement.order_by(paging.order(sorts, "-asked"), InspectionPacket.id.desc()), paging
    )
