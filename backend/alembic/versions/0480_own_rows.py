"""A student's transaction reads the student's own rows alone

Whoever reads for a student does so as `aada_student` (docs/decisions/0068-students-read-their-own-rows.md). The role
has no rights but SELECT, on two kinds of tables: those with records of students, whose policy lets it see the rows of
the student whom `aada.student_id` names, and those that hold nothing of anybody. Every other table is closed to it,
a new one too until its migration opens it. The system's own role sees all rows, as before.

Each table is changed in a transaction of its own: none waits for another, and a migration that gave up is run again.

Revision ID: 0480
Revises: 0472
"""

from alembic import op

revision = "0480"
down_revision = "0472"
branch_labels = None
depends_on = None

_ME = "current_student_id()"


def _of(column: str = "user_id") -> str:
    return f"{column} = {_ME}"


def _with(parent: str, column: str, key: str = "id") -> str:
    """As far as the parent's rows are seen: its own policy decides."""
    return f"{column} IN (SELECT {key} FROM {parent})"


_ENROLLMENT = _with("enrollments", "enrollment_id")

OWN = {
    # Accounts of the staff are seen: their names stand beside what they did.
    "users": f"id = {_ME} OR role <> 'student'",
    **dict.fromkeys(
        (
            "absence_requests",
            "account_links",
            "admission_documents",
            "api_tokens",
            "applications",
            "attendance",
            "attendance_corrections",
            "attendance_students",
            "authenticators",
            "credentials",
            "emergency_contacts",
            "enrollments",
            "externship_hours",
            "externships",
            "factor_challenges",
            "factor_resets",
            "former_names",
            "kiosk_cards",
            "kiosk_pins",
            "kiosk_punches",
            "launches",
            "leaves_of_absence",
            "name_requests",
            "passkeys",
            "quiz_attempts",
            "recovery_codes",
            "scorm_data",
            "student_addresses",
            "student_field_values",
            "student_identifiers",
            "student_phones",
            "student_profiles",
            "transcript_holds",
            "transcript_requests",
            "transcripts",
            "user_duties",
            "user_sessions",
            "withdrawal_forms",
            "withdrawals",
        ),
        _of(),
    ),
    **dict.fromkeys(
        (
            "access_requests",
            "amendment_requests",
            "consents",
            "directory_opt_outs",
            "disclosed_students",
            "enrollment_agreements",
            "issued_documents",
            "ledger_transactions",
            "payment_checkouts",
            "payment_plans",
        ),
        _of("student_id"),
    ),
    **dict.fromkeys(
        (
            "attendance_days",
            "attendance_standings",
            "class_attendance",
            "class_seats",
            "credential_orders",
            "employment_outcomes",
            "externship_placements",
            "final_grades",
            "grade_scores",
            "graduation_decisions",
            "lesson_completions",
            "assignment_allowances",
            "hand_ins",
            "lesson_moves",
            "progress_reviews",
            "quiz_accommodations",
            "scorm_courses",
            "skill_attempts",
        ),
        _ENROLLMENT,
    ),
    "agreement_links": _with("enrollment_agreements", "agreement_id"),
    "agreement_signatures": _with("enrollment_agreements", "agreement_id"),
    "audit_log": f"student_id = {_ME} OR actor_id = {_ME}",
    "complaints": f"student_id = {_ME} OR filed_by = {_ME}",
    "complaint_files": _with("complaints", "complaint_id"),
    "complaint_steps": _with("complaints", "complaint_id"),
    "credential_endings": _with("credentials", "credential_id"),
    "credential_issues": _with("credentials", "credential_id"),
    "credential_reminders": _with("credentials", "credential_id"),
    "credential_shares": _with("credentials", "credential_id"),
    "disclosures": _with("disclosed_students", "id", "disclosure_id"),
    "externship_evaluations": _with("externships", "externship_id"),
    "externship_links": _with("externships", "externship_id"),
    "grade_changes": _with("final_grades", "final_grade_id"),
    # The school's own accounts stand on the other side of each posting, or those of who pays for the student.
    "ledger_accounts": (
        f"student_id = {_ME} OR student_id IS NULL AND (payer_id IS NULL OR {_with('ledger_payers', 'payer_id')})"
    ),
    "ledger_balances": f"account_id IN (SELECT id FROM ledger_accounts WHERE {_of('student_id')})",
    "ledger_payers": _with("ledger_transactions", "id", "payer_id"),
    "ledger_postings": _with("ledger_transactions", "transaction_id"),
    "ledger_receipts": _with("ledger_transactions", "transaction_id"),
    "payment_events": _with("payment_checkouts", "checkout_id"),
    "payment_plan_installments": _with("payment_plans", "plan_id"),
    "payment_plan_reminders": _with("payment_plans", "plan_id"),
    "progress_appeals": _with("progress_reviews", "review_id"),
    "hand_in_files": _with("hand_ins", "hand_in_id"),
    "hand_in_grades": _with("hand_ins", "hand_in_id"),
    "quiz_answers": _with("quiz_attempts", "attempt_id"),
    "refunds": _with("withdrawals", "withdrawal_id"),
    "refund_computations": _with("refunds", "refund_id"),
    "refund_remittances": _with("refunds", "refund_id"),
    "scorm_commits": _with("launches", "launch_id"),
    "skill_voids": _with("skill_attempts", "attempt_id"),
    "transcript_contents": _with("issued_documents", "document_id"),
    "transcript_deliveries": _with("issued_documents", "document_id"),
    "withdrawal_figures": _with("withdrawals", "withdrawal_id"),
}

