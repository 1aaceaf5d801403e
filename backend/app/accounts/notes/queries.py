"""SQL of notes."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from app.core.constraints import register_conflict
from app.core.search import matches
from app.db.models import StudentNote, User
from app.web.listing import Listing
from app.web.paging import Paging

_later = aliased(StudentNote)
SORTABLE = {"written": StudentNote.written_at, "student": func.lower(User.full_name)}

register_conflict(
    "uq_student_notes_supersedes_id",
    "Another note has taken the place of this one already. Nothing was saved; open the notes again.",
    "body",
)


def notes(
    session: Session, user_id: int, readable: ColumnElement[bool]
) -> Sequence[tuple[StudentNote, int | None]]:
    """A student's notes with the number of the one that took their place, the latest first."""
    statement = (
        select(StudentNote, _later.id)
        .outerjoin(_later, _later.supersedes_id == StudentNote.id)
        .where(StudentNote.user_id == user_id, readable)
        .order_by(StudentNote.id.desc())
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def note(session: Session, note_id: int) -> StudentNote | None:
    """One note by its number."""
    return session.get(StudentNote, note_id)


def superseded(session: Session, note_id: int) -> bool:
    """Whether another note has taken its place."""
    return session.scalar(select(StudentNote.id).where(StudentNote.supersedes_id == note_id)) is not None


def listing(
    session: Session, paging: Paging, visible: ColumnElement[bool], readable: ColumnElement[bool]
) -> Listing[Any]:
    """Notes that count, of all students whom the person sees."""
    statement = (
        select(
            StudentNote.id,
            StudentNote.user_id,
            StudentNote.written_at,
            StudentNote.author_name,
            StudentNote.audience,
            StudentNote.body,
            User.full_name,
        )
        .join(User, User.id == StudentNote.user_id)
        .outerjoin(_later, _later.supersedes_id == StudentNote.id)
        .where(
            User.deleted_at.is_(None),
            _later.id.is_(None),
            visible,
            readable,
            *matches(paging.q, User.search_text, StudentNote.body),
        )
    )
    return Listing(session, statement.order_by(paging.order(SORTABLE, "-written"), StudentNote.id), paging)
