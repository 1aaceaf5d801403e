"""Subscribers follow the history in the order of transactions, each entry once, whatever happens in between."""

import threading
import time
from collections.abc import Sequence

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core import history
from app.core.actions import Action
from app.core.permissions import Role, Subject
from app.db.models import AuditEntry
from app.db.session import Database
from app.ops.servers import libpq_url
from app.projections import queries, service, subscription
from app.projections.runner import Runner
from app.projections.subscription import Outcome, Subscriber
from app.settings import Settings

ADA = Subject(1, "ada@aada.edu", "Ada", Role.ADMIN)


class Noted:
    """A subscriber that mails what it follows: an effect in the same transaction, that a repetition would show."""

    def __init__(self) -> None:
        self.fails_at: str | None = None
        self.subscriber = Subscriber("noted", "Noted", frozenset(Action), self.apply)

    def apply(self, session: Session, entries: Sequence[AuditEntry]) -> None:
        for entry in entries:
            if entry.target_id == self.fails_at:
                raise RuntimeError(f"cannot follow {entry.target_id}")
            session.execute(
                text("INSERT INTO outbox_messages (to_address, subject, body_text) VALUES ('x', :what, '')"),
                {"what": entry.target_id},
            )


@pytest.fixture
def noted(live_database: Database) -> Noted:
    made = Noted()
    with live_database.begin() as session:
        queries.begin(session, "noted", from_now=False)
    return made


def _happen(database: Database, *targets: int | str) -> None:
    for target in targets:
        with database.begin() as session:
            history.record(session, ADA, Action.SESSION_OPENED, target)


def _followed(database: Database) -> list[str]:
    with database.begin() as session:
        return list(session.scalars(text("SELECT subject FROM outbox_messages ORDER BY id")))


class Pausing(threading.Event):
    """Notes the pauses it is asked for and makes none; set by itself after so many of them."""

    def __init__(self, ends_after: int) -> None:
        super().__init__()
        self.ends_after = ends_after
        self.pauses: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout)
        return len(self.pauses) >= self.ends_after


