"""Documents that applicants and students bring: diploma, ID, immunization, CPR, background check, and the school's own.

A student sends a photo or a PDF; somebody else checks it against what is on it, and accepts or rejects it with a
reason. An accepted one is kept permanently (GNPEC Standard 6: prior-education proof belongs to the student's file).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.core import clock, history, mail, views, visibility
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.files import FileMissing, FileStore, StoredFile, claims
from app.core.files.claims import Retention
from app.core.permissions import SYSTEM, Actor, Subject, internal
from app.core.views import Part
from app.core.visibility import Records
from app.db.models import AdmissionDocument, AdmissionKind, User
from app.enrollment.admissions import policy
from app.enrollment.admissions.papers import queries
from app.enrollment.admissions.papers.schemas import CheckForm, KindForm, Paper, in_order
from app.rules import admission_documents as rule
from app.rules.days import long_date
from app.school import service as school
from app.settings import Settings
from app.web import scans
from app.web.listing import Listing
from app.web.paging import Paging

_ROOM = "enrollment.admission_documents"
MOST_WAITING = 20
"""Unchecked documents of one student: more is a mistake, or somebody who fills the disk."""


@dataclass(frozen=True, slots=True)
class Checklist:
    """What a student must have and how it stands (`lines`), and everything they sent in."""

    person: User
    lines: Sequence[Any]
    documents: Sequence[tuple[AdmissionDocument, AdmissionKind]]

    @property
    def to_do(self) -> list[Any]:
        """What the student still has to send."""
        return _to_do(self.lines)


def _to_do(lines: Sequence[Any]) -> list[Any]:
    return [line for line in lines if line.standing in ("missing", "rejected", "expired", "expiring")]


# What is asked for


def list_kinds(session: Session, subject: Actor, *, archived: bool = False) -> Sequence[AdmissionKind]:
    """The kinds of documents, for whoever sends or checks one."""
    if not subject.is_student:
        policy.require_read(subject)
    return queries.kinds(session, archived=archived)


def save_kind(
    session: Session, subject: Actor, values: KindForm, kind_id: int | None = None
) -> AdmissionKind:
    """Add a kind, or change it."""
    policy.require_manage(subject)
    record = (
        AdmissionKind(position=queries.next_position(session)) if kind_id is None else _kind(session, kind_id)
    )
    record.name, record.help, record.expires = values.name, values.help or "", values.expires
    session.add(record)
    session.flush()
    history.record(session, subject, Action.ADMISSION_KIND_CHANGED, record.id, name=record.name)
    return record


def archive_kind(session: Session, subject: Actor, kind_id: int, *, archived: bool = True) -> None:
    """Ask for a kind no longer, or again. What came stays."""
    policy.require_manage(subject)
    record = _kind(session, kind_id)
    record.archived_at = clock.now() if archived else None
    session.flush()
    history.record(session, subject, Action.ADMISSION_KIND_CHANGED, record.id, name=record.name)


def requirements(session: Session, subject: Actor) -> dict[int | None, set[int]]:
    """The kinds that each program requires; under None those of every program."""
    policy.require_read(subject)
    found: dict[int | None, set[int]] = {}
    for row in queries.requirements(session):
        found.setdefault(row.program_id, set()).add(row.kind_id)
    return found


def require_kinds(session: Session, subject: Actor, program_id: int | None, kinds: Collection[int]) -> None:
    """A program requires these kinds, and no others; without a program, every program does.

    Raises NotFound for a program, and Invalid for a kind that is not there or not in use.
    """
    policy.require_manage(subject)
    name = "Every program"
    if program_id is not None:
        program = next((one for one in queries.programs(session) if one.id == program_id), None)
        if program is None:
            raise NotFound("There is no such program, or you don’t have access to it.")
        name = program.name
    in_use = {one.id: one.name for one in queries.kinds(session)}
    if set(kinds) - set(in_use):
        raise _wrong("kinds", "One of these kinds is no longer in use. Open the page again.")
    before = {one.kind_id for one in queries.requirements(session) if one.program_id == program_id}
    queries.require(session, program_id, set(kinds))
    history.record(
        session,
        subject,
        Action.ADMISSION_REQUIREMENTS_CHANGED,
        program_id,
        name=name,
        kinds=[
            [one for number, one in in_use.items() if number in chosen] for chosen in (before, set(kinds))
        ],
    )


# Of one student


@views.opens(Part.ADMISSION, student="user_id")
def checklist(session: Session, subject: Actor, user_id: int, today: date) -> Checklist:
    """What the student must have and how it stands. Raises NotFound for one whose documents one does not see."""
    person = policy.require_see_of(session, subject, user_id)
    return Checklist(
        person, queries.checklist(session, user_id, today), queries.documents_of(session, user_id)
    )


def own_to_do(session: Session, subject: Subject, today: date) -> list[Any]:
    """What a student still has to send, for their first page: one query."""
    if not subject.is_student:
        return []
    return _to_do(queries.checklist(session, subject.user_id, today))


def add_document(
    session: Session,
    subject: Actor,
    store: FileStore,
    user_id: int,
    values: Paper,
    content: bytes,
    today: date,
) -> AdmissionDocument:
    """Take in a document of a student; it waits to be checked.

    Raises Invalid for what is no PDF or picture, and for one that has expired; Conflict while too many wait.
    """
    policy.require_add_for(session, subject, user_id)
    kind = _kind(session, values.kind_id)
    if kind.archived_at is not None:
        raise _wrong("kind_id", "The school no longer asks for this kind. Choose another one.")
    _check_days(values.issued_on, values.expires_on, today)
    waiting = sum(paper.state == "received" for paper, _kind in queries.documents_of(session, user_id))
    if waiting >= MOST_WAITING:
        raise Conflict(f"{waiting} documents wait to be checked already. Nothing was saved; ask the office.")
    stored, media_type = scans.take_in(store, content, "file")
    record = AdmissionDocument(
        user_id=user_id,
        kind_id=kind.id,
        sha256=stored.sha256,
        media_type=media_type,
        size_bytes=stored.size,
        issued_on=values.issued_on,
        expires_on=values.expires_on,
        uploaded_by=subject.user_id,
        received_at=clock.now(),
    )
    session.add(record)
    session.flush()
    claims.claim(session, stored, room=_ROOM, row=record.id, media_type=media_type)
    history.record(
        session,
        subject,
        Action.ADMISSION_DOCUMENT_RECEIVED,
        record.id,
        student_id=user_id,
        kind=kind.name,
    )
    return record


@views.opens(Part.ADMISSION, student="user_id")
def get_document(session: Session, subject: Actor, user_id: int, paper_id: int) -> AdmissionDocument:
    """One document. Raises NotFound for another student's."""
    policy.require_see_of(session, subject, user_id)
    return _of(session, user_id, paper_id)


