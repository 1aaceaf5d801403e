"""The student's file: what the school knows of a student beside the account."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy.orm import Session

from app.accounts.people import queries as people
from app.accounts.profiles import photo, policy, queries
from app.accounts.profiles.schemas import (
    AddressForm,
    ContactForm,
    ContactKind,
    DetailsForm,
    EmergencyContactForm,
    NameParts,
    PhoneForm,
    phone_digits,
    phones_meant,
)
from app.core import clock, history, views, visibility
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.files import FileMissing, FileStore, claims, intake
from app.core.permissions import Actor, internal
from app.core.views import Part
from app.core.visibility import Records
from app.db.models import EmergencyContact, StudentAddress, StudentPhone, StudentProfile, User
from app.rules import birth_dates
from app.web.listing import Listing
from app.web.paging import Paging

_PHOTO = "accounts.photo"
_NAMES: dict[ContactKind, Literal["address", "phone", "emergency contact"]] = {
    ContactKind.ADDRESS: "address",
    ContactKind.PHONE: "phone",
    ContactKind.EMERGENCY: "emergency contact",
}


@dataclass(frozen=True, slots=True)
class StudentFile:
    """What one person may read of a student's file. Without `whole`, the lists hold what an emergency needs."""

    person: User
    profile: StudentProfile | None
    whole: bool
    addresses: Sequence[StudentAddress]
    phones: Sequence[StudentPhone]
    contacts: Sequence[EmergencyContact]

    @property
    def called(self) -> str:
        """What the student wants to be called."""
        return (self.profile and self.profile.preferred_name) or self.person.full_name


# Reading


@views.opens(Part.FILE, student="user_id")
def read_file(session: Session, subject: Actor, user_id: int) -> StudentFile:
    """The file. Raises NotFound for a student whom this person does not see."""
    person = policy.require_student(session, subject, user_id)
    whole = policy.may_read_all(subject, user_id)
    phones = queries.contacts(session, ContactKind.PHONE, user_id)
    emergency = queries.contacts(session, ContactKind.EMERGENCY, user_id)
    return StudentFile(
        person=person,
        profile=queries.profile(session, user_id),
        whole=whole,
        addresses=queries.contacts(session, ContactKind.ADDRESS, user_id) if whole else [],
        phones=phones if whole else [one for one in phones if one.ends_on is None],
        contacts=emergency if whole else [one for one in emergency if one.ends_on is None],
    )


@dataclass(frozen=True, slots=True)
class Reached:
    """What to call a student, where to call them, and whom to call for them: rows of text, number and about."""

    called: str | None
    phones: Sequence[Any]
    contacts: Sequence[Any]


@views.opens(Part.FILE, student="user_id")
def reached(session: Session, subject: Actor, user_id: int) -> Reached:
    """What a student's page shows of the file: what is in use. Raises NotFound as `read_file` does."""
    policy.require_student(session, subject, user_id)
    rows = queries.reached(session, user_id)
    return Reached(
        next((row.text for row in rows if row.what == "called"), None),
        [row for row in rows if row.what == "phone"],
        [row for row in rows if row.what == "emergency"],
    )


def list_contacts(session: Session, subject: Actor, paging: Paging) -> Listing[Any]:
    """Everybody's contact information, for those who read all of a file."""
    policy.require_list(subject)
    return queries.listing(session, paging, visibility.limit(session, subject, Records.STUDENTS, User.id))


@internal("a step of a report on taxes, whose room asks who may read it")
def tax_recipients(
    session: Session, user_ids: Collection[int]
) -> tuple[Mapping[int, StudentProfile], Mapping[int, StudentAddress]]:
    """The name parts and the mailing address in use of each student who has them, by student."""
    addresses = {one.user_id: one for one in queries.mailing_addresses(session, user_ids)}
    return queries.profiles(session, list(user_ids)), addresses


def find_known_as(session: Session, subject: Actor, paging: Paging) -> Listing[Any]:
    """Students by a preferred or a former name."""
    policy.require_list(subject)
    return queries.known_as(session, paging, visibility.limit(session, subject, Records.STUDENTS, User.id))


