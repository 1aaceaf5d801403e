"""Disclosures, consents, directory opt-outs, requests to see and to amend records

Revision ID: 0191
Revises: 0190
"""

from alembic import op

revision = "0191"
down_revision = "0190"
branch_labels = None
depends_on = None

TABLES = (
    "consents",
    "disclosures",
    "disclosed_students",
    "directory_opt_outs",
    "access_requests",
    "amendment_requests",
)
STATEMENTS = (
    """
    CREATE TABLE consents (
        id SERIAL NOT NULL,
        student_id INTEGER NOT NULL,
        records TEXT NOT NULL,
        purpose TEXT NOT NULL,
        recipient TEXT NOT NULL,
        method VARCHAR(10) NOT NULL,
        signed_name TEXT NOT NULL,
        signed_on DATE NOT NULL,
        ends_on DATE,
        document_sha256 VARCHAR(64),
        document_type TEXT,
        entered_by INTEGER,
        entered_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        withdrawn_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_consents PRIMARY KEY (id),
        CONSTRAINT check_consents_method CHECK (method IN ('electronic', 'paper')),
        CONSTRAINT check_consents_document CHECK ((method = 'paper') = (document_sha256 IS NOT NULL)),
        CONSTRAINT check_consents_sha256 CHECK (document_sha256 ~ '^[0-9a-f]{64}$'),
        CONSTRAINT check_consents_days CHECK (ends_on >= signed_on),
        CONSTRAINT fk_consents_student_id FOREIGN KEY(student_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_consents_entered_by FOREIGN KEY(entered_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_consents_entered_by ON consents (entered_by)",
    "CREATE INDEX idx_consents_student_id ON consents (student_id)",
    """
    CREATE TABLE disclosures (
        id SERIAL NOT NULL,
        made_on DATE NOT NULL,
        recipient TEXT NOT NULL,
        interest TEXT NOT NULL,
        records TEXT NOT NULL,
        basis VARCHAR(20) NOT NULL,
        refused BOOLEAN DEFAULT false NOT NULL,
        consent_id INTEGER,
        recorded_by INTEGER,
        recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_disclosures PRIMARY KEY (id),
        CONSTRAINT check_disclosures_consent CHECK ((basis = 'consent') = (consent_id IS NOT NULL)),
        CONSTRAINT fk_disclosures_consent_id FOREIGN KEY(consent_id) REFERENCES consents (id) ON DELETE RESTRICT,
        CONSTRAINT fk_disclosures_recorded_by FOREIGN KEY(recorded_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_disclosures_consent_id ON disclosures (consent_id)",
    "CREATE INDEX idx_disclosures_made_on ON disclosures (made_on, id)",
    "CREATE INDEX idx_disclosures_recorded_by ON disclosures (recorded_by)",
    """
    CREATE TABLE disclosed_students (
        disclosure_id INTEGER NOT NULL,
        student_id INTEGER NOT NULL,
        CONSTRAINT pk_disclosed_students PRIMARY KEY (disclosure_id, student_id),
        CONSTRAINT fk_disclosed_students_disclosure_id
            FOREIGN KEY(disclosure_id) REFERENCES disclosures (id) ON DELETE CASCADE,
        CONSTRAINT fk_disclosed_students_student_id FOREIGN KEY(student_id) REFERENCES users (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX idx_disclosed_students_student_id ON disclosed_students (student_id)",
    """
    CREATE TABLE directory_opt_outs (
        id SERIAL NOT NULL,
        student_id INTEGER NOT NULL,
        started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        started_by INTEGER,
        ended_at TIMESTAMP WITH TIME ZONE,
        ended_by INTEGER,
        CONSTRAINT pk_directory_opt_outs PRIMARY KEY (id),
        CONSTRAINT check_directory_opt_outs_times CHECK (ended_at >= started_at),
        CONSTRAINT fk_directory_opt_outs_student_id FOREIGN KEY(student_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_directory_opt_outs_started_by FOREIGN KEY(started_by) REFERENCES users (id) ON DELETE SET NULL,
        CONSTRAINT fk_directory_opt_outs_ended_by FOREIGN KEY(ended_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_directory_opt_outs_ended_by ON directory_opt_outs (ended_by)",
    "CREATE INDEX idx_directory_opt_outs_started_by ON directory_opt_outs (started_by)",
    "CREATE INDEX idx_directory_opt_outs_student_id ON directory_opt_outs (student_id)",
    "CREATE UNIQUE INDEX uq_directory_opt_outs_open ON directory_opt_outs (student_id) WHERE ended_at IS NULL",
    """
    CREATE TABLE access_requests (
        id SERIAL NOT NULL,
        student_id INTEGER NOT NULL,
        records TEXT NOT NULL,
        received_on DATE NOT NULL,
        due_on DATE NOT NULL,
        entered_by INTEGER,
        entered_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        outcome VARCHAR(10),
        answer TEXT,
        answered_by INTEGER,
        closed_at TIMESTAMP WITH TIME ZONE,
        archive_sha256 VARCHAR(64),
        archive_bytes BIGINT,
        CONSTRAINT pk_access_requests PRIMARY KEY (id),
        CONSTRAINT check_access_requests_days CHECK (due_on > received_on),
        CONSTRAINT check_access_requests_outcome CHECK (outcome IN ('copy', 'inspected', 'withdrawn')),
        CONSTRAINT check_access_requests_closed CHECK ((closed_at IS NULL) = (outcome IS NULL)),
        CONSTRAINT check_access_requests_archive
            CHECK ((outcome IS NOT DISTINCT FROM 'copy') = (archive_sha256 IS NOT NULL)),
        CONSTRAINT check_access_requests_sha256 CHECK (archive_sha256 ~ '^[0-9a-f]{64}$'),
        CONSTRAINT fk_access_requests_student_id FOREIGN KEY(student_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_access_requests_entered_by FOREIGN KEY(entered_by) REFERENCES users (id) ON DELETE SET NULL,
        CONSTRAINT fk_access_requests_answered_by FOREIGN KEY(answered_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_access_requests_answered_by ON access_requests (answered_by)",
    "CREATE INDEX idx_access_requests_entered_by ON access_requests (entered_by)",
    "CREATE INDEX idx_access_requests_student_id ON access_requests (student_id)",
    "CREATE UNIQUE INDEX uq_access_requests_open ON access_requests (student_id) WHERE closed_at IS NULL",
    """
    CREATE TABLE amendment_requests (
        id SERIAL NOT NULL,
        student_id INTEGER NOT NULL,
        record TEXT NOT NULL,
        wanted TEXT NOT NULL,
        asked_by INTEGER,
        asked_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        outcome VARCHAR(10),
        decision TEXT,
        decided_by INTEGER,
        decided_at TIMESTAMP WITH TIME ZONE,
        hearing_asked_at TIMESTAMP WITH TIME ZONE,
        hearing_outcome VARCHAR(10),
        hearing_decision TEXT,
        heard_by INTEGER,
        heard_at TIMESTAMP WITH TIME ZONE,
        statement TEXT,
        statement_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_amendment_requests PRIMARY KEY (id),
        CONSTRAINT check_amendment_requests_outcome CHECK (outcome IN ('amended', 'refused')),
        CONSTRAINT check_amendment_requests_decided CHECK ((outcome IS NULL) = (decided_at IS NULL)),
        CONSTRAINT check_amendment_requests_hearing_asked
            CHECK (hearing_asked_at IS NULL OR outcome IS NOT DISTINCT FROM 'refused'),
        CONSTRAINT check_amendment_requests_hearing_outcome CHECK (hearing_outcome IN ('amended', 'upheld')),
        CONSTRAINT check_amendment_requests_heard CHECK ((hearing_outcome IS NULL) = (heard_at IS NULL)),
        CONSTRAINT check_amendment_requests_heard_asked
            CHECK (hearing_outcome IS NULL OR hearing_asked_at IS NOT NULL),
        CONSTRAINT check_amendment_requests_two_people CHECK (heard_by <> decided_by),
        CONSTRAINT check_amendment_requests_statement
            CHECK (statement IS NULL OR hearing_outcome IS NOT DISTINCT FROM 'upheld'),
        CONSTRAINT fk_amendment_requests_student_id FOREIGN KEY(student_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_amendment_requests_asked_by FOREIGN KEY(asked_by) REFERENCES users (id) ON DELETE SET NULL,
        CONSTRAINT fk_amendment_requests_decided_by FOREIGN KEY(decided_by) REFERENCES users (id) ON DELETE SET NULL,
        CONSTRAINT fk_amendment_requests_heard_by FOREIGN KEY(heard_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_amendment_requests_asked_by ON amendment_requests (asked_by)",
    "CREATE INDEX idx_amendment_requests_decided_by ON amendment_requests (decided_by)",
    "CREATE INDEX idx_amendment_requests_heard_by ON amendment_requests (heard_by)",
    "CREATE INDEX idx_amendment_requests_student_id ON amendment_requests (student_id)",
    """
    CREATE INDEX idx_amendment_requests_waiting ON amendment_requests (asked_at)
        WHERE outcome IS NULL OR (hearing_asked_at IS NOT NULL AND hearing_outcome IS NULL)
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    # What was given to whom is evidence, and stays as it was recorded.
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON disclosures, disclosed_students FROM aada_app")
    op.execute("REVOKE DELETE, TRUNCATE ON consents, directory_opt_outs FROM aada_app")
    op.execute("REVOKE DELETE, TRUNCATE ON access_requests, amendment_requests FROM aada_app")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