def read_document(
    session: Session, subject: Actor, store: FileStore, user_id: int, paper_id: int
) -> tuple[bytes, str]:
    """A document's bytes and media type; the history notes who opened it. Raises NotFound for another student's."""
    policy.require_see_of(session, subject, user_id)
    record = _of(session, user_id, paper_id)
    try:
        content = store.read_bytes(record.sha256)
    except FileMissing:
        raise NotFound("This document is not in the file store. Ask the operator to restore it.") from None
    if subject.user_id != user_id:
        history.record(
            session,
            subject,
            Action.ADMISSION_DOCUMENT_OPENED,
            record.id,
            student_id=user_id,
            kind=_kind(session, record.kind_id).name,
        )
    return content, record.media_type


def accept_document(
    session: Session, subject: Actor, user_id: int, paper_id: int, values: CheckForm, today: date
) -> AdmissionDocument:
    """Somebody has looked at it: it is what it should be, with these days. It is kept permanently from now on.

    Invalid for a kind that ends without its last day, and for one that has ended.
    """
    record, kind = _checkable(session, subject, user_id, paper_id)
    if kind.expires and values.expires_on is None:
        raise _wrong(
            "expires_on",
            f"Enter the expiration date on the document: {kind.name} is not accepted without one.",
        )
    _check_days(values.issued_on, values.expires_on, today)
    record.issued_on, record.expires_on = values.issued_on, values.expires_on
    _decide(session, subject, record, kind, "accepted")
    stored = StoredFile(record.sha256, record.size_bytes, new=True)
    claims.claim(
        session,
        stored,
        room=_ROOM,
        row=record.id,
        retention=Retention.PERMANENT,
        media_type=record.media_type,
    )
    return record