def find_by_phone(session: Session, subject: Actor, paging: Paging) -> Listing[Any]:
    """Students by their whole phone number, however it is written; nobody for words that are none."""
    policy.require_list(subject)
    visible = visibility.limit(session, subject, Records.STUDENTS, User.id)
    return queries.reached_at(session, phones_meant(paging.q), paging, visible)


# Names and birth date


def save_details(
    session: Session, subject: Actor, user_id: int, values: DetailsForm, today: date
) -> StudentProfile:
    """Take the legal name apart, and keep the preferred name and the birth date.

    Invalid when the parts are not the legal name: a name that changed is recorded with its date and its document.
    """
    policy.require_change(session, subject, user_id)
    if values.birth_date is not None:
        require_birth_date(values.birth_date, today)
    # Locked, so that the name the parts are held against is still the name when they are saved.
    person = people.user(session, user_id, lock=True)
    if person is None:
        raise NotFound(policy.NO_STUDENT)
    given = values.model_dump()
    parts = " ".join(given[name] for name in _PARTS if given[name])
    if parts and parts.casefold() != " ".join(person.full_name.split()).casefold():
        sentence = (
            f"These parts read “{parts}”, and the legal name is “{person.full_name}”. If the name has changed, "
            "record a change of name; if it is misspelled, correct it under Account first."
        )
        raise Invalid(sentence, errors=[FieldError("last_name", sentence)])
    return _keep(session, subject, user_id, given)


_PARTS = ("first_name", "middle_name", "last_name", "name_suffix")


@internal("checks a date")
def require_birth_date(born: date, today: date) -> None:
    """Raises Invalid with a sentence for a birth date that no student has."""
    why = birth_dates.why_not(born, today)
    if why is not None:
        raise Invalid(why, errors=[FieldError("birth_date", why)])


@internal("checks a name")
def require_name_fits(name: NameParts) -> None:
    """Raises Invalid with a sentence for a name that is longer than a legal name may be."""
    if len(name.full_name) > 255:
        sentence = "The full name has more than 255 characters. Shorten it."
        raise Invalid(sentence, errors=[FieldError("last_name", sentence)])


def save_preferred_name(session: Session, subject: Actor, user_id: int, name: str | None) -> StudentProfile:
    """What the student wants to be called; they say it themselves."""
    policy.require_change_contacts(session, subject, user_id)
    return _keep(session, subject, user_id, {"preferred_name": name})


def _keep(session: Session, subject: Actor, user_id: int, given: dict[str, Any]) -> StudentProfile:
    profile = queries.open_profile(session, user_id, clock.now())
    before = {name: getattr(profile, name) for name in given}
    changes: dict[str, Any] = {
        name: [before[name], value] for name, value in given.items() if before[name] != value
    }
    for name, value in given.items():
        setattr(profile, name, value)
    session.flush()
    if changes:
        history.record(
            session, subject, Action.STUDENT_FILE_CHANGED, profile.id, student_id=user_id, **changes
        )
    return profile


# Addresses, phones, emergency contacts


def save_contact(
    session: Session,
    subject: Actor,
    user_id: int,
    values: ContactForm,
    today: date,
    contact_id: int | None = None,
) -> int:
    """Add an address, a phone or an emergency contact, or put it in the place of another; the new row's number.

    The row whose place it takes is ended and kept. The first address and the first phone is the primary one, and one
    always is; a new primary one takes the place of the old. Raises NotFound for a row that is none of this student's.
    """
    policy.require_change_contacts(session, subject, user_id)
    kind = _kind_of(values)
    # From here on, nobody else changes this file.
    profile = queries.open_profile(session, user_id, clock.now())
    old = _own_row(session, user_id, kind, contact_id) if contact_id is not None else None
    model = queries.CONTACTS[kind]
    fields = values.model_dump()
    if isinstance(values, PhoneForm):
        fields["digits"] = phone_digits(values.number)
    if old is not None:
        _end(old, today)
    if fields.get("is_primary"):
        queries.demote(session, kind, user_id)
    session.flush()
    row = model(user_id=user_id, starts_on=today, **fields)
    session.add(row)
    session.flush()
    _keep_a_primary(session, user_id, kind)
    history.record(
        session,
        subject,
        Action.STUDENT_CONTACT_CHANGED,
        profile.user_id,
        student_id=user_id,
        what=_NAMES[kind],
        added=row.id,
        ended=None if old is None else old.id,
    )
    return row.id


