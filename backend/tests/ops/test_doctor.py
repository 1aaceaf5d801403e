"""The checks of an installation: what is wrong is found, said in a sentence, and refused where it is dangerous."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest

from app.core import clock, history
from app.core.actions import Action
from app.core.permissions import SYSTEM
from app.db.session import Database
from app.ops.backup.keeper import is_scheduled
from app.ops.backup.place import Backup, place_of
from app.ops.doctor import addresses, backups, database, examination, machine, secrets
from app.ops.doctor.findings import Check, Finding, Installation, Level
from app.ops.errors import OperatorError
from app.ops.servers import connect
from app.rules.backups import BackupKind
from app.settings import Settings, contradictions, inspect_settings
from tests.factories.accounts import UserFactory
from tests.ops.installations import GOOD, found, installation


@contextmanager
def answering(now: Callable[[], datetime]) -> Iterator[str]:
    """A web server with a clock of its own."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(403)
            self.send_header("Date", format_datetime(now(), usegmt=True))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def with_database(live_settings: Settings) -> Iterator[Callable[..., Installation]]:
    """An installation on a real database, as the system's role."""
    with connect(live_settings, live_settings.app_database_url) as connection:

        def make(**values: Any) -> Installation:
            settings = live_settings.model_copy(update=GOOD | values)
            return Installation(settings, database=connection, network=False)

        yield make
        connection.rollback()


def test_good_addresses_are_said_to_be_good() -> None:
    for check in (
        addresses.environment,
        addresses.https,
        addresses.hosts,
        addresses.proxies,
        secrets.guessable,
    ):
        assert {one.level for one in check(installation(aada_app_password="5f0e9c7b2d1a4836"))} == {
            Level.OK
        }, check


@pytest.mark.parametrize(
    ("values", "check", "says"),
    [
        ({"app_origin": "http://lms.example.edu"}, addresses.https, "APP_ORIGIN.*unencrypted"),
        ({"content_origin": "http://content.example.edu"}, addresses.https, "CONTENT_ORIGIN.*unencrypted"),
        ({"app_origin": "http://lms.example.edu"}, addresses.https, "cookies are not Secure"),
        ({"content_origin": "https://lms.example.edu:8443"}, addresses.hosts, "same host"),
        ({"forwarded_allow_ips": "10.0.0.1,*"}, addresses.proxies, "anybody can claim"),
        ({"sql_echo": True}, addresses.environment, "SQL_ECHO"),
        ({"bcrypt_rounds": 6}, addresses.environment, "guessed quickly"),
        ({"secret_key": "k" * 40}, secrets.guessable, "SECRET_KEY repeats 1 different"),
        ({"secret_key": "changeme-changeme-changeme-1234567"}, secrets.guessable, "like an example"),
        ({"aada_app_password": "short"}, secrets.guessable, "AADA_APP_PASSWORD has 5 characters"),
        (
            {"database_url": "postgresql://postgres:postgres@db/aada_lms"},
            secrets.guessable,
            "default that everybody knows",
        ),
    ],
)
def test_what_is_dangerous_refuses_the_start(values: dict[str, Any], check: Check, says: str) -> None:
    dangers = [one for one in check(installation(**values)) if one.refuses]
    with pytest.raises(OperatorError, match=says):
        examination.refuse(dangers)
    assert all(one.level is Level.PROBLEM and one.do for one in dangers)
    # On a developer's machine the same is allowed, and never called a problem.
    same_host = check is addresses.hosts
    assert same_host or not [
        one for one in check(installation(**values | {"environment": "development"})) if one.refuses
    ]


def test_the_settings_refuse_nothing_that_the_doctor_does_not_name() -> None:
    for values in (
        {"app_origin": "http://lms.example.edu"},
        {"content_origin": "https://lms.example.edu"},
        {"forwarded_allow_ips": "*"},
        {"bcrypt_rounds": 4},
        {"sql_echo": True},
    ):
        known = installation(**values)
        assert contradictions(known.settings)
        assert any(one.refuses for one in examination.examine(known)), values


def test_a_network_that_is_none_is_believed_of_nobody() -> None:
    known = installation(forwarded_allow_ips="127.0.0.1, 10.0.0.1/24, proxy.internal")
    (one,) = found(addresses.proxies, known)
    assert one.level is Level.PROBLEM
    assert "10.0.0.1/24, proxy.internal" in one.says


