"""What a student's transaction sees: the student's own rows of each table, and nothing of a table that was forgotten.

A row is made for each of two students in every table of the database, whatever the table: each column that refers to
another table holds the same student's row of that one. Constraints are out of the way meanwhile; it is a throwaway
database.
"""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from app.core import own_rows
from app.db.session import Database, libpq_url
from app.ops import student_rows
from app.settings import Settings

OPEN = {
    "admission_kinds": "what the school asks applicants for",
    "admission_requirements": "which program asks for it",
    "alembic_version": "the schema's revision",
    "assignment_dues": "what is to be handed in",
    "assignment_versions": "what is to be handed in",
    "assignments": "what is to be handed in",
    "attendance_closings": "until when attendance is closed",
    "attendance_school_days": "how much the whole school attended on a day",
    "class_changes": "meetings that were moved",
    "class_instructors": "who teaches",
    "class_meetings": "when a class meets",
    "classes": "what is taught, and when",
    "content_files": "files of lessons",
    "content_packages": "lessons",
    "credential_types": "what the school awards",
    "externship_agreements": "agreements with places of externships",
    "externship_rubrics": "what supervisors rate",
    "externship_sites": "places of externships",
    "externship_supervisors": "staff of those places",
    "grade_books": "how a class is graded",
    "grade_categories": "how a class is graded",
    "grade_items": "what is graded",
    "history_seals": "hashes over the history",
    "ledger_closings": "the cash of a day",
    "lesson_media": "what is taught",
    "lesson_texts": "what is taught",
    "lessons": "what is taught",
    "modules": "what is taught",
    "program_fees": "what a program costs",
    "programs": "what is taught",
    "school": "the school's name and address",
    "school_holidays": "the calendar",
    "school_policies": "the school's rules",
    "school_signatories": "who signs for the school",
    "school_terms": "the calendar",
    "skill_versions": "what is practiced",
    "skills": "what is practiced",
    "student_fields": "what else the school asks",
}
"""Tables that a student's transaction reads whole, and what they hold: nothing of any student."""

OFFICE = {
    "classroom and office work": ("kiosks", "transcript_batches", "transcript_batch_items"),
    "what the office prepares for authorities": ("closure_archives", "inspected_students", "inspection_packets"),
    "questions with their right answers": ("question_versions", "questions"),
    "imports": ("data_import_mappings", "data_import_records", "data_imports"),
    "notes of the staff": ("student_notes",),
    "keys, counters and queues of the system": (
        "document_counters", "file_claims", "history_cursors", "history_folds", "installation", "limit_counters",
        "metric_samples", "outbox_messages", "purge_runs", "sign_in_attempts", "signing_crls", "signing_keys",
        "stored_files",
    ),
}  # fmt: skip
"""Tables that are closed to a student's transaction, and why nothing of them is read in one; with those of the record
store and of the job queue. Where a page needs a line of them, its use case goes `beyond` and says why."""

CLOSED = {table for tables in OFFICE.values() for table in tables}
SHARED = {"ledger_accounts"}
"""Where rows that are nobody's are seen beside the student's own: the school's accounts."""


def _is_elsewhere(table: str) -> bool:
    return table.startswith(("xapi_", "procrastinate_"))


