"""Enrollment agreements: the document, its signatures, cosigners' links, and the fees of programs

The database has the last word about what was signed: an agreement's terms, file as shown and people never change, its
state goes one way, what was noted once stays, and nothing is deleted. Signatures are only added.

Revision ID: 0260
Revises: 0250
"""

from alembic import op

revision = "0260"
down_revision = "0250"
branch_labels = None
depends_on = None

TABLES = ("program_fees", "enrollment_agreements", "agreement_signatures", "agreement_links")
STATEMENTS = (
    """
    CREATE TABLE program_fees (
        id SERIAL NOT NULL,
        program_id INTEGER NOT NULL,
        kind TEXT NOT NULL,
        name VARCHAR(120) NOT NULL,
        amount_cents INTEGER NOT NULL,
        refundable BOOLEAN NOT NULL,
        disclosed BOOLEAN NOT NULL,
        created_by INTEGER,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        ended_at TIMESTAMP WITH TIME ZONE,
        ended_by INTEGER,
        CONSTRAINT pk_program_fees PRIMARY KEY (id),
        CONSTRAINT check_program_fees_kind CHECK (kind IN ('application', 'fee', 'books', 'kit', 'third_party')),
        CONSTRAINT check_program_fees_amount CHECK (amount_cents > 0),
        CONSTRAINT check_program_fees_refundable CHECK (kind <> 'fee' OR refundable),
        CONSTRAINT fk_program_fees_program_id FOREIGN KEY(program_id) REFERENCES programs (id) ON DELETE CASCADE,
        CONSTRAINT fk_program_fees_created_by FOREIGN KEY(created_by) REFERENCES users (id) ON DELETE SET NULL,
        CONSTRAINT fk_program_fees_ended_by FOREIGN KEY(ended_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE UNIQUE INDEX uq_program_fees_name ON program_fees (program_id, lower(name)) WHERE ended_at IS NULL",
    """
    CREATE UNIQUE INDEX uq_program_fees_application ON program_fees (program_id)
        WHERE ended_at IS NULL AND kind = 'application'
    """,
    "CREATE INDEX idx_program_fees_program_id ON program_fees (program_id)",
    "CREATE INDEX idx_program_fees_created_by ON program_fees (created_by)",
    "CREATE INDEX idx_program_fees_ended_by ON program_fees (ended_by)",
    """
    CREATE TABLE enrollment_agreements (
        id SERIAL NOT NULL,
        document_id INTEGER NOT NULL,
        enrollment_id INTEGER NOT NULL,
        student_id INTEGER NOT NULL,
        status TEXT DEFAULT 'awaiting_student' NOT NULL,
        terms JSONB NOT NULL,
        terms_sha256 VARCHAR(64) NOT NULL,
        policy_id INTEGER NOT NULL,
        refund_policy TEXT NOT NULL,
        shown_sha256 VARCHAR(64) NOT NULL,
        file_sha256 VARCHAR(64) NOT NULL,
        cosigner_kind TEXT,
        cosigner_name VARCHAR(255),
        cosigner_email VARCHAR(255),
        supersedes_id INTEGER,
        prepared_by INTEGER,
        prepared_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        opened_at TIMESTAMP WITH TIME ZONE,
        consented_at TIMESTAMP WITH TIME ZONE,
        signed_at TIMESTAMP WITH TIME ZONE,
        cancellation_until TIMESTAMP WITH TIME ZONE,
        countersigned_at TIMESTAMP WITH TIME ZONE,
        ended_at TIMESTAMP WITH TIME ZONE,
        void_reason TEXT,
        CONSTRAINT pk_enrollment_agreements PRIMARY KEY (id),
        CONSTRAINT check_enrollment_agreements_status CHECK (status IN ('awaiting_student', 'awaiting_cosigner',
            'awaiting_school', 'in_force', 'superseded', 'void', 'expired')),
        CONSTRAINT check_enrollment_agreements_cosigner CHECK (cosigner_kind IN ('parent', 'sponsor')),
        CONSTRAINT check_enrollment_agreements_cosigner_whole
            CHECK (num_nulls(cosigner_kind, cosigner_name, cosigner_email) IN (0, 3)),
        CONSTRAINT check_enrollment_agreements_signed CHECK (status IN ('awaiting_student', 'void', 'expired')
            OR (signed_at IS NOT NULL AND consented_at IS NOT NULL AND cancellation_until IS NOT NULL)),
        CONSTRAINT check_enrollment_agreements_countersigned
            CHECK (status NOT IN ('in_force', 'superseded') OR countersigned_at IS NOT NULL),
        CONSTRAINT check_enrollment_agreements_ended
            CHECK ((status IN ('superseded', 'void', 'expired')) = (ended_at IS NOT NULL)),
        CONSTRAINT check_enrollment_agreements_void CHECK ((status = 'void') = (void_reason IS NOT NULL)),
        CONSTRAINT check_enrollment_agreements_shown CHECK (shown_sha256 ~ '^[0-9a-f]{64}$'),
        CONSTRAINT check_enrollment_agreements_file CHECK (file_sha256 ~ '^[0-9a-f]{64}$'),
        CONSTRAINT fk_enrollment_agreements_document_id
            FOREIGN KEY(document_id) REFERENCES issued_documents (id) ON DELETE RESTRICT,
        CONSTRAINT fk_enrollment_agreements_enrollment_id
            FOREIGN KEY(enrollment_id) REFERENCES enrollments (id) ON DELETE RESTRICT,
        CONSTRAINT fk_enrollment_agreements_student_id
            FOREIGN KEY(student_id) REFERENCES users (id) ON DELETE RESTRICT,
        CONSTRAINT fk_enrollment_agreements_policy_id
            FOREIGN KEY(policy_id) REFERENCES school_policies (id) ON DELETE RESTRICT,
        CONSTRAINT fk_enrollment_agreements_supersedes_id
            FOREIGN KEY(supersedes_id) REFERENCES enrollment_agreements (id) ON DELETE RESTRICT,
        CONSTRAINT fk_enrollment_agreements_prepared_by
            FOREIGN KEY(prepared_by) REFERENCES users (id) ON DELETE RESTRICT
    )
    """,
    "CREATE UNIQUE INDEX uq_enrollment_agreements_document_id ON enrollment_agreements (document_id)",
    """
    CREATE UNIQUE INDEX uq_enrollment_agreements_open ON enrollment_agreements (enrollment_id)
        WHERE status IN ('awaiting_student', 'awaiting_cosigner', 'awaiting_school')
    """,
    """
    CREATE UNIQUE INDEX uq_enrollment_agreements_in_force ON enrollment_agreements (enrollment_id)
        WHERE status = 'in_force'
    """,
    "CREATE INDEX idx_enrollment_agreements_enrollment_id ON enrollment_agreements (enrollment_id)",
    "CREATE INDEX idx_enrollment_agreements_student_id ON enrollment_agreements (student_id)",
    """
    CREATE INDEX idx_enrollment_agreements_waiting ON enrollment_agreements (status, prepared_at)
        WHERE status IN ('awaiting_student', 'awaiting_cosigner', 'awaiting_school')
    """,
    "CREATE INDEX idx_enrollment_agreements_policy_id ON enrollment_agreements (policy_id)",
    "CREATE INDEX idx_enrollment_agreements_prepared_by ON enrollment_agreements (prepared_by)",
    "CREATE INDEX idx_enrollment_agreements_supersedes_id ON enrollment_agreements (supersedes_id)",
    """
    CREATE TABLE agreement_signatures (
        id SERIAL NOT NULL,
        agreement_id INTEGER NOT NULL,
        party TEXT NOT NULL,
        user_id INTEGER,
        typed_name VARCHAR(255) NOT NULL,
        title VARCHAR(255),
        consent TEXT,
        consented_at TIMESTAMP WITH TIME ZONE,
        signed_at TIMESTAMP WITH TIME ZONE NOT NULL,
        ip TEXT,
        user_agent TEXT,
        shown_sha256 VARCHAR(64) NOT NULL,
        file_sha256 VARCHAR(64) NOT NULL,
        CONSTRAINT pk_agreement_signatures PRIMARY KEY (id),
        CONSTRAINT check_agreement_signatures_party CHECK (party IN ('student', 'cosigner', 'school')),
        CONSTRAINT check_agreement_signatures_user CHECK ((party = 'cosigner') = (user_id IS NULL)),
        CONSTRAINT check_agreement_signatures_consent
            CHECK (party = 'school' OR (consent IS NOT NULL AND consented_at IS NOT NULL)),
        CONSTRAINT check_agreement_signatures_shown CHECK (shown_sha256 ~ '^[0-9a-f]{64}$'),
        CONSTRAINT check_agreement_signatures_file CHECK (file_sha256 ~ '^[0-9a-f]{64}$'),
        CONSTRAINT fk_agreement_signatures_agreement_id
            FOREIGN KEY(agreement_id) REFERENCES enrollment_agreements (id) ON DELETE RESTRICT,
        CONSTRAINT fk_agreement_signatures_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE RESTRICT
    )
    """,
    "CREATE UNIQUE INDEX uq_agreement_signatures_party ON agreement_signatures (agreement_id, party)",
    "CREATE INDEX idx_agreement_signatures_user_id ON agreement_signatures (user_id)",
    """
    CREATE TABLE agreement_links (
        id SERIAL NOT NULL,
        agreement_id INTEGER NOT NULL,
        token_hash VARCHAR(64) NOT NULL,
        email VARCHAR(255) NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        opened_at TIMESTAMP WITH TIME ZONE,
        consented_at TIMESTAMP WITH TIME ZONE,
        used_at TIMESTAMP WITH TIME ZONE,
        revoked_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_agreement_links PRIMARY KEY (id),
        CONSTRAINT check_agreement_links_token_hash CHECK (token_hash ~ '^[0-9a-f]{64}$'),
        CONSTRAINT fk_agreement_links_agreement_id
            FOREIGN KEY(agreement_id) REFERENCES enrollment_agreements (id) ON DELETE RESTRICT
    )
    """,
    "CREATE UNIQUE INDEX uq_agreement_links_token_hash ON agreement_links (token_hash)",
    "CREATE INDEX idx_agreement_links_agreement_id ON agreement_links (agreement_id)",
    """
    CREATE FUNCTION agreements_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'agreements are permanent: % of % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END $$
    """,
    # What may change is named here; a column that comes later is frozen until somebody adds it.
    """
    CREATE FUNCTION guard_enrollment_agreements() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        state text[] := ARRAY['status', 'file_sha256', 'opened_at', 'consented_at', 'signed_at',
            'cancellation_until', 'countersigned_at', 'ended_at', 'void_reason'];
        once text;
    BEGIN
        IF to_jsonb(NEW) - state IS DISTINCT FROM to_jsonb(OLD) - state THEN
            RAISE EXCEPTION 'an agreement is never edited'
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'guard_enrollment_agreements_terms';
        END IF;
        FOREACH once IN ARRAY ARRAY['opened_at', 'consented_at', 'signed_at', 'cancellation_until',
            'countersigned_at', 'ended_at', 'void_reason'] LOOP
            IF to_jsonb(OLD) ->> once IS NOT NULL AND to_jsonb(OLD) -> once <> to_jsonb(NEW) -> once THEN
                RAISE EXCEPTION 'what an agreement notes once stays: %', once
                    USING ERRCODE = 'restrict_violation', CONSTRAINT = 'guard_enrollment_agreements_once';
            END IF;
        END LOOP;
        IF OLD.status <> NEW.status AND NOT (
            (OLD.status = 'awaiting_student'
                AND NEW.status IN ('awaiting_cosigner', 'awaiting_school', 'void', 'expired'))
            OR (OLD.status = 'awaiting_cosigner' AND NEW.status IN ('awaiting_school', 'void', 'expired'))
            OR (OLD.status = 'awaiting_school' AND NEW.status IN ('in_force', 'void'))
            OR (OLD.status = 'in_force' AND NEW.status = 'superseded')
        ) THEN
            RAISE EXCEPTION 'an agreement does not go from % to %', OLD.status, NEW.status
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'guard_enrollment_agreements_status';
        END IF;
        IF OLD.file_sha256 <> NEW.file_sha256 AND OLD.status = NEW.status THEN
            RAISE EXCEPTION 'the file of an agreement changes with a signature alone'
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'guard_enrollment_agreements_file';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION guard_program_fees() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.ended_at IS NOT NULL AND OLD.ended_at IS DISTINCT FROM NEW.ended_at
            OR to_jsonb(NEW) - ARRAY['ended_at', 'ended_by', 'created_by']
                IS DISTINCT FROM to_jsonb(OLD) - ARRAY['ended_at', 'ended_by', 'created_by'] THEN
            RAISE EXCEPTION 'a fee ends and another one begins; it is never changed'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    (
        "CREATE TRIGGER guard_enrollment_agreements BEFORE UPDATE ON enrollment_agreements"
        " FOR EACH ROW EXECUTE FUNCTION guard_enrollment_agreements()"
    ),
    (
        "CREATE TRIGGER guard_enrollment_agreements_delete BEFORE DELETE ON enrollment_agreements"
        " FOR EACH ROW EXECUTE FUNCTION agreements_refuse_change()"
    ),
    (
        "CREATE TRIGGER guard_agreement_signatures BEFORE UPDATE OR DELETE ON agreement_signatures"
        " FOR EACH ROW EXECUTE FUNCTION agreements_refuse_change()"
    ),
    (
        "CREATE TRIGGER guard_enrollment_agreements_truncate BEFORE TRUNCATE ON enrollment_agreements"
        " FOR EACH STATEMENT EXECUTE FUNCTION agreements_refuse_change()"
    ),
    (
        "CREATE TRIGGER guard_agreement_signatures_truncate BEFORE TRUNCATE ON agreement_signatures"
        " FOR EACH STATEMENT EXECUTE FUNCTION agreements_refuse_change()"
    ),
    (
        "CREATE TRIGGER guard_program_fees BEFORE UPDATE ON program_fees"
        " FOR EACH ROW EXECUTE FUNCTION guard_program_fees()"
    ),
    "REVOKE DELETE, TRUNCATE ON enrollment_agreements, agreement_links, program_fees FROM aada_app",
    "REVOKE UPDATE, DELETE, TRUNCATE ON agreement_signatures FROM aada_app",
    """
    INSERT INTO school_policies (kind, version, effective_from, "values", approved_by, note)
    SELECT 'agreement', 1, DATE '2000-01-01', jsonb_build_object(
        'sign_within_days', 14,
        'disclosures', jsonb_build_array(
            'Attendance: A student who is absent for more of the program than the catalog allows may be withdrawn. Missed hours are made up as the catalog says.',
            'Cancellation: You may cancel this agreement in writing within 72 hours of signing it. All tuition and fees are then refunded except those that this agreement marks as nonrefundable.',
            'Withdrawal: To withdraw, give the school a written request. The school documents each withdrawal with a withdrawal form.',
            'Placement: The school does not guarantee employment, a salary or a position after graduation.',
            'Complaints: Use the school’s complaint procedure in the catalog first. If it does not settle the matter, you may turn to the Georgia Nonpublic Postsecondary Education Commission (GNPEC), https://gnpec.georgia.gov.',
            'Records: The school keeps your transcript permanently. You can see your records and ask for them to be corrected.'
        )
    ), 'System default', 'What the system goes by until the school sets its own.'
    WHERE NOT EXISTS (SELECT FROM school_policies WHERE kind = 'agreement')
    """,  # noqa: E501 - sentences of a text
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """The policy stays: the older schema has the table, and its code asks for kinds by name."""
    for table in reversed(TABLES):
        op.drop_table(table)
    for function in ("agreements_refuse_change", "guard_enrollment_agreements", "guard_program_fees"):
        op.execute(f"DROP FUNCTION {function}()")
