"""SQL of the administration of people."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    String,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.orm import Session

from app.accounts.passwords import NO_PASSWORD
from app.core.constraints import register_conflict, register_invalid
from app.core.permissions import Role
from app.core.search import matches
from app.db.models import User, UserDuty
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
    visible: ColumnElement[bool],
    *,
    deleted: bool,
    held: ColumnElement[bool] | None = None,
) -> Listing[User]:
    """Accounts that may be seen, of these roles and with the duty that `held` asks for, by name or address."""
    statement: Select[tuple[User]] = select(User).where(
        User.role.in_(roles), visible, User.deleted_at.is_not(None) if deleted else User.deleted_at.is_(None)
    )
    if held is not None:
        statement = statement.where(held)
    statement = statement.where(*matches(paging.q, User.search_text))
    order = paging.order(SORTABLE, "-deleted" if deleted else "name")
    return Listing(session, statement.order_by(order, User.id), paging)


def numbers_named(session: Session, word: str, most: int) -> Sequence[int]:
    """The numbers of accounts, deleted or not, whose name or address holds the word."""
    return session.scalars(
        select(User.id).where(*matches(word, User.search_text)).order_by(User.id).limit(most)
    ).all()


def user(session: Session, user_id: int, *, lock: bool = False) -> User | None:
    """The account, deleted or not. A lock leaves the number free for the history to refer to."""
    if not lock:
        return session.get(User, user_id)  # a page of many parts asks for its person again and again
    statement = select(User).where(User.id == user_id).with_for_update(key_share=True)
    return session.scalar(statement.execution_options(populate_existing=True))


_USERS = select(User).where(User.id == func.any(bindparam("user_ids", type_=ARRAY(Integer))))


def users(session: Session, user_ids: Collection[int]) -> Sequence[User]:
    """Accounts by their numbers, deleted or not."""
    return session.scalars(_USERS, {"user_ids": list(user_ids)}).all()


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


def administrators(session: Session) -> Sequence[User]:
    """Every administrator who can sign in."""
    return session.scalars(
        select(User)
        .where(User.role == Role.ADMIN, User.deleted_at.is_(None), User.hashed_password != NO_PASSWORD)
        .order_by(User.id)
    ).all()


def with_duty(session: Session, duties: Sequence[str], today: date) -> Sequence[User]:
    """Everybody who can sign in and has one of these duties by name today; administrators have each."""
    given = (
        select(UserDuty.user_id)
        .where(
            UserDuty.duty.in_(duties),
            UserDuty.ended_at.is_(None),
            UserDuty.starts_on <= today,
            or_(UserDuty.ends_on.is_(None), UserDuty.ends_on >= today),
        )
        .scalar_subquery()
    )
    return session.scalars(
        select(User)
        .where(
            or_(User.role == Role.ADMIN, User.id.in_(given)),
            User.role != Role.STUDENT,
            User.deleted_at.is_(None),
            User.hashed_password != NO_PASSWORD,
        )
        .order_by(User.id)
    ).all()


def invited_admin(session: Session) -> User | None:
    """The first administrator who has not set a password yet."""
    return session.scalar(
        select(User)
        .where(User.role == Role.ADMIN, User.deleted_at.is_(None), User.hashed_password == NO_PASSWORD)
        .order_by(User.id)
        .limit(1)
    )


def add_people(session: Session, rows: Sequence[Mapping[str, Any]]) -> Sequence[User]:
    """Add many accounts at once, in the order given."""
    statement = insert(User).returning(User, sort_by_parameter_order=True)
    return session.scalars(statement, [dict(row) for row in rows]).all()


def users_by_emails(session: Session, emails: Collection[str]) -> Mapping[str, User]:
    """The accounts with these addresses, deleted or not, by address."""
    found = session.scalars(
        select(User).where(User.email == func.any(bindparam("emails", list(emails), ARRAY(String))))
    )
    return {user.email: user for user in found}


def lock_people(session: Session, ids: Collection[int]) -> Sequence[User]:
    """Accounts by their numbers, kept from every change and every new reference until the transaction ends."""
    return session.scalars(
        select(User)
        .where(User.id.in_(ids))
        .order_by(User.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def remove_people(session: Session, ids: Collection[int]) -> None:
    """Take accounts away for good, with their invitations: only those that an import has just made."""
    session.execute(delete(User).where(User.id.in_(ids)).execution_options(synchronize_session=False))
    session.expire_all()
