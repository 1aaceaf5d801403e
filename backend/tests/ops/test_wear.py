"""`aada db doctor`: what has worn out is named, on a real server, and what is sound is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from unittest.mock import patch

import psycopg
import pytest

from app.ops.doctor import wear
from app.ops.doctor.findings import Finding, Installation, Level
from app.ops.postgres import PostgresPrograms, find_pg17
from app.ops.servers import connect
from app.settings import Settings
from tests.ops.conftest import Aada

Rows = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def owner(live_settings: Settings) -> Iterator[Rows]:
    """As the owner of the tables; what a test makes is rolled back."""
    with connect(live_settings) as connection:
        yield connection
        connection.rollback()


def findings(settings: Settings, owner: Rows, *, but_ok: bool = True) -> dict[str, Finding]:
    known = Installation(settings, database=owner, embedded=True)
    found = [one for check in wear.CHECKS for one in check(known)]
    return {one.check: one for one in found if not but_ok or one.level is not Level.OK}


def test_a_new_school_has_nothing_worn_out(live_settings: Settings, owner: Rows) -> None:
    assert findings(live_settings, owner) == {}
    assert len(findings(live_settings, owner, but_ok=False)) >= 8


def test_what_is_missing_broken_or_nearly_used_up_is_named(live_settings: Settings, owner: Rows) -> None:
    for statement in (
        "CREATE TABLE worn (id smallserial PRIMARY KEY, one int REFERENCES users (id), two int)",
        "CREATE TABLE pair (a int, b int, PRIMARY KEY (a, b))",
        "CREATE TABLE apart (a int, b int, c int, FOREIGN KEY (a, b) REFERENCES pair)",
        "CREATE INDEX apart_c_a ON apart (c, a)",
        "CREATE TABLE together (a int, b int, FOREIGN KEY (a, b) REFERENCES pair)",
        "CREATE INDEX together_b_a ON together (b, a)",
        "SELECT setval('worn_id_seq', 30000)",
    ):
        owner.execute(statement)
    found = findings(live_settings, owner)
    assert found["Foreign keys"].says == "2 foreign keys without an index: apart (a, b), worn (one)."
    assert found["Sequences"].level is Level.PROBLEM
    assert found["Sequences"].says == "worn_id_seq has used 92% of its numbers."
    owner.execute("SELECT setval('worn_id_seq', 20000)")
    assert findings(live_settings, owner)["Sequences"].level is Level.WARNING
    owner.execute("CREATE INDEX ON worn (one) WHERE two > 0")
    assert "worn (one)" in findings(live_settings, owner)["Foreign keys"].says, (
        "it has some of the rows alone"
    )
    owner.execute("CREATE INDEX worn_one ON worn (one)")
    assert "worn" not in findings(live_settings, owner)["Foreign keys"].says
    owner.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'worn_one'::regclass")
    assert "worn_one cannot be used" in findings(live_settings, owner)["Indexes"].says


@pytest.mark.parametrize(
    ("query", "answer", "check", "level", "says"),
    [
        ("_CHECKSUMS", "SELECT true AS on, 3 AS failures", "Checksums", Level.PROBLEM, "3 pages came back"),
        ("_CHECKSUMS", "SELECT false AS on, 0 AS failures", "Checksums", Level.WARNING, "They are off"),
        ("_AGE", "SELECT 1500000000 AS age", "Transactions", Level.PROBLEM, "75% of the transaction"),
        ("_COLLATION", "SELECT '2.36' AS made_with, '2.41' AS now", "Sort order", Level.PROBLEM, "2.36"),
        (
            "_DEAD",
            "SELECT 'attendance' AS \"table\", 60000 AS dead, 40000 AS live",
            "Bloat",
            Level.WARNING,
            "60% of the rows of attendance",
        ),
    ],
)
def test_what_a_test_cannot_wear_out_is_said_in_a_sentence(
    live_settings: Settings, owner: Rows, query: str, answer: str, check: str, level: Level, says: str
) -> None:
    with patch.object(wear, query, answer):
        found = findings(live_settings, owner)[check]
    assert found.level is level
    assert says in found.says
    assert found.do


def test_an_index_counts_as_unused_after_a_month(live_settings: Settings, owner: Rows) -> None:
    unused = "SELECT 'big' AS name, 'attendance' AS \"table\", 33554432 AS size_bytes"
    with patch.object(wear, "_UNUSED", unused):
        assert "Unused indexes" not in findings(live_settings, owner)
        with patch.object(wear, "_COUNTED_DAYS", "SELECT 31 AS days"):
            assert "big (32 MB)" in findings(live_settings, owner)["Unused indexes"].says


def test_an_older_release_is_named(live_settings: Settings, owner: Rows) -> None:
    newer = PostgresPrograms(find_pg17().bin, "17.99")
    with patch.object(wear, "find_pg17", return_value=newer):
        assert "17.99 has its faults mended" in findings(live_settings, owner)["Release"].says


def test_the_command_ends_with_1_for_a_problem(aada: Aada) -> None:
    status, shown = aada("db", "doctor")
    assert (status, "0 problems" in shown) == (0, True), shown
    status, shown = aada("db", "doctor", "--json")
    assert (status, json.loads(shown)["status"]) == (0, "ok"), shown
    with patch.object(wear, "_AGE", "SELECT 1500000000 AS age"):
        status, shown = aada("db", "doctor")
    assert (status, "1 problem," in shown) == (1, True), shown
