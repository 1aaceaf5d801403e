"""Mail, by way of an outbox table.

The message and the job that sends it are written with the change that caused them. Without an SMTP server the
message stays in the outbox, where the administrator's page shows what would have been sent.
"""

import smtplib
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.jobs import enqueue, task
from app.settings import Settings

_outbox = sa.table(
    "outbox_messages",
    sa.column("id", sa.BigInteger),
    sa.column("to_address", sa.Text),
    sa.column("subject", sa.Text),
    sa.column("body_text", sa.Text),
    sa.column("sent_at", sa.DateTime(timezone=True)),
    sa.column("attempts", sa.Integer),
    sa.column("last_error", sa.Text),
)


def send(session: Session, to: str, subject: str, body: str) -> None:
    """Write a plain-text message to the outbox and the job that delivers it."""
    message_id = session.execute(
        sa.insert(_outbox)
        .values(to_address=to, subject=" ".join(subject.split()), body_text=body)
        .returning(_outbox.c.id)
    ).scalar_one()
    enqueue(session, deliver, message_id=message_id)


@task("mail.deliver", queue="mail")
def deliver(context: Any, message_id: int) -> None:
    """Send one message of the outbox; a failure is noted on the row and raised, so that the queue tries again."""
    settings: Settings = context.additional_context["settings"]
    database = context.additional_context["database"]
    if settings.smtp_url is None:
        return
    with database.begin() as session:
        row = session.execute(
            sa.select(_outbox)
            .where(_outbox.c.id == message_id, _outbox.c.sent_at.is_(None))
            .with_for_update()
        ).one_or_none()
        if row is None:
            return
        error: Exception | None = None
        try:
            _transmit(settings.smtp_url, settings.mail_from, row.to_address, row.subject, row.body_text)
        except (OSError, smtplib.SMTPException) as caught:
            error = caught
        session.execute(
            sa.update(_outbox)
            .where(_outbox.c.id == message_id)
            .values(
                attempts=_outbox.c.attempts + 1,
                sent_at=None if error else clock.now(),
                last_error=str(error)[:500] if error else None,
            )
        )
    if error is not None:
        raise error


def _transmit(smtp_url: str, sender: str, to: str, subject: str, body: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message.set_content(body)
    parts = urlsplit(smtp_url)
    host = parts.hostname or "localhost"
    connect = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    port = parts.port or (465 if parts.scheme == "smtps" else 25)
    with connect(host, port, timeout=20) as server:
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls()
            server.ehlo()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)
