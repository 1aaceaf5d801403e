"""Notes about a student, each for the duties that are named in it. None is edited: a better one takes its place.

What the staff write about a student is part of the education record, which the student may ask to inspect (34 CFR
99.10): the form says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.accounts.notes import policy, queries
from app.core import history, views, visibility
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.core.permissions import SYSTEM, Actor, Duty, internal
from app.core.views import Part
from app.core.visibility import Records
from app.db.models import StudentNote
from app.web.field_types import Text
from app.web.listing import Listing
from app.web.paging import Paging

__all__ = ["Note", "NoteForm", "gather_notes", "get_note", "list_notes", "notes_of", "supersede", "write"]


class NoteForm(BaseModel):
    """A note to write."""

    body: Annotated[Text, Field(title="Note", min_length=1, max_length=5000)]
    audience: Annotated[list[Duty], Field(title="Who can read it", min_length=1, max_length=len(Duty))]


@dataclass(frozen=True, slots=True)
class Note:
    """A note, and whether another one has taken its place."""

    note: StudentNote
    superseded_by: int | None

    @property
    def audience(self) -> str:
        """Who reads it, in words."""
        return ", ".join(Duty(one).label for one in self.note.audience)


@views.opens(Part.NOTES, student="user_id")
def notes_of(session: Session, subject: Actor, user_id: int) -> Sequence[Note]:
    """The student's notes that this person reads, the latest first. Raises NotFound for those who read none."""
    policy.require_read(session, subject, user_id)
    return [Note(*row) for row in queries.notes(session, user_id, policy.readable(subject))]


def list_notes(session: Session, subject: Actor, paging: Paging) -> Listing[Any]:
    """Every note that this person reads and that counts, of every student whom they see."""
    if not policy.may_read(subject):
        raise Forbidden("Your duties do not include notes about students.")
    visible = visibility.limit(session, subject, Records.STUDENTS, StudentNote.user_id)
    return queries.listing(session, paging, visible, policy.readable(subject))


@views.opens(Part.NOTES, student="user_id")
def get_note(session: Session, subject: Actor, user_id: int, note_id: int) -> StudentNote:
    """One note. Raises NotFound for one that is for others, or about another student."""
    policy.require_read(session, subject, user_id)
    found = queries.note(session, note_id)
    if found is None or found.user_id != user_id or not policy.reads(subject, found):
        raise NotFound(policy.NO_NOTE)
    return found


@internal("the operator's answer to a request to inspect records")
def gather_notes(session: Session, user_id: int, reason: str) -> Sequence[Note]:
    """Every note about a student, for whomever it is, the latest first: who asks to inspect their records sees all.

    The history keeps the reason (34 CFR 99.10 gives the right, 99.32 asks for the record). Raises NotFound.
    """
    policy.require_read(session, SYSTEM, user_id)
    history.record(session, SYSTEM, Action.STUDENT_NOTES_GATHERED, user_id, student_id=user_id, reason=reason)
    return [Note(*row) for row in queries.notes(session, user_id, policy.readable(SYSTEM))]


def write(session: Session, subject: Actor, user_id: int, values: NoteForm) -> StudentNote:
    """Write a note for the duties named in it."""
    policy.require_write(session, subject, user_id)
    return _write(session, subject, user_id, values, None)


def supersede(session: Session, subject: Actor, user_id: int, note_id: int, values: NoteForm) -> StudentNote:
    """Put another note in the place of one that the person reads; both are kept.

    Raises NotFound for a note that is for others, Conflict where another one has taken its place already.
    """
    policy.require_write(session, subject, user_id)
    old = get_note(session, subject, user_id, note_id)
    if queries.superseded(session, old.id):
        raise Conflict(
            "Another note has taken the place of this one already. Nothing was saved; open the notes again."
        )
    return _write(session, subject, user_id, values, old.id)


def _write(
    session: Session, subject: Actor, user_id: int, values: NoteForm, supersedes: int | None
) -> StudentNote:
    if set(values.audience) - set(policy.AUDIENCES):
        sentence = "Content authors do not see students. Choose other duties."
        raise Invalid(sentence, errors=[FieldError("audience", sentence)])
    record = StudentNote(
        user_id=user_id,
        author_id=subject.user_id,
        author_name=subject.full_name,
        audience=sorted({duty.value for duty in values.audience}),
        body=values.body,
        supersedes_id=supersedes,
    )
    session.add(record)
    session.flush()
    history.record(
        session,
        subject,
        Action.STUDENT_NOTE_WRITTEN,
        record.id,
        student_id=user_id,
        audience=record.audience,
        supersedes=supersedes,
    )
    return record
