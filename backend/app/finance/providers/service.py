"""Payments at a provider's page: begin one, and take the provider's messages, each once and in any order."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID, uuid5

from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core import clock, history, views
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, Problem
from app.core.money import format_cents
from app.core.permissions import SYSTEM, Actor, Subject, internal
from app.core.views import Part
from app.db.models import PaymentCheckout
from app.finance.ledger import policy
from app.finance.ledger import service as ledger
from app.finance.ledger.plans import service as plans
from app.finance.ledger.schemas import Amount, Memo, PaymentForm
from app.finance.providers import queries
from app.finance.providers.protocol import Event, Opened, Provider
from app.finance.providers.stripe import Stripe
from app.rules.days import long_date
from app.settings import Settings
from app.web.field_types import OptionalId
from app.web.listing import Listing
from app.web.paging import Paging

NO_MESSAGE = "There is no such message of the payment provider, or you don’t have access to it."
_ACTS = UUID("0c0f4b5e-2b5c-4a59-8f0a-5f2f3c1f7a90")
_OPEN = timedelta(hours=24)
"""How long a page of the provider can be paid at, unless somebody pays or leaves it."""


class PayForm(BaseModel):
    """What a student pays online: the key of an `Offer`, or `own` with an amount. `request` names the act."""

    request: UUID
    choice: Annotated[str, Field(title="What you pay", max_length=40)]
    amount_cents: Annotated[Amount | None, Field(title="Another amount")] = None
    enrollment_id: Annotated[OptionalId, Field(title="Program")] = None


class HandledForm(BaseModel):
    """What was done about a message."""

    memo: Annotated[Memo, Field(title="What was done")]


@dataclass(frozen=True, slots=True)
class Offer:
    """An amount that a student may want to pay now."""

    key: str
    label: str
    amount_cents: int
    enrollment_id: int | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """What a student can pay online. `programs` are theirs, to choose among where they have several."""

    balance_cents: int
    offers: list[Offer]
    programs: list[tuple[int, str]]


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


# A student pays


def owed(session: Session, subject: Subject) -> Owed:
    """The person's own balance, and of it what is past due, due next, or everything. Raises Forbidden for staff."""
    if not subject.is_student:
        raise Forbidden("Students pay their own accounts here. Nothing was begun.")
    account = ledger.account(session, subject, subject.user_id)
    balance = account.balance_cents
    offers = []
    for plan in plans.own_standing(session, subject)[0]:
        if plan.agreed_at is None:
            continue
        if plan.past_due:
            offers.append(Offer(f"past_due-{plan.id}", "Past due", plan.past_due_cents, plan.enrollment_id))
        if plan.next:
            due = f"Next installment, due {long_date(plan.next.due_on)}"
            offers.append(Offer(f"next-{plan.id}", due, plan.next.unpaid_cents, plan.enrollment_id))
    offers = [one for one in offers if one.amount_cents <= balance]
    if balance > 0:
        offers.append(Offer("balance", "Everything you owe", balance))
    return Owed(balance, offers, [(one.id, one.program) for one in account.enrollments])


def begin(session: Session, subject: Subject, provider: Provider, values: PayForm) -> PaymentCheckout:
    """Begin a payment of one's own; the same form again gives the same. Raises Forbidden, Invalid, Conflict."""
    account = owed(session, subject)
    chosen = {one.key: one for one in account.offers}.get(values.choice)
    if values.choice == "own":
        if values.amount_cents is None:
            raise _wrong("amount_cents", "Enter the amount that you want to pay.")
        if values.amount_cents > account.balance_cents:
            most = format_cents(max(account.balance_cents, 0))
            raise _wrong("amount_cents", f"Enter at most what you owe, {most}.")
        chosen = Offer("own", "Another amount", values.amount_cents)
    if chosen is None:
        raise _wrong("choice", "Choose one of the amounts. What you owe may have changed in the meantime.")
    if not provider.smallest_cents <= chosen.amount_cents <= provider.largest_cents:
        least, most = format_cents(provider.smallest_cents), format_cents(provider.largest_cents)
        raise _wrong("choice", f"Online, {least} to {most} can be paid at a time.")
    row = queries.begun(
        session,
        provider=provider.name,
        student_id=subject.user_id,
        enrollment_id=chosen.enrollment_id or _program(account, values.enrollment_id),
        amount_cents=chosen.amount_cents,
        request=values.request,
    )
    if (row.student_id, row.amount_cents) != (subject.user_id, chosen.amount_cents):
        raise Conflict("This form was sent before with another amount. Open Money and begin again.")
    return row


def _program(account: Owed, wanted: int | None) -> int | None:
    """What is paid for: the only program, or the one that was chosen."""
    numbers = [number for number, _name in account.programs]
    if len(numbers) > 1 and wanted not in numbers:
        raise _wrong("enrollment_id", "Choose the program that you pay for.")
    return wanted if wanted in numbers else next(iter(numbers), None)


def _wrong(field: str, words: str) -> Invalid:
    return Invalid(words, errors=[FieldError(field, words)])


