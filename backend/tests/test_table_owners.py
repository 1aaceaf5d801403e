"""A table is written by the room that owns it, and by nobody else.

Reads every module's source: what it builds rows of, inserts into, updates, deletes from or names in a statement of its
own. A new table needs a line in OWNERS; a new writer outside the owner room fails.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db import models
from app.db.base import Base

APP = Path(__file__).resolve().parents[1] / "app"

OWNERS = {
    "installation": "core",
    "history_cursors": "projections",
    "metric_samples": "ops",
    "purge_runs": "ops",
    "school": "school",
    "school_holidays": "school",
    "school_policies": "school",
    "school_signatories": "school",
    "school_terms": "school",
    "user_duties": "accounts",
    "classes": "academics",
    "class_changes": "academics",
    "class_instructors": "academics",
    "class_meetings": "academics",
    "class_seats": "academics",
    "credential_endings": "compliance",
    "credential_issues": "compliance",
    "credential_orders": "compliance",
    "credential_reminders": "compliance",
    "credential_shares": "compliance",
    "credential_types": "compliance",
    "document_counters": "documents",
    "issued_documents": "documents",
    "signing_crls": "documents",
    "signing_keys": "documents",
    "stored_files": "core",
    "file_claims": "core",
    "api_tokens": "accounts",
    "account_links": "accounts",
    "authenticators": "accounts",
    "factor_challenges": "accounts",
    "factor_resets": "accounts",
    "passkeys": "accounts",
    "recovery_codes": "accounts",
    "sign_in_attempts": "accounts",
    "user_sessions": "accounts",
    "emergency_contacts": "accounts",
    "former_names": "accounts",
    "name_requests": "accounts",
    "student_addresses": "accounts",
    "student_field_values": "accounts",
    "student_fields": "accounts",
    "student_identifiers": "accounts",
    "student_phones": "accounts",
    "student_profiles": "accounts",
    "users": "accounts",
    "programs": "academics",
    "modules": "academics",
    "lessons": "academics",
    "admission_documents": "enrollment",
    "admission_kinds": "enrollment",
    "admission_requirements": "enrollment",
    "applications": "enrollment",
    "student_notes": "accounts",
    "enrollments": "enrollment",
    "graduation_decisions": "enrollment",
    "lesson_completions": "enrollment",
    "leaves_of_absence": "enrollment",
    "withdrawal_figures": "enrollment",
    "withdrawal_forms": "enrollment",
    "withdrawals": "enrollment",
    "attendance": "compliance",
    "attendance_days": "compliance",
    "attendance_school_days": "compliance",
    "attendance_students": "compliance",
    "access_requests": "compliance",
    "amendment_requests": "compliance",
    "closure_archives": "compliance",
    "complaint_files": "compliance",
    "complaint_steps": "compliance",
    "complaints": "compliance",
    "consents": "compliance",
    "employment_outcomes": "compliance",
    "inspected_students": "compliance",
    "inspection_packets": "compliance",
    "directory_opt_outs": "compliance",
    "disclosed_students": "compliance",
    "disclosures": "compliance",
    "transcripts": "compliance",
    "transcript_batch_items": "compliance",
    "transcript_batches": "compliance",
    "transcript_contents": "compliance",
    "transcript_deliveries": "compliance",
    "transcript_holds": "compliance",
    "transcript_requests": "compliance",
    "credentials": "compliance",
    "externships": "compliance",
    "externship_agreements": "compliance",
    "externship_evaluations": "compliance",
    "externship_hours": "compliance",
    "externship_links": "compliance",
    "externship_placements": "compliance",
    "externship_rubrics": "compliance",
    "externship_sites": "compliance",
    "externship_supervisors": "compliance",
    "final_grades": "compliance",
    "grade_books": "compliance",
    "grade_categories": "compliance",
    "attendance_closings": "compliance",
    "absence_requests": "compliance",
    "attendance_corrections": "compliance",
    "attendance_standings": "compliance",
    "class_attendance": "compliance",
    "kiosk_cards": "compliance",
    "kiosk_pins": "compliance",
    "kiosk_punches": "compliance",
    "kiosks": "compliance",
    "grade_changes": "compliance",
    "grade_items": "compliance",
    "grade_scores": "compliance",
    "progress_appeals": "compliance",
    "progress_reviews": "compliance",
    "skills": "compliance",
    "skill_attempts": "compliance",
    "skill_versions": "compliance",
    "skill_voids": "compliance",
    "agreement_links": "finance",
    "agreement_signatures": "finance",
    "enrollment_agreements": "finance",
    "program_fees": "finance",
    "ledger_accounts": "finance",
    "ledger_balances": "finance",
    "ledger_closings": "finance",
    "ledger_payers": "finance",
    "ledger_postings": "finance",
    "ledger_receipts": "finance",
    "ledger_transactions": "finance",
    "payment_checkouts": "finance",
    "payment_events": "finance",
    "payment_plan_installments": "finance",
    "payment_plan_reminders": "finance",
    "payment_plans": "finance",
    "refund_computations": "finance",
    "refund_remittances": "finance",
    "refunds": "finance",
    "content_packages": "content",
    "lesson_texts": "content",
    "lesson_media": "content",
    "lesson_moves": "content",
    "questions": "content",
    "question_versions": "content",
    "quiz_attempts": "content",
    "quiz_answers": "content",
    "quiz_accommodations": "content",
    "content_files": "content",
    "launches": "content",
    "scorm_data": "content",
    "scorm_commits": "content",
    "data_imports": "web",
    "data_import_records": "web",
    "data_import_mappings": "web",
    "audit_log": "core",
    "history_folds": "core",
    "history_seals": "core",
    "limit_counters": "core",
    "outbox_messages": "core",
}
"""Tables of the record store begin with xapi_ and belong to lrs."""

ELSEWHERE = {"demo", "ops", "commands", "rules"}
"""The demo school is written by COPY, operators' tools look after all tables, and rules know none."""

