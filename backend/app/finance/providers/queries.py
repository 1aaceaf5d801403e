"""SQL of payments at a provider's page."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from app.db.models import PaymentCheckout, PaymentEvent, User
from app.web.listing import Listing
from app.web.paging import Paging

FOR_BURSAR = ("unknown", "differs", "taken_back")


def checkout(session: Session, checkout_id: int) -> PaymentCheckout | None:
    return session.get(PaymentCheckout, checkout_id)


def by_request(session: Session, request: UUID) -> PaymentCheckout | None:
    return session.scalars(select(PaymentCheckout).where(PaymentCheckout.request == request)).one_or_none()


def add(session: Session, row: PaymentCheckout) -> None:
    session.add(row)
    session.flush()


def of_event(
    session: Session, provider: str, session_id: str | None, request: UUID | None, reference: str | None
) -> PaymentCheckout | None:
    """The checkout that a message is about, locked: by the provider's name, by ours, or by the money."""
    named = [PaymentCheckout.session_id == session_id] if session_id else []
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


def take_event(session: Session, **values: object) -> bool:
    """Note a message; False where it was noted before. Waits for whoever notes the same one."""
    made = session.execute(
        pg_insert(PaymentEvent)
        .values(**values, outcome="nothing")
        .on_conflict_do_nothing()
        .returning(PaymentEvent.event_id)
    )
    return made.first() is not None


def settle_event(
    session: Session, provider: str, event_id: str, outcome: str, checkout_id: int | None
) -> None:
    """Write down what became of a message."""
    session.execute(
        update(PaymentEvent)
        .where(PaymentEvent.provider == provider, PaymentEvent.event_id == event_id)
        .values(outcome=outcome, checkout_id=checkout_id)
    )


def handle(session: Session, provider: str, event_id: str, moment: datetime) -> bool:
    """Note that the bursar has dealt with a message; False for one that does not wait."""
    made = session.execute(
        update(PaymentEvent)
        .where(
            PaymentEvent.provider == provider,
            PaymentEvent.event_id == event_id,
            PaymentEvent.outcome.in_(FOR_BURSAR),
            PaymentEvent.handled_at.is_(None),
        )
        .values(handled_at=moment)
        .returning(PaymentEvent.event_id)
    )
    return made.first() is not None


def events(session: Session, paging: Paging, *, waiting: bool) -> Listing[Any]:
    """Messages, the newest first; `waiting`: those that the bursar has to look at."""
    statement = (
        select(
            PaymentEvent.provider,
            PaymentEvent.event_id,
            PaymentEvent.type,
            PaymentEvent.outcome,
            PaymentEvent.amount_cents,
            PaymentEvent.reference,
            PaymentEvent.received_at,
            PaymentEvent.handled_at,
            PaymentCheckout.student_id,
            PaymentCheckout.transaction_id,
            User.full_name.label("student"),
        )
        .outerjoin(PaymentCheckout, PaymentCheckout.id == PaymentEvent.checkout_id)
        .outerjoin(User, User.id == PaymentCheckout.student_id)
    )
    if waiting:
        statement = statement.where(PaymentEvent.outcome.in_(FOR_BURSAR), PaymentEvent.handled_at.is_(None))
    for word in paging.q.split():
        statement = statement.where(
            or_(
                PaymentEvent.reference.icontains(word, autoescape=True),
                PaymentEvent.event_id.icontains(word, autoescape=True),
                User.full_name.icontains(word, autoescape=True),
            )
        )
    sorts = {"received": PaymentEvent.received_at, "amount": PaymentEvent.amount_cents}
    order = paging.order(sorts, "-received")
    return Listing(session, statement.order_by(order, PaymentEvent.event_id), paging)
