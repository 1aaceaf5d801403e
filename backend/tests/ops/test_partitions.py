"""Monthly partitions (deploy/partitions.sql): nothing is lost, rights and policies stay, and months are made ahead."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.core import history, own_rows
from app.core.actions import Action
from app.core.permissions import SYSTEM
from app.db.session import Database, libpq_url
from app.ops.doctor import wear
from app.ops.doctor.findings import Installation, Level
from app.ops.postgres import find_pg17
from app.settings import Settings

SCRIPT = Path(__file__).resolve().parents[3] / "deploy" / "partitions.sql"
Rows = psycopg.Connection[Any]
TABLES = ("audit_log", "xapi_statement_activities", "xapi_statement_actors", "xapi_statements")
ADD = """
INSERT INTO xapi_statements (id, verb, object_id, timestamp, statement_id, payload, version)
VALUES ((extract(epoch FROM %(at)s::timestamptz) * 1000000)::bigint, 'v', 'o', %(at)s, %(id)s, '{}', '2.0.0')
"""
ONE, OTHER = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"


def psql(settings: Settings, *arguments: str) -> str:
    done = subprocess.run(
        [find_pg17().tool("psql"), "-X", "-q", libpq_url(settings.owner_database_url), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def described(owner: Rows) -> dict[str, Any]:
    """Rights, policies, triggers, checks, foreign keys and indexes of the tables, by name."""
    queries = {
        "columns": "SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull, attidentity"
        " FROM pg_attribute WHERE attrelid = ANY(%s::regclass[]) AND attnum > 0 AND NOT attisdropped"
        " ORDER BY 1, attnum",
        "rights": "SELECT c.relname, x.grantee::regrole::text, x.privilege_type FROM pg_class c, aclexplode(c.relacl) x"
        " WHERE c.oid = ANY(%s::regclass[]) ORDER BY 1, 2, 3",
        "column rights": "SELECT attrelid::regclass::text, attname, attacl::text FROM pg_attribute"
        " WHERE attrelid = ANY(%s::regclass[]) AND attacl IS NOT NULL ORDER BY 1, 2",
        "policies": "SELECT polrelid::regclass::text, polname, polcmd, pg_get_expr(polqual, polrelid),"
        " (SELECT array_agg(one::regrole::text) FROM unnest(polroles) one)"
        " FROM pg_policy WHERE polrelid = ANY(%s::regclass[]) ORDER BY 1, 2",
        "guarded": "SELECT relname, relrowsecurity FROM pg_class WHERE oid = ANY(%s::regclass[]) ORDER BY 1",
        "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = ANY(%s::regclass[])"
        " AND NOT tgisinternal ORDER BY 1",
        "checks": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = ANY(%s::regclass[]) AND contype IN ('c', 'f') ORDER BY 1, 2",
        "indexes": "SELECT indrelid::regclass::text, indexrelid::regclass::text FROM pg_index"
        " WHERE indrelid = ANY(%s::regclass[]) AND NOT indisunique ORDER BY 1, 2",
    }
    return {name: owner.execute(query, (list(TABLES),)).fetchall() for name, query in queries.items()}  # type: ignore[call-overload]


@pytest.fixture
def owner(live_settings: Settings) -> Iterator[Rows]:
    with psycopg.connect(libpq_url(live_settings.owner_database_url), autocommit=True) as connection:
        yield connection


def test_the_tables_stay_what_they_were(
    live_settings: Settings, live_database: Database, owner: Rows
) -> None:
    owner.execute(ADD, {"at": "2024-05-06 12:00+00", "id": ONE})
    with live_database.begin() as session:
        history.record(session, SYSTEM, Action.CHECKS_COMPLETED, None, looked_at=1, findings=[], alerted=[])
    before, entries = described(owner), owner.execute("SELECT * FROM audit_log ORDER BY id").fetchall()
    psql(live_settings, "-f", str(SCRIPT))
    assert described(owner) == before
    assert owner.execute("SELECT * FROM audit_log ORDER BY id").fetchall() == entries
    assert owner.execute("SELECT count(*) FROM xapi_statements").fetchone() == (1,)
    kinds = "SELECT relname::text FROM pg_class WHERE relkind = 'p' ORDER BY 1"
    assert [row[0] for row in owner.execute(kinds)] == list(TABLES)
    # What the system does goes on.
    with live_database.begin() as session:
        history.record(session, SYSTEM, Action.CHECKS_COMPLETED, None, looked_at=2, findings=[], alerted=[])
    assert owner.execute("SELECT count(*) FROM audit_log").fetchone() == (len(entries) + 1,)
    with live_database.begin() as session:
        own_rows.limit_to(session, 1)
        assert session.connection().exec_driver_sql("SELECT count(*) FROM audit_log").scalar() == 0
    again = psql(live_settings, "-f", str(SCRIPT))
    assert "2" not in again, "a second time there is nothing to make"
    assert described(owner) == before


def test_each_month_has_its_place_and_nobody_reaches_it_but_through_the_table(
    live_settings: Settings, owner: Rows
) -> None:
    psql(live_settings, "-f", str(SCRIPT))
    made = owner.execute("SELECT partitions_ahead(5)").fetchall()
    assert len(made) == 2 * len(TABLES)
    assert owner.execute("SELECT partitions_ahead(5)").fetchall() == []
    with psycopg.connect(libpq_url(live_settings.app_database_url), autocommit=True) as system:
        now, month = owner.execute(
            "SELECT now(), to_char(now() + interval '3 months', 'YYYYMM')"
        ).fetchone() or (None, None)
        for at, number in ((now, ONE), (f"{month[:4]}-{month[4:]}-02 12:00+00", OTHER)):
            system.execute(ADD, {"at": at, "id": number})
        places = "SELECT tableoid::regclass::text FROM xapi_statements ORDER BY id"
        found = [row[0] for row in owner.execute(places)]
        assert found[0].startswith("xapi_statements_until_")
        assert found[1] == f"xapi_statements_{month}"
        with pytest.raises(psycopg.errors.UniqueViolation):
            system.execute(ADD, {"at": f"{month[:4]}-{month[4:]}-03 12:00+00", "id": OTHER})
        partitions = [
            row[0]
            for row in owner.execute("SELECT inhrelid::regclass::text FROM pg_inherits i JOIN pg_class c"
                                     " ON c.oid = i.inhparent WHERE c.relkind = 'p'")
        ]  # fmt: skip
        assert len(partitions) == len(TABLES) * (1 + 5 + 1)
        for part in partitions:
            for act in ("SELECT FROM", "DELETE FROM", "TRUNCATE"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    system.execute(f"{act} {part}".encode())
        for change in ("UPDATE audit_log SET actor_name = 'x'", "DELETE FROM xapi_statements"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                system.execute(change.encode())
        system.execute("UPDATE xapi_statements SET is_voided = true")


def test_rows_of_a_month_that_was_not_made_wait_in_the_rest_and_move_when_it_is(
    live_settings: Settings, owner: Rows
) -> None:
    psql(live_settings, "-f", str(SCRIPT))
    assert list(wear.months(Installation(live_settings, database=owner))) == []
    for at, number in (("2031-01-31 23:59:59+00", ONE), ("2031-02-01 00:00+00", OTHER)):
        owner.execute(ADD, {"at": at, "id": number})
    owner.execute("UPDATE xapi_statements SET is_voided = true WHERE statement_id = %s", (ONE,))
    whole = "SELECT * FROM xapi_statements ORDER BY id"
    before, rows = described(owner), owner.execute(whole).fetchall()
    places = "SELECT tableoid::regclass::text FROM xapi_statements ORDER BY id"
    assert owner.execute(places).fetchall() == [("xapi_statements_rest",)] * 2
    (found,) = wear.months(Installation(live_settings, database=owner))
    assert found.level is Level.WARNING
    assert found.says == "xapi_statements has rows of months without a partition."
    owner.execute("SET timezone = 'America/New_York'")
    assert len(owner.execute("SELECT partitions_ahead(0, '2031-01-01')").fetchall()) == len(TABLES)
    owner.execute("SET timezone = 'UTC'")
    assert owner.execute(places).fetchall() == [("xapi_statements_203101",), ("xapi_statements_rest",)]
    made = owner.execute("SELECT partitions_ahead(1, '2031-01-01')").fetchall()
    assert sorted(made) == [(f"{table}_203102",) for table in TABLES]
    assert owner.execute(places).fetchall() == [("xapi_statements_203101",), ("xapi_statements_203102",)]
    assert owner.execute(whole).fetchall() == rows
    assert described(owner) == before
    assert list(wear.months(Installation(live_settings, database=owner))) == []
    # What fires for a table's rows fires for those that were moved and for those that came to the rest since.
    fires = """SELECT count(*) FROM pg_trigger WHERE tgname IN ('xapi_rollup_voided', 'xapi_rollup_account')
               AND tgrelid = ANY(ARRAY['xapi_statements_203101', 'xapi_statements_rest']::regclass[])"""
    assert owner.execute(fires).fetchone() == (4,)
    owner.execute(ADD, {"at": "2031-05-01 00:00+00", "id": ONE})
    with psycopg.connect(libpq_url(live_settings.app_database_url), autocommit=True) as system:
        for part in ("xapi_statements_203101", "xapi_statements_rest"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                system.execute(f"SELECT FROM {part}".encode())


def test_a_run_that_fails_leaves_nothing_and_months_begin_in_utc(
    live_settings: Settings, owner: Rows
) -> None:
    owner.execute(ADD, {"at": "2031-01-01 12:00+00", "id": ONE})
    before = described(owner)
    failed = subprocess.run(
        [find_pg17().tool("psql"), "-X", libpq_url(live_settings.owner_database_url), "-f", str(SCRIPT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "partition_bound" in failed.stderr
    assert described(owner) == before
    owner.execute(ADD, {"at": "2031-02-01 12:00+00", "id": OTHER})
    owner.execute("DELETE FROM xapi_statements")
    owner.execute("DROP INDEX audit_log_id_at")
    # As one that was broken off while it was built.
    owner.execute("CREATE UNIQUE INDEX audit_log_id_at ON audit_log (id, at)")
    owner.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'audit_log_id_at'::regclass")
    owner.execute(f"ALTER DATABASE {owner.info.dbname} SET timezone = 'America/New_York'".encode())
    assert psql(live_settings, "-At", "-f", str(SCRIPT), "-c", "SHOW timezone").endswith("UTC\n")
    kinds = "SELECT relname::text FROM pg_class WHERE relkind = 'p' ORDER BY 1"
    assert [row[0] for row in owner.execute(kinds)] == list(TABLES)
