"""Inspections: named or drawn students, a packet made by a worker, one entry in each student's disclosure log.

A packet is whole or there is none: it is made in one go, and becomes downloadable in the transaction that records the
disclosure. Its download ends after three days; the disclosure stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.compliance.inspections import choosing, policy, queries
from app.compliance.inspections.choosing import draw, find
from app.compliance.inspections.schemas import InspectionForm
from app.core import clock, history, proof
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.files import FileStore
from app.core.jobs import enqueue
from app.core.permissions import Subject
from app.db.models import InspectionPacket
from app.rules.inspections import MOST_STUDENTS
from app.web.listing import Listing
from app.web.paging import Paging

__all__ = [
    "draw",
    "find",
    "list_inspections",
    "open_packet",
    "progress",
    "start",
]

KEPT = timedelta(days=3)
"""How long a packet can be downloaded."""
ROOM = "compliance.inspections"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a packet is, and what became of each student's file."""

    inspection: InspectionPacket
    students: Sequence[Any]
    expired: bool
    may_open: bool
    """Whether this person can download it."""

    @property
    def done(self) -> int:
        return sum(one.done_at is not None for one in self.students)

    @property
    def percent(self) -> int:
        return 100 if not self.students else self.done * 100 // len(self.students)


def list_inspections(session: Session, subject: Subject, paging: Paging) -> Listing[Any]:
    """Every inspection. Sorts: asked, inspector, agency. Raises Forbidden."""
    policy.require_run(subject)
    return queries.listing(session, paging)


def start(session: Session, subject: Subject, values: InspectionForm, today: date) -> InspectionPacket:
    """Have the files of the students who are named, and of those who are drawn, put into a packet by a worker.

    A line that means one student needs no choice. Raises ProofRequired, Forbidden; Invalid for a line that means
    nobody or several, for nobody at all and for more students than a packet holds.
    """
    policy.require_run(subject)
    proof.require(subject, Action.INSPECTION_REQUESTED, {})
    if values.found and values.found.split() != values.students.split():
        raise _wrong(
            "students",
            "The lines were changed after their students were found. Find these students again, and check who is "
            "ticked. Nothing was started.",
        )
    lines = choosing.find(session, subject, values.students)
    if unclear := choosing.unclear(lines, values.chosen):
        shown = "; ".join(unclear[:5]) + (f" and {len(unclear) - 5} more" if len(unclear) > 5 else "")
        raise _wrong(
            "students", f"Choose whom these lines mean, or remove them: {shown}. Nothing was started."
        )
    # What was shown can be unticked; what was never shown is meant as it is written.
    meant = [line.found[0].student_id for line in lines if len(line.found) == 1 and not values.found]
    drawn = None
    if values.count is not None:
        drawn = choosing.drawn_now(session, subject, values.count, values.among, values.seed)
    by_chance = [one.student_id for one in drawn.students] if drawn else []
    if values.drawn and values.drawn != by_chance:
        raise _wrong(
            "count",
            "This would draw other students than those that were shown: the number, the group or the seed was changed, "
            "or a student was added or removed in the meantime. Draw again. Nothing was started.",
        )
    named = [number for number in dict.fromkeys([*meant, *values.chosen]) if number not in set(by_chance)]
    choosing.chosen(session, subject, named)
    if not named and not by_chance:
        raise _wrong("students", "Name at least one student, or say how many to draw at random.")
    if len(named) + len(by_chance) > MOST_STUDENTS:
        raise _wrong("students", f"A packet holds {MOST_STUDENTS} students at most. Prepare several packets.")
    row = InspectionPacket(
        inspector=values.inspector,
        agency=values.agency,
        reference=values.reference,
        made_on=today,
        seed=drawn.seed if drawn else None,
        drawn_among=drawn.among if drawn else None,
        drawn_from=drawn.drawn_from if drawn else None,
        candidates=list(drawn.candidates) if drawn else None,
        asked_by=subject.user_id,
    )
    queries.add(session, row, by_chance, named)
    said: dict[str, Any] = {"seed": drawn.seed, "drawn_from": drawn.drawn_from} if drawn else {}
    history.record(
        session,
        subject,
        Action.INSPECTION_REQUESTED,
        row.id,
        reason=values.reference,
        inspector=row.inspector,
        agency=row.agency,
        students=len(named) + len(by_chance),
        **said,
    )
    from app.compliance.inspections.jobs import prepare_packet  # noqa: PLC0415 - the job calls this room

    enqueue(session, prepare_packet, inspection_id=row.id)
    return row


def progress(session: Session, subject: Subject, inspection_id: int) -> Progress:
    """How far a packet is. Raises Forbidden, NotFound."""
    policy.require_run(subject)
    row = _known(session, inspection_id)
    return Progress(row, queries.of(session, inspection_id), _expired(row), policy.may_open(subject, row))


def open_packet(session: Session, subject: Subject, inspection_id: int, files: FileStore) -> InspectionPacket:
    """The inspection whose packet is in the store, for its download by who asked for it, which the history records.

    Raises ProofRequired, Forbidden; Conflict while there is none, NotFound for other people's and once it has expired.
    """
    policy.require_run(subject)
    row = _known(session, inspection_id)
    if row.packet_sha256 is None:
        raise Conflict("This packet is not ready yet. Its page shows how far it is.")
    policy.require_open(subject, row)
    if _expired(row) or not files.exists(row.packet_sha256):
        raise NotFound(
            "This packet has expired. Prepare a new one for the same students; that takes a minute."
        )
    history.record(
        session,
        subject,
        Action.INSPECTION_DOWNLOADED,
        row.id,
        inspector=row.inspector,
        agency=row.agency,
        students=sum(one.files is not None for one in queries.of(session, inspection_id)),
        sha256=row.packet_sha256,
    )
    return row


def _known(session: Session, inspection_id: int) -> InspectionPacket:
    row = queries.find(session, inspection_id)
    if row is None:
        raise NotFound(policy.NO_INSPECTION)
    return row


def _expired(row: InspectionPacket) -> bool:
    return row.expires_at is not None and row.expires_at <= clock.now()


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
