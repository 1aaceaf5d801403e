"""Jobs and mail belong to the change that asked for them, and reach their end."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.core import jobs, mail
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


def test_mail_is_kept_in_the_outbox_and_sent_once(
    live_settings: Settings, live_database: Database, inbox: tuple[Inbox, str]
) -> None:
    handler, url = inbox
    context = Context(live_settings.model_copy(update={"smtp_url": url}), live_database)
    with live_database.begin() as session:
        mail.send(session, "ana@demo.aada.example", "Set your\nBcc: x@y password", "Grüße, open the link.")
    kept = message(live_database)
    mail.deliver(context, kept.id)
    mail.deliver(context, kept.id)
    assert len(handler.messages) == 1
    sent = handler.messages[0]
    assert sent.rcpt_tos == ["ana@demo.aada.example"]
    assert b"Bcc: x@y" not in sent.content.split(b"\n\n")[0].replace(b"Subject: Set your Bcc: x@y", b"")
    assert message(live_database).sent_at is not None


def test_a_mail_that_fails_says_why_and_is_tried_again(
    live_settings: Settings, live_database: Database, inbox: tuple[Inbox, str]
) -> None:
    handler, url = inbox
    handler.refuse = True
    context = Context(live_settings.model_copy(update={"smtp_url": url}), live_database)
    with live_database.begin() as session:
        mail.send(session, "ana@demo.aada.example", "Hello", "Body")
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
        mail.send(session, "ana@demo.aada.example", "Hello", "Body")
    mail.deliver(Context(live_settings, live_database), message(live_database).id)
    assert message(live_database).sent_at is None
    with live_database.begin() as session:
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 1
