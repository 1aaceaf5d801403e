"""The property over all tables: however old everything is, a purge takes nothing of a table that no kind names.

Here because the databases of these tests have rows in every table.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

import app.ops.retention  # noqa: F401 - every kind is registered
from app.core import clock, retention
from app.db.base import Base
from app.db.session import Database
from app.ops import roles
from app.ops.retention import service
from tests.migrations.alembic_commands import revisions
from tests.migrations.conftest import SchoolAt

pytestmark = pytest.mark.xdist_group("migrations")


@pytest.fixture
def full_database(school_at: SchoolAt) -> Iterator[Database]:
    """A database with rows in every table, as the migrations' tests have it."""
    settings = school_at(revisions()[-1])
    roles.set_app_password(settings)
    database = Database(settings)
    yield database
    database.close()


def counts(database: Database) -> dict[str, int]:
    with database.begin() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }


@pytest.mark.parametrize("ahead", [0, 30, 400, 731, 36_500])
def test_however_old_everything_is_nothing_of_another_kind_goes(
    full_database: Database, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    """The property over all tables: after a purge at any moment, tables of no kind have the rows they had."""
    now = clock.now() + timedelta(days=ahead)
    monkeypatch.setattr(clock, "now", lambda: now)
    before = counts(full_database)
    run = service.purge(full_database, batch=2)
    after = counts(full_database)
    assert run.failed == {}
    going = {table for kind in retention.kinds() for table in kind.tables} | {
        "purge_runs",
        "audit_log",
    }  # the purge's own records are added
    assert {name: after[name] for name in after if name not in going} == {
        name: before[name] for name in before if name not in going
    }
    assert (after["purge_runs"], after["audit_log"]) == (before["purge_runs"] + 1, before["audit_log"] + 1)
    if ahead == 36_500:
        # Everything was old enough: of what was written by the day, nothing is left.
        for name in ("outbox_messages", "sign_in_attempts", "account_links", "factor_challenges"):
            assert (before[name] > 0, after[name]) == (True, 0), name


def test_raw_reports_stay_while_their_lesson_may_be_open(
    full_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now() + timedelta(days=40_000)
    with full_database.begin() as session:
        session.execute(text("UPDATE launches SET expires_at = :soon"), {"soon": now + timedelta(hours=1)})
        before = session.scalar(text("SELECT count(*) FROM scorm_commits"))
    monkeypatch.setattr(clock, "now", lambda: now)
    service.purge(full_database)
    with full_database.begin() as session:
        assert session.scalar(text("SELECT count(*) FROM scorm_commits")) == before != 0
