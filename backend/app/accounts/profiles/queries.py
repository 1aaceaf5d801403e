"""SQL of the student's file."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    Text,
    any_,
    bindparam,
    cast,
    delete,
    false,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts.profiles.schemas import ContactKind
from app.core.constraints import register_conflict
from app.core.permissions import Role
from app.core.search import matches
from app.db.models import EmergencyContact, FormerName, StudentAddress, StudentPhone, StudentProfile, User
from app.db.ready import Ready
from app.web.listing import Listing
from app.web.paging import Paging

Contact = StudentAddress | StudentPhone | EmergencyContact
CONTACTS: Mapping[ContactKind, type[StudentAddress] | type[StudentPhone] | type[EmergencyContact]] = {
    ContactKind.ADDRESS: StudentAddress,
    ContactKind.PHONE: StudentPhone,
    ContactKind.EMERGENCY: EmergencyContact,
}
SORTABLE = {"name": func.lower(User.full_name), "born": StudentProfile.birth_date}

register_conflict(
    "uq_student_addresses_primary",
    "Another address was made the primary one at the same moment. Nothing was saved; try again.",
    "is_primary",
)
register_conflict(
    "uq_student_phones_primary",
    "Another phone was made the primary one at the same moment. Nothing was saved; try again.",
    "is_primary",
)


def profile(session: Session, user_id: int) -> StudentProfile | None:
    """The student's row; None while nothing was ever entered."""
    return session.scalar(select(StudentProfile).where(StudentProfile.user_id == user_id))


def profiles(session: Session, user_ids: Sequence[int]) -> Mapping[int, StudentProfile]:
    """The rows of several students, by their account."""
    found = session.scalars(select(StudentProfile).where(StudentProfile.user_id.in_(user_ids)))
    return {row.user_id: row for row in found}


