"""Mail, by way of an outbox table.

The message and the job that sends it are written with the change that caused them; its words are a template of
`mail_templates`. A one-time link in it is kept sealed until the message is sent or the link has expired, and never
shown: what the outbox holds and shows has a placeholder in its place. Without a mail server the message stays there.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from jinja2 import Environment, StrictUndefined
from sqlalchemy.orm import Session

from app.core import clock, retention
from app.core.jobs import enqueue_all, jobs, task
from app.core.retention import Kind, Rows
from app.core.sealing import SealedColumn, Unsealable, box
from app.core.smtp import MailRefused, transmit
from app.settings import Settings, get_settings

LINK = "[one-time link]"
"""What stands for a link in the outbox."""
EXPIRED = (
    "The link in this message has expired, so it was not sent. Send a new invitation or reset link instead."
)
_PURPOSE = "mail"
_TEMPLATES = Path(__file__).parent / "mail_templates"
_environment = Environment(  # noqa: S701 - plain text: mark-up in it is shown as it is
    undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
)
log = structlog.get_logger(__name__)

_outbox = sa.table(
    "outbox_messages",
    sa.column("id", sa.BigInteger),
    sa.column("to_address", sa.Text),
    sa.column("subject", sa.Text),
    sa.column("body_text", sa.Text),
    sa.column("created_at", sa.DateTime(timezone=True)),
    sa.column("sent_at", sa.DateTime(timezone=True)),
    sa.column("attempts", sa.Integer),
    sa.column("last_error", sa.Text),
    sa.column("sealed_link", sa.Text),
    sa.column("link_expires_at", sa.DateTime(timezone=True)),
    sa.column("requested_by", sa.Integer),
)

LINKS = SealedColumn(
    "One-time links in unsent messages",
    _outbox.c.sealed_link,
    _outbox.c.id,
    _PURPOSE,
    "These messages are not sent. Send a new invitation or reset link to each person.",
)


def send(
    session: Session,
    to: str,
    template: str,
    *,
    link: str | None = None,
    link_expires_at: datetime | None = None,
    requested_by: int | None = None,
    **context: object,
) -> None:
    """Write a plain-text message to the outbox and the job that delivers it.

    `template` is a file of `mail_templates` without its `.txt`; `link` is a one-time link that its reader could use
    to get into an account. Raises jinja2.UndefinedError for a name that the template misses.
    """
    letter = Letter(to, context, link, link_expires_at)
    send_all(session, template, [letter], requested_by=requested_by)


@dataclass(frozen=True, slots=True)
class Letter:
    """One of many messages with the same words: to whom, and what the template is filled with."""

    to: str
    context: Mapping[str, object]
    link: str | None = None
    link_expires_at: datetime | None = None


def send_all(
    session: Session, template: str, letters: Iterable[Letter], *, requested_by: int | None = None
) -> None:
    """Write many messages of one template to the outbox, and the jobs that deliver them."""
    render = _renderer(template)
    seal = _sealer(session)
    rows = []
    for letter in letters:
        subject, body = render({**letter.context, "link": LINK})
        rows.append(
            {
                "to_address": letter.to,
                "subject": subject,
                "body_text": body,
                "sealed_link": None if letter.link is None else seal(letter.link),
                "link_expires_at": letter.link_expires_at,
                "requested_by": requested_by,
            }
        )
    if rows:
        numbers = session.scalars(sa.insert(_outbox).returning(_outbox.c.id), rows).all()
        enqueue_all(session, deliver, ({"message_id": number} for number in numbers))


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
        error: MailRefused | None = None
        body = _with_link(settings, row)
        if body is not None:
            try:
                transmit(settings.smtp_url, _message(settings, row, body))
            except MailRefused as caught:
                error = caught
        sent = body is not None and error is None
        values: dict[str, Any] = {
            "attempts": _outbox.c.attempts + 1,
            "sent_at": clock.now() if sent else None,
            "last_error": EXPIRED if body is None else (str(error)[:500] if error else None),
        }
        if sent or body is None:
            values["sealed_link"] = None
        session.execute(sa.update(_outbox).where(_outbox.c.id == message_id).values(**values))
    if error is not None:
        raise error


_users = sa.table("users", sa.column("id", sa.Integer), sa.column("email", sa.Text))
_old = Rows(
    _outbox,
    lambda before: _outbox.c.created_at < before,
    about=lambda students: _outbox.c.to_address.in_(
        sa.select(_users.c.email).where(_users.c.id.in_(students))
    ),
)
retention.register(
    Kind(
        "email",
        "Email",
        "Messages of the outbox, sent or not. The history keeps what they were about.",
        180,
        45,
        retention.ANSWER_TIME,
        _old.due,
        _old.purge,
        ("outbox_messages",),
    )
)


@jobs.periodic(cron="43 3 * * *", periodic_id="mail.forget_links")
@task("mail.forget_links")
def forget_links(context: Any, timestamp: int) -> None:
    """Forget one-time links that have expired, every night; their messages stay until the policy lets them go."""
    expired = _outbox.c.link_expires_at <= clock.now()
    with context.additional_context["database"].begin() as session:
        session.execute(
            sa.update(_outbox).where(_outbox.c.sealed_link.is_not(None), expired).values(sealed_link=None)
        )


def _with_link(settings: Settings, row: Any) -> str | None:
    """The words to send; None when they need a link that is no longer good."""
    body: str = row.body_text
    if LINK not in body:
        return body
    if row.sealed_link is None or (row.link_expires_at is not None and row.link_expires_at <= clock.now()):
        return None
    try:
        link = box(settings, _PURPOSE).open(row.sealed_link).decode()
    except Unsealable:  # sealed under another SECRET_KEY
        log.warning("mail.unsealed", message=row.id)
        return None
    return body.replace(LINK, link)


def _sealer(session: Session) -> Callable[[str], str]:
    settings: Settings = session.info.get("settings") or get_settings()
    return box(settings, _PURPOSE).seal


def _message(settings: Settings, row: Any, body: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.mail_from, row.to_address, row.subject
    message.set_content(body)
    return message


def _renderer(template: str) -> Callable[[Mapping[str, object]], tuple[str, str]]:
    """Gives subject and body; the template's first line is the subject, whatever the values it is filled with hold."""
    source = (_TEMPLATES / f"{template}.txt").read_text(encoding="utf-8")
    head, _, body = source.partition("\n")
    subject = _environment.from_string(head.removeprefix("Subject:"))
    text = _environment.from_string(body)
    return lambda context: (" ".join(subject.render(context).split()), text.render(context))
