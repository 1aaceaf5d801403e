"""Payments at a provider's page: begin one, and take the provider's messages, each once and in any order."""

from typing import Annotated, Any
from uuid import UUID, uuid5

from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.core.money import format_cents
from app.core.permissions import SYSTEM, Actor, Subject, internal
from app.db.models import PaymentCheckout
from app.finance.ledger import policy
from app.finance.ledger import service as ledger
from app.finance.ledger.plans import service as plans
from app.finance.ledger.schemas import Amount, PaymentForm
from app.finance.providers import queries
from app.finance.providers.protocol import Event, Opened, Provider
from app.finance.providers.stripe import Stripe
from app.settings import Settings
from app.web.listing import Listing
from app.web.paging import Paging

_ACTS = UUID("0c0f4b5e-2b5c-4a59-8f0a-5f2f3c1f7a90")


class PayForm(BaseModel):
    """What a student pays online. `request` names the act, here and at the provider."""

    request: UUID
    amount_cents: Annotated[Amount, Field(title="Amount")]


@internal("a setting")
def provider_of(settings: Settings) -> Provider | None:
    """The provider that is set, or None: then nothing of this is offered."""
    if (
        settings.payment_provider != "stripe"
        or settings.stripe_secret_key is None
        or settings.stripe_webhook_secret is None
    ):
        return None
    return Stripe(
        settings.stripe_url,
        settings.stripe_secret_key.get_secret_value(),
        settings.stripe_webhook_secret.get_secret_value(),
    )


def begin(session: Session, subject: Subject, provider_name: str, values: PayForm) -> PaymentCheckout:
    """Begin a payment of one's own. Raises Forbidden, Invalid for more than is owed, Conflict for another amount."""
    if not subject.is_student:
        raise Forbidden("Students pay their own accounts here. Nothing was begun.")
    known = queries.by_request(session, values.request)
    if known is not None:
        if (known.student_id, known.amount_cents) != (subject.user_id, values.amount_cents):
            raise Conflict("This form was sent before with another amount. Open Money again.")
        return known
    owed = ledger.balances_of(session, [subject.user_id]).get(subject.user_id, 0)
    if values.amount_cents > owed:
        words = f"Enter at most what you owe, {format_cents(max(owed, 0))}."
        raise Invalid(words, errors=[FieldError("amount_cents", words)])
    programs = {one.enrollment_id for one in plans.own_open(session, subject)}
    row = PaymentCheckout(
        provider=provider_name,
        student_id=subject.user_id,
        enrollment_id=programs.pop() if len(programs) == 1 else _only_program(session, subject),
        amount_cents=values.amount_cents,
        request=values.request,
    )
    queries.add(session, row)
    return row


def _only_program(session: Session, subject: Subject) -> int | None:
    found = ledger.account(session, subject, subject.user_id).enrollments
    return found[0].id if found else None


@internal("a step of beginning a payment, which was allowed before")
def opened(session: Session, checkout_id: int, made: Opened) -> None:
    """Keep the provider's name for a payment that was begun."""
    row = queries.checkout(session, checkout_id)
    if row is not None and row.session_id is None:
        row.session_id = made.session_id
        session.flush()


@internal("the provider’s own message, verified before")
def take(session: Session, provider_name: str, event: Event) -> str:
    """Take a message: post the money that came, once for each checkout, and note everything else. Gives the outcome.

    A message that came before is nothing. Refunds and disputes are never posted: the bursar looks at them.
    """
    fresh = queries.take_event(
        session,
        provider=provider_name,
        event_id=event.id,
        type=event.type,
        amount_cents=event.amount_cents,
        reference=event.reference,
    )
    if not fresh:
        return "nothing"
    try:
        request = UUID(event.request) if event.request else None
    except ValueError:
        request = None
    row = queries.of_event(session, provider_name, event.session_id, request, event.reference)
    outcome = {"taken_back": "taken_back", "failed": "failed", "other": "nothing"}.get(event.kind, "posted")
    if event.kind == "paid":
        outcome = _paid(session, row, event)
    queries.settle_event(session, provider_name, event.id, outcome, None if row is None else row.id)
    return outcome


def _paid(session: Session, row: PaymentCheckout | None, event: Event) -> str:
    if row is None:
        return "unknown"
    if (event.amount_cents, event.currency) != (row.amount_cents, "usd"):
        return "differs"
    if row.transaction_id is not None:
        return "nothing"
    form = PaymentForm(
        request=uuid5(_ACTS, str(row.request)),
        amount_cents=row.amount_cents,
        method="card",
        reference=(event.reference or event.session_id or event.id)[:80],
        memo="Paid online",
        enrollment_id=row.enrollment_id,
    )
    made = ledger.post_for_student(session, SYSTEM, row.student_id, form)
    row.transaction_id, row.reference = made.id, event.reference
    row.session_id = row.session_id or event.session_id
    session.flush()
    return "posted"


def messages(session: Session, subject: Subject, paging: Paging, *, waiting: bool = False) -> Listing[Any]:
    """The provider's messages. Sorts: received, amount. Raises Forbidden."""
    policy.require_read_all(subject)
    return queries.events(session, paging, waiting=waiting)


def handle(session: Session, subject: Actor, provider: str, event_id: str) -> None:
    """Note that the bursar has dealt with a message. Raises Forbidden, NotFound."""
    policy.require_post(subject)
    if not queries.handle(session, provider, event_id, clock.now()):
        raise NotFound("No such message waits. It may have been dealt with already.")
