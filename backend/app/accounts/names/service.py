"""Legal names with their dates. A change is dated, with its reason and its document; nothing issued before it changes.

`users.full_name` is the present name. `name_on` says which one counted on a day: what is issued shows the name of its
day, so that an old document keeps the old name and a new one takes the new.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.accounts.names import queries
from app.accounts.names.schemas import NameChange
from app.accounts.people import queries as people
from app.accounts.profiles import policy
from app.accounts.profiles import queries as profiles
from app.accounts.profiles.service import require_name_fits
from app.core import clock, history, mail, visibility
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.files import FileMissing, FileStore, StoredFile, claims
from app.core.files.claims import Retention
from app.core.permissions import Actor, internal
from app.core.visibility import Records
from app.db.models import FormerName, NameRequest, User
from app.rules.days import long_date
from app.school import service as school
from app.web import scans
from app.web.listing import Listing
from app.web.paging import Paging

_CHANGES, _REQUESTS = "accounts.former_names", "accounts.name_requests"


@internal("the name on documents that the person may have made")
def name_on(session: Session, user_id: int, day: date) -> str:
    """The student's full legal name on a day at the school. Raises NotFound for nobody."""
    return names_on(session, [user_id], day)[user_id]


@internal("the names on documents that the person may have made")
def names_on(session: Session, user_ids: Collection[int], day: date) -> dict[int, str]:
    """The full legal names of students on a day at the school. Raises NotFound if one of them is nobody."""
    found = queries.names_on(session, user_ids, day)
    if set(user_ids) - set(found):
        raise NotFound(policy.NO_STUDENT)
    return found


def former_names(session: Session, subject: Actor, user_id: int) -> Sequence[FormerName]:
    """Names that a student no longer has, the latest first, for those who read all of the file."""
    policy.require_read_all(session, subject, user_id)
    return queries.former_names(session, user_id)


def change_name(
    session: Session,
    subject: Actor,
    store: FileStore,
    user_id: int,
    values: NameChange,
    content: bytes,
    today: date,
) -> FormerName:
    """Record that a student has another legal name from a day on, with the document that proves it.

    Raises Invalid for a day that is not here yet, for the name they have, and for what is no document; Conflict for a
    day before the last change.
    """
    policy.require_change(session, subject, user_id)
    stored, media_type = scans.take_in(store, content, "document")
    return _change(session, subject, user_id, values, stored, media_type, today)


def _change(
    session: Session,
    subject: Actor,
    user_id: int,
    values: NameChange,
    stored: StoredFile,
    media_type: str,
    today: date,
) -> FormerName:
    # The account before the file, as everywhere: who corrects a name under Account holds it first too.
    person = people.user(session, user_id, lock=True)
    if person is None:
        raise NotFound(policy.NO_STUDENT)
    profile = profiles.open_profile(session, user_id, clock.now())
    _check(session, person, values, today)
    former = FormerName(
        user_id=user_id,
        full_name=person.full_name,
        used_until=values.counts_from,
        reason=values.reason,
        document_sha256=stored.sha256,
        document_type=media_type,
        changed_by=subject.user_id,
    )
    session.add(former)
    before, person.full_name = person.full_name, values.full_name
    profile.first_name, profile.middle_name = values.first_name, values.middle_name
    profile.last_name, profile.name_suffix = values.last_name, values.name_suffix
    session.flush()
    claims.claim(
        session,
        stored,
        room=_CHANGES,
        row=former.id,
        retention=Retention.PERMANENT,
        media_type=media_type,
    )
    history.record(
        session,
        subject,
        Action.NAME_CHANGED,
        former.id,
        student_id=user_id,
        reason=values.reason,
        full_name=[before, person.full_name],
        counts_from=values.counts_from,
    )
    return former


def _check(session: Session, person: User, values: NameChange, today: date) -> None:
    if values.counts_from > today:
        raise _wrong("counts_from", "This day is in the future. Record the change when the new name counts.")
    require_name_fits(values)
    if values.full_name == person.full_name:
        raise _wrong("last_name", f"The legal name is “{person.full_name}” already.")
    earlier = queries.former_names(session, person.id)
    if earlier and values.counts_from <= earlier[0].used_until:
        sentence = f"The name changed last on {long_date(earlier[0].used_until)}. Enter a later day."
        raise Conflict(sentence, errors=[FieldError("counts_from", sentence)])


def read_document(
    session: Session, subject: Actor, store: FileStore, user_id: int, former_name_id: int
) -> tuple[bytes, str]:
    """The document that proves a change, and its media type. Raises NotFound for another student's."""
    policy.require_read_all(session, subject, user_id)
    found = queries.former_name(session, former_name_id)
    if found is None or found.user_id != user_id:
        raise NotFound("There is no such document, or you don’t have access to it.")
    return _opened(session, subject, store, user_id, found.id, found.document_sha256, found.document_type)


