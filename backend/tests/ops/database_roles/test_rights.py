"""Each role may do exactly what it should: tried on a real server, table by table, and with tables to come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import psycopg
import pytest
from psycopg import sql

from app.db.session import libpq_url
from app.ops import lifecycle, roles
from app.ops.database_roles import kinds, service
from app.ops.database_roles import plan as plan_module
from app.ops.database_roles.kinds import BACKUP, MIGRATOR, MONITOR, READONLY
from app.ops.database_roles.plan import plan
from app.ops.doctor import helpers
from app.ops.doctor.findings import Installation, Level
from app.ops.errors import OperatorError
from app.ops.servers import connect, with_url
from app.settings import Settings
from tests.ops.conftest import Aada

Rows = psycopg.Connection[Any]


def refused(connection: Rows, *statements: str) -> None:
    connection.rollback()
    connection.autocommit = True  # some of them may be in no transaction
    for statement in statements:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())
    connection.autocommit = False


def tables(connection: Rows) -> list[str]:
    found = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"
    )
    return [row[0] for row in found]


def test_a_second_time_there_is_nothing_to_do(owned: Settings, made: dict[str, str], tmp_path: Path) -> None:
    place, steps = service.look(owned)
    assert (place.owner, steps) == ("school_owner", [])
    done = service.bring(owned, tmp_path / "again.env")
    assert (done.steps, done.made, done.refused) == ([], [], [])
    assert not (tmp_path / "again.env").exists(), "no password, no file"


def test_what_somebody_changed_is_named_and_mended(
    owned: Settings, made: dict[str, str], tmp_path: Path
) -> None:
    changes = {
        "ALTER ROLE aada_monitor CREATEDB": "has CREATEDB",
        "ALTER ROLE aada_backup NOREPLICATION": "lacks REPLICATION",
        "GRANT pg_write_all_data TO aada_readonly": "belongs to pg_write_all_data",
        "GRANT INSERT ON programs TO aada_readonly": "has other rights on programs than it should",
        "REVOKE SELECT ON lessons FROM aada_readonly": "has other rights on lessons than it should",
        "GRANT SELECT ON users TO aada_monitor": "has other rights on users than it should",
        "GRANT SELECT ON SEQUENCE users_id_seq TO aada_backup": "has other rights on users_id_seq than it should",
        "ALTER ROLE aada_migrator IN DATABASE {} RESET role": "its setting role should be school_owner",
        "GRANT CONNECT ON DATABASE {} TO PUBLIC": "may CONNECT (any account of the server)",
        "GRANT CREATE ON SCHEMA public TO aada_monitor": "may make objects in the schema",
        "ALTER DEFAULT PRIVILEGES FOR ROLE school_owner IN SCHEMA public REVOKE SELECT ON TABLES FROM aada_readonly": (
            "lacks SELECT on later tables"
        ),
        "ALTER ROLE aada_app BYPASSRLS": "has BYPASSRLS",
    }
    database = str(owned.owner_database_url.database)
    with connect(owned) as admin:
        admin.autocommit = True
        for change, says in changes.items():
            admin.execute(change.replace("{}", f'"{database}"').encode())
            assert [step.says for step in plan(admin)] == [says], change
            service.bring(owned, tmp_path / "none.env")
            assert plan(admin) == [], change


def test_the_read_only_role_reads_every_table_but_secrets_and_changes_nothing(
    owned: Settings, made: dict[str, str]
) -> None:
    with connect(owned) as admin:
        admin.execute(
            "INSERT INTO users (email, hashed_password, full_name, role) VALUES ('a@b.edu', '!', 'Ada', 'student')"
        )
    with psycopg.connect(made[READONLY]) as reader:
        assert reader.execute("SELECT full_name FROM users").fetchall() == [("Ada",)], (
            "policies do not hide it"
        )
        secret = 0
        for table in tables(reader):
            columns = reader.execute(
                "SELECT attname, attname ~ %s FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
                " AND NOT attisdropped",
                (kinds.SECRET, table),
            ).fetchall()
            for name, is_secret in columns:
                (may,) = reader.execute(
                    "SELECT has_column_privilege(%s, %s, 'SELECT')", (table, name)
                ).fetchone() or (None,)
                assert may is not is_secret, f"{table}.{name}"
                secret += is_secret
            rights = reader.execute(
                "SELECT has_table_privilege(%s, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')",
                (table,),
            ).fetchone()
            assert rights == (False,), table
        assert secret > 15
        refused(
            reader,
            "SELECT hashed_password FROM users",
            "SELECT * FROM user_sessions",
            "SELECT sealed_key FROM authenticators",
            "SELECT key_sealed FROM signing_keys",
            "SELECT rolpassword FROM pg_authid",
            "SELECT pg_read_file('PG_VERSION')",
        )
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            reader.execute("CREATE TEMP TABLE mine (a int)")
        reader.rollback()
        reader.execute("SET default_transaction_read_only = off")
        reader.commit()
        refused(
            reader,
            "INSERT INTO programs (name) VALUES ('Mine')",
            "UPDATE users SET full_name = 'Eve'",
            "DELETE FROM users",
            "TRUNCATE users",
            "CREATE TABLE mine (a int)",
            "CREATE TEMP TABLE mine (a int)",
            "SELECT nextval('users_id_seq')",
            "SET ROLE school_owner",
            "COPY users (id) TO '/tmp/mine'",
        )


def test_a_table_of_a_later_migration_is_read_at_once_and_its_secrets_closed_with_the_migration(
    owned: Settings, made: dict[str, str]
) -> None:
    with psycopg.connect(made[MIGRATOR], autocommit=True) as migrator:
        assert migrator.execute("SELECT session_user, current_user").fetchone() == (MIGRATOR, "school_owner")
        migrator.execute("CREATE TABLE later (id serial PRIMARY KEY, word text)")
        migrator.execute("CREATE TABLE later_keys (id serial PRIMARY KEY, token_hash text)")
        owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'later'"
        assert migrator.execute(owner).fetchone() == ("school_owner",)
    with (
        psycopg.connect(made[READONLY]) as reader,
        psycopg.connect(made[MONITOR]) as monitor,
        psycopg.connect(libpq_url(owned.app_database_url)) as system,
    ):
        assert reader.execute("SELECT count(*) FROM later").fetchone() == (0,)
        reader.execute("SET default_transaction_read_only = off")
        reader.commit()
        refused(reader, "INSERT INTO later (word) VALUES ('mine')")
        refused(monitor, "SELECT * FROM later")
        system.execute("INSERT INTO later (word) VALUES ('new')")
        system.execute("UPDATE later SET word = 'newer'")
        system.rollback()
        refused(system, "TRUNCATE later", "DROP TABLE later")
        # What `aada db migrate` does at its end.
        assert service.repair(owned) == []
        refused(reader, "SELECT token_hash FROM later_keys")
        reader.execute("SELECT id FROM later_keys")
        assert service.look(owned)[1] == []


def test_the_migrator_changes_the_schema_and_nothing_of_the_server(
    owned: Settings, made: dict[str, str]
) -> None:
    with psycopg.connect(made[MIGRATOR]) as migrator:
        migrator.execute("ALTER TABLE lessons ADD COLUMN mine int")
        migrator.rollback()
        assert migrator.execute("SHOW lock_timeout").fetchone() == ("5s",)
        refused(
            migrator,
            "CREATE DATABASE mine",
            "ALTER SYSTEM SET log_statement = 'none'",
            "SELECT rolpassword FROM pg_authid",
            "COPY users TO PROGRAM 'cat'",
            "SET ROLE postgres",
            "ALTER ROLE aada_monitor SUPERUSER",
        )


def test_the_monitor_sees_the_server_and_no_row(owned: Settings, made: dict[str, str]) -> None:
    with psycopg.connect(made[MONITOR]) as monitor:
        monitor.execute("SELECT query FROM pg_stat_activity")
        others = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%insufficient privilege%'"
        assert monitor.execute(others).fetchone() == (0,)
        monitor.execute("SELECT status, queue_name FROM procrastinate_jobs")
        monitor.execute("SHOW data_directory")
        readable = [
            table
            for table in tables(monitor)
            if monitor.execute("SELECT has_any_column_privilege(%s, 'SELECT')", (table,)).fetchone()
            == (True,)
        ]
        assert readable == ["procrastinate_events", "procrastinate_jobs"]
        refused(
            monitor, "SELECT args FROM procrastinate_jobs", "SELECT pg_reload_conf()", "SELECT * FROM users"
        )


def test_the_backup_role_reads_everything_and_changes_nothing(
    owned: Settings, made: dict[str, str], tmp_path: Path
) -> None:
    with psycopg.connect(made[BACKUP]) as backup:
        for table in tables(backup):
            assert backup.execute(
                "SELECT has_table_privilege(%s, 'SELECT'), has_table_privilege(%s, 'INSERT, UPDATE, DELETE, TRUNCATE')",
                (table, table),
            ).fetchone() == (True, False)
        assert backup.execute(
            "SELECT rolreplication FROM pg_roles WHERE rolname = current_user"
        ).fetchone() == (True,)
        refused(backup, "DELETE FROM users", "CREATE TABLE mine (a int)", "ALTER SYSTEM SET fsync = 'off'")


def test_an_owner_who_may_make_no_roles_is_shown_the_statements(owned: Settings, tmp_path: Path) -> None:
    with connect(owned) as admin:
        admin.execute("ALTER ROLE school_owner NOCREATEROLE")
    url = owned.owner_database_url.set(username="school_owner", password="for tests")
    lesser = with_url(owned, url.render_as_string(hide_password=False))
    done = service.bring(lesser, tmp_path / "roles.env")
    assert done.made == []
    assert not (tmp_path / "roles.env").exists()
    assert "CREATE ROLE \"aada_monitor\" LOGIN PASSWORD '…'" in done.refused
    assert not [line for line in done.refused if "SCRAM" in line]


def test_what_the_server_only_warns_of_is_not_counted_as_done(owned: Settings, tmp_path: Path) -> None:
    """Who may not give a right of an object that it has some right of gets a warning, and nothing happens."""
    service.bring(owned, tmp_path / "roles.env")
    with connect(owned) as admin:
        admin.execute("ALTER TABLE programs OWNER TO postgres")
        admin.execute("GRANT SELECT ON programs TO school_owner")
        admin.execute("REVOKE SELECT ON programs FROM aada_readonly")
    url = owned.owner_database_url.set(username="school_owner", password="for tests")
    done = service.bring(with_url(owned, url.render_as_string(hide_password=False)), tmp_path / "again.env")
    assert [line for line in done.refused if '"programs"' in line]
    assert not [step for step in done.steps if "programs" in step.says]


def test_a_partition_keeps_its_rights_for_itself(owned: Settings, made: dict[str, str]) -> None:
    with connect(owned) as admin:
        admin.autocommit = True
        admin.execute("SET ROLE school_owner")
        admin.execute("CREATE TABLE later (id int) PARTITION BY RANGE (id)")
        admin.execute("CREATE TABLE later_1 PARTITION OF later FOR VALUES FROM (0) TO (9)")
        admin.execute("REVOKE ALL ON later_1 FROM aada_readonly")
        admin.execute("RESET ROLE")
        assert plan(admin) == []


def test_tables_of_a_superuser_get_no_migrator(live_settings: Settings, tmp_path: Path) -> None:
    place, steps = service.look(live_settings)
    assert place.owner_is_superuser
    assert MIGRATOR not in {step.role for step in steps}
    assert MIGRATOR not in {kind.name for kind in service.what_each_may(place)}


def test_secrets_are_closed_at_each_migrate_and_start_whatever_comes_after(
    aada: Aada, owned: Settings, made: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def open_() -> None:
        with connect(owned) as admin:
            admin.execute("GRANT SELECT ON users TO aada_readonly")

    def fails(_settings: Settings) -> bool:
        raise OperatorError("The password cannot be set.")

    @contextmanager
    def server(settings: Settings) -> Iterator[tuple[Settings, Any]]:
        yield settings, Mock()

    monkeypatch.setattr(roles, "set_app_password", fails)
    monkeypatch.setattr(lifecycle, "database_server", server)
    open_()
    status, shown = aada("db", "migrate")
    assert (status, "The password cannot be set." in " ".join(shown.split())) == (1, True)
    assert service.look(owned)[1] == []
    open_()
    with pytest.raises(OperatorError, match="cannot be set"), lifecycle._served_database(owned):
        pass
    assert service.look(owned)[1] == []
    # What the owner may not do is said.
    step = plan_module.Step("aada_readonly", "has other rights on users than it should", sql.SQL("").format())
    monkeypatch.setattr(service, "repair", lambda _settings: [step])
    assert (
        "not mended, see `aada db roles`: aada_readonly has other rights on users" in aada("db", "migrate")[1]
    )


def test_the_doctor_says_when_anybody_may_connect(owned: Settings, made: dict[str, str]) -> None:
    database = sql.Identifier(str(owned.owner_database_url.database))
    with connect(owned) as admin:
        admin.autocommit = True
        known = Installation(owned, database=admin)
        (found,) = helpers.as_planned(known)
        assert found.level is Level.OK
        admin.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO PUBLIC").format(database))
        (found,) = helpers.as_planned(known)
        assert found.level is Level.WARNING
        assert "everybody may CONNECT" in found.says


def test_the_migrator_of_two_schools_on_a_server_stays_that_of_both(
    owned: Settings, made: dict[str, str]
) -> None:
    with connect(owned) as admin:
        admin.autocommit = True
        admin.execute("CREATE ROLE another_owner")
        admin.execute("GRANT another_owner TO aada_migrator WITH INHERIT FALSE, SET TRUE")
        try:
            assert [step.says for step in plan(admin)] == ["belongs to another_owner"]
            admin.execute("CREATE DATABASE another_school OWNER another_owner TEMPLATE template0")
            assert plan(admin) == []
        finally:
            admin.execute("DROP DATABASE IF EXISTS another_school")
            admin.execute("DROP ROLE another_owner")