def test_a_long_history_is_followed_with_pauses_so_that_pages_go_first(
    live_database: Database, noted: Noted, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter(range(0, 1000, 3))
    monkeypatch.setattr(subscription, "monotonic", lambda: next(now))
    monkeypatch.setattr(subscription.step, "__kwdefaults__", {"most": 1})
    monkeypatch.setattr(queries, "PASSED", 1)
    _happen(live_database, 1, 2, 3, 4)
    stopping = Pausing(ends_after=2)
    assert subscription.catch_up(live_database, noted.subscriber, stopping) is Outcome.MOVED
    assert stopping.pauses == [3, 3], "as long as the step before it took"
    assert _followed(live_database) == ["1", "2"], "and ended in a pause, at once"
    monkeypatch.setattr(subscription, "LONGEST_PAUSE_SECONDS", 1.0)
    stopping = Pausing(ends_after=100)
    assert subscription.catch_up(live_database, noted.subscriber, stopping) is Outcome.NOTHING
    assert stopping.pauses == [1.0, 1.0], "none where there is nothing more to follow"
    assert _followed(live_database) == ["1", "2", "3", "4"]


def test_each_entry_is_followed_once_and_in_order(live_database: Database, noted: Noted) -> None:
    _happen(live_database, 1, 2, 3)
    assert subscription.step(live_database, noted.subscriber, most=2) is Outcome.MOVED
    assert _followed(live_database) == ["1", "2"]
    assert subscription.catch_up(live_database, noted.subscriber) is Outcome.NOTHING
    assert _followed(live_database) == ["1", "2", "3"]
    _happen(live_database, 4)
    assert subscription.catch_up(live_database, noted.subscriber) is Outcome.NOTHING
    assert _followed(live_database) == ["1", "2", "3", "4"]


def test_what_a_long_transaction_commits_late_is_not_skipped(live_database: Database, noted: Noted) -> None:
    with live_database.sessions() as slow:
        history.record(slow, ADA, Action.SESSION_OPENED, "slow")
        _happen(live_database, "fast")
        # The fast one is committed, but the slow one may still write before it.
        assert subscription.catch_up(live_database, noted.subscriber) is Outcome.NOTHING
        assert _followed(live_database) == []
        history.record(slow, ADA, Action.SESSION_OPENED, "slow too")
        slow.commit()
    assert subscription.catch_up(live_database, noted.subscriber) is Outcome.NOTHING
    assert _followed(live_database) == ["slow", "slow too", "fast"]


def test_a_transaction_that_is_undone_holds_nothing_up_and_leaves_nothing(
    live_database: Database, noted: Noted
) -> None:
    with live_database.sessions() as undone:
        history.record(undone, ADA, Action.SESSION_OPENED, "undone")
        _happen(live_database, "kept")
        undone.rollback()
    assert subscription.catch_up(live_database, noted.subscriber) is Outcome.NOTHING
    assert _followed(live_database) == ["kept"]


def test_of_two_processes_one_works(live_database: Database, noted: Noted) -> None:
    _happen(live_database, 1)
    with live_database.begin() as other:
        assert queries.take_turn(other, "noted")
        assert subscription.step(live_database, noted.subscriber) is Outcome.BUSY
    assert subscription.step(live_database, noted.subscriber) is Outcome.MOVED


def test_many_at_once_follow_everything_once(live_database: Database, noted: Noted) -> None:
    _happen(live_database, *range(30))
    faults: list[BaseException] = []

    def work() -> None:
        try:
            while subscription.step(live_database, noted.subscriber, most=3) is not Outcome.NOTHING:
                pass
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert _followed(live_database) == [str(number) for number in range(30)]


def test_an_entry_that_fails_holds_back_what_comes_after_it_alone(
    live_database: Database, noted: Noted
) -> None:
    _happen(live_database, 1, 2, 3)
    noted.fails_at = "2"
    assert subscription.catch_up(live_database, noted.subscriber) is Outcome.FAILED
    assert _followed(live_database) == ["1"]
    with live_database.begin() as session:
        (lag,) = [one for one in queries.lags(session) if one.name == "noted"]
    assert (lag.failures, lag.waiting, lag.last_error) == (1, 2, "RuntimeError: cannot follow 2")
    assert lag.failed_entry_id == lag.entry_id + 1
    # It waits before it tries again.
    assert subscription.step(live_database, noted.subscriber) is Outcome.NOTHING
    noted.fails_at = None
    with live_database.begin() as session:
        session.execute(text("UPDATE history_cursors SET retry_at = now()"))
    assert subscription.catch_up(live_database, noted.subscriber) is Outcome.NOTHING
    assert _followed(live_database) == ["1", "2", "3"]
    with live_database.begin() as session:
        (lag,) = [one for one in queries.lags(session) if one.name == "noted"]
    assert (lag.failures, lag.failed_entry_id, lag.last_error, lag.waiting) == (0, None, None, 0)


def test_one_that_begins_now_leaves_the_past_alone(live_database: Database) -> None:
    _happen(live_database, "past")
    with live_database.begin() as session:
        queries.begin(session, "noted", from_now=True)
    noted = Noted()
    _happen(live_database, "now")
    assert subscription.catch_up(live_database, noted.subscriber) is Outcome.NOTHING
    assert _followed(live_database) == ["now"]


def test_a_restored_database_whose_transactions_count_from_one_is_followed_on(
    live_database: Database, live_settings: Settings, noted: Noted
) -> None:
    """After a dump and restore the entries there have numbers that the new server has not reached yet."""
    service.prepare(live_database)
    _happen(live_database, "before")
    owner = libpq_url(live_settings.owner_database_url)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("UPDATE audit_log SET xid = '999999999999'")
    service.prepare(live_database)
    _happen(live_database, "after")
    assert subscription.catch_up(live_database, noted.subscriber) is Outcome.NOTHING
    assert _followed(live_database) == ["before", "after"]
    with live_database.begin() as session:
        assert session.execute(text("SELECT generation FROM audit_log ORDER BY id")).scalars().all() == [1, 2]
    service.prepare(live_database)
    _happen(live_database, "later")
    assert subscription.catch_up(live_database, noted.subscriber) is Outcome.NOTHING
    assert _followed(live_database) == ["before", "after", "later"]


def test_the_runner_follows_soon_after_a_commit(live_database: Database, noted: Noted) -> None:
    runner = Runner(live_database, [noted.subscriber])
    runner.start()
    try:
        _happen(live_database, "seen")
        for _ in range(200):
            if _followed(live_database):
                break
            time.sleep(0.05)
    finally:
        runner.stop()
    assert _followed(live_database) == ["seen"]


def test_looking_whether_there_is_anything_costs_no_transaction_number(
    live_database: Database, noted: Noted
) -> None:
    _happen(live_database, 1)
    subscription.catch_up(live_database, noted.subscriber)

    def used() -> int:
        with live_database.begin() as session:
            return int(session.scalar(text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")) or 0)

    before = used()
    for _ in range(5):
        assert subscription.step(live_database, noted.subscriber) is Outcome.NOTHING
    assert used() == before


def test_the_next_entries_are_found_by_index(live_database: Database, noted: Noted) -> None:
    with live_database.begin() as session:
        session.execute(
            text(
                "INSERT INTO audit_log (action, target, target_id)"
                " SELECT 'session.opened', 'user_sessions', n::text FROM generate_series(1, 20000) n"
            )
        )
    with live_database.begin() as session:
        for statement in (queries._NEXT, queries._WAITS):
            asked = text(f"EXPLAIN {statement.text}")
            plan = "\n".join(row[0] for row in session.execute(asked, {"name": "noted", "most": 500}))
            assert "idx_audit_log_order" in plan, plan
            assert "Seq Scan on audit_log" not in plan, plan