def open_profile(session: Session, user_id: int, now: datetime) -> StudentProfile:
    """The student's row, made if there is none, locked, and noted as changed: one change of a file at a time."""
    session.execute(insert(StudentProfile).values(user_id=user_id).on_conflict_do_nothing())
    found = session.scalars(
        select(StudentProfile)
        .where(StudentProfile.user_id == user_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    found.updated_at = now
    return found


def forget_name_parts(session: Session, user_id: int) -> None:
    """The legal name was corrected as a whole: what it was taken apart into no longer counts."""
    session.execute(
        update(StudentProfile)
        .where(StudentProfile.user_id == user_id)
        .values(first_name=None, middle_name=None, last_name=None, name_suffix=None)
    )


def contacts(session: Session, kind: ContactKind, user_id: int) -> Sequence[Any]:
    """Addresses, phones or emergency contacts, those in use first and the primary one before all."""
    model: Any = CONTACTS[kind]
    order = [model.ends_on.is_not(None)]
    if model is not EmergencyContact:
        order.append(model.is_primary.is_(False))
    return session.scalars(select(model).where(model.user_id == user_id).order_by(*order, model.id)).all()


# The student's page for the staff has these.
_USER = bindparam("user_id", type_=Integer)
_REACHED = Ready(
    union_all(
        select(
            literal("called").label("what"),
            StudentProfile.preferred_name.label("text"),
            cast(null(), Text).label("number"),
            cast(null(), Text).label("about"),
            false().label("second"),
            StudentProfile.id,
        ).where(StudentProfile.user_id == _USER),
        select(
            literal("phone"),
            StudentPhone.number,
            StudentPhone.digits,
            cast(null(), Text),
            StudentPhone.is_primary.is_(False),
            StudentPhone.id,
        ).where(StudentPhone.user_id == _USER, StudentPhone.ends_on.is_(None)),
        select(
            literal("emergency"),
            EmergencyContact.name,
            EmergencyContact.phone,
            EmergencyContact.relationship,
            false(),
            EmergencyContact.id,
        ).where(EmergencyContact.user_id == _USER, EmergencyContact.ends_on.is_(None)),
    ).order_by("second", "id")
)


def reached(session: Session, user_id: int) -> Sequence[Any]:
    """What to call a student, the phones and the emergency contacts in use, the primary phone first, in one statement:
    `what` (called, phone, emergency), text, number, about."""
    return _REACHED.rows(session, user_id=user_id)


def mailing_addresses(session: Session, user_ids: Collection[int]) -> Sequence[StudentAddress]:
    """The address in use of each of these students where mail goes, the primary one before others."""
    return session.scalars(
        select(StudentAddress)
        .where(
            StudentAddress.user_id == any_(literal(list(user_ids), ARRAY(Integer))),
            StudentAddress.ends_on.is_(None),
        )
        .distinct(StudentAddress.user_id)
        .order_by(StudentAddress.user_id, StudentAddress.is_primary.desc(), StudentAddress.id)
    ).all()


def contact(session: Session, kind: ContactKind, contact_id: int) -> Any:
    """One row by its number, or None."""
    return session.get(CONTACTS[kind], contact_id)


def demote(session: Session, kind: ContactKind, user_id: int) -> None:
    """None of the student's addresses, or phones, is the primary one any more."""
    model: Any = CONTACTS[kind]
    if model is EmergencyContact:
        return
    session.execute(update(model).where(model.user_id == user_id, model.is_primary).values(is_primary=False))


def listing(session: Session, paging: Paging, visible: ColumnElement[bool]) -> Listing[Any]:
    """Students with their primary address and phone and the first emergency contact."""
    address = (
        select(
            StudentAddress.user_id,
            func.concat_ws(
                ", ",
                StudentAddress.line1,
                StudentAddress.line2,
                StudentAddress.city,
                func.concat_ws(" ", StudentAddress.state, StudentAddress.postal_code),
            ).label("text"),
        )
        .where(StudentAddress.ends_on.is_(None))
        .distinct(StudentAddress.user_id)
        .order_by(StudentAddress.user_id, StudentAddress.is_primary.desc(), StudentAddress.id)
        .subquery()
    )
    phone = (
        select(StudentPhone.user_id, StudentPhone.number)
        .where(StudentPhone.ends_on.is_(None))
        .distinct(StudentPhone.user_id)
        .order_by(StudentPhone.user_id, StudentPhone.is_primary.desc(), StudentPhone.id)
        .subquery()
    )
    emergency = (
        select(
            EmergencyContact.user_id,
            func.concat(
                EmergencyContact.name, " (", EmergencyContact.relationship, ") ", EmergencyContact.phone
            ).label("text"),
        )
        .where(EmergencyContact.ends_on.is_(None))
        .distinct(EmergencyContact.user_id)
        .order_by(EmergencyContact.user_id, EmergencyContact.id)
        .subquery()
    )
    statement = (
        select(
            User.id,
            User.full_name,
            User.email,
            StudentProfile.preferred_name,
            StudentProfile.birth_date,
            address.c.text.label("address"),
            phone.c.number.label("phone"),
            emergency.c.text.label("emergency"),
        )
        .outerjoin(StudentProfile, StudentProfile.user_id == User.id)
        .outerjoin(address, address.c.user_id == User.id)
        .outerjoin(phone, phone.c.user_id == User.id)
        .outerjoin(emergency, emergency.c.user_id == User.id)
        .where(User.role == Role.STUDENT, User.deleted_at.is_(None), visible)
        .where(*matches(paging.q, User.search_text, StudentProfile.preferred_name, address.c.text))
    )
    return Listing(session, statement.order_by(paging.order(SORTABLE, "name"), User.id), paging)


def known_as(session: Session, paging: Paging, visible: ColumnElement[bool]) -> Listing[Any]:
    """Students by a preferred or a former name: account, name, and what was found."""
    preferred = select(StudentProfile.user_id, StudentProfile.preferred_name.label("text")).where(
        *matches(paging.q, StudentProfile.preferred_name)
    )
    former = select(FormerName.user_id, FormerName.full_name.label("text")).where(
        *matches(paging.q, FormerName.full_name)
    )
    return Listing(session, _found_by(preferred.union(former).subquery(), visible), paging)


def reached_at(
    session: Session, digits: Collection[str], paging: Paging, visible: ColumnElement[bool]
) -> Listing[Any]:
    """Students by the digits of their phone number: account, name, and the number."""
    phones = select(StudentPhone.user_id, StudentPhone.number.label("text")).where(
        StudentPhone.digits.in_(digits)
    )
    return Listing(session, _found_by(phones.distinct().subquery(), visible), paging)


def _found_by(found: Any, visible: ColumnElement[bool]) -> Select[Any]:
    return (
        select(User.id, User.full_name, found.c.text)
        .join(found, found.c.user_id == User.id)
        .where(User.deleted_at.is_(None), visible)
        .order_by(func.lower(User.full_name), User.id, found.c.text)
    )


def same_person(session: Session, full_name: str, birth_date: date) -> Sequence[User]:
    """Students with this birth date whose name, or a former one, is the same but for case, accents and spaces."""
    folded = func.search_fold(full_name)
    formerly = select(FormerName.user_id).where(func.search_fold(FormerName.full_name) == folded)
    return session.scalars(
        select(User)
        .join(StudentProfile, StudentProfile.user_id == User.id)
        .where(
            StudentProfile.birth_date == birth_date,
            or_(func.search_fold(User.full_name) == folded, User.id.in_(formerly)),
        )
        .order_by(User.id)
    ).all()


def lock_profiles(session: Session, ids: Sequence[int]) -> Sequence[int]:
    """The students of these rows, which nobody else changes until the transaction ends."""
    return session.scalars(
        select(StudentProfile.user_id)
        .where(StudentProfile.id.in_(ids))
        .order_by(StudentProfile.id)
        .with_for_update()
    ).all()


def remove_files(session: Session, ids: Sequence[int], user_ids: Sequence[int]) -> None:
    """Take away files that an import has just made, with their contacts."""
    for model in (StudentAddress, StudentPhone, EmergencyContact):
        session.execute(delete(model).where(model.user_id.in_(user_ids)))
    session.execute(delete(StudentProfile).where(StudentProfile.id.in_(ids)))
    session.expire_all()
