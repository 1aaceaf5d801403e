"""/metrics: whom it answers, what it says, what the alerts ask of it, and the history that is drawn from it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock, patch

import pytest
import yaml
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Text, bindparam, event, literal_column, select, table, text
from sqlalchemy.exc import ProgrammingError
from structlog.testing import capture_logs

from app.core import clock
from app.core.shared import Names
from app.db.ready import Ready
from app.db.replica import Standing
from app.db.session import Database
from app.main import create_app
from app.ops.metrics import advice, board, exported, history, measured
from app.ops.metrics.board import BOUNDS, Board, PoolUse, RouteTimes
from app.settings import CHECKOUT, Settings, SettingsError, load_settings

TOKEN = "a-token-of-more-than-24-characters"
RULES = CHECKOUT / "deploy" / "prometheus" / "alerts.yml"


def asked(
    settings: Settings, database: Database, client: tuple[str, int] = ("127.0.0.1", 4), **more: Any
) -> Any:
    with TestClient(
        create_app(settings, database), base_url="http://localhost:8000", client=client
    ) as browser:
        return browser.get("/metrics", **more)


@pytest.mark.parametrize(
    ("access", "address", "headers", "status"),
    [
        (None, "127.0.0.1", {}, 403),
        (None, "127.0.0.1", {"Authorization": "Bearer "}, 403),
        ("loopback", "127.0.0.1", {}, 200),
        ("loopback", "::1", {}, 200),
        ("loopback", "10.0.0.7", {}, 403),
        (
            "loopback",
            "127.0.0.1",
            {"X-Forwarded-For": "127.0.0.1"},
            403,
        ),  # a proxy of this machine, for anybody
        ("loopback", "127.0.0.1", {"Forwarded": "for=10.0.0.7"}, 403),
        ("loopback", "127.0.0.1", {"Host": "lms.example.edu"}, 403),
        ("loopback", "127.0.0.1", {"Authorization": "Bearer loopback", "X-Real-IP": "10.0.0.7"}, 403),
        (TOKEN, "127.0.0.1", {}, 401),
        (TOKEN, "10.0.0.7", {"Authorization": f"Bearer {TOKEN[:-1]}"}, 401),
        (TOKEN, "10.0.0.7", {"Authorization": f"Basic {TOKEN}"}, 401),
        (TOKEN, "10.0.0.7", {"Authorization": f"bearer {TOKEN}"}, 200),
    ],
)
def test_nobody_is_answered_but_whom_the_setting_names(
    live_settings: Settings,
    live_database: Database,
    access: str | None,
    address: str,
    headers: Any,
    status: int,
) -> None:
    settings = Settings(**(live_settings.model_dump() | {"metrics_access": access}), _env_file=None)
    answer = asked(settings, live_database, (address, 40_000), headers=headers)
    assert answer.status_code == status
    assert ("aada_" in answer.text) == (status == 200)
    assert TOKEN not in answer.text
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "given", ["short", "Loopback", "a token of many words and characters", "“curly quotes are no ASCII”"]
)
def test_a_weak_token_is_refused_without_repeating_it(given: str) -> None:
    with pytest.raises(SettingsError, match="METRICS_ACCESS") as caught:
        load_settings(_env_file=None, secret_key="k" * 32, metrics_access=given)
    assert given not in str(caught.value)
    kept = load_settings(_env_file=None, secret_key="k" * 32, metrics_access=TOKEN)
    assert TOKEN not in repr(kept)


@pytest.fixture
def sample(
    live_settings: Settings, live_database: Database
) -> Iterator[dict[str, dict[tuple[str, ...], float]]]:
    """What is exported where there is something of everything: name, then labels’ values, to the figure."""
    own = Board()
    own.note_pool(30)
    own.observe("GET", "/people/{user_id}", 200, 0.2)
    own.observe("GET", '/xapi/"odd"\\', 200, 0.2)
    ages = measured.BackupTimes(True, 60.0, 5.0, 3600.0, drill_failed=False, copy_expected=True, copied=90.0)
    slot = SimpleNamespace(slot_name="aada_backup", active=True, behind_bytes=16)
    with (
        patch.object(exported, "BOARD", own),
        patch.object(measured, "_backups", return_value=ages),
        patch("app.ops.metrics.queries.slots", return_value=[slot]),
        patch.object(live_database, "replica", Mock(**{"standing.return_value": Standing(True, "", 0.0)})),
    ):
        yield parsed(exported.text(live_settings, live_database))


def parsed(content: bytes) -> dict[str, dict[tuple[str, ...], float]]:
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(content.decode()):
        for one in family.samples:
            values = found.setdefault(one.name, {})
            labels = tuple(one.labels[name] for name in sorted(one.labels))
            assert labels not in values, f"{one.name} {labels} is there twice"
            values[labels] = one.value
    return found


def test_each_of_the_subjects_is_exported(sample: dict[str, dict[tuple[str, ...], float]]) -> None:
    assert sample["aada_http_request_duration_seconds_bucket"]["0.25", "GET", "/people/{user_id}"] == 1
    assert sample["aada_http_request_duration_seconds_bucket"]["0.1", "GET", "/people/{user_id}"] == 0
    assert ("0.1", "GET", '/xapi/"odd"\\') in sample["aada_http_request_duration_seconds_bucket"]
    assert sample["aada_database_pool_limit"]["0",] == 30
    assert sample["aada_database_up"][()] == 1
    assert sample["aada_database_size_bytes"][()] > 1_000_000
    assert sample["aada_database_connections_limit"][()] >= 100
    assert {("users",), ("audit_log",)} <= set(sample["aada_table_size_bytes"])
    assert set(sample["aada_table_size_bytes"]) == set(sample["aada_table_index_scans_total"])
    assert set(sample["aada_jobs"]) == {("waiting",), ("doing",), ("failed",)}
    assert sample["aada_backup_age_seconds"][()] == 60
    assert sample["aada_backup_copy_age_seconds"][()] == 90
    assert sample["aada_wal_behind_bytes"]["aada_backup",] == 16


def test_the_alerts_ask_for_nothing_that_is_not_exported(
    sample: dict[str, dict[tuple[str, ...], float]],
) -> None:
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    assert len(rules) > 15
    for rule in rules:
        names = set(re.findall(r"\baada_\w+", rule["expr"]))
        assert names <= set(sample), (rule["alert"], names - set(sample))
        assert names or rule["alert"] == "AadaDown"
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["action"].endswith("."), "each says what to do"
        for label, value in re.findall(r'(\w+)="([^"]+)"', rule["expr"]):
            if label in ("le", "status", "state"):
                assert any(value in labels for name in names for labels in sample[name]), (
                    rule["alert"],
                    value,
                )


def test_the_bounds_of_alerts_are_those_of_the_warnings() -> None:
    rules = {rule["alert"]: rule["expr"] for rule in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]}
    for alert, bound in (
        ("AadaLocksWaiting", advice.LONGEST_WAIT_SECONDS),
        ("AadaStatementLong", advice.LONGEST_STATEMENT_SECONDS),
        ("AadaJobsWaiting", advice.OLDEST_JOB_SECONDS),
        ("AadaLogPilesUp", advice.MOST_BEHIND_BYTES),
    ):
        assert rules[alert].endswith(f"> {bound}")


def test_processes_count_together_and_a_killed_one_loses_nothing() -> None:
    shared = Board()
    for place, requests in ((0, 3), (1, 4), (1, 5)):  # the second process is killed, and replaced
        child = os.fork()
        if child == 0:
            shared.settle(place)
            shared.note_pool(15)
            for number in range(requests):
                shared.observe("GET", "/a", 200, 0.3)
                shared.observe("GET", f"/{place}", 500, float(number))
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    found = {one.route: one for one in shared.routes()}
    assert found["/a"].counts == (0, 0, 12, 0, 0)
    assert found["/a"].seconds == pytest.approx(3.6)
    assert found["/0"].counts == (1, 0, 1, 1, 0)
    assert found["/1"].count == 9
    assert found["/1"].slow == 5
    assert shared.statuses() == {"none": 0, "1xx": 0, "2xx": 12, "3xx": 0, "4xx": 0, "5xx": 12}
    assert shared.pools() == [PoolUse(0, 0, 15), PoolUse(1, 0, 15)]


def test_addresses_that_nobody_serves_take_no_room() -> None:
    names = Names(2)
    assert [names.number(one) for one in ("GET /a", "GET /b", "GET /c", "GET /a")] == [0, 1, None, 0]
    assert names.all() == ["GET /a", "GET /b"]
    shared = Board()
    for method in ("GET", "BREW", "X" * 20):
        shared.observe(method, "-", 404, 0.01)
    assert [(one.method, one.count) for one in shared.routes()] == [("GET", 1), ("-", 2)]


def test_connections_in_use_and_slow_statements_are_seen(live_settings: Settings) -> None:
    own, database = Board(), Database(live_settings)
    own.note_pool(10)
    own.watch(database)
    with database.begin() as one, database.begin() as two:
        assert one.scalar(text("SELECT 1")) == two.scalar(text("SELECT 1")) == 1
        assert own.pools() == [PoolUse(0, 2, 10)]
    assert own.pools() == [PoolUse(0, 0, 10)]
    with patch.object(board, "SLOW_SECONDS", -1.0), capture_logs() as logs, database.begin() as session:
        session.execute(text("SELECT :name"), {"name": "Maria Lopez"})
    assert own.slow_statements() == 1
    (said,) = (one for one in logs if one["event"] == "database.slow_statement")
    assert "Maria" not in str(said), "what it was asked with is people’s names and addresses"
    with pytest.raises(ProgrammingError), database.begin() as session:
        session.execute(text("SELECT * FROM pg_authid"))
    assert own.refused_statements() == 1
    database.close()


@pytest.mark.parametrize("pooled", [False, True])
def test_statements_that_go_past_sqlalchemy_are_seen_as_the_others(
    live_settings: Settings, pooled: bool
) -> None:
    own, database = Board(), Database(live_settings)
    if pooled:  # then a cursor of psycopg asks them
        event.listen(database.engine, "connect", lambda driver, _: setattr(driver, "prepare_threshold", None))
    own.watch(database)
    named = Ready(select(bindparam("name", type_=Text)))
    with database.begin() as session:
        assert named.rows(session, name="Maria Lopez") == [("Maria Lopez",)]
    assert own.slow_statements() == 0
    with patch.object(board, "SLOW_SECONDS", -1.0), capture_logs() as logs, database.begin() as session:
        named.rows(session, name="Maria Lopez")
    assert own.slow_statements() == 1
    (said,) = (one for one in logs if one["event"] == "database.slow_statement")
    assert "SELECT" in said["statement"]
    assert "Maria" not in str(said)
    secret = Ready(select(literal_column("rolpassword")).select_from(table("pg_authid")))
    with pytest.raises(InsufficientPrivilege), database.begin() as session:
        secret.rows(session)
    assert (own.refused_statements(), own.slow_statements()) == (1, 1)
    database.close()


def test_a_database_that_is_away_takes_only_its_part_along(live_settings: Settings) -> None:
    away = Database(live_settings, live_settings.app_database_url.set(port=1))
    with capture_logs() as logs:
        found = parsed(exported.text(live_settings, away))
    assert found["aada_database_up"][()] == 0
    assert "aada_http_responses_total" in found
    assert "aada_database_size_bytes" not in found
    assert [one["event"] for one in logs] == ["metrics.database_silent"]


def test_a_standby_that_answers_slowly_holds_nobody_up(
    live_settings: Settings, live_database: Database
) -> None:
    """The connection that is no part of the pool is the one by which commits that hang are let go."""

    def slow(_committed: Any) -> Standing:
        with live_database.aside() as session:
            assert session.scalar(text("SELECT 1")) == 1
        return Standing(False, "It does not answer.")

    with patch.object(live_database, "replica", Mock(**{"standing.side_effect": slow})):
        found = parsed(exported.text(live_settings, live_database))
    assert found["aada_reports_standby_usable"][()] == 0


def test_a_full_pool_is_seen_without_waiting_for_it(live_settings: Settings) -> None:
    settings = live_settings.model_copy(update={"pool_size": 2, "pool_max_overflow": 0})
    own, database = Board(), Database(settings)
    own.note_pool(2)
    own.watch(database)
    connections = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'aada metrics'"
    with (
        patch.object(exported, "BOARD", own),
        patch.object(database.engine.pool, "_timeout", 0.0),  # whoever asks the full pool fails at once
        database.begin() as one,
        database.begin() as two,
    ):
        assert one.scalar(text("SELECT 1")) == two.scalar(text("SELECT 1")) == 1
        for _ in range(3):
            found = parsed(exported.text(settings, database))
            assert found["aada_database_pool_in_use"]["0",] == found["aada_database_pool_limit"]["0",] == 2
            assert found["aada_database_up"][()] == 1
            assert found["aada_database_size_bytes"][()] > 1_000_000
        assert one.scalar(text(connections)) == 1, "one connection for all who ask"
        with database.aside() as busy:  # and a second one that asks meanwhile does without the database
            busy.execute(text("SELECT 1"))
            assert parsed(exported.text(settings, database))["aada_database_up"][()] == 0
    database.close()


def test_the_history_is_kept_and_drawn(live_settings: Settings, live_database: Database) -> None:
    start = clock.now()
    with live_database.begin() as session:
        for days in (20, 3, 2):
            with patch("app.core.clock.now", return_value=start - timedelta(days=days)):
                history.sample(session, live_settings)
        session.execute(
            text(
                "UPDATE metric_samples SET value = value / 2 WHERE label = 'users' AND at < now() - interval '9 d'"
            )
        )
        drawn = {one.name: one for one in history.charts(session, live_settings.zone)}
        assert len(drawn["database_bytes"].values) == 2, "two weeks"
        assert drawn["database_bytes"].values[0] > 1
        assert "backup_age_seconds" not in drawn, "nothing was backed up"
        grown = {name: (before, after) for name, before, after in history.growth(session)}
        before, after = grown["users"]
        assert after == 2 * before
        old = history._old.due(session, start - timedelta(days=10))
        assert old > 100
        assert history._old.purge(session, start - timedelta(days=10), 1000) == old


def test_each_warning_says_what_to_do(live_settings: Settings, live_database: Database) -> None:
    with live_database.begin() as session:
        calm = measured.measure(session, live_settings)
    assert advice._of(calm, [PoolUse(0, 3, 10)], []) == []
    server = SimpleNamespace(waiting=2, lock_seconds=31.0, statement_seconds=120.0)
    slot = SimpleNamespace(behind_bytes=2 << 30)
    queue = replace(calm.queue, waiting=5, oldest_seconds=700.0)
    worse: Any = replace(calm, server=server, slots=[slot], queue=queue)  # type: ignore[arg-type]
    slow = RouteTimes("GET", "/reports", (100, 80, 0, 15, 5), 60.0)
    found = advice._of(worse, [PoolUse(0, 9, 10)], [slow])
    assert len(found) == 6
    assert all(one.says.endswith(".") and one.do.endswith(".") for one in found)
    assert "20 of 200 since the system was started, most of them GET /reports" in found[-1].says
    assert len(slow.counts) == len(BOUNDS) + 1
