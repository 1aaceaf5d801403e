"""The signed letter about a refund: what is owed, step by step, and what was paid."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core.errors import Conflict
from app.core.files import FileStore
from app.core.money import format_cents
from app.core.permissions import Actor, Permission, Subject, internal
from app.db.models import IssuedDocument, RefundRemittance
from app.documents import service as documents
from app.documents.service import DocumentKind, Draft, Offer
from app.finance.ledger import chart
from app.finance.ledger import service as ledger
from app.finance.refunds.cases import policy, sentences
from app.finance.refunds.cases.service import RefundCase, locked, read
from app.rules.days import long_date
from app.school import service as school

KIND = sentences.LETTER
_ACTS = UUID("b1f0d6de-0f63-4a5e-8f0a-2a4b7c9c1d55")
_OPENINGS = {
    "student": "You withdrew from {program} on {day}.",
    "administrative": "The school withdrew you from {program} on {day}.",
    "school_cancelled": "The school canceled your enrollment in {program} on {day}.",
    "cancellation": "You canceled your enrollment in {program} on {day}.",
}
"""What ended the enrollment, by the kind of the withdrawal."""


@internal("names an act and reads nothing")
def act(found: RefundCase) -> UUID:
    """Names the act of issuing this refund's next letter, so that two people who press at once make one."""
    row, paid = found.row, sum(one.returned_at is None for one in found.remittances)
    return uuid5(_ACTS, f"{row.id} {found.current.number} {paid} {row.letter_id}")


def draft(session: Session, subject: Subject, files: FileStore, refund_id: int) -> Draft:
    """The letter as the refund stands. Raises NotFound, Forbidden, and Conflict before the approval."""
    found = read(session, subject, refund_id)
    policy.require_compute(subject, found.row.student_id)
    row = found.row
    if row.approved_at is None:
        raise Conflict("The letter is issued once the refund is approved. Nothing was issued.")
    if found.left_out and (cents := ledger.without_program(session, row.enrollment_id)):
        raise Conflict(f"No letter was issued. {sentences.assign(cents)}")
    letterhead = school.letterhead(session, files)
    number = found.current.number

    def written(session: Session, subject: Actor, document: IssuedDocument, _day: date) -> None:
        # The file was made without a connection: meanwhile the refund may have been sent back.
        now, again = locked(session, subject, refund_id)
        if now.approved_at is None or again.current.number != number:
            raise Conflict("The refund has changed while its letter was made. No letter was issued.")
        now.letter_id = document.id
        session.flush()

    opening = _OPENINGS[found.current.case_file["kind"]].format(
        program=row.program, day=long_date(row.withdrawn_on)
    )
    what = "how the refund was computed" if row.amount_cents else "why no refund is owed"
    steps = [
        [line.text, format_cents(line.amount_cents) if line.amount_cents else ""] for line in found.lines
    ]
    return Draft(
        kind=KIND,
        student_id=row.student_id,
        enrollment_id=row.enrollment_id,
        letterhead=letterhead,
        facts={
            "salutation": f"Dear {row.student},",
            "opening": f"{opening} This letter shows {what}.",
            "steps": [*steps, ["Refund", format_cents(row.amount_cents)]],
            "paragraphs": [*found.assumptions, *_money(found, letterhead.zone)],
        },
        machine={
            "student": row.student,
            "program": row.program,
            "refund": row.id,
            "computation": number,
            "amount_cents": row.amount_cents,
            "due_on": row.due_on.isoformat(),
            "case": found.current.case_file,
            "result": found.current.result,
        },
        written=written,
    )


def _money(found: RefundCase, zone: ZoneInfo) -> list[str]:
    """What was paid, what came back and what is still owed, each to whom."""
    if not found.row.amount_cents:
        return [sentences.NOTHING]
    unpaid = {one["payer_id"] for one in found.open_payees}
    said, back = [], {}
    for one in reversed(found.remittances):
        day = long_date(one.remitted_at.astimezone(zone).date())
        if one.returned_at is None:
            said.append(sentences.paid(one.amount_cents, one.payee, one.payer_id, day, _by(one)))
        elif one.payer_id in unpaid:
            back[one.payer_id] = sentences.came_back(one.amount_cents, one.payee, one.payer_id, day)
    due, overdue = long_date(found.row.due_on), found.row.days_left is not None and found.row.days_left < 0
    owed = [sentences.owed(one, due, overdue=overdue) for one in found.open_payees]
    return [*said, *back.values(), *owed]


def _by(one: RefundRemittance) -> str:
    method = chart.METHODS[one.method][0].lower()
    return f"{method}, reference {one.reference}" if one.reference else method


def _offers(_session: Session, _subject: Subject, _student_id: int) -> Sequence[Offer]:
    """Letters are issued from the refund itself."""
    return ()


documents.register_kind(
    DocumentKind(
        name=KIND,
        prefix="RL",
        title="Refund letter",
        layout="refund-letter.typ",
        sample={
            "salutation": "Dear Nguyễn Thị Bích,",
            "opening": "You withdrew from Dental Assistant on May 4, 2026. This letter shows how the refund was "
            "computed.",
            "steps": [["Paid toward the program", "$5,040.00"], ["Refund", "$5,040.00"]],
            "paragraphs": ["$5,040.00 will be paid to you by June 18, 2026."],
        },
        offers=_offers,
        again=None,
        keepers=Permission.LEDGER_POST,
    )
)
