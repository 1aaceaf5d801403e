"""The learning record store follows the history: each statement once, whatever is lost, moved, or killed in between."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.compliance.attendance import service as attendance
from app.core import installation
from app.db.session import Database
from app.lrs import service as lrs
from app.lrs.engine import jsonio
from app.lrs.engine.statements.packing import KEPT, unpack
from app.lrs.engine.statements.queries import WRITER_LOCK
from app.lrs.own_statements import store_own
from app.ops.servers import libpq_url
from app.projections import queries, service, subscription
from app.projections.subscription import Outcome
from app.settings import Settings
from tests.lrs.desk.conftest import make_scene
from tests.projecting import STATEMENTS, ZONE, everything

BACKEND = Path(__file__).resolve().parents[2]


def _counts(database: Database) -> tuple[int, int]:
    with database.begin() as session:
        row = session.execute(
            text("SELECT count(*), count(DISTINCT statement_id) FROM xapi_statements")
        ).one()
    return row[0], row[1]


def _school_at_work(database: Database, times: int = 1) -> None:
    with database.begin() as session:
        scene = make_scene(session)
        for _ in range(times):
            everything(session, scene)


def test_a_replay_doubles_nothing_whatever_the_address(
    live_database: Database, live_settings: Settings
) -> None:
    service.prepare(live_database)
    _school_at_work(live_database)
    assert subscription.catch_up(live_database, STATEMENTS) is Outcome.NOTHING
    assert _counts(live_database) == (18, 18)
    moved = Database(live_settings.model_copy(update={"app_origin": "https://lms.elsewhere.edu"}))
    try:
        service.prepare(moved)
        with moved.begin() as session:
            # People and things may have other names by now; what was stated stays.
            session.execute(text("UPDATE users SET full_name = full_name || ' Smith'"))
        heard: list[int] = []
        assert service.replay(moved, "statements", after=0, note=heard.append) == 14
        assert heard
        assert _counts(moved) == (18, 18)
        _school_at_work(moved)
        assert subscription.catch_up(moved, STATEMENTS) is Outcome.NOTHING
        assert _counts(moved) == (36, 36)
        with moved.begin() as session:
            assert installation.installation(session).home_page == live_settings.app_origin
            kept = session.scalars(text(f"SELECT {KEPT} FROM xapi_statements s")).all()
            pages = {jsonio.loads(unpack(one))["actor"]["account"]["homePage"] for one in kept}
            assert pages == {live_settings.app_origin}
    finally:
        moved.close()


def test_what_was_lost_from_the_store_comes_back_with_a_replay(
    live_database: Database, live_settings: Settings
) -> None:
    service.prepare(live_database)
    _school_at_work(live_database)
    subscription.catch_up(live_database, STATEMENTS)
    with psycopg.connect(libpq_url(live_settings.owner_database_url), autocommit=True) as owner:
        owner.execute("TRUNCATE xapi_statements CASCADE")
    assert service.replay(live_database, "statements", after=0, note=lambda _entry: None) == 14
    assert _counts(live_database) == (18, 18)


def test_notices_are_never_replayed(live_database: Database) -> None:
    with pytest.raises(Exception, match="cannot be replayed"):
        service.replay(live_database, "notices", after=0, note=lambda _entry: None)


def test_clocking_in_does_not_wait_for_the_record_store(
    live_database: Database, live_settings: Settings
) -> None:
    """Its writers' turn is held by somebody; a lock that had to be waited for would end this at once."""
    service.prepare(live_database)
    with live_database.begin() as session:
        scene = make_scene(session)
    with psycopg.connect(libpq_url(live_settings.app_database_url)) as writer:
        writer.execute("SELECT pg_advisory_xact_lock(%s)", (WRITER_LOCK,))
        with live_database.begin() as session:
            session.execute(text("SET LOCAL lock_timeout = '1ms'"))
            attendance.clock_in(session, scene.subject, ZONE)
        with live_database.begin() as session:
            session.execute(text("SET LOCAL lock_timeout = '1ms'"))
            attendance.clock_out(session, scene.subject, ZONE)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lrs, "store_own", _impatient)
            assert subscription.step(live_database, STATEMENTS) is Outcome.BUSY
    assert subscription.catch_up(live_database, STATEMENTS) is Outcome.NOTHING
    assert _counts(live_database) == (2, 2)


def _impatient(session: Session, statements: Any) -> int:
    session.execute(text("SET LOCAL lock_timeout = '1ms'"))
    return store_own(session, statements)


WORKER = """
import sys
from app.db.session import Database
from app.projections import subscription
from app.projections.service import SUBSCRIBERS
from app.settings import load_settings
database = Database(load_settings(_env_file=None))
print("ready", flush=True)
while subscription.step(database, SUBSCRIBERS["statements"], most=20) is not subscription.Outcome.NOTHING:
    pass
print("done", flush=True)
"""


@pytest.fixture
def environment(live_settings: Settings) -> dict[str, str]:
    return os.environ | {
        "DATABASE_URL": live_settings.owner_database_url.render_as_string(hide_password=False),
        "SECRET_KEY": live_settings.secret_key.get_secret_value(),
        "AADA_APP_PASSWORD": "a password for tests alone",
        "DATA_DIR": str(live_settings.data_dir),
    }


def test_kill_9_in_the_middle_loses_and_doubles_nothing(
    live_database: Database, environment: dict[str, str]
) -> None:
    service.prepare(live_database)
    _school_at_work(live_database, times=60)
    killed = 0
    for _ in range(200):
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER], env=environment, cwd=BACKEND, stdout=subprocess.PIPE
        )
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"ready\n"
        if killed < 4:
            before = _counts(live_database)[0]
            while worker.poll() is None and _counts(live_database)[0] == before:
                pass
            worker.send_signal(signal.SIGKILL)
            killed += 1
        said, _ = worker.communicate()
        if said == b"done\n":
            break
    assert killed == 4
    assert _counts(live_database) == (60 * 18, 60 * 18)
    with live_database.begin() as session:
        (lag,) = [one for one in queries.lags(session) if one.name == "statements"]
        assert lag.waiting == 0
    assert service.replay(live_database, "statements", after=0, note=lambda _entry: None) == 60 * 14
    assert _counts(live_database) == (60 * 18, 60 * 18)
