"""Numbers without a gap: each one has a row in the register, whatever becomes of its document.

A number is printed in its document, so it is taken first: in a short transaction of its own, because whoever takes the
next one waits for the commit (measured: 23 documents a second while rendering meanwhile, 415 without). Then the
document is made, and the row becomes `issued` or `void`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict
from app.core.permissions import SYSTEM, Actor, internal
from app.db.models import IssuedDocument
from app.documents import kinds, queries

UNFINISHED = "The system stopped while the document was being made."
ABANDONED_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document that needs a number."""

    kind: str
    student_id: int | None
    enrollment_id: int | None
    request: UUID
    payer_id: int | None = None
    """Whose it is, if it is no student's."""


def take(session: Session, wanted: Mapping[tuple[str, int], int]) -> dict[tuple[str, int], range]:
    """So many numbers for each (kind, year). Always in the same order, so that no two takers wait for each other."""
    taken = {}
    for kind, year in sorted(wanted):
        count = wanted[kind, year]
        last = queries.take(session, kind, year, count)
        taken[kind, year] = range(last - count + 1, last + 1)
    return taken


@internal("a step of issuing")
def begin_after(session: Session, kind: str, year: int, last: int) -> None:
    """Count a kind's numbers of a year on from `last`, if none was taken here: others were given out before."""
    queries.begin_counter(session, kind, year, last)


def reserve(
    session: Session, subject: Actor, year: int, documents: Iterable[Wanted]
) -> list[tuple[int, str]]:
    """Take a number for each document and write its row as `reserved`; (row, number as printed) in the same order.

    Commit soon: others wait. Raises Conflict (by the database) for a request that has a number already.
    """
    asked = list(documents)
    counts: dict[tuple[str, int], int] = {}
    for item in asked:
        counts[item.kind, year] = counts.get((item.kind, year), 0) + 1
    serials = {key: iter(numbers) for key, numbers in take(session, counts).items()}
    rows = []
    for item in asked:
        serial = next(serials[item.kind, year])
        rows.append(
            {
                "kind": item.kind,
                "year": year,
                "serial": serial,
                "number": kinds.number(item.kind, year, serial),
                "student_id": item.student_id,
                "payer_id": item.payer_id,
                "enrollment_id": item.enrollment_id,
                "issued_by": subject.user_id,
                "request": item.request,
            }
        )
    numbers = queries.insert_reserved(session, rows)
    return [(number, str(row["number"])) for number, row in zip(numbers, rows, strict=True)]


@dataclass(frozen=True, slots=True)
class Made:
    """What a number was issued with."""

    sha256: str
    size_bytes: int
    facts_sha256: str
    signing_key_id: int
    issued_on: date
    """The day that the document names."""
    time_stamp: str | None = None
    """By whom and when the signature was stamped, or why it was not; None without an authority."""


def mark_issued(session: Session, made: Mapping[int, Made]) -> list[IssuedDocument]:
    """Write what was issued under each number, in their order.

    Raises Conflict if one of them has been given up in the meantime.
    """
    rows = queries.locked(session, made)
    for number, one in made.items():
        row = rows.get(number)
        if row is None or row.status != "reserved":
            raise Conflict("This document took too long and its number was given up. Make it again.")
        row.status = "issued"
        row.issued_at = clock.now()
        row.sha256, row.size_bytes = one.sha256, one.size_bytes
        row.facts_sha256, row.signing_key_id = one.facts_sha256, one.signing_key_id
    session.flush()
    return [rows[number] for number in made]


def mark_void(session: Session, document_id: int, reason: str) -> IssuedDocument:
    """Give up a number, or make its document void. Raises Conflict for one that is void or replaced already."""
    row = queries.find(session, document_id, lock=True)
    if row is None or row.status not in ("reserved", "issued"):
        raise Conflict("This document is void or replaced already. Nothing was changed.")
    row.status = "void"
    row.void_reason = reason
    row.ended_at = clock.now()
    session.flush()
    return row


def mark_replaced(session: Session, document_id: int, by: IssuedDocument) -> IssuedDocument:
    """Let another document hold in its place. Raises Conflict for one that is no longer valid."""
    row = queries.find(session, document_id, lock=True)
    if row is None or row.status != "issued":
        raise Conflict("The document to replace is no longer valid.")
    if (row.student_id, row.payer_id, row.kind) != (by.student_id, by.payer_id, by.kind):
        raise Conflict("A document is replaced by one of the same kind for the same student.")
    row.status = "replaced"
    row.replaced_by = by.id
    row.ended_at = clock.now()
    session.flush()
    return row


def give_up_abandoned(session: Session, now: datetime) -> int:
    """Make void what a stopped server left reserved; how many numbers."""
    rows = queries.abandoned(session, now - ABANDONED_AFTER, kinds.waiting())
    for row in rows:
        row.status, row.void_reason, row.ended_at = "void", UNFINISHED, now
        session.flush()
        history.record(
            session,
            SYSTEM,
            Action.DOCUMENT_NOT_ISSUED,
            row.id,
            student_id=row.student_id,
            enrollment_id=row.enrollment_id,
            reason=UNFINISHED,
            number=row.number,
        )
    return len(rows)