_WRITES = re.compile(r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|COPY)\s+(?:ONLY\s+)?([a-z_]+)", re.IGNORECASE)
_TABLES = {
    mapper.class_.__name__: mapper.local_table.name
    for mapper in Base.registry.mappers  # every model, whatever module it stands in
}


def owner_of(table: str) -> str:
    """The room that owns a table."""
    return "lrs" if table.startswith("xapi_") else OWNERS[table]


def rooms() -> Iterator[tuple[str, Path]]:
    for path in sorted(APP.rglob("*.py")):
        room = path.relative_to(APP).parts[0].removesuffix(".py")
        if room not in ELSEWHERE and path.relative_to(APP).parts[:2] != ("db", "models"):
            yield room, path


def writes(source: str) -> Iterator[tuple[int, str]]:
    """Line and table of everything that the source writes: calls such as `insert(User)`, `User(…)`, and SQL."""
    tree = ast.parse(source)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _last(node.func)
            if name in _TABLES:
                yield node.lineno, _TABLES[name]
            elif name in ("insert", "update", "delete") and node.args:
                table = _TABLES.get(_last(node.args[0]))
                if table is not None:
                    yield node.lineno, table
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            for found in _WRITES.findall(node.value):
                if found.lower() in Base.metadata.tables:
                    yield node.lineno, found.lower()


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_every_table_has_an_owner() -> None:
    ours = {name for name in Base.metadata.tables if not name.startswith(("xapi_", "procrastinate_"))}
    assert ours == set(OWNERS)


def test_only_the_owner_room_writes_a_table() -> None:
    strangers = [
        f"{path.relative_to(APP)}:{line} writes {table}, which belongs to {owner_of(table)}"
        for room, path in rooms()
        for line, table in writes(path.read_text(encoding="utf-8"))
        if owner_of(table) != room
    ]
    assert strangers == []


@pytest.mark.parametrize(
    ("source", "table"),
    [
        ("session.add(User(email='x'))", "users"),
        ("session.execute(update(models.Enrollment).values(status='x'))", "enrollments"),
        ("session.execute(sa.delete(Launch))", "launches"),
        ("text('INSERT INTO attendance (id) VALUES (1)')", "attendance"),
        ("text('update programs set name = 1')", "programs"),
    ],
)
def test_what_counts_as_writing(source: str, table: str) -> None:
    assert [found for _line, found in writes(source)] == [table]
    assert models.User.__tablename__ == "users"


def test_reading_does_not_count() -> None:
    source = '"""INSERT INTO users"""\nselect(User).where(User.id == 1)\ntext("SELECT 1 FROM users")'
    assert list(writes(source)) == []
