"""Issued transcripts are permanent and can be verified; requests, deliveries, holds and batches stand beside them

Revision ID: 0180
Revises: 0170
"""

from alembic import op

revision = "0180"
down_revision = "0170"
branch_labels = None
depends_on = None

TABLES = (
    "transcript_contents",
    "transcript_holds",
    "transcript_requests",
    "transcript_deliveries",
    "transcript_batches",
    "transcript_batch_items",
)
STATEMENTS = (
    """
    CREATE TABLE transcript_contents (
        transcript_id INTEGER NOT NULL,
        document_id INTEGER NOT NULL,
        enrollment_id INTEGER NOT NULL,
        student_name TEXT NOT NULL,
        content TEXT NOT NULL,
        code_hash TEXT NOT NULL,
        CONSTRAINT pk_transcript_contents PRIMARY KEY (transcript_id),
        CONSTRAINT fk_transcript_contents_transcript_id
            FOREIGN KEY(transcript_id) REFERENCES transcripts (id) ON DELETE RESTRICT,
        CONSTRAINT fk_transcript_contents_document_id
            FOREIGN KEY(document_id) REFERENCES issued_documents (id) ON DELETE RESTRICT,
        CONSTRAINT fk_transcript_contents_enrollment_id
            FOREIGN KEY(enrollment_id) REFERENCES enrollments (id) ON DELETE RESTRICT
    )
    """,
    "CREATE UNIQUE INDEX uq_transcript_contents_document_id ON transcript_contents (document_id)",
    "CREATE UNIQUE INDEX uq_transcript_contents_code_hash ON transcript_contents (code_hash)",
    "CREATE INDEX idx_transcript_contents_enrollment_id ON transcript_contents (enrollment_id)",
    """
    CREATE TABLE transcript_holds (
        id SERIAL NOT NULL,
        user_id INTEGER NOT NULL,
        reason TEXT NOT NULL,
        set_by INTEGER,
        set_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        lifted_by INTEGER,
        lifted_at TIMESTAMP WITH TIME ZONE,
        lifted_note TEXT,
        CONSTRAINT pk_transcript_holds PRIMARY KEY (id),
        CONSTRAINT check_transcript_holds_lifted CHECK (lifted_at IS NOT NULL OR lifted_by IS NULL),
        CONSTRAINT fk_transcript_holds_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_transcript_holds_set_by FOREIGN KEY(set_by) REFERENCES users (id) ON DELETE SET NULL,
        CONSTRAINT fk_transcript_holds_lifted_by FOREIGN KEY(lifted_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_transcript_holds_user_id ON transcript_holds (user_id)",
    "CREATE INDEX idx_transcript_holds_set_by ON transcript_holds (set_by)",
    "CREATE INDEX idx_transcript_holds_lifted_by ON transcript_holds (lifted_by)",
    """
    CREATE TABLE transcript_requests (
        id SERIAL NOT NULL,
        user_id INTEGER NOT NULL,
        enrollment_id INTEGER NOT NULL,
        delivery TEXT NOT NULL,
        recipient TEXT NOT NULL,
        recipient_email TEXT,
        recipient_address TEXT,
        purpose TEXT NOT NULL,
        consent TEXT NOT NULL,
        consented_at TIMESTAMP WITH TIME ZONE NOT NULL,
        fee_cents INTEGER DEFAULT 0 NOT NULL,
        state TEXT DEFAULT 'waiting' NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        decided_by INTEGER,
        decided_at TIMESTAMP WITH TIME ZONE,
        note TEXT,
        document_id INTEGER,
        CONSTRAINT pk_transcript_requests PRIMARY KEY (id),
        CONSTRAINT check_transcript_requests_state
            CHECK (state IN ('waiting', 'fulfilled', 'declined', 'canceled')),
        CONSTRAINT check_transcript_requests_delivery CHECK (delivery IN ('link', 'mail', 'paper')),
        CONSTRAINT check_transcript_requests_document CHECK ((state = 'fulfilled') = (document_id IS NOT NULL)),
        CONSTRAINT check_transcript_requests_fee CHECK (fee_cents >= 0),
        CONSTRAINT fk_transcript_requests_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_transcript_requests_enrollment_id
            FOREIGN KEY(enrollment_id) REFERENCES enrollments (id) ON DELETE CASCADE,
        CONSTRAINT fk_transcript_requests_decided_by
            FOREIGN KEY(decided_by) REFERENCES users (id) ON DELETE SET NULL,
        CONSTRAINT fk_transcript_requests_document_id
            FOREIGN KEY(document_id) REFERENCES issued_documents (id) ON DELETE RESTRICT
    )
    """,
    "CREATE INDEX idx_transcript_requests_user_id ON transcript_requests (user_id)",
    "CREATE INDEX idx_transcript_requests_enrollment_id ON transcript_requests (enrollment_id)",
    "CREATE INDEX idx_transcript_requests_decided_by ON transcript_requests (decided_by)",
    "CREATE INDEX idx_transcript_requests_document_id ON transcript_requests (document_id)",
    "CREATE INDEX idx_transcript_requests_waiting ON transcript_requests (created_at) WHERE state = 'waiting'",
    """
    CREATE TABLE transcript_deliveries (
        id SERIAL NOT NULL,
        document_id INTEGER NOT NULL,
        request_id INTEGER,
        method TEXT NOT NULL,
        recipient TEXT NOT NULL,
        token_hash TEXT,
        expires_at TIMESTAMP WITH TIME ZONE,
        revoked_at TIMESTAMP WITH TIME ZONE,
        sent_by INTEGER,
        sent_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        opens INTEGER DEFAULT 0 NOT NULL,
        opened_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_transcript_deliveries PRIMARY KEY (id),
        CONSTRAINT check_transcript_deliveries_method CHECK (method IN ('link', 'mail', 'paper')),
        CONSTRAINT check_transcript_deliveries_token CHECK ((method = 'paper') = (token_hash IS NULL)),
        CONSTRAINT check_transcript_deliveries_expires CHECK ((token_hash IS NULL) = (expires_at IS NULL)),
        CONSTRAINT fk_transcript_deliveries_document_id
            FOREIGN KEY(document_id) REFERENCES issued_documents (id) ON DELETE RESTRICT,
        CONSTRAINT fk_transcript_deliveries_request_id
            FOREIGN KEY(request_id) REFERENCES transcript_requests (id) ON DELETE SET NULL,
        CONSTRAINT fk_transcript_deliveries_sent_by FOREIGN KEY(sent_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_transcript_deliveries_document_id ON transcript_deliveries (document_id)",
    "CREATE INDEX idx_transcript_deliveries_request_id ON transcript_deliveries (request_id)",
    "CREATE INDEX idx_transcript_deliveries_sent_by ON transcript_deliveries (sent_by)",
    "CREATE UNIQUE INDEX uq_transcript_deliveries_token_hash ON transcript_deliveries (token_hash)",
    """
    CREATE TABLE transcript_batches (
        id SERIAL NOT NULL,
        program_id INTEGER,
        class_id INTEGER,
        title TEXT NOT NULL,
        asked_by INTEGER,
        asked_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        finished_at TIMESTAMP WITH TIME ZONE,
        problem TEXT,
        CONSTRAINT pk_transcript_batches PRIMARY KEY (id),
        CONSTRAINT fk_transcript_batches_program_id
            FOREIGN KEY(program_id) REFERENCES programs (id) ON DELETE SET NULL,
        CONSTRAINT fk_transcript_batches_class_id FOREIGN KEY(class_id) REFERENCES classes (id) ON DELETE SET NULL,
        CONSTRAINT fk_transcript_batches_asked_by FOREIGN KEY(asked_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_transcript_batches_program_id ON transcript_batches (program_id)",
    "CREATE INDEX idx_transcript_batches_class_id ON transcript_batches (class_id)",
    "CREATE INDEX idx_transcript_batches_asked_by ON transcript_batches (asked_by)",
    """
    CREATE TABLE transcript_batch_items (
        batch_id INTEGER NOT NULL,
        enrollment_id INTEGER NOT NULL,
        document_id INTEGER,
        problem TEXT,
        CONSTRAINT pk_transcript_batch_items PRIMARY KEY (batch_id, enrollment_id),
        CONSTRAINT check_transcript_batch_items_outcome CHECK (document_id IS NULL OR problem IS NULL),
        CONSTRAINT fk_transcript_batch_items_batch_id
            FOREIGN KEY(batch_id) REFERENCES transcript_batches (id) ON DELETE CASCADE,
        CONSTRAINT fk_transcript_batch_items_enrollment_id
            FOREIGN KEY(enrollment_id) REFERENCES enrollments (id) ON DELETE CASCADE,
        CONSTRAINT fk_transcript_batch_items_document_id
            FOREIGN KEY(document_id) REFERENCES issued_documents (id) ON DELETE RESTRICT
    )
    """,
    "CREATE INDEX idx_transcript_batch_items_enrollment_id ON transcript_batch_items (enrollment_id)",
    "CREATE INDEX idx_transcript_batch_items_document_id ON transcript_batch_items (document_id)",
    # Whoever asks: what was issued stays as it was issued.
    """
    CREATE FUNCTION refuse_transcript_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'transcripts are permanent: % of % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END $$
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    for table in ("transcripts", "transcript_contents"):
        op.execute(
            f"CREATE TRIGGER guard_{table} BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_transcript_change()"
        )
        op.execute(
            f"CREATE TRIGGER guard_{table}_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_transcript_change()"
        )
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM aada_app")
    # The log of what was given to whom loses no line.
    op.execute("REVOKE DELETE, TRUNCATE ON transcript_deliveries FROM aada_app")


def downgrade() -> None:
    for table in ("transcripts", "transcript_contents"):
        op.execute(f"DROP TRIGGER guard_{table}_truncate ON {table}")
        op.execute(f"DROP TRIGGER guard_{table} ON {table}")
    op.execute("GRANT UPDATE ON transcripts TO aada_app")
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_transcript_change()")