def test_all_reasons_are_in_one_message() -> None:
    known = installation(
        app_origin="http://lms.example.edu", content_origin="http://lms.example.edu", forwarded_allow_ips="*"
    )
    with pytest.raises(OperatorError) as caught:
        examination.refuse(examination.examine(known))
    text = str(caught.value)
    for part in ("APP_ORIGIN", "CONTENT_ORIGIN", "same host", "FORWARDED_ALLOW_IPS", "Secure"):
        assert part in text
    assert "Nothing was changed" in text


def test_settings_that_cannot_be_read_hide_nothing_else(tmp_path: Path) -> None:
    known = installation(
        secret_key="short", school_timezone="America/Atlanta", app_origin="http://x.example.edu"
    )
    says = " ".join(one.says for one in examination.examine(known))
    for part in ("SECRET_KEY", "America/Atlanta", "APP_ORIGIN"):
        assert part in says


def test_an_untrusted_proxy_is_found_by_what_it_sent(with_database: Callable[..., Installation]) -> None:
    known = with_database()
    assert {one.level for one in addresses.proxies(known)} == {Level.OK}
    owner = Database(known.settings)
    with owner.begin() as session:
        history.record(session, SYSTEM, Action.PROXY_NOT_TRUSTED, None, address="172.18.0.5")
    owner.close()
    (one,) = found(addresses.proxies, known)
    assert one.level is Level.PROBLEM
    assert "172.18.0.5" in one.says
    assert {one.level for one in addresses.proxies(with_database(forwarded_allow_ips="172.18.0.0/16"))} == {
        Level.OK
    }


def test_a_clock_that_is_ten_minutes_off(
    with_database: Callable[..., Installation], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = with_database()
    assert "It agrees with PostgreSQL’s clock." in [one.says for one in machine.time(known)]
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(minutes=10))
    (one,) = found(machine.time, known, Level.PROBLEM)
    assert "10 minutes ahead of PostgreSQL’s" in one.says
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) - timedelta(seconds=20))
    (one,) = [one for one in found(machine.time, known, Level.WARNING) if "seconds" in one.says]
    assert "behind" in one.says


def test_a_clock_is_compared_with_the_buckets() -> None:
    with answering(lambda: datetime.now(UTC) + timedelta(minutes=10)) as url:
        settings, _ = inspect_settings(_env_file=None, **(GOOD | {"s3_bucket": "b", "s3_endpoint_url": url}))
        (one,) = found(machine.time, Installation(settings), Level.PROBLEM)
        assert "10 minutes behind" in one.says
        assert url in one.says


def test_what_cannot_be_compared_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_is_kept", lambda: None)
    (one,) = found(machine.time, installation())
    assert one.level is Level.WARNING
    assert "cannot be checked" in one.says
    monkeypatch.setattr(machine, "_is_kept", lambda: True)
    assert [one.level for one in machine.time(installation())] == [Level.OK]


