"""A standby that is stopped, or whose disk stalls, says nothing: it is left, and the file is whole all the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import case, func, select, text
from sqlalchemy.orm import Session

from app.db import replica
from app.db.session import Database
from app.web.listing import Listing
from app.web.paging import Paging
from tests.ops.pair import Pair, filed, pair, running, said
from tests.ops.standby import Standby

__all__ = ["pair", "running", "said"]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded_server")]


def test_one_that_says_nothing_is_waited_for_some_seconds_alone(
    running: Pair, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(running.settings)
    assert database.replica is not None
    with database.begin() as session:
        committed = database.replica.committed(session)
    monkeypatch.setattr(replica, "_ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(replica, "_STANDS", text("SELECT pg_sleep(600), CAST(:committed AS text)"))
    standing = database.replica.standing(committed)
    assert (standing.usable, len(said)) == (False, 1)
    assert "it said nothing for 0.5 seconds" in standing.says
    assert database.replica.standing(committed) == standing, "at once, for a while"
    database.close()


@contextmanager
def at_the_latest(standby: Standby) -> Iterator[None]:
    """Whoever would wait for it without end is let go when it ends, and finds another reason than the expected one."""
    end = threading.Timer(120, standby.stop)
    end.start()
    try:
        yield
    finally:
        end.cancel()
        standby.thaw()


# The cursor on the server is gone with the connection.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_that_stops_in_the_middle_leaves_a_whole_file(
    running: Pair, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = running
    frozen: list[bool] = []

    def whole(session: Session) -> Listing[int]:
        def change(items: Any) -> Any:
            if not frozen:
                frozen.append(True)
                pair.standby.freeze()
            return items

        rows = select(func.generate_series(1, 50_000))
        return Listing[int](session, rows, Paging()).map_many(change)

    monkeypatch.setattr(replica, "_ASKED_BESIDE_SECONDS", 0.5)
    with at_the_latest(pair.standby):
        assert filed(pair.settings, whole=whole) == list(range(1, 50_001))
    assert (frozen, len(said)) == ([True], 1)
    assert "it stopped in the middle" in said[0]


def test_one_that_has_stopped_is_not_begun_with(
    running: Pair, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pool has a connection to it from before, which looks well."""
    database = Database(running.settings)
    assert database.replica is not None
    with database.begin() as session, database.replica.reading(session) as other:
        assert other is not None
    monkeypatch.setattr(replica, "_ASKED_BESIDE_SECONDS", 0.5)
    running.standby.freeze()
    with at_the_latest(running.standby), database.begin() as session:
        with database.replica.reading(session) as other:
            assert other is None
        assert len(said) == 1
        assert not database.replica.standing(database.replica.committed(session)).usable
        database.replica._away_until = 0
        assert not database.replica.standing(database.replica.committed(session)).usable
    database.replica._away_until = 0
    with database.begin() as session, database.replica.reading(session) as other:
        assert other is not None, "it goes on"
    database.close()


def test_a_long_silence_before_the_first_row_is_no_stop(
    running: Pair, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def whole(session: Session) -> Listing[bool]:
        rows = select(func.pg_is_in_recovery()).select_from(func.pg_sleep(1.5))
        return Listing[bool](session, rows, Paging())

    asked: list[float] = []
    ask = replica.Replica._ask_beside

    def asking(self: replica.Replica, seconds: float) -> float:
        asked.append(seconds)
        return ask(self, seconds)

    monkeypatch.setattr(replica, "_ASKED_BESIDE_SECONDS", 0.3)
    monkeypatch.setattr(replica.Replica, "_ask_beside", asking)
    assert filed(running.settings, whole=whole) == [True]
    assert said == []
    assert max(asked) >= 0.3, "it was asked beside"


# The cursor on the server is gone with the connection.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_connection_that_alone_says_nothing_ends_too(
    running: Pair, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one whose disk stalls, while others find all they need in memory."""
    monkeypatch.setattr(replica, "_SILENT_SECONDS", 1.0)
    monkeypatch.setattr(replica, "_ASKED_BESIDE_SECONDS", 0.3)

    def whole(session: Session) -> Listing[bool]:
        stalls = func.pg_sleep(case((func.pg_is_in_recovery(), 600), else_=0))
        return Listing[bool](session, select(func.pg_is_in_recovery()).select_from(stalls), Paging())

    assert filed(running.settings, whole=whole) == [False]
    assert len(said) == 1
    assert said[0].startswith("it said nothing for ")
