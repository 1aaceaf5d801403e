"""The program's own role can read and write rows, and nothing else. Each is tried on a real server."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from app.ops.servers import libpq_url
from app.settings import Settings

FORBIDDEN = {
    "create a table": "CREATE TABLE mine (id int)",
    "create a table from a query": "CREATE TABLE mine AS SELECT * FROM users",
    "create a view": "CREATE VIEW mine AS SELECT * FROM users",
    "create a function": "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "create a type": "CREATE TYPE mine AS ENUM ('a')",
    "create a schema": "CREATE SCHEMA mine",
    "create an extension": "CREATE EXTENSION hstore",
    "create a database": "CREATE DATABASE mine",
    "create a role": "CREATE ROLE mine",
    "create an index": "CREATE INDEX mine ON users (full_name)",
    "create a trigger": (
        "CREATE TRIGGER mine BEFORE UPDATE ON users FOR EACH ROW "
        "EXECUTE FUNCTION suppress_redundant_updates_trigger()"
    ),
    "alter a table": "ALTER TABLE users ADD COLUMN mine int",
    "drop a constraint": "ALTER TABLE attendance DROP CONSTRAINT ex_attendance_overlap",
    "change a default": "ALTER TABLE users ALTER COLUMN created_at DROP DEFAULT",
    "change an enum": "ALTER TYPE user_role ADD VALUE 'owner'",
    "own a table": "ALTER TABLE users OWNER TO aada_app",
    "disable triggers": "ALTER TABLE attendance DISABLE TRIGGER ALL",
    "act as a replica, which skips triggers and foreign keys": "SET session_replication_role = replica",
    "drop a table": "DROP TABLE refunds",
    "drop an index": "DROP INDEX uq_attendance_one_open",
    "drop the schema": "DROP SCHEMA public CASCADE",
    "truncate": "TRUNCATE attendance",
    "truncate with cascade": "TRUNCATE users CASCADE",
    "delete a transcript": "DELETE FROM transcripts",
    "change the trail": "UPDATE audit_log SET actor_name = 'somebody else'",
    "delete from the trail": "DELETE FROM audit_log",
    "truncate the trail": "TRUNCATE audit_log",
    "change a seal of the trail": "UPDATE history_seals SET hash = previous",
    "cut off the newest seal": "DELETE FROM history_seals",
    "delete a statement": "DELETE FROM xapi_statements",
    "change a statement": "UPDATE xapi_statements SET payload = '{}'",
    "move a claim to another file": "UPDATE file_claims SET sha256 = repeat('0', 64)",
    "make a claim temporary": "UPDATE file_claims SET retention = 'temporary'",
    "change what is known of a file": "UPDATE stored_files SET size_bytes = 0",
    "truncate the claims": "TRUNCATE file_claims, stored_files",
    "claim another revision": "UPDATE alembic_version SET version_num = '0001'",
    "become the owner": "SET ROLE postgres",
    "sign on as the owner": "SET SESSION AUTHORIZATION postgres",
    "grant itself a role": "GRANT pg_read_all_data TO aada_app",
    "make itself a superuser": "ALTER ROLE aada_app SUPERUSER",
    "read passwords of the server": "SELECT rolpassword FROM pg_authid",
    "write a file": "COPY users TO '/tmp/mine'",
    "run a program": "COPY users TO PROGRAM 'cat'",
    "read a file": "SELECT pg_read_file('PG_VERSION')",
    "read a file into a table": "COPY users FROM '/etc/passwd'",
    "load a library": "LOAD 'auto_explain'",
    "change the server": "ALTER SYSTEM SET log_statement = 'none'",
    "end other people's queries": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
    "disable row security": "ALTER TABLE users DISABLE ROW LEVEL SECURITY",
    "comment": "COMMENT ON TABLE users IS 'mine'",
}


@pytest.fixture
def owner(live_settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(libpq_url(live_settings.owner_database_url), autocommit=True) as connection:
        yield connection


@pytest.fixture
def program(live_settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(libpq_url(live_settings.app_database_url), autocommit=True) as connection:
        yield connection


def test_the_program_is_refused_what_is_not_its_business(program: psycopg.Connection[Any]) -> None:
    assert program.execute("SELECT current_user").fetchone() == ("aada_app",)
    allowed = []
    for what, command in FORBIDDEN.items():
        try:
            program.execute(command.encode())
        except psycopg.errors.InsufficientPrivilege:
            continue
        except psycopg.Error as error:
            allowed.append(f"{what}: refused for another reason ({error})")
        else:
            allowed.append(what)
    assert allowed == []


def test_a_right_it_gives_itself_is_not_given(program: psycopg.Connection[Any]) -> None:
    program.execute("GRANT TRUNCATE ON users TO aada_app")  # PostgreSQL answers with a warning alone
    held = "SELECT has_table_privilege('users', 'TRUNCATE')"
    assert program.execute(held).fetchone() == (False,)


def test_the_role_has_no_attribute_and_becomes_a_student_at_most(program: psycopg.Connection[Any]) -> None:
    role = program.execute(
        """SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolcanlogin
           FROM pg_roles WHERE rolname = current_user"""
    ).fetchone()
    assert role == (False, False, False, False, False, True)
    assert program.execute(
        """SELECT roleid::regrole::text, inherit_option, set_option, admin_option FROM pg_auth_members
           WHERE member = 'aada_app'::regrole"""
    ).fetchall() == [("aada_student", False, True, False)], "it reads as a student, and gains nothing by it"
    owned = "SELECT count(*) FROM pg_class WHERE relowner = 'aada_app'::regrole"
    assert program.execute(owned).fetchone() == (0,)


def test_the_program_writes_changes_and_removes_ordinary_rows(program: psycopg.Connection[Any]) -> None:
    with program.transaction():
        person = program.execute(
            "INSERT INTO users (email, hashed_password, full_name, role) "
            "VALUES ('ada@aada.edu', '!', 'Ada', 'student') RETURNING id"
        ).fetchone()
        assert person is not None
        course = program.execute("INSERT INTO programs (name) VALUES ('Radiography') RETURNING id").fetchone()
        assert course is not None
        ids = (person[0], course[0])
        program.execute(
            "INSERT INTO enrollments (user_id, program_id, status, enrolled_at) "
            "VALUES (%s, %s, 'active', '2026-01-05')",
            ids,
        )
        program.execute("INSERT INTO audit_log (action, target) VALUES ('user.created', 'users')")
    assert program.execute("UPDATE users SET full_name = 'Ada Reyes' WHERE id = %s", ids[:1]).rowcount == 1
    assert program.execute("SELECT full_name FROM users WHERE id = %s", ids[:1]).fetchone() == ("Ada Reyes",)
    assert program.execute("DELETE FROM enrollments WHERE user_id = %s", ids[:1]).rowcount == 1
    assert program.execute("DELETE FROM users WHERE id = %s", ids[:1]).rowcount == 1
    assert program.execute("SELECT count(*) FROM audit_log").fetchone() == (1,)


def test_a_transcript_stays_whatever_the_program_deletes(
    program: psycopg.Connection[Any], owner: psycopg.Connection[Any]
) -> None:
    owner.execute(
        """
        WITH person AS (INSERT INTO users (email, hashed_password, full_name, role)
                        VALUES ('ada@aada.edu', '!', 'Ada', 'student') RETURNING id),
             course AS (INSERT INTO programs (name) VALUES ('Radiography') RETURNING id)
        INSERT INTO transcripts (user_id, program_id, gpa, generated_at)
        SELECT person.id, course.id, 3.5, now() FROM person, course
        """
    )
    for command in ("DELETE FROM users", "DELETE FROM programs"):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            program.execute(command.encode())
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        program.execute("DELETE FROM transcripts")
    assert program.execute("SELECT count(*) FROM transcripts").fetchone() == (1,)


def test_a_table_of_a_later_migration_is_open_to_the_program_at_once(
    program: psycopg.Connection[Any], owner: psycopg.Connection[Any]
) -> None:
    owner.execute("CREATE TABLE later (id serial PRIMARY KEY, word text)")
    program.execute("INSERT INTO later (word) VALUES ('new')")  # the sequence as well
    program.execute("UPDATE later SET word = 'newer'")
    assert program.execute("SELECT id, word FROM later").fetchall() == [(1, "newer")]
    program.execute("DELETE FROM later")
    for command in ("TRUNCATE later", "DROP TABLE later", "ALTER TABLE later ADD COLUMN mine int"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            program.execute(command.encode())
