"""SQL of legal names."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from app.core.constraints import register_conflict
from app.core.search import matches
from app.db.models import FormerName, NameRequest, User
from app.web.listing import Listing
from app.web.paging import Paging
from app.web.queue import line

SORTABLE = {"asked": NameRequest.asked_at, "name": func.lower(User.full_name)}

register_conflict(
    "uq_former_names_user_id",
    "A change of name counts from this day already. Nothing was saved; open the file again.",
    "counts_from",
)
register_conflict(
    "uq_name_requests_waiting",
    "A change of your name is waiting for the office already. Nothing was saved.",
)


def former_names(session: Session, user_id: int) -> Sequence[FormerName]:
    """Names that a student no longer has, the latest first."""
    return session.scalars(
        select(FormerName).where(FormerName.user_id == user_id).order_by(FormerName.used_until.desc())
    ).all()


def former_name(session: Session, number: int) -> FormerName | None:
    """One former name by its number."""
    return session.get(FormerName, number)


def names_on(session: Session, user_ids: Collection[int], day: date) -> dict[int, str]:
    """Legal names on a day by person: the first former one that was used beyond it, or else the present one."""
    formerly = (
        select(FormerName.full_name)
        .where(FormerName.user_id == User.id, FormerName.used_until > day)
        .order_by(FormerName.used_until)
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(
        select(User.id, func.coalesce(formerly, User.full_name)).where(User.id.in_(user_ids))
    ).tuples()
    return dict(rows.all())


def request(session: Session, number: int, *, lock: bool = False) -> NameRequest | None:
    """One request by its number."""
    statement = select(NameRequest).where(NameRequest.id == number)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalar(statement)


def waiting(session: Session, user_id: int) -> NameRequest | None:
    """The student's request that waits, if there is one."""
    return session.scalar(
        select(NameRequest).where(NameRequest.user_id == user_id, NameRequest.decided_at.is_(None))
    )


def requests(
    session: Session, paging: Paging, visible: ColumnElement[bool], *, decided: bool
) -> Listing[Any]:
    """Requests with the student's present name, those that wait or those that were decided."""
    statement = (
        select(NameRequest, User.full_name, User.email)
        .join(User, User.id == NameRequest.user_id)
        .where(
            NameRequest.decided_at.is_not(None) if decided else NameRequest.decided_at.is_(None),
            User.deleted_at.is_(None),
            visible,
            *matches(paging.q, User.search_text),
        )
    )
    return Listing(session, statement.order_by(paging.order(SORTABLE, "asked"), NameRequest.id), paging)


def to_decide(visible: ColumnElement[bool]) -> Select[Any]:
    """Requests that wait for the office, for the queue."""
    return (
        select(
            *line(
                number=NameRequest.id,
                student_id=NameRequest.user_id,
                about=User.full_name,
                what=func.concat_ws(" ", "New name", NameRequest.first_name, NameRequest.last_name),
                since=NameRequest.asked_at,
                href=func.concat("/people/name-requests/", NameRequest.id),
            )
        )
        .select_from(NameRequest)
        .join(User, User.id == NameRequest.user_id)
        .where(NameRequest.decided_at.is_(None), User.deleted_at.is_(None), visible)
    )
