"""Importing student files: what a row means. The students are there already; their files are empty."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from app.accounts.people import queries as people
from app.accounts.profiles import policy, queries
from app.accounts.profiles.schemas import AddressForm, phone_digits
from app.accounts.schemas import tidy_email
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict
from app.core.permissions import Actor, Role
from app.db.models import EmergencyContact, StudentAddress, StudentPhone, StudentProfile
from app.db.row_marks import marks
from app.rules import birth_dates
from app.settings import Settings
from app.web import imports
from app.web.field_types import EARLIEST_BIRTH
from app.web.forms import sentence
from app.web.imports import Fault, Field, ImportKind, Made, Row, readers

_ADDRESS = ("street", "unit", "city", "state", "zip")
_EMERGENCY = ("contact_name", "contact_relationship", "contact_phone")
_ADDRESSES: TypeAdapter[AddressForm] = TypeAdapter(AddressForm)


def _email(text: str) -> str:
    if len(text) > 320:
        raise ValueError("This email address is too long.")
    return tidy_email(text)


def _birth_date(text: str) -> date:
    return readers.day(text, EARLIEST_BIRTH)


def _phone(text: str) -> str:
    phone_digits(text)
    return readers.line(text, longest=40)


# As long as the forms of the file allow: what was imported can be saved again there.
_name = partial(readers.line, longest=100)
_contact = partial(readers.line, longest=120)
_relationship = partial(readers.line, longest=60)


def _address(row: Row) -> dict[str, Any] | None:
    given = {name: row.get(name) for name in _ADDRESS}
    if not any(given.values()):
        return None
    return {
        "line1": given["street"],
        "line2": given["unit"],
        "city": given["city"],
        "state": given["state"],
        "postal_code": given["zip"],
        "is_primary": True,
    }


def _check(session: Session, subject: Actor, settings: Settings, rows: Sequence[Row]) -> Iterable[Fault]:
    """Students who are not there or have a file, birth dates nobody has, half addresses and half contacts."""
    accounts = people.users_by_emails(session, {row.values["email"] for row in rows})
    begun = queries.profiles(session, [user.id for user in accounts.values()])
    today = clock.today(settings.zone)
    seen: dict[str, int] = {}
    for row in rows:
        email = row.values["email"]
        user = accounts.get(email)
        if user is None or user.deleted_at is not None or user.role is not Role.STUDENT:
            yield Fault(
                row.number,
                "Email",
                email,
                "No student has this address. Import the student under People first.",
            )
        elif user.id in begun:
            message = (
                f"The file of {user.full_name} has been begun. Change it on its page, and delete this row."
            )
            yield Fault(row.number, "Email", email, message)
        elif not policy.may_change(subject, user.id):
            yield Fault(row.number, "Email", email, "You cannot change your own file.")
        if email in seen:
            yield Fault(
                row.number,
                "Email",
                email,
                f"Row {seen[email]:,} has the same student. Delete one of the two rows.",
            )
        seen.setdefault(email, row.number)
        yield from _faults(row, today)


def _faults(row: Row, today: date) -> Iterable[Fault]:
    born: date | None = row.get("birth_date")
    why = birth_dates.why_not(born, today) if born else None
    if born and why:
        yield Fault(row.number, "Birth date", born.isoformat(), why)
    address = _address(row)
    if address is not None:
        try:
            _ADDRESSES.validate_python({name: value for name, value in address.items() if value})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = {"line1": "Street", "city": "City"}.get(str((first["loc"] or ("",))[0]), "State")
            yield Fault(row.number, where, str(row.get("street") or ""), sentence(first))
    given = [row.get(name) for name in _EMERGENCY]
    if any(given) and not all(given):
        message = "An emergency contact needs a name, a relationship and a phone number."
        yield Fault(row.number, "Emergency contact", str(given[0] or ""), message)


def _insert(session: Session, subject: Actor, settings: Settings, rows: Sequence[Row]) -> list[Made]:
    """Files with their contacts, and one row of the history each."""
    policy.require_change_some(subject)
    accounts = people.users_by_emails(session, {row.values["email"] for row in rows})
    today = clock.today(settings.zone)
    profiles = []
    for row in rows:
        user_id = accounts[row.values["email"]].id
        profiles.append(
            StudentProfile(
                user_id=user_id, preferred_name=row.get("preferred_name"), birth_date=row.get("birth_date")
            )
        )
        address = _address(row)
        if address is not None:
            form = _ADDRESSES.validate_python({name: value for name, value in address.items() if value})
            session.add(StudentAddress(user_id=user_id, starts_on=today, **form.model_dump()))
        if row.get("phone"):
            number = row.values["phone"]
            session.add(
                StudentPhone(
                    user_id=user_id,
                    kind="mobile",
                    number=number,
                    digits=phone_digits(number),
                    is_primary=True,
                    starts_on=today,
                )
            )
        if row.get("contact_name"):
            name, relationship, phone = (row.values[field] for field in _EMERGENCY)
            session.add(
                EmergencyContact(
                    user_id=user_id, name=name, relationship=relationship, phone=phone, starts_on=today
                )
            )
    session.add_all(profiles)
    session.flush()
    history.record_all(
        session,
        subject,
        Action.STUDENT_FILE_CHANGED,
        (
            {
                "target_id": profile.id,
                "student_id": profile.user_id,
                "preferred_name": [None, profile.preferred_name],
                "birth_date": [None, profile.birth_date],
            }
            for profile in profiles
        ),
    )
    found = marks(session, StudentProfile, [profile.id for profile in profiles])
    return [Made(number, mark) for number, mark in sorted(found.items())]


def _undo(session: Session, subject: Actor, made: Sequence[Made]) -> None:
    """Take the files away. Every change of a file changes its row: a file that is as it was made has no others."""
    policy.require_change_some(subject)
    ids = [one.record_id for one in made]
    owners = queries.lock_profiles(session, ids)
    now = marks(session, StudentProfile, ids)
    changed = sum(now.get(one.record_id) != one.mark for one in made)
    if changed:
        raise Conflict(
            f"{changed:,} of the {len(made):,} student files have changed since the import. Nothing was undone; "
            "correct the others on their pages."
        )
    queries.remove_files(session, ids, owners)


imports.register(
    ImportKind(
        name="student-files",
        title="Student files",
        noun="student files",
        fields=(
            Field(
                "email",
                "Email",
                _email,
                aliases=("Email address", "Student email"),
                example="maria@example.org",
            ),
            Field(
                "birth_date",
                "Birth date",
                _birth_date,
                required=False,
                aliases=("Date of birth", "DOB", "Born"),
                help="11/25/2001 or 2001-11-25",
                example="11/25/2001",
            ),
            Field(
                "preferred_name",
                "Preferred name",
                _name,
                required=False,
                aliases=("Nickname", "Goes by"),
                example="Mari",
            ),
            Field(
                "phone",
                "Phone",
                _phone,
                required=False,
                aliases=("Phone number", "Mobile", "Cell"),
                example="(404) 555-0134",
            ),
            Field(
                "street",
                "Street",
                readers.line,
                required=False,
                aliases=("Address", "Street address", "Address 1"),
                example="1 Peachtree Street",
            ),
            Field(
                "unit",
                "Unit",
                readers.line,
                required=False,
                aliases=("Apartment", "Address 2"),
                example="Apt 4",
            ),
            Field("city", "City", readers.line, required=False, example="Atlanta"),
            Field("state", "State", readers.line, required=False, example="GA"),
            Field(
                "zip",
                "ZIP",
                readers.line,
                required=False,
                aliases=("ZIP code", "Postal code"),
                example="30303",
            ),
            Field(
                "contact_name",
                "Emergency contact",
                _contact,
                required=False,
                aliases=("Emergency contact name",),
                example="Rosa Lopez",
            ),
            Field(
                "contact_relationship",
                "Emergency contact relationship",
                _relationship,
                required=False,
                aliases=("Relationship",),
                example="Mother",
            ),
            Field(
                "contact_phone",
                "Emergency contact phone",
                _phone,
                required=False,
                aliases=("Emergency phone",),
                example="(404) 555-0135",
            ),
        ),
        require=policy.require_change_some,
        check=_check,
        insert=_insert,
        undo=_undo,
        back="/people/contacts",
        note="Students whose file has been begun keep theirs; their rows are refused.",
    )
)
