"""The system behind pgbouncer in transaction mode: what it does without one, it does with it."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Queue

import psycopg
import pytest
from procrastinate import JobContext
from psycopg import sql
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError

from app.core import jobs, own_rows
from app.db.models import Attendance, User
from app.db.session import SESSION_SETTINGS, Database, libpq_url
from app.lrs.desk.imports import queries as imports
from app.main import create_app
from app.ops import pooler
from app.ops.doctor import pooler as doctor
from app.ops.doctor.findings import Installation, Level
from app.ops.errors import OperatorError
from app.ops.postgres import EmbeddedServer
from app.ops.servers import connect, explain_failure
from app.ops.worker import JobWorker
from app.setting_values import normalize_database_url
from app.settings import Settings, load_settings
from tests.client import Client
from tests.conftest import sign_in_directly
from tests.factories.school import School
from tests.ops.killed import killed_in_the_middle
from tests.ops.pgbouncer import PROGRAM, Pooler, pooling

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="pgbouncer is not here (Debian: apt install pgbouncer)"),
    pytest.mark.xdist_group("pgbouncer"),
]
CONNECTIONS, STUDENTS = 3, 12
PAGES = ("/", "/api/v1/attendance/totals", "/api/v1/attendance")
done: Queue[str] = Queue()


@jobs.task("tests.ops.behind_a_pooler")
def note(context: JobContext, word: str) -> None:
    database = context.additional_context["database"]
    with database.begin() as session:
        done.put(f"{word} {session.scalar(text('SELECT 1'))}")


@pytest.fixture(scope="module")
def between(
    postgres: EmbeddedServer, make_settings: Callable[..., Settings], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pooler]:
    password = make_settings("any").aada_app_password
    assert password is not None
    folder = tmp_path_factory.mktemp("pgbouncer")
    # It runs as another user where we are root, and pytest's folders are closed to others on the whole way.
    for on_the_way in (folder, *folder.parents):
        mode = stat.S_IMODE(on_the_way.stat().st_mode)
        if mode | 0o011 != mode:
            on_the_way.chmod(mode | 0o011)
    with pooling(folder, postgres.port, password.get_secret_value(), connections=CONNECTIONS) as found:
        yield found


@pytest.fixture
def pooled(between: Pooler, live_settings: Settings) -> Settings:
    """Settings of a database of the test's own, with pages and jobs behind pgbouncer."""
    name = live_settings.owner_database_url.database or ""
    settings = live_settings.model_copy(update={"pooler_url": normalize_database_url(between.url(name))})
    pooler.keep_settings(settings)
    return settings


@pytest.fixture
def database(pooled: Settings) -> Iterator[Database]:
    database = Database(pooled)
    yield database
    database.close()


def test_many_people_share_few_connections(pooled: Settings, database: Database, between: Pooler) -> None:
    app = create_app(pooled, database)
    with database.begin() as session:
        school = School(session)
        program = school.program()
        students = [school.student() for _ in range(STUDENTS)]
        for one in students:
            school.enrollment(one, program)
    clients = []
    for one in students:
        with database.sessions() as session:
            client = Client(app, base_url=pooled.app_origin, follow_redirects=False)
            clients.append(sign_in_directly(session, client, session.get_one(User, one.id)))
    origin = {"Origin": pooled.app_origin}

    def day(client: Client) -> list[int]:
        """Clock in, look around often enough that psycopg would prepare its statements, and clock out."""
        answers = [client.post("/api/v1/attendance/clock-in", json={}, headers=origin).status_code]
        for _ in range(8):
            answers += [
                client.get(page).status_code
                for page in ("/", "/api/v1/attendance/totals", "/api/v1/attendance")
            ]
        return [*answers, client.post("/api/v1/attendance/clock-out", headers=origin).status_code]

    with ThreadPoolExecutor(STUDENTS) as pool:
        found = list(pool.map(day, clients))
    assert found == [[201, *[200] * 24, 200]] * STUDENTS
    with database.begin() as session:
        closed = select(func.count()).where(Attendance.clock_out.is_not(None))
        assert session.scalar(closed) == STUDENTS
        # The requests themselves went that way, and shared what it has.
        name = session.scalar(text("SELECT current_database()"))
        used = sum(pool["sv_active"] + pool["sv_idle"] + pool["sv_used"] for pool in between.pools(name))
        assert 1 <= used <= CONNECTIONS


def test_every_connection_has_the_settings_of_the_system(database: Database) -> None:
    for _ in range(CONNECTIONS + 1):
        with database.begin() as session:
            for name, value in SESSION_SETTINGS.items():
                assert session.scalar(select(func.current_setting(name))) == value
            # What a transaction sets for itself stays in it.
            session.execute(text("SET LOCAL lock_timeout = '7s'"))


