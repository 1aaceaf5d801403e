"""Files of reports are read from a standby that streams, and from the server itself when it is away or behind."""

from __future__ import annotations

import gc
import io
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import Mock, patch

import pytest
from sqlalchemy import case, func, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from app.core.permissions import SYSTEM, Actor
from app.db import replica
from app.db.models import AuditEntry
from app.db.session import Database
from app.main import create_app
from app.ops import migrations, roles
from app.ops.doctor import helpers
from app.ops.doctor.findings import Installation, Level
from app.ops.metrics import exported
from app.ops.postgres import EmbeddedServer
from app.ops.servers import connect
from app.setting_values import normalize_database_url
from app.settings import Settings
from app.web.listing import Listing
from app.web.paging import Paging
from app.web.reports import Column, Report
from app.web.reports.answers import write_file
from tests.client import Client
from tests.conftest import sign_in_directly
from tests.factories.accounts import UserFactory
from tests.fast_disk import fast_folder
from tests.ops.standby import Standby

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded_server")]
WHERE = Report[Any](name="where", title="Where", columns=(Column("standby", "Standby", lambda value: value),))


@dataclass
class Pair:
    """A school's server and its standby."""

    settings: Settings
    standby: Standby

    def with_lag(self, seconds: int) -> Settings:
        return self.settings.model_copy(update={"reports_lag_seconds": seconds})


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with fast_folder() as folder, EmbeddedServer(folder / "postgres", settings={"fsync": "off"}) as server:
        server.ensure_database()
        standby = Standby(server, folder)
        settings = Settings(
            _env_file=None,
            environment="test",
            secret_key="a key for tests alone, of good length",
            aada_app_password="a password for tests alone",
            bcrypt_rounds=4,
            log_level="ERROR",
            data_dir=folder,
            database_url=normalize_database_url(server.url()),
            reports_lag_seconds=5,
        )
        migrations.upgrade(settings)
        roles.set_app_password(settings)
        standby.copy()
        reports = f"postgresql+psycopg://127.0.0.1:{standby.port}/aada_lms"
        try:
            yield Pair(settings.model_copy(update={"reports_url": reports}), standby)
        finally:
            standby.stop()


@pytest.fixture
def running(pair: Pair) -> Pair:
    """Both, the standby with everything and not waited for."""
    if pair.standby.process is None:
        pair.standby.start()
    pair.standby.ask("SELECT pg_wal_replay_resume()")
    write(pair)
    with connect(pair.settings) as connection:
        (committed,) = connection.execute("SELECT pg_current_wal_flush_lsn()::text").fetchone() or ("",)
    for _ in range(600):
        if pair.standby.ask(f"SELECT pg_last_wal_replay_lsn() >= '{committed}'"):
            return pair
        time.sleep(0.1)
    raise AssertionError("the standby does not receive")


@pytest.fixture
def said() -> Iterator[list[str]]:
    """Why the standby was not used, as the log has it."""
    reasons: list[str] = []
    with patch.object(replica.log, "warning", lambda _event, *, reason: reasons.append(reason)):
        yield reasons


def listing(session: Session) -> Listing[bool]:
    return Listing[bool](session, select(func.pg_is_in_recovery()), Paging())


def filed(settings: Settings, subject: Actor = SYSTEM, whole: Any = listing) -> list[Any]:
    """The values of a file that was written, and that the server's history has its row."""
    database = Database(settings)
    try:
        with database.begin() as session:
            before = session.scalar(select(func.count()).select_from(AuditEntry)) or 0
            file = io.BytesIO()
            write_file(session, subject, WHERE, whole(session), "json", file)
        with database.begin() as session:
            assert (session.scalar(select(func.count()).select_from(AuditEntry)) or 0) == before + 1
    finally:
        database.close()
    found = json.loads(file.getvalue())
    return [next(iter(row.values())) for row in (found["rows"] if isinstance(found, dict) else found)]


def write(pair: Pair) -> None:
    with connect(pair.settings) as connection:
        connection.execute("INSERT INTO programs (name) VALUES ('P' || random())")


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
