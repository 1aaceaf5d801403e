"""The checks by command, at the start, every night, and on the Operations page."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actions import Action
from app.core.permissions import Role
from app.db.models import AuditEntry, OutboxMessage, User
from app.db.session import Database
from app.ops.backup import drill, standing
from app.ops.doctor import examination
from app.ops.doctor.findings import Installation, ok, problem, warning
from app.ops.servers import connect
from app.rules.backups import Span
from app.settings import Settings
from tests.factories.accounts import UserFactory
from tests.ops.conftest import Aada
from tests.ops.installations import PRODUCTION


def test_the_command_shows_findings_and_ends_with_1_for_a_problem(
    aada: Aada, live_database: Database
) -> None:
    status, shown = aada("doctor")
    assert status == 0, shown
    assert "0 problems" in shown
    assert "warning" in shown
    status, shown = aada("doctor", "--json", **PRODUCTION, FORWARDED_ALLOW_IPS="*", AADA_APP_PASSWORD="")
    assert status == 1
    told = json.loads(shown)
    assert told["status"] == "problem"
    assert any("FORWARDED_ALLOW_IPS" in one["says"] for one in told["findings"])
    with live_database.begin() as session:
        outcome = examination.last_outcome(session)
    assert outcome is not None
    assert outcome.problems == 0  # the second could not sign in to the database to keep its own


def test_without_a_database_the_rest_is_checked(aada: Aada) -> None:
    status, shown = aada("doctor", DATABASE_URL="postgresql://x:y@127.0.0.1:9/none")
    assert status == 1
    assert "No PostgreSQL server answers at 127.0.0.1:9" in " ".join(shown.split())
    assert "Traceback" not in shown
    assert "Disk" in shown
    assert "Hosts" in shown


def test_without_any_setting_there_is_no_traceback(aada: Aada, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    status, shown = aada(
        "doctor", SECRET_KEY="short", APP_ORIGIN="nonsense", DATABASE_URL="", DATA_DIR=str(tmp_path / "data")
    )
    assert status == 1
    assert "Traceback" not in shown
    for part in ("SECRET_KEY", "APP_ORIGIN", "Database", "Files"):
        assert part in shown


@pytest.mark.parametrize(
    ("url", "sentence"),
    [("nonsense", "It was not looked for, because DATABASE_URL cannot be read."), ("", "There is none yet")],
)
def test_checking_makes_no_database(aada: Aada, tmp_path: Path, url: str, sentence: str) -> None:
    status, shown = aada("doctor", DATABASE_URL=url, DATA_DIR=str(tmp_path / "data"))
    assert status == 1
    words = " ".join(shown.split())
    assert sentence in words
    assert "DATABASE_URL: DATABASE_URL" not in words
    assert not (tmp_path / "data" / "postgres").exists()


def test_the_start_is_refused_with_everything_in_one_message(aada: Aada, live_database: Database) -> None:
    with live_database.begin() as session:
        UserFactory(session=session, email="admin@demo.aada.example")
    status, shown = aada(
        "serve",
        "--check",
        **(PRODUCTION | {"APP_ORIGIN": "http://lms.example.edu", "FORWARDED_ALLOW_IPS": "*"}),
    )
    assert status == 1
    for part in ("APP_ORIGIN", "FORWARDED_ALLOW_IPS", "demo school"):
        assert part in shown
    status, shown = aada("serve", "--check", **PRODUCTION)
    assert status == 1
    assert "demo school" in shown
    with live_database.begin() as session:
        session.connection().exec_driver_sql("DELETE FROM users WHERE email = 'admin@demo.aada.example'")
    status, shown = aada("serve", "--check", **PRODUCTION)
    assert status == 0, shown


def test_administrators_are_mailed_about_a_new_problem_once(live_database: Database) -> None:
    bad, worse = problem("Disk", "0.4 GiB are free.", "Free up space."), problem("Role", "Too much.", "Less.")
    with live_database.begin() as session:
        UserFactory(session=session, email="ada@example.edu", role=Role.ADMIN)
    for found_now, alert in (
        ([ok("Hosts", "fine")], True),
        ([bad, warning("Email", "none", "set")], True),
        ([problem("Disk", "0.3 GiB are free.", "Free up space.")], True),  # the same, tomorrow's figures
        ([bad, worse], False),  # somebody looks, at a terminal
        ([bad, worse], True),
    ):
        with live_database.begin() as session:
            examination.record(session, found_now, alert=alert)
    with live_database.begin() as session:
        subjects = session.scalars(select(OutboxMessage.body_text).order_by(OutboxMessage.id)).all()
        assert len(subjects) == 2
        assert "0.4 GiB" in subjects[0]
        assert "Role: Too much." in subjects[1]
        assert "Disk" not in subjects[1]
        assert "/operations" in subjects[1]
        rows = session.scalars(select(AuditEntry).where(AuditEntry.action == Action.CHECKS_COMPLETED)).all()
        assert len(rows) == 5
        outcome = examination.last_outcome(session)
        assert outcome is not None
        assert [one.check for one in outcome.findings] == ["Disk", "Role"]


def test_the_nightly_job_keeps_the_outcome(live_settings: Settings, live_database: Database) -> None:
    examination.check_tonight(live_settings, live_database)
    with live_database.begin() as session:
        outcome = examination.last_outcome(session)
    assert outcome is not None
    assert outcome.problems == 0


def test_no_finding_of_the_database_is_left_when_it_goes_away(live_settings: Settings) -> None:
    with connect(live_settings, live_settings.app_database_url) as connection:
        with psycopg.connect(connection.info.dsn, password=connection.info.password):
            pass
        connection.close()
        said = examination.examine(Installation(live_settings, database=connection, network=False))
    assert any("This check failed" in one.says for one in said)


def test_the_operations_page_shows_the_last_outcome(
    session: Session, signed_in: Callable[[User], TestClient]
) -> None:
    page = signed_in(UserFactory(session=session, role=Role.ADMIN))
    assert "has not been checked yet" in page.get("/operations").text
    bad = problem("Disk", "0.4 GiB are <free>.", "Free up space.")
    examination.record(session, [ok("Hosts", "fine"), bad], alert=False)
    session.commit()
    shown = page.get("/operations").text
    assert "1 of 2 checks were fine" in shown
    assert "0.4 GiB are &lt;free&gt;." in shown
    assert "Free up space." in shown


def test_the_operations_page_shows_the_backups_and_an_alarm(
    session: Session, signed_in: Callable[[User], TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)
    tried = drill.Outcome(at, "b", None, at, 12.34, 0.1, 90, 4321, 7)
    found = standing.Standing(3, at, 5_000_000, [Span(at, at)], tried, ["No backup has been made."])
    monkeypatch.setattr("app.ops.backup.standing.of", lambda _settings, **_more: found)
    shown = signed_in(UserFactory(session=session, role=Role.ADMIN)).get("/operations").text
    for words in ("4,321 rows in 12.3 seconds", "No backup has been made.", "Every instant can be restored"):
        assert words in shown
