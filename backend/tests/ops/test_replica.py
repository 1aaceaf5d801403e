"""Files of reports are read from a standby that streams, and from the server itself when it is away or behind."""

from __future__ import annotations

import gc
import io
import json
import re
import time
from typing import Any
from unittest.mock import Mock, patch

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from app.core.permissions import SYSTEM
from app.db import replica
from app.db.session import Database
from app.main import create_app
from app.ops.doctor import helpers
from app.ops.doctor.findings import Installation, Level
from app.ops.metrics import exported
from app.ops.servers import connect
from app.settings import Settings
from app.web.listing import Listing
from app.web.paging import Paging
from app.web.reports.answers import write_file
from tests.client import Client
from tests.conftest import sign_in_directly
from tests.factories.accounts import UserFactory
from tests.ops.pair import WHERE, Pair, filed, listing, pair, running, said, write

__all__ = ["pair", "running", "said"]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded_server")]


def test_a_file_is_read_there_and_a_page_never(running: Pair, said: list[str]) -> None:
    assert filed(running.settings) == [True]
    database = Database(running.settings)
    with database.begin() as session:
        assert listing(session).page().items == [False]
    database.close()
    assert filed(running.settings.model_copy(update={"reports_url": None})) == [False]
    assert said == []


def test_a_student_reads_the_server_itself(running: Pair) -> None:
    class Student:
        is_student = True

        def __getattr__(self, name: str) -> Any:
            return getattr(SYSTEM, name)

    with patch("app.core.proof.require"):
        assert filed(running.settings, Student()) == [False]  # type: ignore[arg-type]


def test_nothing_can_be_written_there(running: Pair) -> None:
    database = Database(running.settings)
    assert database.replica is not None
    with database.begin() as session, database.replica.reading(session) as other:
        assert other is not None
        assert other.session.scalar(text("SHOW transaction_read_only")) == "on"
        with pytest.raises(SQLAlchemyError, match="read-only"):
            other.session.execute(text("INSERT INTO programs (name) VALUES ('Mine')"))
    database.close()


def test_one_that_is_behind_is_used_as_far_as_the_setting_allows(running: Pair, said: list[str]) -> None:
    write(running)
    assert filed(running.settings) == [True]
    running.standby.ask("SELECT pg_wal_replay_pause()")
    time.sleep(1.1)
    write(running)
    try:
        assert filed(running.with_lag(600)) == [True], "ten minutes late will do"
        assert said == []
        assert filed(running.with_lag(0)) == [False]
        assert (
            "seconds behind, and REPORTS_LAG_SECONDS allows 0: reports are read from the primary server."
            in said[-1]
        )
    finally:
        running.standby.ask("SELECT pg_wal_replay_resume()")
    assert filed(running.with_lag(0)) == [True], "with everything there is nothing to be late with"


def test_a_file_of_one_that_is_behind_says_of_when_it_is(running: Pair) -> None:
    def about(settings: Settings) -> dict[str, Any]:
        database = Database(settings)
        file = io.BytesIO()
        with database.begin() as session:
            write_file(session, SYSTEM, WHERE, listing(session), "json", file)
        database.close()
        return dict(json.loads(file.getvalue()))

    with patch("app.core.seals.service.latest", return_value=Mock(number=7, hash=b"\x01")):
        assert "7 01" in json.dumps(about(running.with_lag(600)))
        assert "As of" not in json.dumps(about(running.with_lag(600)))
        running.standby.ask("SELECT pg_wal_replay_pause()")
        time.sleep(0.1)
        write(running)
        try:
            late = json.dumps(about(running.with_lag(600)))
        finally:
            running.standby.ask("SELECT pg_wal_replay_resume()")
        assert "As of" in late
        assert "7 01" not in late, "a seal of rows that it may not have"


def test_the_server_waits_as_long_as_the_file_takes(running: Pair) -> None:
    def whole(session: Session) -> Listing[int]:
        session.execute(text("SET LOCAL idle_in_transaction_session_timeout = '500ms'"))

        def change(items: Any) -> Any:
            time.sleep(0.8)
            return items

        return Listing[int](session, select(func.generate_series(1, 3)), Paging()).map_many(change)

    assert filed(running.settings, whole=whole) == [1, 2, 3]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_fault_of_the_server_itself_is_no_fault_of_the_standby(running: Pair, said: list[str]) -> None:
    def whole(session: Session) -> Listing[int]:
        def change(items: Any) -> Any:
            session.execute(text("SELECT 1 / 0"))
            return items

        return Listing[int](session, select(func.generate_series(1, 3)), Paging()).map_many(change)

    with pytest.raises(DBAPIError, match="division by zero"):
        filed(running.settings, whole=whole)
    gc.collect()  # the cursor that was left goes now, and in no other test
    assert said == []


