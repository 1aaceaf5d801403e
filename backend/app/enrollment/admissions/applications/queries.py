"""SQL of applications."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from app.core.constraints import register_conflict
from app.core.search import matches
from app.db.models import Application, Program, StudentProfile, User
from app.web.listing import Listing
from app.web.paging import Paging

OPEN = ("new", "documents")
_decider = aliased(User)
SORTABLE = {
    "student": func.lower(User.full_name),
    "program": func.lower(Program.name),
    "applied": Application.applied_at,
    "start": Application.wanted_start,
}

register_conflict(
    "uq_applications_open",
    "An application of this person for this program is open already. Nothing was saved; open that one.",
    "program_id",
)


def listing(
    session: Session,
    paging: Paging,
    visible: ColumnElement[bool],
    *,
    state: str | None,
    program_id: int | None,
) -> Listing[Any]:
    """Applications with names; the open ones where no state is asked for."""
    statement = (
        select(
            Application.id,
            Application.user_id,
            Application.state,
            Application.applied_at,
            Application.wanted_start,
            Application.source,
            Application.decided_at,
            Application.reason,
            User.full_name,
            User.email,
            StudentProfile.birth_date,
            Program.name.label("program_name"),
            _decider.full_name.label("decided_by"),
        )
        .join(User, User.id == Application.user_id)
        .join(Program, Program.id == Application.program_id)
        .outerjoin(StudentProfile, StudentProfile.user_id == User.id)
        .outerjoin(_decider, _decider.id == Application.decided_by)
        .where(User.deleted_at.is_(None), visible, *matches(paging.q, User.search_text, Program.name))
    )
    if state != "all":
        statement = statement.where(
            Application.state.in_(OPEN) if state is None else Application.state == state
        )
    if program_id is not None:
        statement = statement.where(Application.program_id == program_id)
    return Listing(session, statement.order_by(paging.order(SORTABLE, "applied"), Application.id), paging)


def counts(session: Session, visible: ColumnElement[bool]) -> Mapping[str, int]:
    """How many applications stand in each state."""
    rows = session.execute(
        select(Application.state, func.count())
        .join(User, User.id == Application.user_id)
        .where(User.deleted_at.is_(None), visible)
        .group_by(Application.state)
    )
    return {row[0]: row[1] for row in rows}


def application(session: Session, application_id: int, *, lock: bool = False) -> Application | None:
    """One application by its number."""
    statement = select(Application).where(Application.id == application_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalar(statement)


def of_student(session: Session, user_id: int) -> Sequence[Any]:
    """Every application of one person with its program, the latest first."""
    return session.execute(
        select(Application, Program.name.label("program_name"))
        .join(Program, Program.id == Application.program_id)
        .where(Application.user_id == user_id)
        .order_by(Application.id.desc())
    ).all()


def program(session: Session, program_id: int) -> Program | None:
    """The program, or None."""
    return session.get(Program, program_id)
