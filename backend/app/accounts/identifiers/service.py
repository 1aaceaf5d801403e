"""Social Security numbers and the like. They are sealed; pages show only the last four characters.

A number is found by typing it whole: what is compared is an HMAC under the installation's key, of which nobody learns
the number. To see one whole is an act of its own, with a reason and a fresh proof of who is there, and a row in the
history that the student reads.
"""

from collections.abc import Collection, Sequence
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy.orm import Session

from app.accounts.identifiers import numbers, queries
from app.accounts.identifiers.numbers import IdentifierKind
from app.accounts.profiles import policy
from app.accounts.profiles import queries as profiles
from app.core import clock, history, views, visibility
from app.core.actions import Action
from app.core.errors import FieldError, Invalid, NotFound, Unavailable
from app.core.hash_key import hash_key
from app.core.permissions import Actor, internal
from app.core.sealing import SealedColumn, Unsealable, box
from app.core.tokens import keyed_hash
from app.core.views import Part
from app.core.visibility import Records
from app.db.models import StudentIdentifier, User
from app.settings import Settings
from app.web.field_types import Line, blank_is_none

__all__ = [
    "NUMBERS",
    "IdentifierForm",
    "IdentifierKind",
    "add",
    "find",
    "get",
    "of_student",
    "remove",
    "reveal",
    "reveal_tax_numbers",
    "tax_numbers",
]

_PURPOSE = "student identifier"
NUMBERS = SealedColumn(
    "Identifiers of students",
    StudentIdentifier.sealed_value,
    StudentIdentifier.id,
    _PURPOSE,
    "These numbers cannot be shown in full; their last four characters and the search by the full number still work. "
    "Remove each on the student’s file and enter it again.",
)


class IdentifierForm(BaseModel):
    """A number to keep."""

    kind: IdentifierKind = IdentifierKind.SSN
    number: Annotated[Line, Field(max_length=60)]
    label: Annotated[
        Annotated[Line, Field(max_length=60)] | None,
        BeforeValidator(blank_is_none),
        Field(title="Issued by"),
    ] = None


def of_student(session: Session, subject: Actor, user_id: int) -> Sequence[StudentIdentifier]:
    """The student's numbers, of which a page shows the last four signs."""
    policy.require_read_all(session, subject, user_id)
    return queries.of_student(session, user_id)


@views.opens(Part.FILE, student="user_id")
def get(session: Session, subject: Actor, user_id: int, identifier_id: int) -> StudentIdentifier:
    """One number, masked. Raises NotFound for another student's."""
    policy.require_read_all(session, subject, user_id)
    return _of(session, user_id, identifier_id)


def add(
    session: Session, subject: Actor, settings: Settings, user_id: int, values: IdentifierForm
) -> StudentIdentifier:
    """Keep a number, sealed. Invalid for one that cannot be of its kind, Conflict for one that another student has."""
    policy.require_change(session, subject, user_id)
    try:
        plain = numbers.check(values.kind, values.number)
    except ValueError as wrong:
        raise Invalid(str(wrong), errors=[FieldError("number", str(wrong))]) from None
    profiles.open_profile(session, user_id, clock.now())
    record = StudentIdentifier(
        user_id=user_id,
        kind=values.kind.value,
        label=values.label or "",
        sealed_value=box(settings, _PURPOSE).seal(plain),
        last_four=numbers.last_four(plain),
        blind_index=_blind(session, values.kind, plain),
        entered_by=subject.user_id,
    )
    session.add(record)
    session.flush()
    _record(session, subject, Action.IDENTIFIER_ADDED, record)
    return record


def remove(session: Session, subject: Actor, user_id: int, identifier_id: int) -> None:
    """Use a number no longer: its row stays, and nobody is found by it."""
    policy.require_change(session, subject, user_id)
    record = _of(session, user_id, identifier_id)
    record.ended_at, record.ended_by = clock.now(), subject.user_id
    session.flush()
    _record(session, subject, Action.IDENTIFIER_REMOVED, record)


def reveal(
    session: Session, subject: Actor, settings: Settings, user_id: int, identifier_id: int, reason: str
) -> str:
    """A number whole, for a reason, after a fresh proof. Raises Unavailable if it was sealed under another key."""
    policy.require_reveal(session, subject, user_id)
    record = _of(session, user_id, identifier_id)
    _record(session, subject, Action.IDENTIFIER_REVEALED, record, reason)
    try:
        opened = box(settings, _PURPOSE).open(record.sealed_value)
    except Unsealable:
        raise Unavailable(
            "This number was sealed under another SECRET_KEY and cannot be read. Remove it and enter it again."
        ) from None
    return opened.decode()


def find(session: Session, subject: Actor, number: str) -> Sequence[User]:
    """Students whose file has exactly this number, of any kind. The history notes that somebody searched."""
    policy.require_list(subject)
    plain = numbers.plain(number)
    if len(plain) < 4:
        sentence = "Enter the full number: at least 4 letters and digits."
        raise Invalid(sentence, errors=[FieldError("number", sentence)])
    found = queries.holders(session, [_blind(session, kind, plain) for kind in IdentifierKind])
    seen = [user for user in found if visibility.may_see(session, subject, Records.STUDENTS, user.id)]
    history.record(session, subject, Action.IDENTIFIER_SEARCHED, None, found=len(seen))
    return seen


@internal("a step of a report on taxes, whose room asks who may read it; pages show the last four signs")
def tax_numbers(session: Session, user_ids: Collection[int]) -> dict[int, StudentIdentifier]:
    """The taxpayer number of each student who has one: the Social Security number, or else the ITIN."""
    return {one.user_id: one for one in queries.tax_numbers(session, user_ids)}


@internal("a step of the file for a tax preparer, whose room asks for the permission to see numbers in full")
def reveal_tax_numbers(
    session: Session, subject: Actor, settings: Settings, records: Collection[StudentIdentifier], reason: str
) -> dict[int, str]:
    """The numbers in full by student, each look recorded after a fresh proof; those that cannot be read are left out.

    Raises ProofRequired.
    """
    opened = {}
    sealed = box(settings, _PURPOSE)
    for record in records:
        _record(session, subject, Action.IDENTIFIER_REVEALED, record, reason)
        try:
            plain = sealed.open(record.sealed_value).decode()
        except Unsealable:
            continue
        opened[record.user_id] = numbers.written(IdentifierKind(record.kind), plain)
    return opened


def _blind(session: Session, kind: IdentifierKind, plain: str) -> str:
    # With the key that outlives SECRET_KEY: a hash cannot be made again when that one changes.
    return keyed_hash(hash_key(session), f"{_PURPOSE} {kind.value}", plain)


def _of(session: Session, user_id: int, identifier_id: int) -> StudentIdentifier:
    record = queries.identifier(session, identifier_id)
    if record is None or record.user_id != user_id or record.ended_at is not None:
        raise NotFound("There is no such number, or you don’t have access to it.")
    return record


def _record(
    session: Session, subject: Actor, action: Action, record: StudentIdentifier, reason: str | None = None
) -> None:
    history.record(
        session,
        subject,
        action,
        record.id,
        student_id=record.user_id,
        reason=reason,
        kind=record.kind,
        last_four=record.last_four,
    )
