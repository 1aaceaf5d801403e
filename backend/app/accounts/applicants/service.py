"""Applicants are people like others, with the role student and no way in: they become students without typing twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.accounts import policy
from app.accounts.access import links
from app.accounts.passwords import APPLICANT, NO_PASSWORD
from app.accounts.people import queries as people
from app.accounts.people.service import refuse_taken_email
from app.accounts.profiles import policy as files
from app.accounts.profiles import queries as profiles
from app.accounts.profiles.schemas import NameParts, phone_digits
from app.accounts.profiles.service import require_birth_date, require_name_fits
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, NotFound
from app.core.permissions import Actor, Role
from app.db.models import StudentPhone, User
from app.settings import Settings

__all__ = ["Duplicate", "add_applicant", "admit", "duplicates"]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Somebody known who may be the same person, and by what: `email`, or `name and birth date`."""

    user: User
    by: str


def duplicates(
    session: Session, subject: Actor, *, email: str, full_name: str, birth_date: date
) -> Sequence[Duplicate]:
    """People of the school who may be this one: by the address, or by name (a former one too) and birth date."""
    policy.require_manage(subject, Role.STUDENT)
    files.require_list(subject)
    holder = people.user_by_email(session, email)
    found = [] if holder is None else [Duplicate(holder, "email")]
    same = profiles.same_person(session, full_name, birth_date)
    return found + [Duplicate(user, "name and birth date") for user in same if user is not holder]


def add_applicant(
    session: Session,
    subject: Actor,
    *,
    name: NameParts,
    email: str,
    birth_date: date,
    phone: str | None,
    today: date,
) -> User:
    """Somebody who applies: an account without a way in, and the beginning of a student's file.

    Invalid for a birth date nobody has; Conflict for an address that somebody has.
    """
    policy.require_manage(subject, Role.STUDENT)
    require_birth_date(birth_date, today)
    require_name_fits(name)
    holder = people.user_by_email(session, email)
    if holder is not None and (holder.deleted_at is not None or holder.role is not Role.STUDENT):
        refuse_taken_email(session, email)
    if holder is not None:
        sentence = f"{holder.full_name} has this email address. Add the application to that person instead."
        raise Conflict(sentence, errors=[FieldError("email", sentence)])
    user = User(email=email, full_name=name.full_name, role=Role.STUDENT, hashed_password=APPLICANT)
    session.add(user)
    session.flush()
    history.record(
        session,
        subject,
        Action.USER_CREATED,
        user.id,
        student_id=user.id,
        email=email,
        name=user.full_name,
        role=user.role.value,
    )
    profile = profiles.open_profile(session, user.id, clock.now())
    profile.first_name, profile.middle_name = name.first_name, name.middle_name
    profile.last_name, profile.name_suffix = name.last_name, name.name_suffix
    profile.birth_date = birth_date
    if phone is not None:
        session.add(
            StudentPhone(
                user_id=user.id,
                kind="mobile",
                number=phone,
                digits=phone_digits(phone),
                is_primary=True,
                starts_on=today,
            )
        )
    session.flush()
    return user


def admit(session: Session, subject: Actor, settings: Settings, user_id: int) -> bool:
    """Give an applicant a way in: the invitation goes out. False for somebody who has had one before."""
    policy.require_manage(subject, Role.STUDENT)
    user = people.user(session, user_id, lock=True)
    if user is None or user.deleted_at is not None or user.role is not Role.STUDENT:
        raise NotFound(policy.NO_SUCH_PERSON)
    if user.hashed_password != APPLICANT:
        return False
    user.hashed_password = NO_PASSWORD
    session.flush()
    links.invite(session, settings, user, subject)
    return True
