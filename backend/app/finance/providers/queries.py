"""SQL of payments at a provider's page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from app.core.search import matches
from app.db.models import PaymentCheckout, PaymentEvent, User
from app.web import queue
from app.web.listing import Listing
from app.web.paging import Paging

OUTCOMES = {
    "posted": "Posted",
    "nothing": "Nothing to do",
    "failed": "Not paid",
    "unknown": "A payment that was not begun here",
    "differs": "Differs from the payment that was begun",
    "refused": "Paid, and could not be posted",
    "taken_back": "Refund or dispute at the provider",
}
FOR_BURSAR = ("unknown", "differs", "refused", "taken_back")
WAITING = PaymentEvent.outcome.in_(FOR_BURSAR) & PaymentEvent.handled_at.is_(None)


# Checkouts


def checkout(session: Session, checkout_id: int) -> PaymentCheckout | None:
    return session.get(PaymentCheckout, checkout_id)


def begun(session: Session, **values: object) -> PaymentCheckout:
    """The checkout of an act; written where there is none yet, and otherwise as it was."""
    session.execute(pg_insert(PaymentCheckout).values(**values).on_conflict_do_nothing())
    return session.scalars(select(PaymentCheckout).where(PaymentCheckout.request == values["request"])).one()


def unconfirmed(session: Session, student_id: int, since: datetime) -> PaymentCheckout | None:
    """The student's newest checkout since then that has a page and of which the provider has said nothing."""
    said = select(PaymentEvent.id).where(
        PaymentEvent.checkout_id == PaymentCheckout.id, PaymentEvent.outcome != "nothing"
    )
    return session.scalars(
        select(PaymentCheckout)
        .where(
            PaymentCheckout.student_id == student_id,
            PaymentCheckout.created_at > since,
            PaymentCheckout.session_id.is_not(None),
            PaymentCheckout.transaction_id.is_(None),
            ~said.exists(),
        )
        .order_by(PaymentCheckout.id.desc())
        .limit(1)
    ).one_or_none()


def of_event(
    session: Session, provider: str, session_id: str | None, request: UUID | None, reference: str | None
) -> PaymentCheckout | None:
    """The checkout that a message is about, locked: by the provider's name, by ours, or by the money."""
    named: list[ColumnElement[bool]] = [PaymentCheckout.session_id == session_id] if session_id else []
    if request is not None:
        named.append(PaymentCheckout.request == request)
    if not named and reference:
        named.append(PaymentCheckout.reference == reference)
    if not named:
        return None
    return session.scalars(
        select(PaymentCheckout)
        .where(PaymentCheckout.provider == provider, or_(*named))
        .order_by(PaymentCheckout.id)
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


# Messages


def take_event(session: Session, **values: object) -> int | None:
    """Keep a message; None where it was kept before. Waits for whoever keeps the same one."""
    return session.scalar(
        pg_insert(PaymentEvent)
        .values(**values, outcome="nothing")
        .on_conflict_do_nothing()
        .returning(PaymentEvent.id)
    )


def settle_event(session: Session, number: int, outcome: str, checkout_id: int | None) -> None:
    """Write down what became of a message."""
    session.execute(
        update(PaymentEvent).where(PaymentEvent.id == number).values(outcome=outcome, checkout_id=checkout_id)
    )


def lock_reference(session: Session, provider: str, reference: str) -> None:
    """Wait for whoever takes a message about the same thing, until the end of the transaction."""
    session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"payment event {provider} {reference}", 0)))
    )


def waiting_about(
    session: Session, provider: str, reference: str, types: Sequence[str]
) -> PaymentEvent | None:
    """The message of one of these types about this thing that waits for the bursar."""
    return session.scalars(
        select(PaymentEvent)
        .where(
            PaymentEvent.provider == provider,
            PaymentEvent.reference == reference,
            PaymentEvent.type.in_(types),
            PaymentEvent.outcome == "taken_back",
            PaymentEvent.handled_at.is_(None),
        )
        .order_by(PaymentEvent.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).one_or_none()


def adopt_events(session: Session, provider: str, reference: str, checkout_id: int) -> None:
    """Give a checkout the messages about its money that came before it was known which money that is: about a payment,
    and about refunds and disputes of it, whose own names stand after the payment's."""
    session.execute(
        update(PaymentEvent)
        .where(
            PaymentEvent.provider == provider,
            or_(
                PaymentEvent.reference == reference,
                func.starts_with(PaymentEvent.reference, f"{reference} "),
            ),
            PaymentEvent.checkout_id.is_(None),
        )
        .values(checkout_id=checkout_id)
    )


def handle(session: Session, number: int, moment: datetime) -> bool:
    """Note that the bursar has dealt with a message; False for one that does not wait."""
    made = session.execute(
        update(PaymentEvent)
        .where(PaymentEvent.id == number, WAITING)
        .values(handled_at=moment)
        .returning(PaymentEvent.id)
    )
    return made.first() is not None


def any_events(session: Session) -> bool:
    return session.scalar(select(PaymentEvent.id).limit(1)) is not None


def _events(visible: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            PaymentEvent.id,
            PaymentEvent.event_id,
            PaymentEvent.type,
            PaymentEvent.outcome,
            PaymentEvent.amount_cents,
            PaymentEvent.reference,
            PaymentEvent.received_at,
            PaymentEvent.handled_at,
            PaymentCheckout.student_id,
            PaymentCheckout.enrollment_id,
            PaymentCheckout.transaction_id,
            PaymentCheckout.amount_cents.label("begun_cents"),
            User.full_name.label("student"),
        )
        .outerjoin(PaymentCheckout, PaymentCheckout.id == PaymentEvent.checkout_id)
        .outerjoin(User, User.id == PaymentCheckout.student_id)
        .where(or_(PaymentCheckout.student_id.is_(None), visible))
    )


def event(session: Session, visible: ColumnElement[bool], number: int) -> Row[Any] | None:
    """One message, with the checkout and the student."""
    return session.execute(_events(visible).where(PaymentEvent.id == number)).one_or_none()


def events(session: Session, visible: ColumnElement[bool], paging: Paging, *, waiting: bool) -> Listing[Any]:
    """Messages, the newest first; `waiting`: those that the bursar has to look at."""
    statement = _events(visible)
    if waiting:
        statement = statement.where(WAITING)
    found = matches(paging.q, User.search_text, PaymentEvent.reference, PaymentEvent.event_id)
    sorts = {"received": PaymentEvent.received_at, "amount": PaymentEvent.amount_cents}
    order = paging.order(sorts, "-received")
    return Listing(session, statement.where(*found).order_by(order, PaymentEvent.id), paging)


def waiting(visible: ColumnElement[bool]) -> Select[Any]:
    """What waits for the bursar, for the queue."""
    names = case(*((PaymentEvent.outcome == key, OUTCOMES[key]) for key in FOR_BURSAR), else_="")
    return (
        select(
            *queue.line(
                number=PaymentEvent.id,
                student_id=PaymentCheckout.student_id,
                about=func.coalesce(User.full_name, PaymentEvent.reference, PaymentEvent.event_id),
                what=names,
                since=PaymentEvent.received_at,
                href=func.concat("/ledger/online-payments/", PaymentEvent.id),
            )
        )
        .select_from(PaymentEvent)
        .outerjoin(PaymentCheckout, PaymentCheckout.id == PaymentEvent.checkout_id)
        .outerjoin(User, User.id == PaymentCheckout.student_id)
        .where(WAITING, or_(PaymentCheckout.student_id.is_(None), visible))
    )
