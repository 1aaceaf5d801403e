"""A database that lost what keeps students to their own rows: who says so, and what makes it again."""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from structlog.testing import capture_logs

from app.core import own_rows
from app.core.errors import Unavailable
from app.core.own_rows import STUDENT_ROLE
from app.db.session import Database, libpq_url
from app.ops import lifecycle, roles, student_rows
from app.ops.doctor import students
from app.ops.doctor.findings import Installation, Level
from app.ops.errors import OperatorError
from app.ops.servers import connect
from app.settings import Settings
from tests.ops.database_roles.renamed import renamed
from tests.ops.installations import found


@pytest.fixture
def owner(live_settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(libpq_url(live_settings.owner_database_url), autocommit=True) as connection:
        yield connection


def findings(settings: Settings, level: Level | None = None) -> list[str]:
    with connect(settings, settings.app_database_url) as connection:
        known = Installation(settings, database=connection)
        return [f"{one.says} {one.do}" for one in found(students.own_rows, known, level)]


def rights(owner: psycopg.Connection[Any]) -> list[Any]:
    """Policies, and what the role may do with which table and column."""
    return [
        owner.execute(query.encode()).fetchall()
        for query in (
            "SELECT tablename, policyname, roles, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2",
            """SELECT relname, relrowsecurity, p.* FROM pg_class, LATERAL aclexplode(relacl) p
               WHERE relnamespace = 'public'::regnamespace AND grantee = 'aada_student'::regrole ORDER BY 1, 5""",
            """SELECT attrelid::regclass::text, attname, attacl::text FROM pg_attribute
               WHERE attacl::text LIKE '%aada_student%' ORDER BY 1, 2""",
        )
    ]


def test_a_migrated_database_is_sound(live_settings: Settings) -> None:
    assert findings(live_settings, Level.OK) == ["The database shows each student their own rows alone. "]
    assert student_rows.restore(live_settings) == []
    off = live_settings.model_copy(update={"student_role": False})
    (says,) = findings(off)
    assert "STUDENT_ROLE is false" in says


@pytest.mark.parametrize(
    ("fault", "table", "level"),
    [
        ("DROP POLICY own ON attendance", "attendance", "cannot read"),
        ("DROP POLICY everybody ON grade_scores", "grade_scores", "cannot read"),
        ("ALTER TABLE ledger_postings DISABLE ROW LEVEL SECURITY", "ledger_postings", "others"),
        ("REVOKE SELECT ON transcripts FROM aada_student", "transcripts", "cannot read"),
        ("REVOKE SELECT ON programs FROM aada_student", "programs", "cannot read"),
        ("GRANT SELECT ON student_notes TO aada_student", "student_notes", "others"),
        ("GRANT UPDATE ON programs TO aada_student", "programs", "others"),
        (
            "CREATE VIEW all_notes AS SELECT * FROM student_notes; GRANT SELECT ON all_notes TO aada_student",
            "all_notes",
            "others",
        ),
        (
            """CREATE TABLE months (id int) PARTITION BY RANGE (id);
               CREATE TABLE months_1 PARTITION OF months DEFAULT; GRANT SELECT ON months_1 TO aada_student""",
            "months_1",
            "others",
        ),
        ("GRANT UPDATE (name) ON programs TO aada_student", "programs", "others"),
        ("GRANT SELECT (id) ON student_notes TO aada_student", "student_notes", "others"),
        ("GRANT SELECT ON kiosks TO aada_student", "kiosks", "others"),
        ("ALTER POLICY own ON transcripts USING (true)", "transcripts", "others"),
        (
            "ALTER POLICY own ON attendance USING (user_id = current_student_id() OR true)",
            "attendance",
            "others",
        ),
        ("ALTER POLICY own ON enrollments USING (id = current_student_id())", "enrollments", "others"),
        ("CREATE POLICY also ON hand_ins FOR SELECT TO aada_student USING (true)", "hand_ins", "others"),
        ("CREATE POLICY also ON hand_ins USING (true)", "hand_ins", "others"),
    ],
)
def test_what_is_missing_is_named_and_made_again(
    owner: psycopg.Connection[Any], live_settings: Settings, fault: str, table: str, level: str
) -> None:
    before = rights(owner)
    owner.execute(fault.encode())
    assert rights(owner) != before
    (says,) = findings(live_settings, Level.PROBLEM)
    assert table in says
    assert level in says
    assert "aada db migrate" in says
    assert student_rows.restore(live_settings) == [table]
    assert findings(live_settings, Level.PROBLEM) == []
    assert rights(owner) == before


def test_where_conditions_cannot_be_compared_everything_else_is(
    owner: psycopg.Connection[Any], live_settings: Settings
) -> None:
    name = live_settings.owner_database_url.database
    owner.execute(
        sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC, aada_app").format(sql.Identifier(name or ""))
    )
    (says,) = findings(live_settings, Level.OK)
    assert "compared by `aada db migrate`, as the owner" in says
    owner.execute("CREATE POLICY more ON attendance FOR SELECT USING (true)")
    (says,) = findings(live_settings, Level.PROBLEM)
    assert says.startswith("attendance would show a student the rows of others")
    # The owner may, and says so.
    assert student_rows.restore(live_settings) == ["attendance"]


def test_everything_that_was_taken_from_the_role_comes_back(
    owner: psycopg.Connection[Any], live_settings: Settings, live_database: Database
) -> None:
    """As on a server that a dump was loaded into before it had the role."""

    before = rights(owner)
    owner.execute("DROP OWNED BY aada_student")
    assert rights(owner) != before
    assert len(findings(live_settings, Level.PROBLEM)) == 1
    student_rows.restore(live_settings)
    assert rights(owner) == before
    with live_database.begin() as session:
        own_rows.limit_to(session, 1)
        session.connection().exec_driver_sql("SELECT id, name FROM kiosks")
        session.connection().exec_driver_sql("SELECT current_student_id()")


def test_a_role_that_is_missing_is_a_sentence_everywhere(
    owner: psycopg.Connection[Any],
    live_settings: Settings,
    live_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The server's own role serves the other tests: here the program looks for another one."""
    name = f"student_{uuid.uuid4().hex[:12]}"
    for module in (own_rows, roles, student_rows, students):
        monkeypatch.setattr(module, "STUDENT_ROLE", name)
    monkeypatch.setattr(roles, "OF_THE_SYSTEM", renamed({STUDENT_ROLE: name}))
    assert not student_rows.has_role(live_settings)
    (says,) = findings(live_settings)
    assert f"{name}, as which students’ pages are read, is missing" in says
    with pytest.raises(
        OperatorError, match=f'run `aada db migrate` as the owner.*CREATE ROLE "{name}" NOLOGIN'
    ):
        roles.check_app_role(live_settings)
    with capture_logs() as logs:
        roles.check_app_role(live_settings.model_copy(update={"student_role": False}))
    assert [one["event"] for one in logs] == ["database.student_role_missing"]
    with (
        pytest.raises(OperatorError, match="aada db migrate"),
        lifecycle._served_database(live_settings),
    ):
        pass
    for _ in range(2):
        with pytest.raises(Unavailable, match="aada doctor"), live_database.begin() as session:
            own_rows.limit_to(session, 1)
    owner.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))
    try:
        assert "may not be used by the system" in findings(live_settings)[0]
        with pytest.raises(OperatorError, match=f'run GRANT "{name}" TO "aada_app"'):
            roles.check_app_role(live_settings)
        with pytest.raises(Unavailable, match="aada doctor"), live_database.begin() as session:
            own_rows.limit_to(session, 1)
        owner.execute(sql.SQL("ALTER ROLE {} LOGIN").format(sql.Identifier(name)))
        assert "has more rights than to read" in findings(live_settings)[0]
        owner.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(sql.Identifier(name)))
        assert len(student_rows.restore(live_settings)) > 100
        roles.check_app_role(live_settings)
        assert findings(live_settings, Level.PROBLEM) == []
        with live_database.begin() as session:
            own_rows.limit_to(session, 1)
            session.connection().exec_driver_sql("SELECT * FROM users")
    finally:
        owner.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
        owner.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def test_a_role_that_sees_past_the_policies_is_named_with_what_mends_it(
    owner: psycopg.Connection[Any], live_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's own role serves the other tests: here the program looks for another one."""
    name = f"student_{uuid.uuid4().hex[:12]}"
    for module in (own_rows, roles, student_rows, students):
        monkeypatch.setattr(module, "STUDENT_ROLE", name)
    monkeypatch.setattr(roles, "OF_THE_SYSTEM", renamed({STUDENT_ROLE: name}))
    role = sql.Identifier(name)
    owner.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
    try:
        student_rows.restore(live_settings)
        owner.execute(sql.SQL("ALTER ROLE {} BYPASSRLS").format(role))
        (says,) = findings(live_settings, Level.PROBLEM)
        assert "has more rights than to read" in says
        assert "aada db roles --apply" in says
        assert "aada db migrate" not in says
        owner.execute(sql.SQL("REVOKE SELECT ON transcripts FROM {}").format(role))
        assert len(findings(live_settings, Level.PROBLEM)) == 2, "the tables are looked at all the same"
    finally:
        owner.execute(sql.SQL("DROP OWNED BY {}").format(role))
        owner.execute(sql.SQL("DROP ROLE {}").format(role))