@pytest.fixture
def owner(live_settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(libpq_url(live_settings.owner_database_url), autocommit=True) as connection:
        yield connection


def tables(owner: psycopg.Connection[Any]) -> set[str]:
    found = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {row[0] for row in found}


def own_tables(owner: psycopg.Connection[Any]) -> set[str]:
    """Tables whose policy lets a student see some rows."""
    found = owner.execute(
        """SELECT tablename FROM pg_policies
           WHERE roles = '{aada_student}' AND cmd = 'SELECT' AND permissive = 'PERMISSIVE'"""
    ).fetchall()
    return {row[0] for row in found}


def forgotten(owner: psycopg.Connection[Any]) -> list[str]:
    """Tables of which nobody has said what a student sees of them."""
    left = tables(owner) - own_tables(owner) - set(OPEN) - CLOSED
    return sorted(table for table in left if not _is_elsewhere(table))


def test_each_table_is_owned_open_or_closed(owner: psycopg.Connection[Any]) -> None:
    everything, own = tables(owner), own_tables(owner)
    assert not forgotten(owner), (
        f"{', '.join(forgotten(owner))}: give it a policy for aada_student in its migration (as 0480 does), or "
        "name it in OPEN or OFFICE with what it holds"
    )
    assert own & (set(OPEN) | CLOSED) == set()
    assert set(OPEN) & CLOSED == set()
    assert set(OPEN) | CLOSED <= everything


def wrong_rights(owner: psycopg.Connection[Any]) -> list[object]:
    """Tables whose rights or policies are not those of the lists: reads, changes, policies."""
    own = own_tables(owner)
    wrong: list[object] = []
    for table in sorted(tables(owner)):
        row = owner.execute(
            """SELECT has_table_privilege('aada_student', oid, 'SELECT'),
                      has_table_privilege('aada_student', oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                      OR has_any_column_privilege('aada_student', oid, 'INSERT, UPDATE, REFERENCES'), relrowsecurity
               FROM pg_class WHERE oid = %s::regclass""",
            (table,),
        ).fetchone()
        if row != (table in own or table in OPEN, False, table in own):
            wrong.append((table, row))
    return wrong


def test_the_rights_are_those_of_the_lists(owner: psycopg.Connection[Any]) -> None:
    assert not wrong_rights(owner), "reads, changes, policies"
    own = own_tables(owner)
    everybody = owner.execute(
        """SELECT tablename FROM pg_policies WHERE roles = '{aada_app}' AND cmd = 'ALL' AND qual = 'true'
           AND with_check = 'true'"""
    ).fetchall()
    assert {row[0] for row in everybody} == own, "the system itself sees and writes every row"


# Rows for two students


class Rows:
    """Makes the same row for each of two students in each table, whose keys are 1 and 2."""

    def __init__(self, owner: psycopg.Connection[Any]) -> None:
        self.owner = owner
        self.types = {
            row[0]: row[1]
            for row in owner.execute(
                """SELECT t.oid, coalesce(CASE WHEN t.typtype = 'e' THEN
                     (SELECT enumlabel FROM pg_enum WHERE enumtypid = t.oid
                      ORDER BY enumsortorder LIMIT 1) END, t.typname)
                   FROM pg_type t"""
            )
        }

    def write(self, table: str) -> None:
        columns = self.owner.execute(
            """SELECT attname, atttypid, attgenerated <> '', t.typtype = 'e', t.typcategory
               FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
               WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped""",
            (table,),
        ).fetchall()
        names = [name for name, _, generated, *_ in columns if not generated]
        for student in (1, 2):
            values = [
                self.value(table, name, type_, is_enum, category, student)
                for name, type_, generated, is_enum, category in columns
                if not generated
            ]
            self.owner.execute(
                sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
                    sql.Identifier(table),
                    sql.SQL(", ").join(map(sql.Identifier, names)),
                    sql.SQL(", ").join(sql.Placeholder() * len(values)),
                ),
                values,
            )

    def value(self, table: str, name: str, type_: int, is_enum: bool, category: str, student: int) -> Any:
        kind = self.types[type_]
        if table == "users" and name == "role":
            return "student"
        if is_enum:
            return kind
        if category == "A":
            return "{}"
        plain: dict[str, Any] = {
            "bool": True,
            "bytea": bytes([student]),
            "json": "{}",
            "jsonb": "{}",
            "date": "2026-01-01",
            "time": "09:00",
            "timestamptz": f"2026-01-0{student}T09:00:00Z",
            "uuid": f"00000000-0000-4000-8000-00000000000{student}",
            "xid8": "1",
        }
        return plain.get(kind, str(student))