def test_a_place_where_nothing_can_be_stored(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a directory should be")
    (one,) = found(machine.files, installation(data_dir=tmp_path / "data"))
    assert one.level is Level.PROBLEM
    assert str(tmp_path / "data") in one.says
    (one,) = found(machine.files, installation(data_dir=tmp_path / "other"))
    assert one.level is Level.OK
    assert [path for path in (tmp_path / "other").rglob("*") if path.is_file()] == []


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, level in ((2**29, Level.PROBLEM), (2**32, Level.WARNING), (2**38, Level.OK)):
        usage = type("usage", (), {"total": 2**40 if level is Level.WARNING else 2**39, "free": free})
        monkeypatch.setattr(machine.shutil, "disk_usage", lambda _place, usage=usage: usage)
        assert [one.level for one in machine.disk(installation(data_dir=tmp_path))] == [level]


def test_time_zones_agree_and_a_difference_is_found(
    with_database: Callable[..., Installation], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = with_database()
    assert Level.PROBLEM not in {one.level for one in machine.zone_data(known)}
    monkeypatch.setattr(machine, "_offset", lambda _zone, _moment: -5 * 3600)  # without daylight saving time
    (one,) = found(machine.zone_data, known, Level.PROBLEM)
    assert "America/New_York" in one.says


def test_the_systems_own_role_is_found_to_be_narrow(with_database: Callable[..., Installation]) -> None:
    known = with_database()
    assert [one.level for one in database.role(known)] == [Level.OK]
    assert [one.level for one in database.version(known)] == [Level.OK]
    assert [one.level for one in database.revision(known)] == [Level.OK]
    (one,) = found(database.owner, known)
    assert one.level is Level.WARNING
    assert "superuser" in one.says


def test_a_role_that_is_shown_no_student_is_named(
    with_database: Callable[..., Installation], live_settings: Settings
) -> None:
    name = f"reports_{uuid4().hex[:12]}"
    with connect(live_settings) as connection:
        connection.autocommit = True
        connection.execute(f"CREATE ROLE {name} LOGIN".encode())
        try:
            assert not [one for one in database.others(with_database()) if name in one.says]
            connection.execute(f"GRANT SELECT ON users TO {name}".encode())
            (one,) = found(database.others, with_database(), Level.WARNING)
            assert name in one.says
            connection.execute(f"ALTER ROLE {name} BYPASSRLS".encode())
            assert not [one for one in database.others(with_database()) if name in one.says]
        finally:
            connection.execute(f"DROP OWNED BY {name}".encode())
            connection.execute(f"DROP ROLE {name}".encode())


def test_a_superuser_as_the_systems_role_refuses_the_start(live_settings: Settings) -> None:
    with connect(live_settings) as connection:
        (one,) = found(
            database.role, Installation(live_settings.model_copy(update=GOOD), database=connection)
        )
    assert one.refuses
    for part in ("SUPERUSER", "owns", "may create objects", "change or delete the history"):
        assert part in one.says


def test_demo_people_are_refused_in_production(
    with_database: Callable[..., Installation], live_database: Database
) -> None:
    assert [one.level for one in database.demo(with_database())] == [Level.OK]
    with live_database.begin() as session:
        UserFactory(session=session, email="admin@demo.aada.example")
    (one,) = found(database.demo, with_database())
    assert one.refuses
    demo = replace(with_database(environment="development"), embedded=True)
    assert [one.level for one in database.demo(demo)] == [Level.OK]
    assert [one.says for one in backups.age(demo)] == ["The demo school is not backed up by itself."]
    with live_database.begin() as session, patch("app.ops.backup.keeper.is_embedded", return_value=True):
        scheduled = demo.settings.model_copy(update={"backup_schedule": True})
        assert not is_scheduled(scheduled, session)
        UserFactory(session=session, email="director@school.example")
        session.flush()
        assert is_scheduled(scheduled, session), "one demo account that was left over turns no backup off"
    assert [one.level for one in database.demo(demo)] == [Level.WARNING]
    assert [one.level for one in backups.age(demo)] == [Level.PROBLEM]


def test_a_backup_that_is_too_old_damaged_or_on_the_same_disk(tmp_path: Path) -> None:
    (one,) = found(backups.age, installation())
    assert one.level is Level.WARNING
    known = replace(installation(data_dir=tmp_path), embedded=True)
    place = place_of(known.settings)

    def made(ended: datetime, fault: str | None) -> None:
        entry = place.base / "20260301T070000Z-full"
        entry.mkdir(parents=True, exist_ok=True)
        backup = Backup(
            entry.name,
            BackupKind.FULL,
            None,
            ended,
            ended,
            1,
            "0/2000028",
            "0/2000120",
            1,
            "17.10",
            1,
            1,
            "",
            ended,
        )
        (entry / "backup.json").write_text(json.dumps(replace(backup, fault=fault).as_json()))

    assert [one.level for one in backups.age(known)] == [Level.PROBLEM]
    made(clock.now() - timedelta(hours=5), None)
    assert "has not been received" in found(backups.age, known, Level.WARNING)[0].says
    place.note_horizon(clock.now(), 1, 1, "0/2000120")
    assert [one.level for one in backups.age(known)] == [Level.OK, Level.WARNING]
    assert "is on the disk that the database is on" in found(backups.age, known, Level.WARNING)[0].says
    made(clock.now() - timedelta(days=3), None)
    (one,) = found(backups.age, known, Level.PROBLEM)
    assert "The newest backup is of" in one.says
    made(clock.now(), "base.tar.zst is missing")
    assert "is damaged (base.tar.zst is missing)" in found(backups.age, known, Level.PROBLEM)[0].says


def test_a_check_that_fails_is_a_finding() -> None:
    def broken(_known: Installation) -> list[Finding]:
        raise RuntimeError("no such thing")

    first, second = examination.examine(installation(), [broken, backups.age])
    assert first.level is Level.PROBLEM
    assert "no such thing" in first.says
    assert second.check == "Backup"
