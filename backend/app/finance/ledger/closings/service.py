"""Daily closing: what came in since the last one, the cash as counted, and the difference posted as over or short."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core import clock, history
from app.core.actions import Action
from app.core.errors import FieldError, Invalid
from app.core.money import format_cents
from app.core.permissions import Actor, Subject
from app.db.models import LedgerClosing
from app.finance.ledger import chart, policy
from app.finance.ledger import queries as ledger
from app.finance.ledger.closings import queries
from app.finance.ledger.posting import post
from app.finance.ledger.schemas import ClosingForm, Entry
from app.school import service as school
from app.web.listing import Listing
from app.web.paging import Paging

_ACTS = UUID("1f1f9f0e-3c55-4e44-9f0d-6d3b0f6f3e0a")


@dataclass(frozen=True, slots=True)
class Receipts:
    """What came in since the last closing: by method, in all, and in cash."""

    after: date | None
    through: date
    methods: Sequence[Row[Any]]

    @property
    def total_cents(self) -> int:
        return sum(int(row.cents) for row in self.methods)

    @property
    def cash_cents(self) -> int:
        return sum(int(row.cents) for row in self.methods if row.method == "cash")


def closings(session: Session, subject: Actor, paging: Paging) -> Listing[Any]:
    """Closed days. Sorts: day, difference. Raises Forbidden."""
    policy.require_read_all(subject)
    return queries.listing(session, paging)


def to_close(session: Session, subject: Subject, through: date | None = None) -> Receipts | None:
    """What would be closed today, or through an earlier day; None when today is closed. Raises Forbidden."""
    policy.require_read_all(subject)
    today = _today(session)
    found = _to_close(session, through) if through is not None and through < today else None
    return found or _to_close(session, today)


def _to_close(session: Session, through: date) -> Receipts | None:
    after = ledger.last_closed(session)
    if after is not None and after >= through:
        return None
    return Receipts(after, through, queries.received(session, after, through))


def close(session: Session, subject: Actor, values: ClosingForm) -> LedgerClosing:
    """Close every day through the one given: whatever is posted later goes to a later day.

    Cash over or short is posted on that day, so that the ledger holds what was counted. Raises Forbidden, Invalid for a
    day to come or one that is closed, and for a difference without a note.
    """
    policy.require_post(subject)
    ledger.stop_posting(session)
    if values.day > _today(session):
        raise _wrong("day", "A day to come cannot be closed.")
    found = _to_close(session, values.day)
    if found is None:
        raise _wrong("day", "This day is closed already. Nothing was changed.")
    if values.expected_cents is not None and values.expected_cents != found.cash_cents:
        raise _wrong(
            "counted_cents",
            f"Through this day the ledger expects {format_cents(found.cash_cents)} in cash, and not the "
            f"{format_cents(values.expected_cents)} that the page showed. Nothing was closed. Compare again.",
        )
    difference = values.counted_cents - found.cash_cents
    if difference and not values.note:
        words = (
            f"The ledger expects {format_cents(found.cash_cents)} in cash, which is {format_cents(abs(difference))} "
            f"{'less' if difference > 0 else 'more'} than counted. Count again, or say in the note what is known."
        )
        raise _wrong("note", words)
    if difference:
        post(
            session,
            subject,
            Entry(
                "count_difference",
                uuid5(_ACTS, values.day.isoformat()),
                values.note or "",
                ((chart.CASH, difference), (chart.OVER_AND_SHORT, -difference)),
                booked_on=values.day,
            ),
        )
    row = LedgerClosing(
        day=values.day,
        expected_cents=found.cash_cents,
        counted_cents=values.counted_cents,
        receipts_cents=found.total_cents,
        note=values.note,
        closed_by=subject.user_id,
    )
    queries.add(session, row)
    history.record(
        session,
        subject,
        Action.LEDGER_DAY_CLOSED,
        values.day.isoformat(),
        expected_cents=found.cash_cents,
        counted_cents=values.counted_cents,
    )
    return row


def _wrong(field: str, words: str) -> Invalid:
    return Invalid(words, errors=[FieldError(field, words)])


def _today(session: Session) -> date:
    return clock.today(school.facts(session).zone)
