"""The outbox: what was sent, what waits, what failed, and what would have been sent with a mail server."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from app.core import history, mail
from app.core.actions import Action
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.jobs import enqueue
from app.core.permissions import Subject
from app.db.models import OutboxMessage
from app.desks import queries
from app.settings import Settings
from app.web.listing import Listing
from app.web.paging import Paging

# A one-time link lets its reader into somebody's account.
_ONE_TIME_LINK = re.compile(r"https?://\S+/set-password/\S+")


class MailState(StrEnum):
    """Where a message stands."""

    SENT = "sent"
    WAITING = "waiting"
    FAILED = "failed"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the page shows it."""

    id: int
    to: str
    subject: str
    body: str
    state: MailState
    created_at: datetime
    sent_at: datetime | None
    attempts: int
    error: str | None


def list_messages(session: Session, subject: Subject, settings: Settings, paging: Paging) -> Listing[Message]:
    """A page of the outbox. Raises Forbidden for all but administrators."""
    _require_admin(subject)
    return queries.outbox_listing(session, paging).map(lambda row: _message(row, settings))


def read(session: Session, subject: Subject, settings: Settings, message_id: int) -> Message:
    """One message. Raises NotFound, and Forbidden for all but administrators."""
    _require_admin(subject)
    row = queries.outbox_message(session, message_id)
    if row is None:
        raise NotFound("There is no such message in the outbox.")
    return _message(row, settings)


def retry(session: Session, subject: Subject, settings: Settings, message_id: int) -> None:
    """Put a message into the queue again. Raises Conflict for one that was sent, and without a mail server."""
    _require_admin(subject)
    row = queries.outbox_message(session, message_id, lock=True)
    if row is None:
        raise NotFound("There is no such message in the outbox.")
    if row.sent_at is not None:
        raise Conflict("This message was sent already; it is not sent a second time.")
    if settings.smtp_url is None:
        raise Conflict(
            "No mail server is set, so nothing can be sent. Set SMTP_URL and start the program again."
        )
    enqueue(session, mail.deliver, queueing_lock=f"mail-{row.id}", message_id=row.id)
    history.record(session, subject, Action.MAIL_RETRIED, row.id, to=row.to_address)


def _require_admin(subject: Subject) -> None:
    if not subject.is_admin:
        raise Forbidden("The outbox is for administrators.")


def _message(row: OutboxMessage, settings: Settings) -> Message:
    if row.sent_at is not None:
        state = MailState.SENT
    elif settings.smtp_url is None:
        state = MailState.KEPT
    else:
        state = MailState.FAILED if row.last_error else MailState.WAITING
    # Without a mail server the administrator hands the link over; with one it is none of hers.
    body = (
        row.body_text if settings.smtp_url is None else _ONE_TIME_LINK.sub("[one-time link]", row.body_text)
    )
    return Message(
        id=row.id,
        to=row.to_address,
        subject=row.subject,
        body=body,
        state=state,
        created_at=row.created_at,
        sent_at=row.sent_at,
        attempts=row.attempts,
        error=row.last_error,
    )
