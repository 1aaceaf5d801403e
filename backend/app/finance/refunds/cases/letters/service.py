"""The signed letter about a refund: what is owed, step by step, and what was paid."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core.errors import Conflict
from app.core.files import FileStore
from app.core.money import format_cents
from app.core.permissions import Actor, Permission, Subject
from app.db.models import IssuedDocument, RefundRemittance
from app.documents import service as documents
from app.documents.service import DocumentKind, Draft, Offer
from app.finance.ledger import chart
from app.finance.refunds.cases import policy
from app.finance.refunds.cases.service import RefundCase, locked, read
from app.school import service as school
from app.web.formats import long_date

KIND = "refund_letter"
_ACTS = UUID("b1f0d6de-0f63-4a5e-8f0a-2a4b7c9c1d55")


def act(session: Session, subject: Subject, refund_id: int) -> UUID:
    """Names the act of issuing this refund's next letter, so that two people who press at once make one.

    Raises NotFound, Forbidden.
    """
    found = _for_letter(session, subject, refund_id)
    paid = sum(one.returned_at is None for one in found.remittances)
    return uuid5(_ACTS, f"{refund_id} {found.current.number} {paid} {found.row.letter_id}")


def _for_letter(session: Session, subject: Subject, refund_id: int) -> RefundCase:
    found = read(session, subject, refund_id)
    policy.require_compute(subject, found.row.student_id)
    return found


def draft(session: Session, subject: Subject, files: FileStore, refund_id: int) -> Draft:
    """The letter as the refund stands. Raises NotFound, Forbidden, and Conflict before the approval."""
    found = _for_letter(session, subject, refund_id)
    row = found.row
    if row.approved_at is None:
        raise Conflict("The letter is issued once the refund is approved. Nothing was issued.")
    letterhead = school.letterhead(session, files)
    number = found.current.number

    def written(session: Session, subject: Actor, document: IssuedDocument, _day: date) -> None:
        # The file was made without a connection: meanwhile the refund may have been sent back.
        now, again = locked(session, subject, refund_id)
        if now.approved_at is None or again.current.number != number:
            raise Conflict("The refund has changed while its letter was made. No letter was issued.")
        now.letter_id = document.id
        session.flush()

    withdrawn, due = long_date(row.withdrawn_on), long_date(row.due_on)
    opening = f"You withdrew from {row.program} on {withdrawn}. This is how your refund was computed."
    paid = [one for one in found.remittances if one.returned_at is None]
    closing = [*found.current.assumptions]
    if not row.amount_cents:
        closing.append("Nothing is owed to you.")
    elif not paid:
        closing.append(f"The refund is paid by {due}.")
    closing += [_paid(one, letterhead.zone) for one in reversed(paid)]
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
            "opening": opening,
            "steps": [*steps, ["Refund", format_cents(row.amount_cents)]],
            "paragraphs": closing,
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


def _paid(one: RefundRemittance, zone: ZoneInfo) -> str:
    method = chart.METHODS[one.method][0].lower()
    reference = f", {one.reference}" if one.reference else ""
    day = long_date(one.remitted_at.astimezone(zone).date())
    return f"{format_cents(one.amount_cents)} was paid to {one.payee} on {day} by {method}{reference}."


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
            "opening": "You withdrew from Dental Assistant on May 4, 2026. This is how your refund was computed.",
            "steps": [["Paid toward the program", "$5,040.00"], ["Refund", "$5,040.00"]],
            "paragraphs": ["The refund is paid by June 18, 2026."],
        },
        offers=_offers,
        again=None,
        keepers=Permission.LEDGER_POST,
    )
)
