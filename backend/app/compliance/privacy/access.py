"""Requests of students to see their records: received, due within 45 days, answered (34 CFR 99.10).

While one is open nothing of the student's records is destroyed: the purge asks (`app.core.retention.register_hold`).
The usual answer is a copy of the whole file, which the student downloads from their own page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.privacy import archive, policy, queries
from app.compliance.privacy.archive import Archive
from app.core import clock, history, mail, proof, views
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.files import FileStore, StoredFile, claims
from app.core.permissions import Actor, Subject
from app.core.views import Part
from app.db.models import AccessRequest, User
from app.db.session import Database
from app.rules.privacy import answer_due, days_left
from app.school import service as school
from app.settings import Settings, get_settings
from app.web import formats
from app.web.listing import Listing
from app.web.paging import Paging

_ROOM = "compliance.access_requests"


@dataclass(frozen=True, slots=True)
class OneRequest:
    """A request with the student's name, whether their account is deleted, the days that are left (negative when
    late), and what this person may do."""

    row: AccessRequest
    student: str
    deleted: bool
    answered_by: str | None
    days_left: int
    may_answer: bool


def list_requests(session: Session, subject: Actor, paging: Paging, *, closed: bool = False) -> Listing[Any]:
    """Requests to see and to amend records, those that wait or those that are over. Sorts: since, due, student."""
    policy.require_list(subject)
    return queries.requests(session, paging, policy.visible(session, subject, User.id), closed=closed)


def requests_of(session: Session, subject: Subject, student_id: int) -> Sequence[AccessRequest]:
    """A student's requests to see their records, the newest first. Raises NotFound for another's."""
    policy.require_read(session, subject, student_id)
    return queries.access_requests_of(session, student_id)


@views.opens(
    Part.PRIVACY, student=lambda found, _given: found.row.student_id, record=lambda found: found.row.id
)
def read_request(session: Session, subject: Subject, access_request_id: int, today: date) -> OneRequest:
    """One request. Raises NotFound for another's."""
    row = _readable(session, subject, access_request_id)
    people = accounts.people_by_id(session, {row.student_id, row.answered_by or 0})
    student, answered_by = people[row.student_id], people.get(row.answered_by or 0)
    return OneRequest(
        row,
        student.full_name,
        student.deleted_at is not None,
        answered_by.full_name if answered_by else None,
        days_left(row.due_on, today),
        may_answer=row.closed_at is None and policy.may_manage(subject, row.student_id),
    )


def ask_access(
    session: Session,
    subject: Subject,
    student_id: int,
    records: str,
    today: date,
    *,
    received_on: date | None = None,
) -> AccessRequest:
    """The student asks to see their records; the office enters a letter as of the day it came. The clock starts.

    Raises Conflict while an earlier request is open, Invalid for a day to come, NotFound, Forbidden.
    """
    person = policy.require_own_or_manage(session, subject, student_id)
    came = received_on or today
    if came > today:
        raise _wrong("received_on", "This day is in the future.")
    if queries.open_access(session, student_id) is not None:
        raise Conflict("A request to see these records is open already. Nothing was saved.")
    row = AccessRequest(
        student_id=student_id,
        records=records,
        received_on=came,
        due_on=answer_due(came),
        entered_by=subject.user_id,
    )
    queries.add(session, row)
    history.record(
        session,
        subject,
        Action.ACCESS_ASKED,
        row.id,
        student_id=student_id,
        received_on=came,
        due_on=row.due_on,
    )
    _mail(session, subject, row, person)
    return row


def withdraw_request(session: Session, subject: Subject, access_request_id: int) -> AccessRequest:
    """The student no longer asks. Raises Conflict for one that is closed, NotFound for another's."""
    row = _readable(session, subject, access_request_id, lock=True)
    policy.require_own_or_manage(session, subject, row.student_id, deleted=True)
    _require_open(row)
    return _close(session, subject, row, "withdrawn", "")


def answer_inspected(
    session: Session, subject: Subject, access_request_id: int, answer: str
) -> AccessRequest:
    """The student looked at the records at the school. Raises Conflict, NotFound, Forbidden."""
    row = _readable(session, subject, access_request_id, lock=True)
    policy.require_manage(session, subject, row.student_id, deleted=True)
    _require_open(row)
    return _close(session, subject, row, "inspected", answer)