def test_a_students_role_stays_with_the_students_transaction(pooled: Settings, database: Database) -> None:
    """Also where the client dies in the middle of one."""
    url = pooled.pooler_database_url
    assert url is not None
    role = text("SELECT current_user, coalesce(current_setting('aada.student_id', true), '')")
    for student in range(1, CONNECTIONS + 2):
        with database.begin() as session:
            own_rows.limit_to(session, student)
            assert tuple(session.execute(role).one()) == ("aada_student", str(student))
        killed_in_the_middle(libpq_url(url))
        with contextlib.ExitStack() as stack:
            for _ in range(CONNECTIONS - 1):
                session = stack.enter_context(database.begin())
                assert tuple(session.execute(role).one()) == ("aada_app", "")


def test_a_job_asked_for_through_it_wakes_the_worker(pooled: Settings, database: Database) -> None:
    worker = JobWorker(pooled, database)
    worker.start()
    try:
        for word in ("first", "second"):
            with database.begin() as session:
                jobs.enqueue(session, note, word=word)
            assert done.get(timeout=30) == f"{word} 1"
    finally:
        worker.stop()


def test_what_is_held_longer_than_a_transaction_is_held_on_the_server_itself(database: Database) -> None:
    with imports.held(database, 4711) as mine:
        assert mine
        for _ in range(CONNECTIONS + 1):  # whichever connection is given
            with database.begin() as session:
                assert not imports.is_abandoned(session, 4711)
    with database.begin() as session:
        assert imports.is_abandoned(session, 4711)


def test_a_temporary_table_lasts_as_long_as_its_transaction(database: Database) -> None:
    with database.begin() as session:
        session.execute(text("CREATE TEMPORARY TABLE passing ON COMMIT DROP AS SELECT 1 AS one"))
        assert session.scalar(text("SELECT one FROM passing")) == 1
    with pytest.raises(ProgrammingError), database.begin() as session:
        session.scalar(text("SELECT one FROM passing"))


def test_a_pooler_that_begins_again_costs_no_request_after_it(pooled: Settings, database: Database) -> None:
    with connect(pooled) as server:
        server.autocommit = True
        for _ in range(3):
            with database.begin() as session:
                session.execute(text("SELECT 1"))
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'aada_app'"
                " AND datname = current_database()"
            )
            server.execute("SELECT pg_sleep(0.2)")
    with database.begin() as session:
        assert session.scalar(text("SELECT 1")) == 1


def _findings(settings: Settings, connection: psycopg.Connection[tuple[object, ...]]) -> dict[Level, str]:
    known = Installation(settings, database=connection)
    return {one.level: one.says for one in doctor.between(known)}


def test_the_doctor_sees_it(pooled: Settings, live_settings: Settings) -> None:
    with connect(pooled, pooled.app_database_url) as connection:
        assert _findings(live_settings, connection) == {}
        assert set(_findings(pooled, connection)) == {Level.OK}
        for name in SESSION_SETTINGS:
            reset = sql.SQL("ALTER ROLE CURRENT_USER IN DATABASE {} RESET {}")
            connection.execute(reset.format(*map(sql.Identifier, (connection.info.dbname, name))))
        # Those that were open have them still.
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = current_user"
            " AND datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.commit()
        assert "lock_timeout" in _findings(pooled, connection)[Level.PROBLEM]
        pooler.keep_settings(pooled)
        other = pooled.model_copy(
            update={"pooler_url": normalize_database_url("postgresql://127.0.0.1:1/none")}
        )
        assert "Nothing answers" in _findings(other, connection)[Level.PROBLEM]
    url = pooled.pooler_database_url
    assert url is not None
    with psycopg.connect(libpq_url(url), prepare_threshold=None) as wrong:
        found = _findings(live_settings, wrong)
        assert "leads to a pooler" in found[Level.WARNING]


def test_a_pooler_in_the_servers_place_is_named(pooled: Settings) -> None:
    url = pooled.pooler_database_url
    assert url is not None
    with pytest.raises(psycopg.OperationalError) as refused:
        psycopg.connect(libpq_url(url), options="-c timezone=UTC")
    said = explain_failure(refused.value, pooled, url)
    assert isinstance(said, OperatorError)
    assert "POOLER_URL" in str(said)


def test_what_its_url_leaves_out_is_the_systems() -> None:
    given = {"_env_file": None, "secret_key": "k" * 32, "aada_app_password": "of the system"}
    direct = {"database_url": "postgresql://owner:x@db.example.edu/school"}
    settings = load_settings(**given, **direct, pooler_url="postgresql://127.0.0.1:6432")
    url = settings.pooler_database_url
    assert url is not None
    assert (url.username, url.password, url.host, url.port, url.database) == (
        "aada_app",
        "of the system",
        "127.0.0.1",
        6432,
        "school",
    )
    named = load_settings(**given, **direct, pooler_url="postgresql://app:own@127.0.0.1/other")
    url = named.pooler_database_url
    assert url is not None
    assert (url.username, url.password, url.database) == ("app", "own", "other")
    assert load_settings(**given, **direct).pooler_database_url is None
