"""Payers: the VA, workforce boards, employers and sponsors, what they are billed for and what they pay."""

from typing import Any

from sqlalchemy.orm import Session

from app.core import history
from app.core.actions import Action
from app.core.errors import NotFound
from app.core.permissions import Actor, Subject
from app.db.models import LedgerPayer, LedgerTransaction
from app.finance.ledger import chart, policy
from app.finance.ledger.payers import queries
from app.finance.ledger.posting import post
from app.finance.ledger.schemas import Entry, PayerForm, PayerPaymentForm
from app.web.listing import Listing
from app.web.paging import Paging


def payers(session: Session, subject: Subject, paging: Paging) -> Listing[Any]:
    """Payers with their balances. Sorts: name, kind, balance. Raises Forbidden."""
    policy.require_read_all(subject)
    return queries.payers(session, paging)


def payer(session: Session, subject: Subject, payer_id: int) -> tuple[LedgerPayer, int]:
    """A payer and what they owe in cents. Raises NotFound."""
    if not policy.may_read_all(subject):
        raise NotFound(policy.NO_PAYER)
    return _payer(session, payer_id), queries.payer_balance(session, payer_id)


def payer_choices(session: Session, subject: Subject) -> list[tuple[str, str]]:
    """Payers that can be billed, as number and name; none for those who do not read the ledger."""
    if not policy.may_read_all(subject):
        return []
    return [(str(row.id), row.name) for row in queries.payer_choices(session)]


def save_payer(
    session: Session, subject: Actor, values: PayerForm, payer_id: int | None = None
) -> LedgerPayer:
    """Enter a payer, or change one. Raises Forbidden, NotFound, Invalid for a name that is taken."""
    policy.require_post(subject)
    row = LedgerPayer(created_by=subject.user_id) if payer_id is None else _payer(session, payer_id)
    row.name, row.kind, row.contact = values.name, values.kind, values.contact
    session.add(row)
    session.flush()
    history.record(session, subject, Action.LEDGER_PAYER_CHANGED, row.id, name=row.name)
    return row


def _payer(session: Session, payer_id: int) -> LedgerPayer:
    found = queries.payer(session, payer_id)
    if found is None:
        raise NotFound(policy.NO_PAYER)
    return found


def payer_pays(
    session: Session, subject: Actor, payer_id: int, values: PayerPaymentForm
) -> LedgerTransaction:
    """Record money that came from a payer. Raises Forbidden, NotFound, Invalid, Conflict."""
    policy.require_post(subject)
    _payer(session, payer_id)
    return post(
        session,
        subject,
        Entry(
            "payer_payment",
            values.request,
            values.memo,
            (
                (chart.METHODS[values.method][1], values.amount_cents),
                (chart.payer_code(payer_id), -values.amount_cents),
            ),
            payer_id=payer_id,
            method=values.method,
            reference=values.reference,
            booked_on=values.booked_on,
        ),
    )
