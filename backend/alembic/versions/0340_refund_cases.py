"""Refunds: who computed, approved and paid them, every computation with its case, and each remittance

The database has the last word here, too: one refund of the system's a withdrawal, nobody approves what they computed,
nothing is remitted before it is approved or beyond its amount, and no payee is paid twice. What an older system wrote
into `refunds` has no `due_on` and is left as it is.

Revision ID: 0340
Revises: 0330
"""

from alembic import op

revision = "0340"
down_revision = "0330"
branch_labels = None
depends_on = None

COLUMNS = {
    "due_on": "date",
    "computed_by": "integer",
    "endorsed_at": "timestamp with time zone",
    "endorsed_by": "integer",
    "rejected_at": "timestamp with time zone",
    "rejected_by": "integer",
    "rejection": "text",
    "credit_transaction_id": "bigint",
    "letter_id": "integer",
    "warnings": "smallint DEFAULT 0 NOT NULL",
}
KEYS = {
    "computed_by": "users",
    "endorsed_by": "users",
    "rejected_by": "users",
    "credit_transaction_id": "ledger_transactions",
    "letter_id": "issued_documents",
}
CHECKS = {
    "check_refunds_order": (
        "due_on IS NULL OR ((approved_at IS NULL) = (approved_by IS NULL)"
        " AND (remitted_at IS NULL OR approved_at IS NOT NULL)"
        " AND (approved_at IS NULL OR rejected_at IS NULL))"
    ),
    "check_refunds_persons": (
        "due_on IS NULL OR (approved_by IS NULL"
        " OR (approved_by IS DISTINCT FROM computed_by AND approved_by IS DISTINCT FROM endorsed_by))"
    ),
}
INDEXES = {
    "uq_refunds_withdrawal_id": "UNIQUE INDEX {} ON refunds (withdrawal_id) WHERE due_on IS NOT NULL",
    "idx_refunds_waiting": "INDEX {} ON refunds (due_on, id) WHERE remitted_at IS NULL",
    **{f"idx_refunds_{column}": f"INDEX {{}} ON refunds ({column})" for column in KEYS},
}
STATEMENTS = (
    """
    CREATE TABLE refund_computations (
        id SERIAL NOT NULL,
        refund_id INTEGER NOT NULL,
        number SMALLINT NOT NULL,
        computed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        computed_by INTEGER,
        reason TEXT,
        case_file JSONB NOT NULL,
        result JSONB NOT NULL,
        assumptions JSONB NOT NULL,
        payees JSONB NOT NULL,
        amount_cents INTEGER NOT NULL,
        other_cents INTEGER NOT NULL,
        CONSTRAINT pk_refund_computations PRIMARY KEY (id),
        CONSTRAINT check_refund_computations_number CHECK (number > 0),
        CONSTRAINT check_refund_computations_amount
            CHECK (amount_cents >= 0 AND other_cents BETWEEN 0 AND amount_cents),
        CONSTRAINT fk_refund_computations_refund_id FOREIGN KEY(refund_id) REFERENCES refunds (id) ON DELETE RESTRICT,
        CONSTRAINT fk_refund_computations_computed_by FOREIGN KEY(computed_by) REFERENCES users (id) ON DELETE RESTRICT
    )
    """,
    "CREATE UNIQUE INDEX uq_refund_computations_number ON refund_computations (refund_id, number)",
    "CREATE INDEX idx_refund_computations_computed_by ON refund_computations (computed_by)",
    """
    CREATE TABLE refund_remittances (
        id SERIAL NOT NULL,
        refund_id INTEGER NOT NULL,
        payer_id INTEGER,
        payee VARCHAR(255) NOT NULL,
        amount_cents INTEGER NOT NULL,
        method TEXT NOT NULL,
        reference TEXT,
        remitted_at TIMESTAMP WITH TIME ZONE NOT NULL,
        remitted_by INTEGER,
        transaction_id BIGINT NOT NULL,
        request UUID NOT NULL,
        returned_at TIMESTAMP WITH TIME ZONE,
        returned_by INTEGER,
        return_reason TEXT,
        return_transaction_id BIGINT,
        CONSTRAINT pk_refund_remittances PRIMARY KEY (id),
        CONSTRAINT check_refund_remittances_amount CHECK (amount_cents > 0),
        CONSTRAINT check_refund_remittances_return CHECK ((returned_at IS NULL) = (return_transaction_id IS NULL)),
        CONSTRAINT fk_refund_remittances_refund_id FOREIGN KEY(refund_id) REFERENCES refunds (id) ON DELETE RESTRICT,
        CONSTRAINT fk_refund_remittances_payer_id
            FOREIGN KEY(payer_id) REFERENCES ledger_payers (id) ON DELETE RESTRICT,
        CONSTRAINT fk_refund_remittances_remitted_by FOREIGN KEY(remitted_by) REFERENCES users (id) ON DELETE RESTRICT,
        CONSTRAINT fk_refund_remittances_transaction_id
            FOREIGN KEY(transaction_id) REFERENCES ledger_transactions (id) ON DELETE RESTRICT,
        CONSTRAINT fk_refund_remittances_returned_by FOREIGN KEY(returned_by) REFERENCES users (id) ON DELETE RESTRICT,
        CONSTRAINT fk_refund_remittances_return_transaction_id
            FOREIGN KEY(return_transaction_id) REFERENCES ledger_transactions (id) ON DELETE RESTRICT
    )
    """,
    """
    CREATE UNIQUE INDEX uq_refund_remittances_payee ON refund_remittances (refund_id, coalesce(payer_id, 0))
        WHERE returned_at IS NULL
    """,
    "CREATE UNIQUE INDEX uq_refund_remittances_request ON refund_remittances (request)",
    "CREATE UNIQUE INDEX uq_refund_remittances_transaction_id ON refund_remittances (transaction_id)",
    "CREATE UNIQUE INDEX uq_refund_remittances_return_transaction_id ON refund_remittances (return_transaction_id)",
    "CREATE INDEX idx_refund_remittances_refund_id ON refund_remittances (refund_id)",
    "CREATE INDEX idx_refund_remittances_payer_id ON refund_remittances (payer_id)",
    "CREATE INDEX idx_refund_remittances_remitted_by ON refund_remittances (remitted_by)",
    "CREATE INDEX idx_refund_remittances_returned_by ON refund_remittances (returned_by)",
    # The refund's row is locked, so that two remittances beside each other are added up one after the other.
    """
    CREATE FUNCTION refund_guard_remittance() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE approved timestamptz; owed integer; paid bigint;
    BEGIN
        SELECT approved_at, amount_cents INTO approved, owed FROM refunds WHERE id = NEW.refund_id FOR UPDATE;
        IF approved IS NULL THEN
            RAISE EXCEPTION 'refund % is not approved', NEW.refund_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'check_refund_remittances_approved';
        END IF;
        SELECT coalesce(sum(amount_cents), 0) INTO paid FROM refund_remittances
        WHERE refund_id = NEW.refund_id AND returned_at IS NULL;
        IF paid + NEW.amount_cents > owed THEN
            RAISE EXCEPTION 'refund % is of % cents, and % were paid', NEW.refund_id, owed, paid
                USING ERRCODE = 'check_violation', CONSTRAINT = 'check_refund_remittances_total';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION refund_guard_computation() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a computation of a refund is kept as it is: % is refused', TG_OP
            USING ERRCODE = 'restrict_violation';
    END $$
    """,
    (
        "CREATE TRIGGER guard_remittance BEFORE INSERT ON refund_remittances"
        " FOR EACH ROW EXECUTE FUNCTION refund_guard_remittance()"
    ),
    (
        "CREATE TRIGGER guard_computation BEFORE UPDATE OR DELETE ON refund_computations"
        " FOR EACH ROW EXECUTE FUNCTION refund_guard_computation()"
    ),
    (
        "CREATE TRIGGER guard_computation_truncate BEFORE TRUNCATE ON refund_computations"
        " FOR EACH STATEMENT EXECUTE FUNCTION refund_guard_computation()"
    ),
    "REVOKE UPDATE, DELETE, TRUNCATE ON refund_computations FROM aada_app",
    "REVOKE DELETE, TRUNCATE ON refund_remittances FROM aada_app",
)


