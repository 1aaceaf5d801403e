"""Fields of the school's own in the student's file: administrators say which there are, the office fills them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy.orm import Session

from app.accounts.own_fields import queries, values
from app.accounts.own_fields.values import FieldType
from app.accounts.profiles import policy
from app.accounts.profiles import queries as profiles
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import FieldError, Invalid, NotFound
from app.core.permissions import Actor
from app.db.models import StudentField
from app.web.field_types import Line, Text, blank_is_none

__all__ = [
    "FieldForm",
    "FieldType",
    "Filled",
    "archive_field",
    "fields_of",
    "list_fields",
    "restore_field",
    "save_field",
    "save_value",
]
MOST_FIELDS = 40
_NO_FIELD = "There is no such field, or you don’t have access to it."


class FieldForm(BaseModel):
    """A field that the student file gets."""

    name: Annotated[Line, Field(max_length=60)]
    type: FieldType = FieldType.TEXT
    choices: Annotated[Text, Field(title="Choices", max_length=4000)] = ""
    help: Annotated[
        Annotated[Line, Field(max_length=200)] | None,
        BeforeValidator(blank_is_none),
        Field(title="Help text"),
    ] = None


@dataclass(frozen=True, slots=True)
class Filled:
    """A field with what was entered for one student."""

    field: StudentField
    value: str | None


def list_fields(session: Session, subject: Actor) -> Sequence[StudentField]:
    """Every field, the archived ones too."""
    policy.require_fields(subject)
    return queries.fields(session, archived=True)


def save_field(
    session: Session, subject: Actor, given: FieldForm, field_id: int | None = None
) -> StudentField:
    """Add a field, or change its name, choices and help. Its type never changes: what was entered would be wrong.

    Invalid for a list of choices that leaves out one that a student has. Raises NotFound.
    """
    policy.require_define(subject)
    choices = list(dict.fromkeys(line.strip() for line in given.choices.splitlines() if line.strip()))
    record = StudentField(type=given.type.value) if field_id is None else _field(session, field_id)
    if field_id is None and len(queries.fields(session)) >= MOST_FIELDS:
        raise _wrong("name", f"A student file has at most {MOST_FIELDS} fields of the school’s own.")
    if FieldType(record.type) is not given.type:
        raise _wrong("type", "The type of a field cannot change. Archive this field and add another one.")
    if given.type is FieldType.CHOICE and not choices:
        raise _wrong("choices", "Enter the choices, one per line.")
    if given.type is FieldType.CHOICE and any(len(choice) > 100 for choice in choices):
        raise _wrong("choices", "A choice has at most 100 characters.")
    gone = set(record.choices or ()) - set(choices)
    if field_id is not None and given.type is FieldType.CHOICE and gone:
        raise _wrong("choices", f"Keep the choice “{sorted(gone)[0]}”: students may have it.")
    record.name, record.help = given.name, given.help or ""
    record.choices = choices if given.type is FieldType.CHOICE else []
    if field_id is None:
        record.position = queries.next_position(session)
        session.add(record)
    session.flush()
    _record(session, subject, record, "added" if field_id is None else "changed")
    return record


def archive_field(session: Session, subject: Actor, field_id: int) -> None:
    """Take a field out of the file. What was entered is kept, and comes back with the field."""
    policy.require_define(subject)
    record = _field(session, field_id)
    if record.archived_at is None:
        record.archived_at = clock.now()
        session.flush()
        _record(session, subject, record, "archived")


def restore_field(session: Session, subject: Actor, field_id: int) -> None:
    """Put an archived field back."""
    policy.require_define(subject)
    record = _field(session, field_id)
    if record.archived_at is not None:
        record.archived_at = None
        session.flush()
        _record(session, subject, record, "restored")


def fields_of(session: Session, subject: Actor, user_id: int) -> list[Filled]:
    """The fields with what was entered for a student."""
    policy.require_read_all(session, subject, user_id)
    known = queries.values(session, user_id)
    return [Filled(field, known.get(field.id)) for field in queries.fields(session)]


def save_value(session: Session, subject: Actor, user_id: int, field_id: int, text: str | None) -> None:
    """Enter a value, or none. Invalid with a sentence for one that is not of the field's type."""
    policy.require_change(session, subject, user_id)
    field = _field(session, field_id)
    if field.archived_at is not None:
        raise NotFound(_NO_FIELD)
    value = None
    if text is not None:
        try:
            value = values.read(FieldType(field.type), field.choices, text)
        except ValueError as wrong:
            raise _wrong("value", str(wrong)) from None
    now = clock.now()
    profile = profiles.open_profile(session, user_id, now)
    before = queries.values(session, user_id).get(field_id)
    queries.put(session, user_id, field_id, value, now)
    if before != value:
        history.record(
            session,
            subject,
            Action.STUDENT_FILE_CHANGED,
            profile.id,
            student_id=user_id,
            **{f"field_{field_id}": [before, value]},  # type: ignore[arg-type]
        )


def _field(session: Session, field_id: int) -> StudentField:
    record = queries.field(session, field_id)
    if record is None:
        raise NotFound(_NO_FIELD)
    return record


def _record(session: Session, subject: Actor, record: StudentField, what: str) -> None:
    history.record(session, subject, Action.STUDENT_FIELD_CHANGED, record.id, name=record.name, what=what)


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
