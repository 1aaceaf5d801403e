"""Jobs and mail belong to the change that asked for them, and reach their end."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from jinja2 import Environment, meta
from pydantic import SecretStr
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.core import clock, jobs, mail
from app.core.jobs import enqueue
from app.db.models import OutboxMessage
from app.db.session import Database
from app.ops.worker import JobWorker
from app.settings import Settings

_ran = threading.Event()
_seen: list[dict[str, Any]] = []


@jobs.task("tests.core.note", retry=False)
def note(context: Any, **arguments: Any) -> None:
    _seen.append(arguments | {"has_database": isinstance(context.additional_context["database"], Database)})
    _ran.set()


def queued(session: Session) -> int:
    count = session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'"))
    assert isinstance(count, int)
    return count


def test_a_job_exists_exactly_when_the_change_does(live_database: Database) -> None:
    with live_database.begin() as session:
        enqueue(session, note, number=1)
    with live_database.sessions() as session:
        enqueue(session, note, number=2)
        session.rollback()
    with live_database.begin() as session:
        assert queued(session) == 1


def test_a_waiting_job_of_the_same_kind_is_not_queued_twice(live_database: Database) -> None:
    with live_database.begin() as session:
        for _ in range(3):
            enqueue(session, note, queueing_lock="tidy", number=1)
        session.execute(text("SELECT 1"))
    with live_database.begin() as session:
        assert queued(session) == 1


def test_the_worker_runs_a_job_with_the_programs_context(
    live_settings: Settings, live_database: Database
) -> None:
    _ran.clear()
    _seen.clear()
    with live_database.begin() as session:
        enqueue(session, note, number=7)
    worker = JobWorker(live_settings, live_database)
    worker.start()
    try:
        assert _ran.wait(60)
    finally:
        worker.stop()
    assert _seen == [{"number": 7, "has_database": True}]


class Inbox:
    """A mail server that keeps what it is given, or refuses it."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.refuse = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refuse:
            return "451 Not now"
        self.messages.append(envelope)
        return "250 Kept"


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, str]]:
    handler = Inbox()
    # Port 0 would make the controller ask itself for its port; a fresh one is found by the system first.
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, f"smtp://127.0.0.1:{port}"
    controller.stop()


