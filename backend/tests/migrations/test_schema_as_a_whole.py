"""What holds for the schema at the head: it is what the models and the documented tables say, and keeps its habits."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory

from app.ops import migrations
from app.settings import Settings
from tests.migrations import catalog
from tests.migrations.alembic_commands import BACKEND, config, revisions

# The job queue's tables are its library's.
OURS = (
    "c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'procrastinate%' "
    "AND c.relname <> 'alembic_version'"
)


@pytest.fixture
def migrated(live_settings: Settings) -> Settings:
    """A database at the head of the migrations: cloned, not migrated for each question to it."""
    return live_settings


@pytest.fixture
def owner(migrated: Settings) -> Iterator[psycopg.Connection[Any]]:
    url = migrated.owner_database_url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        yield connection


def names(connection: psycopg.Connection[Any], query: str) -> list[str]:
    return [str(row[0]) for row in connection.execute(query.encode()).fetchall()]


def test_the_models_and_the_migrations_describe_one_schema(migrated: Settings) -> None:
    command.check(config(migrated))


def test_there_is_one_line_of_migrations_in_the_order_of_their_numbers() -> None:
    assert len(ScriptDirectory.from_config(config()).get_heads()) == 1
    found = revisions()
    assert found == sorted(found) == list(migrations.revisions())
    assert all(re.fullmatch(r"\d{4}", revision) for revision in found)
    files = sorted(path.name for path in (BACKEND / "alembic" / "versions").glob("*.py"))
    assert [name.split("_")[0] for name in files] == found
    assert files[:5] == [
        "0001_init.py",
        "0002_compliance.py",
        "0003_auth_roles.py",
        "0004_finance.py",
        "0005_content_tracking.py",
    ]


def test_nothing_of_the_documented_tables_is_missing(migrated: Settings, shared_folder: Any) -> None:
    check = shared_folder / "acceptance" / "check_schema.py"
    if not check.is_file():
        pytest.skip("the acceptance check is not here")
    url = migrated.owner_database_url.render_as_string(hide_password=False)
    answer = subprocess.run([sys.executable, str(check), url], capture_output=True, text=True, check=False)
    assert re.search(r"^\d+ checks, 0 missing$", answer.stdout, re.M), answer.stdout + answer.stderr


def test_every_foreign_key_has_an_index_that_begins_with_its_columns(owner: psycopg.Connection[Any]) -> None:
    without = names(
        owner,
        f"""
        SELECT con.conname FROM pg_constraint con JOIN pg_class c ON c.oid = con.conrelid
        WHERE con.contype = 'f' AND {OURS} AND NOT EXISTS (
            SELECT FROM pg_index i
            WHERE i.indrelid = con.conrelid AND i.indisvalid
              -- What refers to nothing need not be in it.
              AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = (
                SELECT format('(%I IS NOT NULL)', attname) FROM pg_attribute
                WHERE attrelid = con.conrelid AND ARRAY[attnum] = con.conkey))
              AND (i.indkey::int2[])[0:cardinality(con.conkey) - 1] @> con.conkey)
        """,
    )
    assert without == []


def test_constraints_and_indexes_are_named_by_the_convention(owner: psycopg.Connection[Any]) -> None:
    prefixes = {"p": "pk_", "f": "fk_", "c": "check_", "u": "uq_", "x": "ex_", "t": "check_"}
    constraints = owner.execute(
        f"""SELECT con.contype::text, con.conname FROM pg_constraint con JOIN pg_class c ON c.oid = con.conrelid
            WHERE {OURS}"""
    ).fetchall()
    assert [name for kind, name in constraints if not name.startswith(prefixes[kind])] == []
    indexes = names(
        owner,
        f"""SELECT i.indexrelid::regclass FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE {OURS}
            AND NOT EXISTS (SELECT FROM pg_constraint con WHERE con.conindid = i.indexrelid)""",
    )
    assert [name for name in indexes if not name.startswith(("idx_", "uq_"))] == []
    assert "idx_users_email" in indexes


def test_moments_are_stored_with_their_zone(owner: psycopg.Connection[Any]) -> None:
    naive = names(
        owner,
        f"""SELECT format('%s.%s', c.oid::regclass, a.attname) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            WHERE {OURS} AND a.atttypid = 'timestamp'::regtype AND NOT a.attisdropped""",
    )
    assert naive == []


def test_the_program_may_use_every_table_and_no_more(owner: psycopg.Connection[Any]) -> None:
    granted = {
        table: {
            privilege
            for privilege in (
                "SELECT",
                "INSERT",
                "UPDATE",
                "DELETE",
                "TRUNCATE",
                "REFERENCES",
                "TRIGGER",
                "MAINTAIN",
            )
            if names(owner, f"SELECT has_table_privilege('aada_app', 'public.{table}', '{privilege}')")
            == ["True"]
        }
        for table in catalog.tables(owner)
    }
    rows = {"SELECT", "INSERT", "UPDATE", "DELETE"}
    permanent = {
        "transcripts": {"SELECT", "INSERT"},
        "transcript_contents": {"SELECT", "INSERT"},
        "transcript_deliveries": rows - {"DELETE"},
        "audit_log": {"SELECT"},  # and inserts of some columns: see test_least_privilege
        "credentials": {"SELECT", "INSERT"},
        "credential_endings": {"SELECT", "INSERT"},
        "credential_issues": {"SELECT", "INSERT"},
        "credential_reminders": {"SELECT", "INSERT"},
        "user_duties": rows - {"DELETE"},
        "factor_resets": rows - {"DELETE"},
        "history_seals": {"SELECT", "INSERT"},
        "student_notes": {"SELECT", "INSERT"},
        "graduation_decisions": {"SELECT", "INSERT"},
        "withdrawal_figures": {"SELECT", "INSERT"},
        "withdrawal_forms": rows - {"DELETE"},
        "disclosures": {"SELECT", "INSERT"},
        "disclosed_students": {"SELECT", "INSERT"},
        "closure_archives": rows - {"DELETE"},
        "consents": rows - {"DELETE"},
        "employment_outcomes": {"SELECT", "INSERT"},
        "inspected_students": rows - {"DELETE"},
        "inspection_packets": rows - {"DELETE"},
        "directory_opt_outs": rows - {"DELETE"},
        "access_requests": rows - {"DELETE"},
        "amendment_requests": rows - {"DELETE"},
        "purge_runs": rows - {"DELETE"},
        "final_grades": rows - {"DELETE"},  # a trigger keeps those that are approved
        "absence_requests": rows - {"DELETE"},
        "lesson_moves": {"SELECT", "INSERT"},
        "lesson_texts": {"SELECT", "INSERT"},
        "question_versions": {"SELECT", "INSERT"},
        "questions": rows - {"DELETE"},
        "quiz_accommodations": rows - {"DELETE"},
        "quiz_answers": rows - {"DELETE"},
        "quiz_attempts": rows - {"DELETE"},
        "attendance_closings": {"SELECT", "INSERT"},
        "attendance_corrections": rows - {"DELETE"},  # a trigger keeps those that are decided
        "class_attendance": rows - {"DELETE"},
        "kiosk_cards": rows - {"DELETE"},
        "kiosk_punches": rows - {"DELETE"},
        "kiosks": rows - {"DELETE"},
        "complaint_files": {"SELECT", "INSERT"},
        "complaint_steps": {"SELECT", "INSERT"},
        "complaints": rows - {"DELETE"},
        "externship_agreements": rows - {"DELETE"},
        "externship_evaluations": {"SELECT", "INSERT"},
        "externship_links": rows - {"DELETE"},
        "externship_rubrics": {"SELECT", "INSERT"},
        "grade_changes": rows - {"DELETE"},
        "progress_appeals": rows - {"DELETE"},
        "progress_reviews": {"SELECT", "INSERT"},
        "assignment_versions": {"SELECT", "INSERT"},
        "hand_in_files": {"SELECT", "INSERT"},
        "hand_in_grades": {"SELECT", "INSERT"},  # and one column: released
        "hand_ins": {"SELECT", "INSERT"},  # and one column: waits or not
        "skill_attempts": {"SELECT", "INSERT"},
        "skill_versions": {"SELECT", "INSERT"},
        "skill_voids": {"SELECT", "INSERT"},
        "agreement_links": rows - {"DELETE"},
        "agreement_signatures": {"SELECT", "INSERT"},
        "enrollment_agreements": rows - {"DELETE"},  # a trigger lets the state change, one way
        "program_fees": rows - {"DELETE"},  # a trigger lets them end
        "ledger_accounts": {"SELECT", "INSERT"},
        "ledger_balances": {"SELECT"},  # triggers keep them
        "ledger_closings": {"SELECT", "INSERT"},
        "ledger_payers": rows - {"DELETE"},
        "ledger_postings": {"SELECT", "INSERT"},
        "ledger_receipts": {"SELECT", "INSERT"},
        "refund_computations": {"SELECT", "INSERT"},
        "refund_remittances": rows - {"DELETE"},
        "ledger_transactions": {"SELECT"},  # and inserts of some columns
        "leaves_of_absence": rows - {"DELETE"},
        "payment_checkouts": rows - {"DELETE"},
        "payment_events": rows - {"DELETE"},
        "payment_plan_installments": {"SELECT", "INSERT"},
        "payment_plan_reminders": {"SELECT", "INSERT"},
        "payment_plans": {"SELECT", "INSERT"},  # and four columns: agreed to, ended
        "installation": {"SELECT", "INSERT"},  # and one column: the generation
        "history_cursors": rows - {"DELETE"},
        "xapi_statements": {"SELECT", "INSERT"},  # and one column: voided or not
        "xapi_statement_actors": {"SELECT", "INSERT"},
        "xapi_statement_activities": {"SELECT", "INSERT"},
        "xapi_attachments": {"SELECT", "INSERT"},
        "signing_keys": {"SELECT", "INSERT"},  # and three columns: re-sealed, retired, revoked
        "signing_crls": {"SELECT", "INSERT"},
        "document_counters": rows - {"DELETE"},
        "issued_documents": rows - {"DELETE"},  # a trigger lets the status change, one way
        "stored_files": rows - {"UPDATE"},  # but for its media type
        "file_claims": rows - {"UPDATE"},  # but for its release
        "school": rows - {"DELETE"},
        "school_policies": rows - {"UPDATE"},  # one column: used, or not yet
    }
    assert granted == {table: permanent.get(table, rows) for table in granted}
