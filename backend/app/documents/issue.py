"""From a draft to a signed, numbered document that is kept for good."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.core import clock, history, timestamps
from app.core.actions import Action
from app.core.errors import Conflict, Problem, TooManyRequests
from app.core.files import FileStore, StoredFile, claims
from app.core.files.claims import Retention
from app.core.permissions import Actor, internal
from app.db.models import IssuedDocument
from app.db.session import Database
from app.documents import kinds, numbers, policy, queries
from app.documents.keys import service as keys
from app.documents.letterhead import Letterhead
from app.documents.numbers import Made, Wanted
from app.documents.render.printable import canonical, checked
from app.documents.render.service import render
from app.documents.signing import Signer
from app.settings import Settings

if TYPE_CHECKING:
    from app.documents.pades import Signed

MOST_A_DAY = 20
"""How many documents a student may have made in a day: each is kept for good."""
PREVIEW_NUMBER = "Preview"


Numbered = Callable[[str, date], tuple[Mapping[str, Any], Mapping[str, Any]]]
"""Gives facts and machine-readable data for a number and a day of issue, where they depend on these."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a document is to say. `facts` go to the layout; `machine` into the file for computers to read.

    A kind whose words depend on the number gives `numbered` instead. What else the room keeps of an issued document it
    writes in `written`, in the transaction of the register.
    """

    kind: str
    student_id: int | None
    enrollment_id: int | None
    letterhead: Letterhead
    facts: Mapping[str, Any]
    machine: Mapping[str, Any]
    numbered: Numbered | None = None
    written: Callable[[Session, Actor, IssuedDocument, date], None] | None = None
    payer_id: int | None = None
    """Whose it is, if it is no student's: a payer's, that names the students it paid for."""

    def data(self, number: str, issued_on: date, *, mark: str = "") -> tuple[dict[str, Any], str]:
        """What the layout reads, and the canonical JSON that the file carries. `mark` is written across each page."""
        kind = kinds.get(self.kind)
        facts, machine = (
            self.numbered(number, issued_on)
            if self.numbered is not None
            else (
                self.facts,
                {
                    **self.machine,
                    "kind": self.kind,
                    "number": number,
                    "issued_on": issued_on.isoformat(),
                    "school": self.letterhead.legal_name,
                },
            )
        )
        text = canonical(checked(machine))
        return {
            **facts,
            "kind": kind.title,
            "number": number,
            "issued_on": issued_on.isoformat(),
            "preview": bool(mark),
            "mark": mark,
            "school": self.letterhead.as_data(),
            "signatory": {
                "name": self.letterhead.signatory_name or "Office of the Registrar",
                "title": self.letterhead.signatory_title if self.letterhead.signatory_name else "",
            },
            "machine": text,
        }, text


Prepare = Callable[[Session], Draft]
"""Reads what the document says, in a short transaction; decides whether this person may have it."""


@internal("shows a draft that the person may have made")
def preview(
    settings: Settings, draft: Draft, *, number: str = PREVIEW_NUMBER, mark: str = "PREVIEW"
) -> bytes:
    """The document as it would look, marked as a preview, without number and signature. Nothing is kept."""
    data, _ = draft.data(number, clock.today(draft.letterhead.zone), mark=mark)
    return render(settings, kinds.get(draft.kind).layout, data, files=draft.letterhead.files)


def issue(
    database: Database,
    subject: Actor,
    files: FileStore,
    settings: Settings,
    prepare: Prepare,
    *,
    request: UUID,
    replaces: int | None = None,
) -> IssuedDocument:
    """Make the document that `prepare` drafts: number, render, sign, keep, write down.

    Three steps, and no connection is held while the second one renders: the number is taken, the document is made, the
    register is written. What fails in between leaves a void number with the reason, and no document. The same
    `request` twice is one document. Raises what `prepare` raises, Invalid for a name that cannot be printed,
    Unavailable, Conflict, TooManyRequests.
    """
    with database.begin() as session:
        known = queries.by_request(session, request)
        if known is not None:
            return _asked_before(subject, known)
        draft = prepare(session)
        policy.require_issue(subject, draft.student_id, kinds.keepers(draft.kind))
        _require_patience(session, subject)
        if replaces is not None:
            _require_replaceable(session, subject, replaces, draft)
        today = clock.today(draft.letterhead.zone)
        key = keys.signing_key(session, settings)
        wanted = Wanted(draft.kind, draft.student_id, draft.enrollment_id, request, draft.payer_id)
        ((document_id, number),) = numbers.reserve(session, subject, today.year, [wanted])
    try:
        signed, machine = make(settings, draft, number, today, key)
        stored = files.put(signed.pdf)
        with database.begin() as session:
            made = Made(
                stored.sha256,
                stored.size,
                hashlib.sha256(machine.encode()).hexdigest(),
                key.id,
                today,
                time_stamp_of(signed),
            )
            (row,) = write_down(session, subject, [Ready(draft, document_id, made, stored)], replaces)
            return row
    except Exception as error:
        reason = error.detail if isinstance(error, Problem) else f"The system failed: {type(error).__name__}."
        with database.begin() as session:
            give_up(session, subject, document_id, reason)
        raise


def make(settings: Settings, draft: Draft, number: str, today: date, key: Signer) -> tuple["Signed", str]:
    """The signed file, and the canonical JSON that it carries."""
    kind = kinds.get(draft.kind)
    data, machine = draft.data(number, today)
    pdf = render(settings, kind.layout, data, files=draft.letterhead.files)
    from app.documents.pades import sign_and_stamp  # noqa: PLC0415 - 13 MB that most processes never need

    signed = sign_and_stamp(
        pdf,
        key,
        timestamps.authority(settings),
        reason=f"{kind.title} {number}",
        school=draft.letterhead.legal_name,
    )
    return signed, machine


def time_stamp_of(signed: "Signed") -> str | None:
    """What the history says of the time stamp: its moment, or why there is none; None where none was asked for."""
    if signed.stamped is not None:
        said = f"{signed.stamped.at.isoformat()} by {signed.stamped.authority}"
        return f"{said}. {signed.incomplete}" if signed.incomplete else said
    return signed.unstamped


@dataclass(frozen=True, slots=True)
class Ready:
    """A document that is signed and stored, and not yet in the register."""

    draft: Draft | None
    """None for one whose room writes down itself what it keeps."""
    document_id: int
    made: Made
    stored: StoredFile


def write_down(
    session: Session, subject: Actor, ready: Sequence[Ready], replaces: int | None = None
) -> list[IssuedDocument]:
    """The register's part, with the claims on the files, the history, and what the drafts' rooms keep.

    `replaces` is for a document alone: the one that it supersedes.
    """
    rows = numbers.mark_issued(session, {one.document_id: one.made for one in ready})
    claims.claim_rows(
        session,
        [(one.document_id, one.stored, "application/pdf") for one in ready],
        room="documents",
        retention=Retention.PERMANENT,
    )
    history.record_all(
        session,
        subject,
        Action.DOCUMENT_ISSUED,
        [
            {
                "target_id": row.id,
                "student_id": row.student_id,
                "enrollment_id": row.enrollment_id,
                "number": row.number,
                "kind": row.kind,
                "sha256": row.sha256,
                **({"time_stamp": one.made.time_stamp} if one.made.time_stamp else {}),
            }
            for one, row in zip(ready, rows, strict=True)
        ],
    )
    if replaces is not None:
        (row,) = rows
        old = numbers.mark_replaced(session, replaces, row)
        history.record(
            session,
            subject,
            Action.DOCUMENT_REPLACED,
            old.id,
            student_id=old.student_id,
            enrollment_id=old.enrollment_id,
            number=old.number,
            by=row.number,
        )
    for one, row in zip(ready, rows, strict=True):
        if one.draft is not None and one.draft.written is not None:
            one.draft.written(session, subject, row, one.made.issued_on)
    return rows


@internal("a step of issuing")
def give_up(session: Session, subject: Actor, document_id: int, reason: str) -> None:
    """Leave a void number with the reason, unless somebody has already."""
    row = queries.find(session, document_id)
    if row is None or row.status != "reserved":
        return
    numbers.mark_void(session, document_id, reason)
    history.record(
        session,
        subject,
        Action.DOCUMENT_NOT_ISSUED,
        row.id,
        student_id=row.student_id,
        enrollment_id=row.enrollment_id,
        reason=reason,
        number=row.number,
    )


def _asked_before(subject: Actor, known: IssuedDocument) -> IssuedDocument:
    if known.issued_by != subject.user_id:
        policy.require_change(subject, kinds.keepers(known.kind))
    if known.status == "reserved":
        raise Conflict("This document is being created at this moment. Look under Documents in a minute.")
    if known.sha256 is None:
        raise Conflict(f"This document could not be made: {known.void_reason} Open its page to try again.")
    return known


def _require_patience(session: Session, subject: Actor) -> None:
    if (
        subject.is_student
        and subject.user_id is not None
        and queries.count_asked_by(session, subject.user_id, clock.now() - timedelta(days=1)) >= MOST_A_DAY
    ):
        raise TooManyRequests(
            f"You have had {MOST_A_DAY} documents made within a day. Use one of those under Documents, or come back "
            "tomorrow. No document was made."
        )


def _require_replaceable(session: Session, subject: Actor, replaces: int, draft: Draft) -> None:
    policy.require_change(subject)
    if kinds.get(draft.kind).again is None:
        raise Conflict(
            f"A document of the kind “{kinds.title(draft.kind)}” is not replaced. Make the old one void, then issue "
            "another. No document was made."
        )
    old = queries.find(session, replaces)
    same = old is not None and (old.student_id, old.payer_id, old.kind) == (
        draft.student_id,
        draft.payer_id,
        draft.kind,
    )
    if old is None or old.status != "issued" or not same:
        raise Conflict(
            "The document to replace is no longer valid, or is another student’s or of another kind. "
            "No document was made."
        )
