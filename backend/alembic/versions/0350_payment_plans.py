"""Payment plans: installments that a student agreed to, and reminders of them

Revision ID: 0350
Revises: 0340
"""

from alembic import op

revision = "0350"
down_revision = "0340"
branch_labels = None
depends_on = None

TABLES = ("payment_plans", "payment_plan_installments", "payment_plan_reminders")
STATEMENTS = (
    """
    CREATE TABLE payment_plans (
        id SERIAL NOT NULL,
        student_id INTEGER NOT NULL,
        enrollment_id INTEGER NOT NULL,
        total_cents BIGINT NOT NULL,
        after_transaction BIGINT NOT NULL,
        terms JSONB NOT NULL,
        supersedes_id INTEGER,
        request UUID NOT NULL,
        created_by INTEGER,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        agreed_at TIMESTAMP WITH TIME ZONE,
        ended_at TIMESTAMP WITH TIME ZONE,
        ended_because TEXT,
        ended_by INTEGER,
        CONSTRAINT pk_payment_plans PRIMARY KEY (id),
        CONSTRAINT check_payment_plans_total CHECK (total_cents > 0),
        CONSTRAINT check_payment_plans_ended CHECK ((ended_at IS NULL) = (ended_because IS NULL) AND
            ended_because IN ('superseded', 'canceled', 'enrollment_ended')),
        CONSTRAINT fk_payment_plans_student_id FOREIGN KEY(student_id) REFERENCES users (id) ON DELETE RESTRICT,
        CONSTRAINT fk_payment_plans_enrollment_id
            FOREIGN KEY(enrollment_id) REFERENCES enrollments (id) ON DELETE RESTRICT,
        CONSTRAINT fk_payment_plans_supersedes_id
            FOREIGN KEY(supersedes_id) REFERENCES payment_plans (id) ON DELETE RESTRICT,
        CONSTRAINT fk_payment_plans_created_by FOREIGN KEY(created_by) REFERENCES users (id) ON DELETE RESTRICT,
        CONSTRAINT fk_payment_plans_ended_by FOREIGN KEY(ended_by) REFERENCES users (id) ON DELETE RESTRICT
    )
    """,
    "CREATE UNIQUE INDEX uq_payment_plans_request ON payment_plans (request)",
    (
        "CREATE UNIQUE INDEX uq_payment_plans_proposed ON payment_plans (enrollment_id)"
        " WHERE agreed_at IS NULL AND ended_at IS NULL"
    ),
    (
        "CREATE UNIQUE INDEX uq_payment_plans_in_force ON payment_plans (enrollment_id)"
        " WHERE agreed_at IS NOT NULL AND ended_at IS NULL"
    ),
    "CREATE INDEX idx_payment_plans_enrollment_id ON payment_plans (enrollment_id)",
    "CREATE INDEX idx_payment_plans_student_id ON payment_plans (student_id)",
    "CREATE INDEX idx_payment_plans_supersedes_id ON payment_plans (supersedes_id)",
    "CREATE INDEX idx_payment_plans_created_by ON payment_plans (created_by)",
    "CREATE INDEX idx_payment_plans_ended_by ON payment_plans (ended_by)",
    """
    CREATE TABLE payment_plan_installments (
        plan_id INTEGER NOT NULL,
        number INTEGER NOT NULL,
        due_on DATE NOT NULL,
        amount_cents BIGINT NOT NULL,
        CONSTRAINT pk_payment_plan_installments PRIMARY KEY (plan_id, number),
        CONSTRAINT check_payment_plan_installments_amount CHECK (amount_cents > 0),
        CONSTRAINT fk_payment_plan_installments_plan_id
            FOREIGN KEY(plan_id) REFERENCES payment_plans (id) ON DELETE RESTRICT
    )
    """,
    "CREATE INDEX idx_payment_plan_installments_due_on ON payment_plan_installments (due_on)",
    """
    CREATE TABLE payment_plan_reminders (
        plan_id INTEGER NOT NULL,
        number INTEGER NOT NULL,
        kind TEXT NOT NULL,
        sent_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_payment_plan_reminders PRIMARY KEY (plan_id, number, kind),
        CONSTRAINT check_payment_plan_reminders_kind CHECK (kind IN ('before', 'after')),
        CONSTRAINT fk_payment_plan_reminders_plan_id
            FOREIGN KEY(plan_id) REFERENCES payment_plans (id) ON DELETE RESTRICT
    )
    """,
    # One check of each row of both tables at commit: installments add up to their plan.
    """
    CREATE FUNCTION payment_plan_check() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE which integer; wanted bigint; total bigint;
    BEGIN
        IF TG_TABLE_NAME = 'payment_plans' THEN which := NEW.id; ELSE which := NEW.plan_id; END IF;
        SELECT total_cents INTO wanted FROM payment_plans WHERE id = which;
        SELECT coalesce(sum(amount_cents), 0) INTO total FROM payment_plan_installments WHERE plan_id = which;
        IF wanted <> total THEN
            RAISE EXCEPTION 'the installments of payment plan % add up to % and not to %', which, total, wanted
                USING ERRCODE = 'check_violation', CONSTRAINT = 'check_payment_plans_sum';
        END IF;
        RETURN NULL;
    END $$
    """,
    (
        "CREATE CONSTRAINT TRIGGER check_sum AFTER INSERT ON payment_plans DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION payment_plan_check()"
    ),
    (
        "CREATE CONSTRAINT TRIGGER check_sum AFTER INSERT ON payment_plan_installments DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION payment_plan_check()"
    ),
    # What a student agreed to is never edited.
    "REVOKE UPDATE, DELETE, TRUNCATE ON payment_plans, payment_plan_installments, payment_plan_reminders FROM aada_app",
    "GRANT UPDATE (agreed_at, ended_at, ended_because, ended_by) ON payment_plans TO aada_app",
    "INSERT INTO ledger_accounts (code, name, kind) VALUES ('4400', 'Late fees', 'income') ON CONFLICT DO NOTHING",
    """
    INSERT INTO school_policies (kind, version, effective_from, "values", approved_by, note)
    SELECT 'payment_plans', 1, DATE '2000-01-01',
        '{"remind_days_before": 7, "remind_days_after": 3, "late_fee": "no_fee", "late_fee_dollars": 0,
          "late_fee_pct": 0, "late_fee_grace_days": 10, "late_fee_cap_dollars": 0,
          "late_fee_on": "student_share"}'::jsonb,
        'System default', 'What the system goes by until the school sets its own.'
    WHERE NOT EXISTS (SELECT FROM school_policies WHERE kind = 'payment_plans')
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """The policy and the account stay: postings may name the account, and the older code asks for kinds by name."""
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION payment_plan_check()")
