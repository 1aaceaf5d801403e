"""SQL of the administration of people."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from app.accounts.passwords import NO_PASSWORD
from app.core.constraints import register_conflict, register_invalid
from app.core.permissions import Role
from app.core.search import matches
from app.db.models import User
from app.web.listing import Listing
from app.web.paging import Paging

SORTABLE = {
    "name": func.lower(User.full_name),
    "email": User.email,
    "role": case((User.role == Role.ADMIN, 0), (User.role == Role.INSTRUCTOR, 1), else_=2),
    "last_sign_in": User.last_sign_in_at,
    "created": User.created_at,
    "deleted": User.deleted_at,
}


register_conflict(
    "idx_users_email",
    "An account with this email address already exists. If it was deleted, restore it.",
    "email",
)
register_invalid("check_users_email_lower", "Email addresses are kept in lower case.", "email")


def people(
    session: Session,
    paging: Paging,
    roles: Collection[Role],
    *,
    deleted: bool,
    held: ColumnElement[bool] | None = None,
) -> Listing[User]:
    """Accounts of these roles, with the duty `held` asks for, whose name or address holds every word searched for."""
    statement: Select[tuple[User]] = select(User).where(
        User.role.in_(roles), User.deleted_at.is_not(None) if deleted else User.deleted_at.is_(None)
    )
    if held is not None:
        statement = statement.where(held)
    statement = statement.where(*matches(paging.q, User.full_name, User.email))
    order = paging.order(SORTABLE, "-deleted" if deleted else "name")
    return Listing(session, statement.order_by(order, User.id), paging)


def numbers_named(session: Session, word: str, most: int) -> Sequence[int]:
    """The numbers of accounts, deleted or not, whose name or address holds the word."""
    return session.scalars(
        select(User.id).where(*matches(word, User.full_name, User.email)).order_by(User.id).limit(most)
    ).all()


def user(session: Session, user_id: int, *, lock: bool = False) -> User | None:
    """The account, deleted or not. A lock leaves the number free for the history to refer to."""
    statement = select(User).where(User.id == user_id)
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.scalar(statement)


def users(session: Session, user_ids: Collection[int]) -> Sequence[User]:
    """Accounts by their numbers, deleted or not."""
    return session.scalars(select(User).where(User.id.in_(user_ids))).all()


def user_by_email(session: Session, email: str) -> User | None:
    """The account with this address, deleted or not."""
    return session.scalar(select(User).where(User.email == email))


def other_admins(session: Session, user_id: int) -> Sequence[int]:
    """Other administrators who can sign in.

    All administrators are locked in one order, so that two who demote each other meet here: to be called before
    one of them is locked alone.
    """
    rows = session.execute(
        select(User.id, User.hashed_password)
        .where(User.role == Role.ADMIN, User.deleted_at.is_(None))
        .order_by(User.id)
        .with_for_update(key_share=True)
    ).all()
    return [row.id for row in rows if row.id != user_id and row.hashed_password != NO_PASSWORD]


def invited_admin(session: Session) -> User | None:
    """The first administrator who has not set a password yet."""
    return session.scalar(
        select(User)
        .where(User.role == Role.ADMIN, User.deleted_at.is_(None), User.hashed_password == NO_PASSWORD)
        .order_by(User.id)
        .limit(1)
    )