def _without_constraints(owner: psycopg.Connection[Any]) -> None:
    # The children first, and whatever refers to a key before the key: CASCADE.
    owner.execute(
        """DO $$ DECLARE one record; BEGIN
             FOR one IN SELECT conrelid::regclass AS place, conname FROM pg_constraint
                        WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND contype NOT IN ('n', 't') LOOP
               EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', one.place, one.conname);
             END LOOP;
             FOR one IN SELECT i.indexrelid::regclass AS place FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
                        WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace LOOP
               EXECUTE format('DROP INDEX IF EXISTS %s', one.place);
             END LOOP;
           END $$"""
    )


def test_a_student_sees_their_row_of_each_table_and_never_the_others(
    owner: psycopg.Connection[Any], live_database: Database
) -> None:
    _without_constraints(owner)
    owner.execute("SET session_replication_role = replica")  # no triggers
    own, rows = own_tables(owner), Rows(owner)
    assert own == set(student_rows.expected()[0])
    known = sorted(own | set(OPEN) | CLOSED)
    before = {table: owner.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()[0] for table in known}  # type: ignore[index]
    for table in known:
        rows.write(table)
    for student in (1, 2):
        with live_database.begin() as session:
            own_rows.limit_to(session, student)
            driver = session.connection().connection.driver_connection
            assert driver is not None
            assert amiss(driver, known, own, before) == []
            found = driver.execute("SELECT id FROM users").fetchall()
            assert found == [(student,)]

    for fault, named in FAULTS:
        with owner.transaction(force_rollback=True):
            owner.execute(fault.encode())
            with owner.transaction():
                owner.execute("SET LOCAL session_replication_role = origin")
                owner.execute(
                    "SELECT set_config('role', 'aada_student', true), set_config('aada.student_id', '1', true)"
                )
                found = amiss(owner, known, own, before)
                owner.execute("SET LOCAL ROLE NONE")
            said = {one.partition(":")[0] for one in found} | set(forgotten(owner))
            said |= {str(one[0]) for one in wrong_rights(owner) if isinstance(one, tuple)}
            assert named <= said, f"{fault}: nobody would see it"


FAULTS = (
    ("DROP POLICY own ON attendance", {"attendance"}),
    ("ALTER POLICY own ON transcripts USING (true)", {"transcripts"}),
    ("ALTER POLICY own ON grade_scores USING (enrollment_id > 0)", {"grade_scores"}),
    ("ALTER TABLE ledger_postings DISABLE ROW LEVEL SECURITY", {"ledger_postings"}),
    ("CREATE POLICY also ON hand_ins FOR SELECT TO aada_student USING (true)", {"hand_ins"}),
    ("GRANT SELECT ON student_notes TO aada_student", {"student_notes"}),
    ("GRANT SELECT ON questions TO PUBLIC", {"questions"}),
    ("GRANT UPDATE (name) ON programs TO aada_student", {"programs"}),
    ("CREATE TABLE remarks (id integer, user_id integer)", {"remarks"}),
)
"""What a migration may do wrong, and the table that the tests above then name."""


def amiss(driver: Any, known: list[str], own: set[str], before: dict[str, int]) -> list[str]:
    """Tables of which a student's transaction sees other rows than one of the student's."""
    wrong = []
    for table in known:
        with driver.transaction():
            seen = _seen(driver, table)
        expected = None if table in CLOSED else before[table] + 2
        if table in own:
            expected = 1 + (before[table] if table in SHARED else 0)
        if seen != expected:
            wrong.append(f"{table}: {seen} rows, not {expected}")
    return wrong


def test_of_a_kiosk_its_name_alone_is_seen(owner: psycopg.Connection[Any]) -> None:
    found = owner.execute(
        """SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
           WHERE a.attacl IS NOT NULL AND a.attacl::text LIKE '%aada_student%' ORDER BY 1, 2"""
    ).fetchall()
    assert found == [("kiosks", "id"), ("kiosks", "name")]


def _seen(driver: Any, table: str) -> int | None:
    """How many rows there are for the role; None for a table that is closed to it."""
    try:
        with driver.transaction():
            return len(driver.execute(f"SELECT * FROM {table}").fetchall())
    except psycopg.errors.InsufficientPrivilege:
        return None
