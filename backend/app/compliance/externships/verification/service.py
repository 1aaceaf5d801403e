"""Verification: staff look at the supporting document, and from then on the hours count and do not change.

The documented columns `verified`, `verified_at`, `verification_doc_url` and `total_hours` agree with the log: they are
written in one transaction, the database refuses anything else, and `compare` names what somebody changed all the same.
"""

from datetime import date

from sqlalchemy.orm import Session

from app.compliance.externships import policy
from app.compliance.externships.hours import queries as hours
from app.compliance.externships.links import revocation
from app.compliance.externships.placements import access
from app.compliance.externships.placements import queries as placements
from app.compliance.externships.verification import queries
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, NotFound
from app.core.files import FileMissing, FileStore, claims
from app.core.files.claims import Retention
from app.core.permissions import SYSTEM, Actor, internal
from app.rules.days import long_date
from app.web import scans

_ROOM = "compliance.externships"
_NAMED = 20


def verify(
    session: Session,
    subject: Actor,
    store: FileStore,
    externship_id: int,
    *,
    seen_minutes: int,
    content: bytes,
) -> None:
    """Verify the confirmed hours by a supporting document, which is kept permanently. The log is closed from then on.

    Raises Conflict while days are not confirmed, for hours that changed since the page was opened, and when somebody
    else was faster.
    """
    policy.require_manage(subject)
    record, kept = access.changeable(session, subject, externship_id)
    entries = placements.entries(session, externship_id)
    undecided = [entry for entry in entries if entry.state != "confirmed"]
    if undecided:
        days = ", ".join(long_date(entry.day) for entry in reversed(undecided[-3:]))
        raise Conflict(
            f"{len(undecided)} of the logged days are not confirmed by the supervisor ({days}). Nothing was verified. "
            "Send the supervisor a link, or have the student remove those days."
        )
    minutes = sum(entry.minutes for entry in entries)
    if minutes < 60:
        raise Conflict("There is no confirmed hour to verify.")
    if minutes != seen_minutes:
        raise Conflict(
            "The hours changed since you opened this page. Nothing was verified; look at them again."
        )
    stored, media_type = scans.take_in(store, content, "file")
    kept.document_sha256, kept.document_type, kept.document_size = stored.sha256, media_type, stored.size
    kept.verified_by = subject.user_id
    # The database asks for the document before it lets the row say verified.
    session.flush()
    record.verified, record.verified_at = True, clock.now()
    record.verification_doc_url = f"/externships/{externship_id}/document"
    session.flush()
    claims.claim(
        session,
        stored,
        room=_ROOM,
        row=externship_id,
        retention=Retention.PERMANENT,
        media_type=media_type,
    )
    revocation.revoke(session, externship_id)
    history.record(
        session,
        subject,
        Action.EXTERNSHIP_VERIFIED,
        externship_id,
        student_id=record.user_id,
        enrollment_id=kept.enrollment_id,
        total_hours=record.total_hours or 0,
        minutes=minutes,
        document=stored.sha256,
    )


def reopen(session: Session, subject: Actor, externship_id: int, reason: str) -> None:
    """Take the verification back: the hours count no longer until they are verified again. The document stays."""
    policy.require_manage(subject)
    record, kept = access.held(session, subject, externship_id)
    if not record.verified:
        raise Conflict("This externship is not verified. Nothing was changed.")
    record.verified, record.verified_at, record.verification_doc_url = False, None, None
    session.flush()
    kept.document_sha256 = kept.document_type = kept.document_size = kept.verified_by = None
    session.flush()
    history.record(
        session,
        subject,
        Action.EXTERNSHIP_REOPENED,
        externship_id,
        student_id=record.user_id,
        enrollment_id=kept.enrollment_id,
        reason=reason,
        total_hours=record.total_hours or 0,
    )


def read_document(
    session: Session, subject: Actor, store: FileStore, externship_id: int, today: date
) -> tuple[bytes, str]:
    """The supporting document and its media type. Raises NotFound where there is none."""
    row = access.readable(session, subject, externship_id, today)
    if row.document_sha256 is None:
        raise NotFound("This externship has no supporting document.")
    try:
        content = store.read_bytes(row.document_sha256)
    except FileMissing:
        raise NotFound("This document is not in the file store. Ask the operator to restore it.") from None
    if subject.user_id != row.user_id:
        history.record(
            session, subject, Action.EXTERNSHIP_DOCUMENT_OPENED, externship_id, student_id=row.user_id
        )
    return content, row.document_type


def reopen_day(session: Session, subject: Actor, hours_id: int, reason: str) -> int:
    """Let the student change a day that the supervisor confirmed by mistake; the externship's number.

    Raises NotFound, Conflict for a day that is not confirmed and once the externship is verified.
    """
    policy.require_manage(subject)
    entry = hours.get(session, hours_id)
    if entry is None:
        raise NotFound(policy.NO_HOURS)
    record, kept = access.changeable(session, subject, entry.externship_id)
    entry = hours.get(session, hours_id)
    if entry is None or entry.state != "confirmed":
        raise Conflict("This day is not confirmed. Nothing was changed.")
    entry.state, entry.link_id, entry.revision = "logged", None, entry.revision + 1
    entry.changed_at = clock.now()
    session.flush()
    history.record(
        session,
        subject,
        Action.EXTERNSHIP_HOURS_REOPENED,
        entry.id,
        student_id=record.user_id,
        enrollment_id=kept.enrollment_id,
        reason=reason,
        externship_id=record.id,
        day=entry.day,
    )
    return record.id


@internal("compares rows, and gives their numbers alone")
def compare(session: Session) -> list[str]:
    """A sentence for each externship whose row is not what its log and its document say; what was found is recorded."""
    found = []
    for row in queries.differences(session):
        if row.total_hours != row.logged_hours:
            found.append(
                f"Externship {row.id}: total_hours is {row.total_hours}, and its log has {row.logged_hours} "
                "confirmed hours."
            )
        else:
            found.append(
                f"Externship {row.id}: verified is {'true' if row.verified else 'false'}, and the day or the document "
                "says otherwise."
            )
    history.record(
        session,
        SYSTEM,
        Action.EXTERNSHIP_LOGS_COMPARED,
        None,
        compared=queries.placed_count(session),
        differences=len(found),
        named=found[:_NAMED],
    )
    return found