class Context:
    """What a worker hands to a task."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.additional_context = {"settings": settings, "database": database}


def message(database: Database) -> OutboxMessage:
    with database.begin() as session:
        return session.scalars(select(OutboxMessage)).one()


CHANGED = {"school": "Test\nBcc: x@y school", "name": "Ana", "changed": "today", "forgot": "http://localhost"}


def write(session: Session, **more: Any) -> None:
    mail.send(session, "ana@demo.aada.example", "password_changed", **(CHANGED | more))


def test_mail_is_kept_in_the_outbox_and_sent_once(
    live_settings: Settings, live_database: Database, inbox: tuple[Inbox, str]
) -> None:
    handler, url = inbox
    context = Context(live_settings.model_copy(update={"smtp_url": url}), live_database)
    with live_database.begin() as session:
        write(session, name="Zoë Grüße")
    kept = message(live_database)
    mail.deliver(context, kept.id)
    mail.deliver(context, kept.id)
    assert len(handler.messages) == 1
    sent = handler.messages[0]
    assert sent.rcpt_tos == ["ana@demo.aada.example"]
    head = sent.content.replace(b"\r\n", b"\n").split(b"\n\n")[0]
    assert b"\nBcc" not in head
    assert b"Subject: Your Test Bcc: x@y school password was changed" in head
    assert message(live_database).sent_at is not None


def test_a_mail_that_fails_says_why_and_is_tried_again(
    live_settings: Settings, live_database: Database, inbox: tuple[Inbox, str]
) -> None:
    handler, url = inbox
    handler.refuse = True
    context = Context(live_settings.model_copy(update={"smtp_url": url}), live_database)
    with live_database.begin() as session:
        write(session)
    kept = message(live_database)
    with pytest.raises(Exception, match="Not now"):
        mail.deliver(context, kept.id)
    failed = message(live_database)
    assert failed.sent_at is None
    assert failed.attempts == 1
    assert "Not now" in (failed.last_error or "")
    handler.refuse = False
    mail.deliver(context, kept.id)
    assert message(live_database).last_error is None
    assert len(handler.messages) == 1


def test_without_a_mail_server_the_outbox_keeps_it(live_settings: Settings, live_database: Database) -> None:
    with live_database.begin() as session:
        write(session)
    mail.deliver(Context(live_settings, live_database), message(live_database).id)
    assert message(live_database).sent_at is None
    with live_database.begin() as session:
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 1


LINK = "https://lms.example.edu/set-password/S3CRET"


def invite(database: Database, *, expires: datetime | None = None) -> OutboxMessage:
    with database.begin() as session:
        mail.send(
            session,
            "ana@demo.aada.example",
            "invitation",
            link=LINK,
            link_expires_at=expires or clock.now() + timedelta(days=7),
            school="AADA",
            name="Ana",
            by="Ada Office",
            expires="tomorrow",
        )
    return message(database)


def everything(database: Database) -> str:
    """All that the database holds of the message."""
    with database.begin() as session:
        return str(
            session.execute(text("SELECT row_to_json(outbox_messages)::text FROM outbox_messages")).all()
        )


def test_a_link_is_sealed_until_it_is_sent_and_then_forgotten(
    live_settings: Settings, live_database: Database, inbox: tuple[Inbox, str]
) -> None:
    handler, url = inbox
    kept = invite(live_database)
    assert kept.sealed_link is not None
    assert "S3CRET" not in everything(live_database)
    assert mail.LINK in kept.body_text
    mail.deliver(Context(live_settings.model_copy(update={"smtp_url": url}), live_database), kept.id)
    assert LINK.encode() in handler.messages[0].content
    assert message(live_database).sealed_link is None
    assert "S3CRET" not in everything(live_database)


def test_a_message_whose_link_has_expired_is_not_sent(
    live_settings: Settings, live_database: Database, inbox: tuple[Inbox, str]
) -> None:
    handler, url = inbox
    kept = invite(live_database, expires=clock.now() - timedelta(minutes=1))
    mail.deliver(Context(live_settings.model_copy(update={"smtp_url": url}), live_database), kept.id)
    assert handler.messages == []
    assert "has expired" in (message(live_database).last_error or "")
    assert message(live_database).sealed_link is None


def test_a_link_sealed_under_another_key_is_not_sent(
    live_settings: Settings, live_database: Database, inbox: tuple[Inbox, str]
) -> None:
    handler, url = inbox
    kept = invite(live_database)
    other = live_settings.model_copy(update={"smtp_url": url, "secret_key": SecretStr("another key, " * 4)})
    mail.deliver(Context(other, live_database), kept.id)
    assert handler.messages == []


def test_expired_links_are_forgotten_and_their_messages_stay(
    live_settings: Settings, live_database: Database
) -> None:
    invite(live_database, expires=clock.now() - timedelta(minutes=1))
    mail.forget_links(Context(live_settings, live_database), timestamp=0)
    left = message(live_database)
    assert (left.subject, left.sealed_link) == ("Your account at AADA", None)


def test_every_template_is_american_text_with_the_schools_name() -> None:
    folder = Path(mail.__file__).parent / "mail_templates"
    # What a template is given is tested where it is sent; here every name that one asks for says something.
    everything = defaultdict(
        lambda: "something",
        school="AADA",
        name="Ana",
        left=2,
        details=defaultdict(lambda: "one"),
        problems=[defaultdict(lambda: "one")],
    )
    for path in folder.glob("*.txt"):
        names = meta.find_undeclared_variables(Environment().parse(path.read_text(encoding="utf-8")))  # noqa: S701
        subject, body = mail._renderer(path.stem)({name: everything[name] for name in names})
        assert "AADA" in subject
        assert body.rstrip().endswith("AADA")
        assert "e-mail" not in body.lower()
        assert body.startswith("Hello Ana,\n\n")
        assert "\n\n\n" not in body