def test_one_that_has_enough_to_do_is_not_away(running: Pair, said: list[str]) -> None:
    database = Database(running.settings)
    assert database.replica is not None
    held = [database.replica._engine.connect() for _ in range(5)]
    with database.begin() as session:
        with database.replica.reading(session) as other:
            assert other is None
        assert said == [replica._BUSY]
        standing = database.replica.standing(database.replica.committed(session))
        assert (standing.usable, database.replica._away) == (True, ""), "whoever looks needs none of them"
        held.pop().close()
        with database.replica.reading(session) as other:
            assert other is not None, "at once"
    for one in held:
        one.close()
    database.close()


def test_one_that_is_away_is_not_waited_for_twice(running: Pair, said: list[str]) -> None:
    running.standby.stop()
    database = Database(running.settings)
    assert database.replica is not None
    with database.begin() as session:
        for _ in range(3):
            with database.replica.reading(session) as other:
                assert other is None
        assert len(said) == 1
        standing = database.replica.standing(database.replica.committed(session))
        assert not standing.usable
        assert standing.says.startswith("The standby does not answer")
        assert standing.says.endswith("reports are read from the primary server.")
    running.standby.start()
    database.replica._away_until = 0
    with database.begin() as session, database.replica.reading(session) as other:
        assert other is not None
    database.close()


# The cursor on the server is gone with the server.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_that_breaks_off_in_the_middle_leaves_a_whole_file(running: Pair, said: list[str]) -> None:
    pair = running
    broken: list[bool] = []

    def whole(session: Session) -> Listing[int]:
        def change(items: Any) -> Any:
            if not broken:
                broken.append(True)
                pair.standby.stop()
            return items

        rows = select(func.generate_series(1, 50_000))
        return Listing[int](session, rows, Paging()).map_many(change)

    assert filed(pair.settings, whole=whole) == list(range(1, 50_001))
    assert (broken, len(said)) == ([True], 1)


def test_a_server_that_is_no_standby_of_it_is_not_read(running: Pair, said: list[str]) -> None:
    itself = running.settings.model_copy(update={"reports_url": running.settings.database_url})
    assert filed(itself) == [False]
    assert said == ["REPORTS_URL names a server that is not a standby."]
    with patch.object(
        replica,
        "_COMMITTED",
        text("SELECT pg_current_wal_flush_lsn()::text, CAST(4711 AS bigint)"),
    ):
        assert filed(running.settings) == [False]
    assert said[-1] == "REPORTS_URL names a standby of another server than DATABASE_URL."


def test_operations_metrics_and_the_doctor_say_how_it_stands(running: Pair) -> None:
    database = Database(running.settings)
    with database.sessions() as session:
        admin = UserFactory(session=session, role="admin")
        session.commit()
        client = sign_in_directly(
            session,
            Client(
                create_app(running.settings, database),
                base_url=running.settings.app_origin,
                follow_redirects=False,
            ),
            admin,
        )
    # The page's own history is on its way to the standby while the page is written.
    assert re.search(r"The standby (has every change|is \d seconds behind)\.", client.get("/operations").text)
    assert "aada_reports_standby_usable 1.0" in exported.text(running.settings, database).decode()
    running.standby.ask("SELECT pg_wal_replay_pause()")
    time.sleep(0.1)
    write(running)
    late = running.with_lag(0)
    with connect(running.settings, running.settings.app_database_url) as connection:
        (found,) = helpers.standby(Installation(late, database=connection))
    assert found.level is Level.WARNING
    running.standby.ask("SELECT pg_wal_replay_resume()")
    running.standby.stop()
    assert "aada_reports_standby_usable 0.0" in exported.text(running.settings, database).decode()
    page = client.get("/operations").text
    assert "reports are read from the primary server." in page
    database.close()


def test_the_address_may_leave_out_who_signs_in(pair: Pair) -> None:
    url = pair.settings.reports_database_url
    assert url is not None
    assert (url.username, url.database) == ("aada_app", "aada_lms")
