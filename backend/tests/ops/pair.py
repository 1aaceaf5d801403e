"""A server and a standby that streams from it, and files that are written from them."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.permissions import SYSTEM, Actor
from app.db import replica
from app.db.models import AuditEntry
from app.db.session import Database
from app.ops import migrations, roles
from app.ops.postgres import EmbeddedServer
from app.ops.servers import connect
from app.setting_values import normalize_database_url
from app.settings import Settings
from app.web.listing import Listing
from app.web.paging import Paging
from app.web.reports import Column, Report
from app.web.reports.answers import write_file
from tests.fast_disk import fast_folder
from tests.ops.standby import Standby

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