OPEN = (
    "admission_kinds", "admission_requirements", "alembic_version", "assignment_dues", "assignment_versions",
    "assignments", "attendance_closings", "attendance_school_days", "class_changes", "class_instructors",
    "class_meetings", "classes", "content_files", "content_packages", "credential_types", "externship_agreements",
    "externship_rubrics", "externship_sites", "externship_supervisors", "grade_books", "grade_categories",
    "grade_items", "history_seals", "ledger_closings", "lesson_media", "lesson_texts", "lessons", "modules",
    "program_fees", "programs", "school", "school_holidays", "school_policies",
    "school_signatories", "school_terms", "skill_versions", "skills", "student_fields",
)  # fmt: skip


def upgrade() -> None:
    # Roles belong to the whole server: another database's migration may have made it, or be making it now.
    op.execute(
        """
        DO $$
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'aada_student') THEN
                CREATE ROLE aada_student NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION;
            END IF;
            IF NOT pg_has_role('aada_app', 'aada_student', 'SET') THEN
                GRANT aada_student TO aada_app WITH INHERIT FALSE, SET TRUE;
            END IF;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'This user may not create roles; ask the server''s administrator for: '
                                'CREATE ROLE aada_student NOLOGIN; '
                                'GRANT aada_student TO aada_app WITH INHERIT FALSE, SET TRUE';
        END $$
        """
    )
    op.execute(
        """
        CREATE OR REPLACE FUNCTION current_student_id() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
        RETURN nullif(current_setting('aada.student_id', true), '')::integer
        """
    )
    op.execute(
        "COMMENT ON FUNCTION current_student_id() IS "
        "'Whose rows a transaction as aada_student sees; NULL, and with it none, until it was said'"
    )
    op.execute("GRANT USAGE ON SCHEMA public TO aada_student")
    op.execute(f"GRANT SELECT ON {', '.join(OPEN)} TO aada_student")
    # Where somebody clocked in; the rest of the table are secrets.
    op.execute("GRANT SELECT (id, name) ON kiosks TO aada_student")
    with op.get_context().autocommit_block():
        for table, condition in OWN.items():
            # One statement, and so one transaction.
            op.execute(
                f"""
                DO $$
                BEGIN
                    DROP POLICY IF EXISTS everybody ON {table};
                    DROP POLICY IF EXISTS own ON {table};
                    CREATE POLICY everybody ON {table} TO aada_app USING (true) WITH CHECK (true);
                    CREATE POLICY own ON {table} FOR SELECT TO aada_student
                        USING ({condition});
                    ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
                    GRANT SELECT ON {table} TO aada_student;
                END $$
                """
            )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for table in OWN:
            op.execute(
                f"""
                DO $$
                BEGIN
                    ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
                    DROP POLICY IF EXISTS everybody ON {table};
                    DROP POLICY IF EXISTS own ON {table};
                END $$
                """
            )
    op.execute("REVOKE SELECT (id, name) ON kiosks FROM aada_student")
    op.execute("REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM aada_student")
    op.execute("REVOKE USAGE ON SCHEMA public FROM aada_student")
    op.execute("DROP FUNCTION current_student_id()")
