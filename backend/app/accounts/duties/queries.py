"""SQL of duties."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Integer,
    Row,
    Text,
    bindparam,
    case,
    cast,
    exists,
    func,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.orm import Session, aliased

from app.core.constraints import register_conflict, register_invalid
from app.core.permissions import ROLE_DUTIES, Duty, Role
from app.db.models import User, UserDuty

register_conflict(
    "ex_user_duties_overlap",
    "This person has that duty on some of these days already. Choose other dates, or end the duty first.",
    "starts_on",
)
register_invalid("check_user_duties_dates", "The last day comes before the first.", "ends_on")


def in_force(on: date | BindParameter[date]) -> ColumnElement[bool]:
    """Whether a row counts on this day at the school."""
    return (
        UserDuty.ended_at.is_(None)
        & (UserDuty.starts_on <= on)
        & or_(UserDuty.ends_on.is_(None), UserDuty.ends_on >= on)
    )


# Every request of the staff asks for it: put together once.
_GIVEN = (
    select(UserDuty)
    .where(UserDuty.user_id == func.any(bindparam("user_ids", type_=ARRAY(Integer))))
    .order_by(UserDuty.starts_on, UserDuty.id)
    .execution_options(populate_existing=True)
)


def given(session: Session, user_ids: Collection[int]) -> Sequence[UserDuty]:
    """Every duty these people were ever given, ended ones too."""
    return session.scalars(_GIVEN, {"user_ids": list(user_ids)}).all()


def held_on(user_id: Any, day: BindParameter[date]) -> ColumnElement[Any]:
    """As a column: the duties in force on a day of the account that `user_id` names, each of the others as NULL.

    NULL for an account that was never given one by name.
    """
    held = case((in_force(day), cast(UserDuty.duty, Text)))
    found = select(func.array_agg(held)).where(UserDuty.user_id == user_id).scalar_subquery()
    return type_coerce(found, ARRAY(Text))


def of_person(session: Session, user_id: int) -> Sequence[Row[Any]]:
    """Every duty a person was ever given, the latest first, with the names of who gave and who ended it."""
    giver, ender = aliased(User), aliased(User)
    return session.execute(
        select(UserDuty, giver.full_name, ender.full_name)
        .outerjoin(giver, giver.id == UserDuty.given_by)
        .outerjoin(ender, ender.id == UserDuty.ended_by)
        .where(UserDuty.user_id == user_id)
        .order_by(UserDuty.starts_on.desc(), UserDuty.id.desc())
    ).all()


def duty(session: Session, duty_id: int, *, lock: bool = False) -> UserDuty | None:
    """One row, ended or not."""
    statement = select(UserDuty).where(UserDuty.id == duty_id)
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.scalar(statement)


def unended(session: Session, user_id: int, today: date) -> Sequence[UserDuty]:
    """A person's duties that count today or will."""
    return session.scalars(
        select(UserDuty)
        .where(
            UserDuty.user_id == user_id,
            UserDuty.ended_at.is_(None),
            or_(UserDuty.ends_on.is_(None), UserDuty.ends_on >= today),
        )
        .order_by(UserDuty.id)
        .with_for_update(key_share=True)
    ).all()


def held(duty: Duty, on: date) -> ColumnElement[bool]:
    """Whether the account in a statement about `users` has the duty on this day, by name or with its role."""
    by_name = exists().where(UserDuty.user_id == User.id, UserDuty.duty == duty, in_force(on))
    unnamed = ~exists().where(UserDuty.user_id == User.id)
    with_role = [
        (User.role == role) & (unnamed if role is not Role.ADMIN else true())
        for role, duties in ROLE_DUTIES.items()
        if duty in duties
    ]
    return (User.role != Role.STUDENT) & or_(by_name, *with_role)


def named(rows: Collection[UserDuty], on: date) -> Mapping[int, frozenset[Duty]]:
    """The duties in force on a day for each person that has rows; a person with none is not there."""
    found: dict[int, set[Duty]] = {}
    for row in rows:
        held = found.setdefault(row.user_id, set())
        if row.ended_at is None and row.starts_on <= on and (row.ends_on is None or row.ends_on >= on):
            held.add(row.duty)
    return {user_id: frozenset(held) for user_id, held in found.items()}
