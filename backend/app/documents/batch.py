"""Many documents at once: one block of numbers, several rendered at a time, one transaction for the register.

A document that cannot be made leaves a void number with the reason; the others are issued all the same.
"""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from uuid import uuid4

import structlog
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Problem
from app.core.files import FileStore, StoredFile
from app.core.permissions import Actor, internal
from app.db.models import IssuedDocument
from app.db.session import Database
from app.documents import numbers, policy
from app.documents.issue import Draft, Ready, give_up, make, time_stamp_of, write_down
from app.documents.keys import service as keys
from app.documents.numbers import Made, Wanted
from app.documents.render.processes import PROCESSES
from app.documents.signing import Signer
from app.settings import Settings

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one draft: the document, or why there is none."""

    draft: Draft
    document: IssuedDocument | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class _Finished:
    stored: StoredFile | None
    facts_sha256: str
    problem: str | None
    time_stamp: str | None = None


Follow = Callable[[Session, Sequence[Outcome]], None]


@internal("issues what a room has allowed, and asks for each student once more")
def issue_all(
    database: Database,
    subject: Actor,
    files: FileStore,
    settings: Settings,
    drafts: Sequence[Draft],
    follow: Follow = lambda _session, _outcomes: None,
) -> list[Outcome]:
    """Issue these drafts of one letterhead; what became of each, in their order.

    `follow` writes what the caller keeps of it in the transaction of the register: both hold, or neither. Raises
    NotFound or Forbidden before anything is made, Unavailable without a signing key.
    """
    if not drafts:
        return []
    today = clock.today(drafts[0].letterhead.zone)
    with database.begin() as session:
        for draft in drafts:
            policy.require_issue(subject, draft.student_id)
        key = keys.signing_key(session, settings)
        wanted = [
            Wanted(one.kind, one.student_id, one.enrollment_id, uuid4(), one.payer_id) for one in drafts
        ]
        reserved = numbers.reserve(session, subject, today.year, wanted)

    def finish(place: int) -> _Finished:
        return _finished(files, settings, drafts[place], reserved[place][1], today, key)

    with ThreadPoolExecutor(PROCESSES) as threads:
        finished = list(threads.map(finish, range(len(drafts))))
    with database.begin() as session:
        ready = []
        for draft, (document_id, _number), one in zip(drafts, reserved, finished, strict=True):
            if one.stored is None:
                give_up(session, subject, document_id, one.problem or "")
                continue
            result = Made(one.stored.sha256, one.stored.size, one.facts_sha256, key.id, today, one.time_stamp)
            ready.append(Ready(draft, document_id, result, one.stored))
        written = _written(session, subject, ready)
        outcomes = [
            Outcome(draft, *written.get(document_id, (None, one.problem)))
            for draft, (document_id, _number), one in zip(drafts, reserved, finished, strict=True)
        ]
        follow(session, outcomes)
    return outcomes


def _written(
    session: Session, subject: Actor, ready: Sequence[Ready]
) -> dict[int, tuple[IssuedDocument | None, str | None]]:
    """What became of each document, by its number in the register: its row there, or why it has none."""
    try:
        with session.begin_nested():
            rows = write_down(session, subject, ready) if ready else ()
        return {one.document_id: (row, None) for one, row in zip(ready, rows, strict=True)}
    except Problem as problem:
        if len(ready) == 1:
            give_up(session, subject, ready[0].document_id, problem.detail)
            return {ready[0].document_id: (None, problem.detail)}
    # Something changed while the files were made, which stops one of them: the others are issued all the same.
    found: dict[int, tuple[IssuedDocument | None, str | None]] = {}
    for one in ready:
        found |= _written(session, subject, [one])
    return found


def _finished(
    files: FileStore, settings: Settings, draft: Draft, number: str, today: date, key: Signer
) -> _Finished:
    try:
        signed, machine = make(settings, draft, number, today, key)
        facts = hashlib.sha256(machine.encode()).hexdigest()
        return _Finished(files.put(signed.pdf), facts, None, time_stamp_of(signed))
    except Problem as problem:
        return _Finished(None, "", problem.detail)
    except Exception as error:
        # One document that fails must not take the numbers of the others with it.
        log.exception("document.not_made", number=number)
        return _Finished(None, "", f"The system failed: {type(error).__name__}.")