def answer_with_copy(
    database: Database,
    subject: Subject,
    files: FileStore,
    settings: Settings,
    access_request_id: int,
    answer: str,
) -> AccessRequest:
    """Answer with a copy of the whole file, which the student can download from then on.

    The archive is made before the request is locked: of two who answer at once, one makes it in vain and reads that.
    Raises ProofRequired, Conflict for a request that is closed, NotFound, Forbidden.
    """
    with database.snapshot() as session:
        history.act_as(session, subject)
        row = _readable(session, subject, access_request_id)
        policy.require_manage(session, subject, row.student_id, deleted=True)
        _require_open(row)
        proof.require(subject, Action.STUDENT_FILE_EXPORTED, {})
        made = archive.build(session, files, settings, row.student_id, subject.full_name)
    with made.file:
        stored = files.put(made.file)
    with database.begin() as session:
        history.act_as(session, subject)
        row = _readable(session, subject, access_request_id, lock=True)
        policy.require_manage(session, subject, row.student_id, deleted=True)
        _require_open(row)
        return _close(session, subject, row, "copy", answer, stored, made)


def read_copy(
    database: Database, subject: Subject, files: FileStore, settings: Settings, access_request_id: int
) -> AccessRequest | Archive:
    """For the student the request that was answered with an archive, which is in the store.

    That archive has everything, a complaint about whoever else asks for it too: for the office another is made, with
    what the person may have, and the caller closes it. Raises NotFound, Forbidden, ProofRequired.
    """
    with database.begin() as session:
        row = _readable(session, subject, access_request_id)
        if row.archive_sha256 is None:
            raise NotFound("This request was not answered with a copy.")
        if subject.user_id == row.student_id:
            if not files.exists(row.archive_sha256):
                raise NotFound("This file is not in the file store. Ask the operator to restore it.")
            return row
        student_id = row.student_id
    return _exported(database, subject, files, settings, student_id, deleted=True)


def export_file(
    database: Database, subject: Actor, files: FileStore, settings: Settings, student_id: int
) -> Archive:
    """A student's whole file, for the office and the operator. The caller closes it. Raises NotFound, ProofRequired.

    The history says who took it out, and the student sees it.
    """
    return _exported(database, subject, files, settings, student_id)


def _exported(
    database: Database,
    subject: Actor,
    files: FileStore,
    settings: Settings,
    student_id: int,
    *,
    deleted: bool = False,
) -> Archive:
    with database.snapshot() as session:
        if isinstance(subject, Subject):
            history.act_as(session, subject)
        policy.require_manage(session, subject, student_id, deleted=deleted)
        if isinstance(subject, Subject):
            proof.require(subject, Action.STUDENT_FILE_EXPORTED, {})
        made = archive.build(session, files, settings, student_id, subject.full_name, subject)
        _record_export(session, subject, student_id, made.sha256, made.files)
        return made


def _record_export(session: Session, subject: Actor, student_id: int, sha256: str, count: int) -> None:
    history.record(
        session,
        subject,
        Action.STUDENT_FILE_EXPORTED,
        student_id,
        student_id=student_id,
        sha256=sha256,
        files=count,
    )


def _readable(
    session: Session, subject: Actor, access_request_id: int, *, lock: bool = False
) -> AccessRequest:
    row: AccessRequest | None = queries.access_request(session, access_request_id, lock=lock)
    if row is None or not policy.may_read(subject, row.student_id):
        raise NotFound(policy.NO_REQUEST)
    # A deleted student's request stays open until somebody closes it, and keeps the records from being destroyed.
    policy.require_read(session, subject, row.student_id, deleted=True)
    return row


def _require_open(row: AccessRequest) -> None:
    if row.closed_at is not None:
        raise Conflict("This request is closed already. Nothing was changed; open the page again.")


def _close(
    session: Session,
    subject: Subject,
    row: AccessRequest,
    outcome: str,
    answer: str,
    stored: StoredFile | None = None,
    made: Archive | None = None,
) -> AccessRequest:
    row.outcome, row.answer = outcome, answer or None
    row.closed_at, row.answered_by = clock.now(), subject.user_id
    if stored is not None:
        row.archive_sha256, row.archive_bytes = stored.sha256, stored.size
    session.flush()
    if stored is not None and made is not None:
        claims.claim(session, stored, room=_ROOM, row=row.id, media_type="application/zip")
        _record_export(session, subject, row.student_id, stored.sha256, made.files)
    history.record(
        session,
        subject,
        Action.ACCESS_ANSWERED,
        row.id,
        student_id=row.student_id,
        reason=answer or None,
        outcome=outcome,
        sha256=row.archive_sha256,
    )
    person = accounts.people_by_id(session, [row.student_id])[row.student_id]
    if person.deleted_at is None:
        _mail(session, subject, row, person)
    return row


def _mail(session: Session, subject: Subject, row: AccessRequest, person: User) -> None:
    settings: Settings = session.info.get("settings") or get_settings()
    known = school.facts(session)
    mail.send(
        session,
        person.email,
        "access_request",
        requested_by=subject.user_id,
        school=known.legal_name,
        name=person.full_name,
        outcome=row.outcome,
        due=formats.day(row.due_on, known.zone),
        answer=row.answer,
        page=f"{settings.app_origin}/account/privacy",
    )


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
