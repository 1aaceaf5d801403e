"""Withdrawals have a kind, a moment that the refund goes by, a notice, the student's form and frozen figures

Revision ID: 0270
Revises: 0260
"""

from alembic import op

revision = "0270"
down_revision = "0260"
branch_labels = None
depends_on = None

COLUMNS = (
    "kind text DEFAULT 'student' NOT NULL",
    "withdrawn_at timestamptz",
    "entered_by integer",
    "processed_by integer",
    "notice_method text",
    "notice_on date",
    "notice_note text",
)
CHECKS = {
    "check_withdrawals_kind": "kind IN ('student', 'administrative', 'school_cancelled', 'cancellation')",
    "check_withdrawals_notice_method": "notice_method IN ('email', 'letter', 'in_person')",
    "check_withdrawals_notice_whole": "(notice_method IS NULL) = (notice_on IS NULL)",
}
STATEMENTS = (
    """
    CREATE TABLE withdrawal_forms (
        id serial NOT NULL,
        request uuid NOT NULL,
        enrollment_id integer NOT NULL,
        user_id integer NOT NULL,
        withdrawal_id integer,
        reason text NOT NULL,
        acknowledged text NOT NULL,
        submitted_at timestamptz NOT NULL,
        canceled_at timestamptz,
        CONSTRAINT pk_withdrawal_forms PRIMARY KEY (id),
        CONSTRAINT uq_withdrawal_forms_request UNIQUE (request),
        CONSTRAINT fk_withdrawal_forms_enrollment_id FOREIGN KEY (enrollment_id)
            REFERENCES enrollments (id) ON DELETE CASCADE,
        CONSTRAINT fk_withdrawal_forms_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_withdrawal_forms_withdrawal_id FOREIGN KEY (withdrawal_id)
            REFERENCES withdrawals (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_withdrawal_forms_enrollment_id ON withdrawal_forms (enrollment_id)",
    "CREATE INDEX idx_withdrawal_forms_user_id ON withdrawal_forms (user_id)",
    "CREATE INDEX idx_withdrawal_forms_withdrawal_id ON withdrawal_forms (withdrawal_id)",
    """
    CREATE TABLE withdrawal_figures (
        withdrawal_id integer NOT NULL,
        completed_minutes integer NOT NULL,
        transferred_minutes integer NOT NULL,
        total_minutes integer,
        lessons_completed integer NOT NULL,
        lessons_total integer NOT NULL,
        segments jsonb NOT NULL,
        records jsonb NOT NULL,
        counted_until timestamptz NOT NULL,
        frozen_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_withdrawal_figures PRIMARY KEY (withdrawal_id),
        CONSTRAINT fk_withdrawal_figures_withdrawal_id FOREIGN KEY (withdrawal_id)
            REFERENCES withdrawals (id) ON DELETE CASCADE
    )
    """,
    # What a student sent is kept as it was sent, and what a refund rests on as it was.
    "REVOKE DELETE, TRUNCATE ON withdrawal_forms FROM aada_app",
    "REVOKE UPDATE, DELETE, TRUNCATE ON withdrawal_figures FROM aada_app",
    """
    INSERT INTO school_policies (kind, version, effective_from, "values", approved_by, note)
    SELECT 'withdrawal', 1, DATE '2000-01-01',
        '{"student_date": "receipt_of_request", "administrative_date": "last_attendance",
          "second_person": "anybody"}'::jsonb,
        'System default', 'What the system goes by until the school sets its own.'
    WHERE NOT EXISTS (SELECT FROM school_policies WHERE kind = 'withdrawal')
    """,
)


def upgrade() -> None:
    for column in COLUMNS:
        op.execute(f"ALTER TABLE withdrawals ADD COLUMN {column}")
    for name, condition in CHECKS.items():
        op.execute(f"ALTER TABLE withdrawals ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
        op.execute(f"ALTER TABLE withdrawals VALIDATE CONSTRAINT {name}")
    for column in ("entered_by", "processed_by"):
        op.execute(
            f"ALTER TABLE withdrawals ADD CONSTRAINT fk_withdrawals_{column}"
            f" FOREIGN KEY ({column}) REFERENCES users (id) ON DELETE SET NULL NOT VALID"
        )
        op.execute(f"ALTER TABLE withdrawals VALIDATE CONSTRAINT fk_withdrawals_{column}")
        op.execute(f"CREATE INDEX idx_withdrawals_{column} ON withdrawals ({column})")
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("withdrawal_figures")
    op.drop_table("withdrawal_forms")
    for column in COLUMNS:
        op.execute(f"ALTER TABLE withdrawals DROP COLUMN {column.split()[0]}")