@internal("a step of beginning a payment, which was allowed before")
def opened(session: Session, checkout_id: int, made: Opened) -> None:
    """Keep the provider's name for a payment that was begun."""
    row = queries.checkout(session, checkout_id)
    if row is not None and row.session_id is None:
        row.session_id = made.session_id
        session.flush()


def own_unconfirmed(session: Session, subject: Subject) -> PaymentCheckout | None:
    """The payment that the person began within a day and of which the provider has said nothing yet."""
    return queries.unconfirmed(session, subject.user_id, clock.now() - _OPEN)


# The provider's messages


@internal("the provider’s own message, verified before")
def take(session: Session, provider_name: str, event: Event) -> str:
    """Take a message: post the money that came, once for each checkout, and keep everything else. Gives the outcome.

    A message that came before is nothing. Refunds and disputes are never posted: the bursar looks at them, once for as
    many messages as say the same of the same refund or dispute, in the one that says how it ended, or else the largest
    amount.
    """
    number = queries.take_event(
        session,
        provider=provider_name,
        event_id=event.id,
        type=event.type,
        amount_cents=event.amount_cents,
        reference=event.about,
    )
    if number is None:
        return "nothing"
    try:
        request = UUID(event.request) if event.request else None
    except ValueError:
        request = None
    row = queries.of_event(session, provider_name, event.session_id, request, event.reference)
    outcome = {"taken_back": "taken_back", "failed": "failed", "other": "nothing"}.get(event.kind, "posted")
    if event.kind == "paid":
        outcome = _paid(session, row, event)
    elif event.kind == "taken_back" and event.about:
        queries.lock_reference(session, provider_name, event.about)
        waits = queries.waiting_about(session, provider_name, event.about, event.same)
        if waits is not None and _weight(event, waits.type, waits.amount_cents) >= _weight(
            event, event.type, event.amount_cents
        ):
            outcome = "nothing"
        elif waits is not None:
            queries.settle_event(session, waits.id, "nothing", waits.checkout_id)
    queries.settle_event(session, number, outcome, None if row is None else row.id)
    return outcome


def _weight(event: Event, kind: str, cents: int | None) -> tuple[bool, int]:
    """Which of two messages about the same thing waits: the one that weighs more."""
    return kind == event.last_word, cents or 0


def _paid(session: Session, row: PaymentCheckout | None, event: Event) -> str:
    if row is None:
        return "unknown"
    if (event.amount_cents, event.currency) != (row.amount_cents, "usd"):
        return "differs"
    if row.transaction_id is not None:
        return "nothing" if event.reference == row.reference else "differs"
    try:
        with session.begin_nested():
            form = PaymentForm(
                request=uuid5(_ACTS, str(row.request)),
                amount_cents=row.amount_cents,
                method="card",
                reference=(event.reference or event.session_id or event.id)[:80],
                memo="Paid online",
                enrollment_id=row.enrollment_id,
            )
            made = ledger.post_for_student(session, SYSTEM, row.student_id, form)
    except (Problem, ValidationError):
        # The money came all the same: somebody has to know of it.
        return "refused"
    row.transaction_id, row.reference = made.id, event.reference
    row.session_id = row.session_id or event.session_id
    session.flush()
    if event.reference:
        queries.adopt_events(session, row.provider, event.reference, row.id)
    return "posted"


# The bursar


@internal("whether there is anything to see; what is seen is asked for below")
def any_messages(session: Session) -> bool:
    """Whether the provider ever reported something."""
    return queries.any_events(session)


def messages(session: Session, subject: Subject, paging: Paging, *, waiting: bool = False) -> Listing[Any]:
    """The provider's messages. Sorts: received, amount. Raises Forbidden."""
    policy.require_read_all(subject)
    visible = policy.visible(session, subject, PaymentCheckout.student_id)
    return queries.events(session, visible, paging, waiting=waiting)


@views.opens(Part.MONEY, student=lambda found, _given: found.student_id, record=lambda found: found.id)
def message(session: Session, subject: Subject, payment_event_id: int) -> Row[Any]:
    """One message of the provider. Raises Forbidden, NotFound."""
    return _message(session, subject, payment_event_id)


def _message(session: Session, subject: Actor, number: int) -> Row[Any]:
    policy.require_read_all(subject)
    found = queries.event(session, policy.visible(session, subject, PaymentCheckout.student_id), number)
    if found is None:
        raise NotFound(NO_MESSAGE)
    return found


def handle(session: Session, subject: Actor, payment_event_id: int, values: HandledForm) -> None:
    """Note what the bursar did about a message. Raises Forbidden, NotFound, Conflict for one that does not wait."""
    policy.require_post(subject)
    found = _message(session, subject, payment_event_id)
    if found.student_id is not None:
        policy.require_post_to(session, subject, found.student_id)
    if not queries.handle(session, payment_event_id, clock.now()):
        raise Conflict("This message does not wait for anybody. It may have been dealt with already.")
    history.record(
        session,
        subject,
        Action.ONLINE_PAYMENT_HANDLED,
        payment_event_id,
        student_id=found.student_id,
        enrollment_id=found.enrollment_id,
        reason=values.memo,
        outcome=queries.OUTCOMES[found.outcome],
        event=found.event_id,
    )
