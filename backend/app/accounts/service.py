"""What other rooms and desks may ask of accounts."""

from collections.abc import Collection, Mapping

from sqlalchemy import true
from sqlalchemy.orm import Session

from app.accounts.bootstrap import ensure_first_admin
from app.accounts.people import queries
from app.accounts.people.service import (
    create_person,
    delete_person,
    find_by_email,
    get_person,
    list_people,
    restore_person,
    send_link,
)
from app.accounts.schemas import status_of, tidy_email
from app.core.errors import NotFound
from app.core.permissions import Role, Subject
from app.db.models import User
from app.web.paging import Page, Paging

__all__ = [
    "create_person",
    "delete_person",
    "ensure_first_admin",
    "everybody",
    "find_by_email",
    "get_person",
    "get_student",
    "list_people",
    "people_by_id",
    "restore_person",
    "send_link",
    "status_of",
    "tidy_email",
]


def get_student(session: Session, subject: Subject, user_id: int) -> User:
    """A student's account, for staff or for herself. Raises NotFound for anybody else's and for staff accounts."""
    user = get_person(session, subject, user_id)
    if user.role is not Role.STUDENT or user.deleted_at is not None:
        raise NotFound("There is no such student, or none that you may see.")
    return user


def people_by_id(session: Session, user_ids: Collection[int]) -> Mapping[int, User]:
    """Accounts by number, deleted or not, in one query: for names beside records."""
    return {user.id: user for user in queries.users(session, user_ids)}


def everybody(session: Session, q: str, role: Role | None, *, deleted: bool, most: int) -> Page[User]:
    """People for the operator, who may see all, by name."""
    roles = frozenset(Role) if role is None else frozenset({role})
    return queries.people(session, Paging(q=q, per_page=most), roles, true(), deleted=deleted).page()