def end_contact(
    session: Session, subject: Actor, user_id: int, kind: ContactKind, contact_id: int, today: date
) -> None:
    """Use an address, a phone or an emergency contact no longer; it is kept. Raises NotFound."""
    policy.require_change_contacts(session, subject, user_id)
    queries.open_profile(session, user_id, clock.now())
    row = _own_row(session, user_id, kind, contact_id)
    _end(row, today)
    session.flush()
    _keep_a_primary(session, user_id, kind)
    history.record(
        session,
        subject,
        Action.STUDENT_CONTACT_CHANGED,
        user_id,
        student_id=user_id,
        what=_NAMES[kind],
        ended=row.id,
    )


@views.opens(Part.FILE, student="user_id")
def get_contact(session: Session, subject: Actor, user_id: int, kind: ContactKind, contact_id: int) -> Any:
    """One address, phone or emergency contact that is in use, to be changed. Raises NotFound, Forbidden."""
    policy.require_change_contacts(session, subject, user_id)
    return _own_row(session, user_id, kind, contact_id)


def _own_row(session: Session, user_id: int, kind: ContactKind, contact_id: int) -> Any:
    row = queries.contact(session, kind, contact_id)
    if row is None or row.user_id != user_id:
        raise NotFound(f"There is no such {kind.label}, or you don’t have access to it.")
    session.refresh(row)
    if row.ends_on is not None:
        raise Conflict(f"This {kind.label} is no longer used. Go back to the file and add a new one.")
    return row


def _end(row: Any, today: date) -> None:
    row.ends_on = max(today, row.starts_on)


def _keep_a_primary(session: Session, user_id: int, kind: ContactKind) -> None:
    """Of the addresses, and of the phones, that are used one is the primary one: without a choice the oldest."""
    if kind is ContactKind.EMERGENCY:
        return
    used = [one for one in queries.contacts(session, kind, user_id) if one.ends_on is None]
    if used and not any(one.is_primary for one in used):
        used[0].is_primary = True
        session.flush()


def _kind_of(values: ContactForm) -> ContactKind:
    if isinstance(values, AddressForm):
        return ContactKind.ADDRESS
    return ContactKind.EMERGENCY if isinstance(values, EmergencyContactForm) else ContactKind.PHONE


# Photo


def put_photo(session: Session, subject: Actor, store: FileStore, user_id: int, content: bytes) -> None:
    """Show another photo. What is kept is a small JPEG that the system draws. Raises Invalid for what is no picture."""
    policy.require_change_contacts(session, subject, user_id)
    drawn = photo.redrawn(content)
    intake.examine(store, [content])
    stored = store.put(drawn)
    profile = queries.open_profile(session, user_id, clock.now())
    if profile.photo_sha256 != stored.sha256:
        claims.release(session, _PHOTO, user_id)
        claims.claim(session, stored, room=_PHOTO, row=user_id, media_type=photo.MEDIA_TYPE)
        _keep(session, subject, user_id, {"photo_sha256": stored.sha256})


def remove_photo(session: Session, subject: Actor, user_id: int) -> None:
    """Show no photo."""
    policy.require_change_contacts(session, subject, user_id)
    claims.release(session, _PHOTO, user_id)
    _keep(session, subject, user_id, {"photo_sha256": None})


def read_photo(session: Session, subject: Actor, store: FileStore, user_id: int) -> bytes:
    """The photo, for everybody who sees the student: it stands on class lists. Raises NotFound without one."""
    policy.require_student(session, subject, user_id)
    profile = queries.profile(session, user_id)
    if profile is None or profile.photo_sha256 is None:
        raise NotFound("There is no photo of this student.")
    try:
        return store.read_bytes(profile.photo_sha256)
    except FileMissing:
        raise NotFound("The photo is not in the file store. Upload it again.") from None
