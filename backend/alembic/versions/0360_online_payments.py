"""Payments at a provider's page, and the provider's messages

Revision ID: 0360
Revises: 0350
"""

from alembic import op

revision = "0360"
down_revision = "0350"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE payment_checkouts (
        id SERIAL NOT NULL,
        provider TEXT NOT NULL,
        student_id INTEGER NOT NULL,
        enrollment_id INTEGER,
        amount_cents BIGINT NOT NULL,
        request UUID NOT NULL,
        session_id TEXT,
        reference TEXT,
        transaction_id BIGINT,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_payment_checkouts PRIMARY KEY (id),
        CONSTRAINT check_payment_checkouts_amount CHECK (amount_cents > 0),
        CONSTRAINT fk_payment_checkouts_student_id FOREIGN KEY(student_id) REFERENCES users (id) ON DELETE RESTRICT,
        CONSTRAINT fk_payment_checkouts_enrollment_id
            FOREIGN KEY(enrollment_id) REFERENCES enrollments (id) ON DELETE RESTRICT,
        CONSTRAINT fk_payment_checkouts_transaction_id
            FOREIGN KEY(transaction_id) REFERENCES ledger_transactions (id) ON DELETE RESTRICT
    )
    """,
    "CREATE UNIQUE INDEX uq_payment_checkouts_request ON payment_checkouts (request)",
    "CREATE UNIQUE INDEX uq_payment_checkouts_session ON payment_checkouts (provider, session_id)",
    "CREATE UNIQUE INDEX uq_payment_checkouts_transaction_id ON payment_checkouts (transaction_id)",
    "CREATE INDEX idx_payment_checkouts_student_id ON payment_checkouts (student_id)",
    "CREATE INDEX idx_payment_checkouts_enrollment_id ON payment_checkouts (enrollment_id)",
    "CREATE INDEX idx_payment_checkouts_reference ON payment_checkouts (provider, reference)",
    """
    CREATE TABLE payment_events (
        id BIGSERIAL NOT NULL,
        provider TEXT NOT NULL,
        event_id TEXT NOT NULL,
        type TEXT NOT NULL,
        outcome TEXT NOT NULL,
        checkout_id INTEGER,
        amount_cents BIGINT,
        reference TEXT,
        received_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        handled_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_payment_events PRIMARY KEY (id),
        CONSTRAINT check_payment_events_outcome
            CHECK (outcome IN ('posted', 'nothing', 'failed', 'unknown', 'differs', 'refused', 'taken_back')),
        CONSTRAINT fk_payment_events_checkout_id
            FOREIGN KEY(checkout_id) REFERENCES payment_checkouts (id) ON DELETE RESTRICT
    )
    """,
    "CREATE UNIQUE INDEX uq_payment_events_event_id ON payment_events (provider, event_id)",
    "CREATE INDEX idx_payment_events_checkout_id ON payment_events (checkout_id)",
    """
    CREATE INDEX idx_payment_events_reference ON payment_events (provider, reference) WHERE checkout_id IS NULL
    """,
    """
    CREATE INDEX idx_payment_events_waiting ON payment_events (received_at)
        WHERE handled_at IS NULL AND outcome IN ('unknown', 'differs', 'refused', 'taken_back')
    """,
    "REVOKE DELETE, TRUNCATE ON payment_checkouts, payment_events FROM aada_app",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("payment_events")
    op.drop_table("payment_checkouts")
