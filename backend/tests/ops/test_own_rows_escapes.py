"""A student's transaction as somebody would use it who got SQL of their own into a page: ways out, ways around, and
what is left on a connection of the pool.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from psycopg import sql
from sqlalchemy import LABEL_STYLE_TABLENAME_PLUS_COL, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from app.core import own_rows
from app.core.errors import Forbidden
from app.core.permissions import Role
from app.db.base import Base
from app.db.models import User
from app.db.session import Database, libpq_url
from app.settings import Settings
from app.web.request import CurrentSubject, Db
from tests.factories.accounts import UserFactory
from tests.ops.killed import killed_in_the_middle

PEOPLE = (
    "INSERT INTO users (id, email, hashed_password, full_name, role) VALUES "
    "(1, 'a@aada.edu', '!', 'Ada', 'student'), (2, 'b@aada.edu', '!', 'Bo', 'student')"
)
NAMES = "SELECT full_name FROM users ORDER BY id"


@pytest.fixture
def people(live_settings: Settings) -> Iterator[Database]:
    """Two students, and a pool of one connection."""
    database = Database(live_settings.model_copy(update={"pool_size": 1, "pool_max_overflow": 0}))
    with database.begin() as session:
        session.execute(text(PEOPLE))
    yield database
    database.close()


@pytest.fixture
def owner(live_settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(libpq_url(live_settings.owner_database_url), autocommit=True) as connection:
        yield connection


def driver_of(session: Session) -> psycopg.Connection[Any]:
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


WAYS_OUT = (
    "SET ROLE aada_app",
    "SET LOCAL ROLE NONE",
    "RESET ROLE",
    "reset all",
    "  /* page */ RESET ROLE",
    "DISCARD ALL",
    "SET SESSION AUTHORIZATION DEFAULT",
    "COMMIT",
    "BEGIN",
    "ROLLBACK",
    "rollback and chain",
    "ROLLBACK WORK",
    "ROLLBACK /* to */ TRANSACTION",
    "ROLLBACK PREPARED 'to'",
    "SET aada.student_id = 2",
    "DO $$ BEGIN RESET ROLE; END $$",
    "PREPARE p AS SELECT 1",
    "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
    "COPY users TO PROGRAM 'id'",
    "CALL nothing()",
    "-- a remark",
    "SELECT 1; RESET ROLE; SELECT full_name FROM users",
    "SELECT set_config('role', 'none', true), full_name FROM users",
    "SELECT pg_catalog.SET_CONFIG('aada.student_id', '2', true), u.full_name FROM users u",
    "WITH other AS MATERIALIZED (SELECT set_config('aada.student_id', '2', true)) SELECT u.* FROM other, users u",
    "SELECT U&\"set\\005fconfig\"('role', 'none', true)",
    "SELECT query_to_xml('SELECT set_' || 'config(''role'', ''none'', true)', true, true, '')",
    "SELECT * FROM ts_stat('SELECT set_' || 'config(''role'', ''none'', true)::tsvector')",
    "UPDATE pg_settings SET setting = 'none' WHERE name = 'role'",
    "SELECT * FROM dblink('', 'SELECT 1')",
)


@pytest.mark.parametrize("statement", WAYS_OUT)
def test_a_way_out_is_refused_before_it_is_sent(people: Database, statement: str) -> None:
    with people.begin() as session:
        own_rows.limit_to(session, 1)
        with capture_logs() as logs, pytest.raises(Forbidden):
            session.connection().exec_driver_sql(statement)
        assert [one["event"] for one in logs] == ["own_rows.way_out_refused"]
        assert session.scalars(text(NAMES)).all() == ["Ada"]
        with own_rows.beyond(session, "a test"), pytest.raises(Forbidden):
            session.connection().exec_driver_sql(statement)
        assert session.scalars(text(NAMES)).all() == ["Ada"]


def test_what_a_page_asks_passes(people: Database) -> None:
    with people.begin() as session:
        own_rows.limit_to(session, 1)
        for statement in (
            "(SELECT full_name FROM users) UNION (SELECT full_name FROM users)",
            "WITH me AS (SELECT full_name FROM users) SELECT full_name FROM me;",
            "\n/* a page */ SELECT full_name FROM users",
            "VALUES ('Ada')",
        ):
            assert session.connection().exec_driver_sql(statement).scalars().all() == ["Ada"]
        with session.begin_nested():
            assert session.scalars(text(NAMES)).all() == ["Ada"]


def test_an_injected_query_gets_a_refusal_and_no_row(
    app: FastAPI, session: Session, signed_in: Callable[[User], Any]
) -> None:
    """A route that puts what it is sent into its text, which none does."""

    def look(db: Db, _subject: CurrentSubject, order: str) -> list[str]:
        return list(db.scalars(text(f"SELECT full_name FROM users WHERE role = 'student' ORDER BY {order}")))

    app.state.settings = app.state.settings.model_copy(update={"student_role": True})
    app.add_api_route("/api/v1/looked", look)
    one, other = (UserFactory(session=session, role=Role.STUDENT) for _ in range(2))
    session.commit()
    client = signed_in(one)
    for order, status, event in (
        ("id", 200, None),
        ("(SELECT set_config('role', 'none', true))", 403, "own_rows.way_out_refused"),
        ("(SELECT count(*) FROM student_notes)", 403, "database.refused"),
        ("(SELECT pg_read_file('/etc/passwd'))", 403, "database.refused"),
    ):
        with capture_logs() as logs:
            answer = client.get("/api/v1/looked", params={"order": order})
        assert answer.status_code == status, answer.text
        assert other.full_name not in answer.text
        assert other.email not in answer.text
        assert event is None or event in [one["event"] for one in logs]


def test_nothing_is_learned_from_an_error(people: Database) -> None:
    """Keys that are taken and rows that are referred to are looked for past every policy: nobody gets that far."""
    for statement in (
        "INSERT INTO users (id, email, hashed_password, full_name, role) VALUES (9, 'b@aada.edu', '!', 'E', 'student')",
        "INSERT INTO users (id, email, hashed_password, full_name) VALUES (2, 'c', '!', 'E') ON CONFLICT DO NOTHING",
        "INSERT INTO enrollments (user_id, program_id) VALUES (2, 1)",
        "DELETE FROM users WHERE id = 2",
        "SELECT * FROM users WHERE id = 2 FOR UPDATE",
        "UPDATE users SET email = 'b@aada.edu' WHERE id = 1",
    ):
        with people.sessions() as session:
            own_rows.limit_to(session, 1)
            with pytest.raises(ProgrammingError, match="permission denied for table") as caught:
                session.execute(text(statement))
        assert "Bo" not in str(caught.value)
        assert "already exists" not in str(caught.value)
    # A filter of the query's own is asked after the policy: it meets no row of another's that it could fail on.
    with people.sessions() as session:
        own_rows.limit_to(session, 1)
        session.execute(
            text("SELECT id FROM users WHERE 1 / (CASE WHEN full_name = 'Bo' THEN 0 ELSE 1 END) = 1")
        )
        with pytest.raises(DBAPIError, match="division by zero"):
            session.execute(
                text("SELECT id FROM users WHERE 1 / (CASE WHEN full_name = 'Ada' THEN 0 ELSE 1 END) = 1")
            )


def test_sequences_views_functions_and_the_catalog_show_nothing(owner: psycopg.Connection[Any]) -> None:
    def named(query: str) -> list[str]:
        return [str(row[0]) for row in owner.execute(query.encode()).fetchall()]

    ours = "pronamespace = 'public'::regnamespace"
    assert not named(
        """SELECT oid::regclass FROM pg_class WHERE relnamespace = 'public'::regnamespace
           AND CASE relkind WHEN 'S' THEN has_sequence_privilege('aada_student', oid, 'SELECT, USAGE, UPDATE') END"""
    ), "how many rows a table had"
    assert not named(
        """SELECT oid::regclass FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace
           AND has_table_privilege('aada_student', oid, 'SELECT')
           AND NOT coalesce(reloptions @> '{security_invoker=true}', false)
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = pg_class.oid AND d.deptype = 'e')"""
    ), "a view reads as its owner, unless it is a security_invoker"
    assert not named(
        f"""SELECT oid::regprocedure FROM pg_proc WHERE {ours} AND prosecdef AND prorettype <> 'trigger'::regtype
            AND has_function_privilege('aada_student', oid, 'EXECUTE')"""
    ), "a function that works with its owner's rights"
    assert not named(
        """SELECT nspname FROM pg_namespace WHERE has_schema_privilege('aada_student', oid, 'CREATE')
           AND nspname NOT LIKE 'pg_temp%'"""
    )
    assert named(
        "SELECT pg_has_role('aada_student', r.oid, 'MEMBER') FROM pg_roles r WHERE rolname = 'aada_app'"
    ) == ["False"]


def test_copy_brings_the_students_rows_and_takes_none(people: Database) -> None:
    with people.begin() as session:
        own_rows.limit_to(session, 1)
        cursor = driver_of(session).cursor()
        for statement in ("COPY users (full_name) TO STDOUT", "COPY (SELECT full_name FROM users) TO STDOUT"):
            with cursor.copy(statement) as copy:
                assert [row[0] for row in copy.rows()] == ["Ada"]
    for statement in (
        "COPY users (id) FROM STDIN",
        "COPY student_notes TO STDOUT",
        "COPY users TO '/tmp/users'",
        "COPY users TO PROGRAM 'cat'",
    ):
        with people.sessions() as session:
            own_rows.limit_to(session, 1)
            cursor = driver_of(session).cursor()
            with pytest.raises(psycopg.errors.InsufficientPrivilege), cursor.copy(statement.encode()) as copy:
                copy.read()


def test_what_was_prepared_as_somebody_shows_each_their_own(people: Database) -> None:
    """The plan that a connection keeps of a statement is made again when the role is another."""

    def names(session: Session, name: str | None = None) -> list[str]:
        driver = driver_of(session)
        if name is not None:
            return [row[0] for row in driver.execute(f"EXECUTE {name}".encode())]
        return [row[0] for row in driver.execute(NAMES.encode(), prepare=True)]

    with people.begin() as session:
        driver_of(session).execute(f"PREPARE everybody AS {NAMES}".encode())
        backend = driver_of(session).info.backend_pid
        for _ in range(7):  # from the sixth time on a plan may be kept for all values
            assert names(session) == names(session, "everybody") == ["Ada", "Bo"]
    for student, expected in ((1, ["Ada"]), (2, ["Bo"]), (1, ["Ada"])):
        with people.begin() as session:
            own_rows.limit_to(session, student)
            for _ in range(7):
                assert names(session) == names(session, "everybody") == expected
            with own_rows.beyond(session, "a test"):
                assert names(session) == names(session, "everybody") == ["Ada", "Bo"]
            assert names(session) == names(session, "everybody") == expected
        with people.begin() as session:
            assert names(session) == names(session, "everybody") == ["Ada", "Bo"]
            assert driver_of(session).info.backend_pid == backend, "the same connection all along"


# What is left on a connection


def _of_the_system(database: Database) -> int:
    """Whoever takes the connection next works as the system; the number of the process that serves it."""
    with database.begin() as session:
        row = session.execute(
            text(
                "SELECT current_user, current_setting('role'), coalesce(current_setting('aada.student_id', true), '')"
            )
        ).one()
        assert tuple(row) == ("aada_app", "none", "")
        assert session.scalars(text(NAMES)).all() == ["Ada", "Bo"]
        return driver_of(session).info.backend_pid


def test_a_connection_comes_back_without_the_role_however_the_request_ended(
    people: Database, owner: psycopg.Connection[Any]
) -> None:
    backend = _of_the_system(people)
    for end in ("commit", "rollback", "close"):
        session = people.sessions()
        own_rows.limit_to(session, 1)
        getattr(session, end)()
        session.close()
        assert _of_the_system(people) == backend

    def fault(_session: Session) -> None:
        raise ValueError("a fault")

    def refused(session: Session) -> None:
        session.execute(text("SELECT * FROM student_notes"))

    def fails_beyond(session: Session) -> None:
        with own_rows.beyond(session, "a test"):
            session.execute(text("SELECT 1 / 0"))

    def cancelled(session: Session) -> None:
        # As an administrator or a timeout does it.
        driver_of(session).execute("SET LOCAL statement_timeout = '50ms'")
        session.execute(text("SELECT pg_sleep(60)"))

    def ended(session: Session) -> None:
        owner.execute("SELECT pg_terminate_backend(%s)", (backend,))
        session.execute(text("SELECT pg_sleep(60)"))

    for act in (fault, refused, fails_beyond, cancelled):
        with pytest.raises((ValueError, DBAPIError)):
            _as_a_student(people, act)
        assert _of_the_system(people) == backend, act
    # A savepoint that is rolled back takes nothing along that was there before it.
    with people.begin() as session:
        own_rows.limit_to(session, 1)
        with contextlib.suppress(DBAPIError), session.begin_nested():
            session.execute(text("SELECT 1 / 0"))
        assert session.scalars(text(NAMES)).all() == ["Ada"]
    assert _of_the_system(people) == backend
    # The pool takes another connection than the one that the server ended.
    with pytest.raises(DBAPIError):
        _as_a_student(people, ended)
    assert _of_the_system(people) != backend


def _as_a_student(database: Database, act: Callable[[Session], None]) -> None:
    with database.begin() as session:
        own_rows.limit_to(session, 1)
        act(session)


def test_a_client_that_is_killed_in_the_middle_leaves_no_transaction(
    people: Database, owner: psycopg.Connection[Any], live_settings: Settings
) -> None:
    backend = _of_the_system(people)
    killed_in_the_middle(libpq_url(live_settings.app_database_url))
    assert _of_the_system(people) == backend
    busy = sql.SQL(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
    )
    for _ in range(500):
        if owner.execute(busy).fetchone() == (0,):
            return
        owner.execute("SELECT pg_sleep(0.02)")
    pytest.fail("its transaction is still open")


def test_no_row_that_the_system_reads_by_its_number_is_taken_for_a_way_out() -> None:
    """`session.get` names each column with its table: `enrollments_status` ends as a function of PostgreSQL begins."""
    for mapper in Base.registry.mappers:
        wanted = select(mapper.class_).set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL)
        statement = str(wanted.compile(dialect=postgresql.dialect()))
        assert not own_rows._leaves(statement), mapper.class_.__name__