def _opened(
    session: Session,
    subject: Actor,
    store: FileStore,
    user_id: int,
    number: int,
    sha256: str,
    media_type: str,
) -> tuple[bytes, str]:
    try:
        content = store.read_bytes(sha256)
    except FileMissing:
        raise NotFound("This document is not in the file store. Ask the operator to restore it.") from None
    history.record(session, subject, Action.NAME_DOCUMENT_OPENED, number, student_id=user_id)
    return content, media_type


# Requests of students


def ask(
    session: Session,
    subject: Actor,
    store: FileStore,
    user_id: int,
    values: NameChange,
    content: bytes,
    today: date,
) -> NameRequest:
    """A student asks for their own legal name to be changed. Nothing changes until the office approves.

    Raises Conflict while an earlier request waits, and what `change_name` raises.
    """
    person = policy.require_own(session, subject, user_id)
    _check(session, person, values, today)
    if queries.waiting(session, user_id) is not None:
        raise Conflict("A change of your name is waiting for the office already. Nothing was saved.")
    stored, media_type = scans.take_in(store, content, "document")
    given = values.model_dump(include=set(NameChange.model_fields))
    record = NameRequest(user_id=user_id, document_sha256=stored.sha256, document_type=media_type, **given)
    session.add(record)
    session.flush()
    claims.claim(session, stored, room=_REQUESTS, row=record.id, media_type=media_type)
    history.record(
        session,
        subject,
        Action.NAME_REQUESTED,
        record.id,
        student_id=user_id,
        reason=values.reason,
        full_name=values.full_name,
    )
    return record


def waiting(session: Session, subject: Actor, user_id: int) -> NameRequest | None:
    """The student's request that waits for the office."""
    policy.require_read_all(session, subject, user_id)
    return queries.waiting(session, user_id)


def list_requests(session: Session, subject: Actor, paging: Paging, *, decided: bool = False) -> Listing[Any]:
    """Requests for the office, those that wait or those that were decided."""
    policy.require_list(subject)
    visible = visibility.limit(session, subject, Records.STUDENTS, NameRequest.user_id)
    return queries.requests(session, paging, visible, decided=decided)


def get_request(session: Session, subject: Actor, request_id: int) -> NameRequest:
    """A request with what was asked. Raises NotFound."""
    policy.require_list(subject)
    found = queries.request(session, request_id)
    if found is None:
        raise NotFound("There is no such request, or you don’t have access to it.")
    policy.require_read_all(session, subject, found.user_id)
    return found


def read_request_document(
    session: Session, subject: Actor, store: FileStore, request_id: int
) -> tuple[bytes, str]:
    """The document that a request came with, and its media type."""
    found = get_request(session, subject, request_id)
    return _opened(
        session, subject, store, found.user_id, found.id, found.document_sha256, found.document_type
    )


def approve(
    session: Session, subject: Actor, store: FileStore, request_id: int, answer: str, today: date
) -> FormerName:
    """Change the name as the student asked; they get an email. Raises Conflict for a request that was decided."""
    record = _decidable(session, subject, request_id)
    values = NameChange.model_validate(
        {name: getattr(record, name) for name in NameChange.model_fields}, from_attributes=False
    )
    try:
        content = store.read_bytes(record.document_sha256)
    except FileMissing:
        raise Conflict("The document of this request is not in the file store. Nothing was saved.") from None
    stored, media_type = scans.take_in(store, content, "document")
    former = _change(session, subject, record.user_id, values, stored, media_type, today)
    _decide(session, subject, record, answer, approved=True)
    return former


def decline(session: Session, subject: Actor, request_id: int, answer: str) -> NameRequest:
    """Leave the name as it is; the student gets an email with the answer."""
    record = _decidable(session, subject, request_id)
    _decide(session, subject, record, answer, approved=False)
    history.record(
        session,
        subject,
        Action.NAME_REQUEST_DECLINED,
        record.id,
        student_id=record.user_id,
        reason=answer,
        full_name=_asked(record),
    )
    return record


def _decidable(session: Session, subject: Actor, request_id: int) -> NameRequest:
    record = queries.request(session, request_id, lock=True)
    if record is None:
        raise NotFound("There is no such request, or you don’t have access to it.")
    policy.require_change(session, subject, record.user_id)
    if record.decided_at is not None:
        raise Conflict("This request was decided already. Nothing was changed; open the list again.")
    return record


def _decide(session: Session, subject: Actor, record: NameRequest, answer: str, *, approved: bool) -> None:
    record.approved, record.answer = approved, answer
    record.decided_at, record.decided_by = clock.now(), subject.user_id
    session.flush()
    person = people.user(session, record.user_id)
    if person is not None:
        mail.send(
            session,
            person.email,
            "name_request_decided",
            requested_by=subject.user_id,
            school=school.facts(session).legal_name,
            name=person.full_name,
            asked=_asked(record),
            approved=approved,
            answer=answer,
        )


def _asked(record: NameRequest) -> str:
    parts = (record.first_name, record.middle_name, record.last_name, record.name_suffix)
    return " ".join(part for part in parts if part)


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
