"""Two migrators at once, a table that is held, an owner who is no superuser."""

import os
import subprocess
import sys
import uuid
from typing import Any

import psycopg
import pytest
from alembic import command
from psycopg import sql
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from app.core.own_rows import STUDENT_ROLE
from app.ops import migrations, roles
from app.ops.errors import OperatorError
from app.settings import Settings
from tests.migrations.alembic_commands import BACKEND, downgrade, revisions, upgrade
from tests.ops.database_roles.renamed import renamed

HEAD = revisions()[-1]


def url_of(settings: Settings) -> str:
    return settings.owner_database_url.set(drivername="postgresql").render_as_string(hide_password=False)


def revision(settings: Settings) -> Any:
    with psycopg.connect(url_of(settings)) as connection:
        return connection.execute("SELECT version_num FROM alembic_version").fetchall()


def test_of_two_migrators_at_once_one_waits_and_both_end_well(empty_database: Settings) -> None:
    program = [sys.executable, "-W", "error", "-m", "alembic", "upgrade", "head"]
    environment = os.environ | {
        "DATABASE_URL": url_of(empty_database),
        "SECRET_KEY": empty_database.secret_key.get_secret_value(),
    }
    with psycopg.connect(url_of(empty_database), autocommit=True) as watcher:
        # Hold the lock until both stand in line, so that they really meet.
        watcher.execute("SELECT pg_advisory_lock(%s)", (0x41414441,))
        migrators = [
            subprocess.Popen(
                program,
                cwd=BACKEND,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for _ in range(2)
        ]
        waiting = """SELECT count(DISTINCT pid) FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        while watcher.execute(waiting).fetchone() != (2,):
            assert all(migrator.poll() is None for migrator in migrators), [
                migrator.communicate()[0] for migrator in migrators
            ]
        watcher.execute("SELECT pg_advisory_unlock(%s)", (0x41414441,))
        said = [migrator.communicate(timeout=120)[0] for migrator in migrators]
    assert [migrator.returncode for migrator in migrators] == [0, 0], said
    assert revision(empty_database) == [(HEAD,)]


def test_a_migration_gives_up_soon_on_a_table_that_is_held_and_keeps_what_was_done(
    empty_database: Settings,
) -> None:
    upgrade(empty_database, "0004")
    with psycopg.connect(url_of(empty_database)) as report:
        report.execute("SELECT * FROM attendance")  # a long report reads on
        with pytest.raises(OperationalError, match="lock timeout"):
            upgrade(empty_database, "0006", lock_timeout="100ms")
    assert revision(empty_database) == [("0005",)]
    upgrade(empty_database, "head")
    assert revision(empty_database) == [(HEAD,)]


def test_what_a_migration_refuses_and_what_a_load_may_not_are_sentences(
    empty_database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_config: object, _revision: str) -> None:
        engine = create_engine(empty_database.owner_database_url, poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text("DO $$ BEGIN RAISE EXCEPTION 'Ask the administrator'; END $$"))

    monkeypatch.setattr(command, "upgrade", refuse)
    with pytest.raises(OperatorError, match=r"did not run\. Ask the administrator\. Then"):
        migrations.upgrade(empty_database)
    name = f"poor_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url_of(empty_database), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'a-password'").format(sql.Identifier(name)))
        url = empty_database.owner_database_url.set(username=name, password="a-password")
        poor = empty_database.model_copy(update={"database_url": url.render_as_string(hide_password=False)})
        monkeypatch.setattr(roles, "OF_THE_SYSTEM", renamed({STUDENT_ROLE: f"{name}_student"}))
        with pytest.raises(OperatorError, match=f'run CREATE ROLE "{name}_student" NOLOGIN; GRANT'):
            roles.ensure_roles(poor)
        admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def test_an_owner_who_is_no_superuser_can_migrate_both_ways(empty_database: Settings) -> None:
    """As on a managed server, where the administrator hands over a database and the right to make roles."""
    name = f"school_{uuid.uuid4().hex[:12]}"
    url = empty_database.owner_database_url
    with psycopg.connect(url_of(empty_database), autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE ROLE {} LOGIN CREATEROLE PASSWORD 'a-password'").format(sql.Identifier(name))
        )
        admin.execute(
            sql.SQL("ALTER DATABASE {} OWNER TO {}").format(
                sql.Identifier(str(url.database)), sql.Identifier(name)
            )
        )
    owned = empty_database.model_copy(
        update={
            "database_url": url.set(username=name, password="a-password").render_as_string(
                hide_password=False
            )
        }
    )
    try:
        upgrade(owned, "head")
        downgrade(owned, "base")
        upgrade(owned, "head")
        assert revision(owned) == [(HEAD,)]
    finally:
        with psycopg.connect(url_of(empty_database), autocommit=True) as admin:
            admin.execute(sql.SQL("REASSIGN OWNED BY {} TO postgres").format(sql.Identifier(name)))
            admin.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