def reject_document(
    session: Session, subject: Actor, user_id: int, paper_id: int, rejection: str | None
) -> AdmissionDocument:
    """It is not what it should be; the student reads why on their page and by email."""
    record, kind = _checkable(session, subject, user_id, paper_id)
    if not rejection:
        raise _wrong("rejection", "Enter why, so that the student knows what to send instead.")
    record.rejection = rejection
    _decide(session, subject, record, kind, "rejected")
    person = policy.require_see_of(session, subject, user_id)
    mail.send(
        session,
        person.email,
        "admission_document_rejected",
        requested_by=subject.user_id,
        school=school.facts(session).legal_name,
        name=person.full_name,
        kind=kind.name,
        rejection=rejection,
    )
    return record


def _checkable(
    session: Session, subject: Actor, user_id: int, paper_id: int
) -> tuple[AdmissionDocument, AdmissionKind]:
    policy.require_check_for(session, subject, user_id)
    record = _of(session, user_id, paper_id, lock=True)
    if record.state != "received":
        raise Conflict(f"This document was {record.state} already. Nothing was changed; open the page again.")
    return record, _kind(session, record.kind_id)


def _decide(
    session: Session, subject: Actor, record: AdmissionDocument, kind: AdmissionKind, state: str
) -> None:
    record.state, record.checked_by, record.checked_at = state, subject.user_id, clock.now()
    session.flush()
    history.record(
        session,
        subject,
        Action.ADMISSION_DOCUMENT_CHECKED,
        record.id,
        student_id=record.user_id,
        reason=record.rejection,
        kind=kind.name,
        state=state,
        expires_on=record.expires_on,
    )


# Of the school


def list_lines(
    session: Session,
    subject: Actor,
    paging: Paging,
    today: date,
    *,
    standing: str | None = None,
    program_id: int | None = None,
) -> Listing[Any]:
    """What is missing, rejected, expires, has expired or waits to be checked, by student."""
    policy.require_read(subject)
    visible = visibility.limit(session, subject, Records.STUDENTS, User.id)
    return queries.listing(session, paging, visible, today, standing=standing, program_id=program_id)


@internal("the system's own work of every day")
def remind(session: Session, settings: Settings, today: date, most: int = 500) -> int:
    """Mail students whose documents end in 60, 30 or 7 days, once each; how many emails."""
    known = school.facts(session)
    sent = 0
    for record, kind, person in queries.to_remind(session, today, most):
        if record.expires_on is None:
            continue
        due = rule.reminder_due(record.expires_on, today, record.reminded_days)
        if due is None:
            continue
        record.reminded_days = due
        mail.send(
            session,
            person.email,
            "admission_document_expires",
            school=known.legal_name,
            name=person.full_name,
            kind=kind.name,
            expires=long_date(record.expires_on),
            page=f"{settings.app_origin}/account/admission-documents",
        )
        history.record(
            session,
            SYSTEM,
            Action.ADMISSION_REMINDED,
            record.id,
            student_id=person.id,
            kind=kind.name,
            days=due,
            expires_on=record.expires_on,
        )
        sent += 1
    session.flush()
    return sent


def _check_days(issued_on: date | None, expires_on: date | None, today: date) -> None:
    if issued_on is not None and issued_on > today:
        raise _wrong("issued_on", "This date is in the future. Enter the date on the document.")
    if expires_on is not None and expires_on < today:
        raise _wrong("expires_on", f"This document expired on {long_date(expires_on)}. Send a current one.")
    if not in_order(issued_on, expires_on):
        raise _wrong("expires_on", "The expiration date must be after the date of issue.")


def _kind(session: Session, kind_id: int) -> AdmissionKind:
    found = queries.kind(session, kind_id)
    if found is None:
        raise NotFound("There is no such kind of document, or you don’t have access to it.")
    return found


def _of(session: Session, user_id: int, paper_id: int, *, lock: bool = False) -> AdmissionDocument:
    found = queries.document(session, paper_id, lock=lock)
    if found is None or found.user_id != user_id:
        raise NotFound(policy.NO_DOCUMENT)
    return found


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
