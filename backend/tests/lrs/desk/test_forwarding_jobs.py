"""The jobs that pass statements on: one for each target, so that none suffers from another."""

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from app.core.jobs import restart_stalled
from app.db.models import XapiForwarder
from app.db.session import Database
from app.lrs.desk.forwarding import delivery
from app.lrs.desk.forwarding.jobs import forward_all, forward_one, forward_soon, redeliver, redeliver_soon
from app.settings import Settings
from tests.lrs.desk.other_store import Other, dead, state_of, store, target_at
from tests.lrs.examples import statement


def _context(database: Database, settings: Settings) -> Any:
    return SimpleNamespace(additional_context={"database": database, "settings": settings})


def _waiting(database: Database) -> list[tuple[str, Any, str | None]]:
    with database.begin() as session:
        rows = session.execute(
            text("SELECT task_name, args, lock FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id")
        )
        return [(row[0], row[1], row[2]) for row in rows]


def test_every_target_that_is_due_gets_one_job_of_its_own(
    live_database: Database, live_settings: Settings
) -> None:
    first, second, waiting, off = [
        target_at(live_database, live_settings, f"http://lrs{number}.example.org") for number in range(4)
    ]
    with live_database.begin() as session:
        delivery.note_failure(session, waiting, "It is away.")
        session.get_one(XapiForwarder, off).is_active = False
    for minute in (60, 120):
        forward_all(_context(live_database, live_settings), timestamp=minute)
    assert _waiting(live_database) == [
        ("lrs.forward_one", {"forwarder_id": target}, f"lrs.forward-{target}") for target in (first, second)
    ]


def test_what_fails_here_is_the_failure_of_one_target_and_stands_on_its_page(
    live_database: Database, live_settings: Settings, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = target_at(live_database, live_settings, other.url)
    good = target_at(live_database, live_settings, other.url)
    store(live_database, statement())
    real = delivery.forward

    def forward(database: Database, settings: Settings, forwarder_id: int) -> int:
        if forwarder_id == bad:
            raise ZeroDivisionError
        return real(database, settings, forwarder_id)

    monkeypatch.setattr(delivery, "forward", forward)
    for target in (bad, good):
        forward_one(_context(live_database, live_settings), forwarder_id=target)
    assert state_of(live_database, good).sent == 1
    state = state_of(live_database, bad)
    assert (state.failures, state.sent) == (1, 0)
    assert "ZeroDivisionError" in (state.last_error or "")
    assert state.next_attempt_at is not None


def test_a_job_that_comes_while_its_target_waits_does_not_ask_it(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = target_at(live_database, live_settings, other.url)
    store(live_database, statement())
    with live_database.begin() as session:
        delivery.note_failure(session, target, "It is away.")
    forward_one(_context(live_database, live_settings), forwarder_id=target)
    assert not other.received


def test_dead_letters_are_tried_again_in_as_many_jobs_as_it_takes(
    live_database: Database, live_settings: Settings, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = target_at(live_database, live_settings, other.url)
    store(live_database, *[statement() for _ in range(2)])
    other.verdict = lambda _statements: 400
    delivery.forward(live_database, live_settings, target)
    monkeypatch.setattr(delivery, "BATCH", 1)
    monkeypatch.setattr(delivery, "monotonic", iter([0, 0, 10**9, 0, 0, 10**9, 0, 0]).__next__)
    other.verdict = lambda _statements: 200
    arguments: dict[str, Any] = {"forwarder_id": target}
    for _ in range(2):
        redeliver(_context(live_database, live_settings), **arguments)
        ((name, arguments, lock),) = _waiting(live_database)
        assert (name, lock) == ("lrs.redeliver", f"lrs.forward-{target}")
        with live_database.begin() as session:
            session.execute(text("DELETE FROM procrastinate_jobs"))
    assert not dead(live_database, target)


def test_the_lock_of_a_job_whose_worker_was_killed_is_given_back(
    live_database: Database, live_settings: Settings
) -> None:
    target = target_at(live_database, live_settings, "http://lrs.example.org")
    with live_database.begin() as session:
        forward_soon(session, target)
        session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
        redeliver_soon(session, target)
        restart_stalled(session)
    forward_all(_context(live_database, live_settings), timestamp=60)
    assert sorted(name for name, _, _ in _waiting(live_database)) == ["lrs.forward_one", "lrs.redeliver"]
    with live_database.begin() as session:
        held = session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'"))
    assert held == 0


def test_a_job_that_is_at_work_keeps_its_lock(live_database: Database, live_settings: Settings) -> None:
    target = target_at(live_database, live_settings, "http://lrs.example.org")
    with live_database.begin() as session:
        forward_soon(session, target)
        session.execute(
            text(
                "WITH worker AS (INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id)"
                " UPDATE procrastinate_jobs SET status = 'doing', worker_id = worker.id FROM worker"
            )
        )
        assert restart_stalled(session) == []
    forward_all(_context(live_database, live_settings), timestamp=60)
    with live_database.begin() as session:
        held = session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'"))
    assert held == 1
