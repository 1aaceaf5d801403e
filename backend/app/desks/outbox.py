"""The outbox: what was sent, what waits, what failed, and what would have been sent with a mail server.

One-time links stand in no message here: an administrator may start a reset, and never reads its link. Messages are
people's own mail, so opening one is written to the history. Whoever a complaint is about finds no message about it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.complaints import service as complaints
from app.core import clock, history, mail
from app.core.actions import Action
from app.core.errors import Conflict, NotFound
from app.core.jobs import enqueue
from app.core.permissions import Subject
from app.db.models import OutboxMessage
from app.desks import policy, queries
from app.settings import Settings
from app.web.listing import Listing
from app.web.paging import Paging


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
    requested_by: str | None
    """Who asked for it, by name; None for the person addressed and for the system."""
    has_link: bool


def list_messages(session: Session, subject: Subject, settings: Settings, paging: Paging) -> Listing[Message]:
    """A page of the outbox. Raises Forbidden without the right to read it."""
    policy.require_read_outbox(subject)

    def shown(rows: Sequence[OutboxMessage]) -> list[Message]:
        names = _names(session, rows)
        return [_message(row, settings, names) for row in rows]

    return queries.outbox_listing(session, paging, complaints.hidden_mails(session, subject)).map_many(shown)


def read(session: Session, subject: Subject, settings: Settings, message_id: int) -> Message:
    """One message; that it was opened is recorded. Raises NotFound, and Forbidden without the right to read it."""
    policy.require_read_outbox(subject)
    row = queries.outbox_message(session, message_id, complaints.hidden_mails(session, subject))
    if row is None:
        raise NotFound("There is no such message in the outbox.")
    history.record(session, subject, Action.MAIL_READ, row.id, to=row.to_address, subject_line=row.subject)
    return _message(row, settings, _names(session, [row]))


def retry(session: Session, subject: Subject, settings: Settings, message_id: int) -> None:
    """Put a message into the queue again. Raises Conflict for one that was sent, and without a mail server."""
    policy.require_retry_mail(subject)
    hidden = complaints.hidden_mails(session, subject)
    row = queries.outbox_message(session, message_id, hidden, lock=True)
    if row is None:
        raise NotFound("There is no such message in the outbox.")
    if row.sent_at is not None:
        raise Conflict("This message has already been sent and will not be sent again.")
    if settings.smtp_url is None:
        raise Conflict("No mail server is set, so nothing can be sent. Set SMTP_URL and restart the system.")
    if mail.LINK in row.body_text and (row.sealed_link is None or _expired(row)):
        raise Conflict(mail.EXPIRED)
    enqueue(session, mail.deliver, queueing_lock=f"mail-{row.id}", message_id=row.id)
    history.record(session, subject, Action.MAIL_RETRIED, row.id, to=row.to_address)


def _expired(row: OutboxMessage) -> bool:
    return row.link_expires_at is not None and row.link_expires_at <= clock.now()


def _names(session: Session, rows: Iterable[OutboxMessage]) -> dict[int, str]:
    numbers = {row.requested_by for row in rows if row.requested_by is not None}
    return {number: user.full_name for number, user in accounts.people_by_id(session, numbers).items()}


def _message(row: OutboxMessage, settings: Settings, names: Mapping[int, str]) -> Message:
    if row.sent_at is not None:
        state = MailState.SENT
    elif settings.smtp_url is None:
        state = MailState.KEPT
    else:
        state = MailState.FAILED if row.last_error else MailState.WAITING
    return Message(
        id=row.id,
        to=row.to_address,
        subject=row.subject,
        body=row.body_text,
        state=state,
        created_at=row.created_at,
        sent_at=row.sent_at,
        attempts=row.attempts,
        error=row.last_error,
        requested_by=names.get(row.requested_by) if row.requested_by is not None else None,
        has_link=mail.LINK in row.body_text,
    )