def upgrade() -> None:
    for column, shape in COLUMNS.items():
        op.execute(f"ALTER TABLE refunds ADD COLUMN {column} {shape}")
    for column, table in KEYS.items():
        name = f"fk_refunds_{column}"
        op.execute(
            f"ALTER TABLE refunds ADD CONSTRAINT {name} FOREIGN KEY ({column})"
            f" REFERENCES {table} (id) ON DELETE RESTRICT NOT VALID"
        )
        op.execute(f"ALTER TABLE refunds VALIDATE CONSTRAINT {name}")
    for name, condition in CHECKS.items():
        op.execute(f"ALTER TABLE refunds ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
        op.execute(f"ALTER TABLE refunds VALIDATE CONSTRAINT {name}")
    for statement in STATEMENTS:
        op.execute(statement)
    # A school has as many refunds as students who left: the indexes are made in no time.
    for name, statement in INDEXES.items():
        op.execute("CREATE " + statement.format(name))


def downgrade() -> None:
    op.drop_table("refund_remittances")
    op.drop_table("refund_computations")
    op.execute("DROP FUNCTION refund_guard_remittance()")
    op.execute("DROP FUNCTION refund_guard_computation()")
    for name in INDEXES:
        op.drop_index(name, table_name="refunds")
    for column in reversed(COLUMNS):
        op.drop_column("refunds", column)
