"""Applications, and the documents that applicants and students bring

Revision ID: 0091
Revises: 0090
"""

from alembic import op

revision = "0091"
down_revision = "0090"
branch_labels = None
depends_on = None

TABLES = (
    "admission_kinds",
    "admission_requirements",
    "admission_documents",
    "applications",
)
STATEMENTS = (
    """
    CREATE TABLE admission_kinds (
        id SERIAL NOT NULL,
        name TEXT NOT NULL,
        help TEXT DEFAULT '' NOT NULL,
        expires BOOLEAN DEFAULT false NOT NULL,
        position SMALLINT DEFAULT 0 NOT NULL,
        archived_at TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_admission_kinds PRIMARY KEY (id)
    )
    """,
    "CREATE UNIQUE INDEX uq_admission_kinds_name ON admission_kinds (name)",
    """
    CREATE TABLE admission_requirements (
        id SERIAL NOT NULL,
        kind_id INTEGER NOT NULL,
        program_id INTEGER,
        CONSTRAINT pk_admission_requirements PRIMARY KEY (id),
        CONSTRAINT fk_admission_requirements_kind_id
            FOREIGN KEY(kind_id) REFERENCES admission_kinds (id) ON DELETE CASCADE,
        CONSTRAINT fk_admission_requirements_program_id
            FOREIGN KEY(program_id) REFERENCES programs (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX idx_admission_requirements_program_id ON admission_requirements (program_id)",
    """
    CREATE UNIQUE INDEX uq_admission_requirements_kind_id
        ON admission_requirements (kind_id, program_id) NULLS NOT DISTINCT
    """,
    """
    CREATE TABLE admission_documents (
        id SERIAL NOT NULL,
        user_id INTEGER NOT NULL,
        kind_id INTEGER NOT NULL,
        sha256 VARCHAR(64) NOT NULL,
        media_type TEXT NOT NULL,
        size_bytes BIGINT NOT NULL,
        issued_on DATE,
        expires_on DATE,
        uploaded_by INTEGER,
        received_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        state TEXT DEFAULT 'received' NOT NULL,
        checked_by INTEGER,
        checked_at TIMESTAMP WITH TIME ZONE,
        rejection TEXT,
        reminded_days SMALLINT,
        CONSTRAINT pk_admission_documents PRIMARY KEY (id),
        CONSTRAINT check_admission_documents_state CHECK (state IN ('received', 'accepted', 'rejected')),
        CONSTRAINT check_admission_documents_checked CHECK ((state = 'received') = (checked_at IS NULL)),
        CONSTRAINT check_admission_documents_rejection CHECK ((state = 'rejected') = (rejection IS NOT NULL)),
        CONSTRAINT check_admission_documents_days CHECK (expires_on > issued_on),
        CONSTRAINT check_admission_documents_sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$'),
        CONSTRAINT fk_admission_documents_user_id
            FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_admission_documents_kind_id
            FOREIGN KEY(kind_id) REFERENCES admission_kinds (id) ON DELETE RESTRICT,
        CONSTRAINT fk_admission_documents_uploaded_by
            FOREIGN KEY(uploaded_by) REFERENCES users (id) ON DELETE SET NULL,
        CONSTRAINT fk_admission_documents_checked_by
            FOREIGN KEY(checked_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_admission_documents_checked_by ON admission_documents (checked_by)",
    """
    CREATE INDEX idx_admission_documents_expires_on
        ON admission_documents (expires_on) WHERE state = 'accepted'
    """,
    "CREATE INDEX idx_admission_documents_kind_id ON admission_documents (kind_id)",
    "CREATE INDEX idx_admission_documents_uploaded_by ON admission_documents (uploaded_by)",
    "CREATE INDEX idx_admission_documents_user_id ON admission_documents (user_id, kind_id)",
    """
    CREATE TABLE applications (
        id SERIAL NOT NULL,
        user_id INTEGER NOT NULL,
        program_id INTEGER NOT NULL,
        wanted_start DATE,
        source TEXT DEFAULT '' NOT NULL,
        state TEXT DEFAULT 'new' NOT NULL,
        applied_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        created_by INTEGER,
        decided_at TIMESTAMP WITH TIME ZONE,
        decided_by INTEGER,
        reason TEXT DEFAULT '' NOT NULL,
        enrollment_id INTEGER,
        CONSTRAINT pk_applications PRIMARY KEY (id),
        CONSTRAINT check_applications_state CHECK (state IN ('new', 'documents', 'accepted', 'declined', 'withdrawn')),
        CONSTRAINT check_applications_decided CHECK ((state IN ('new', 'documents')) = (decided_at IS NULL)),
        CONSTRAINT fk_applications_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_applications_program_id
            FOREIGN KEY(program_id) REFERENCES programs (id) ON DELETE RESTRICT,
        CONSTRAINT fk_applications_created_by
            FOREIGN KEY(created_by) REFERENCES users (id) ON DELETE SET NULL,
        CONSTRAINT fk_applications_decided_by
            FOREIGN KEY(decided_by) REFERENCES users (id) ON DELETE SET NULL,
        CONSTRAINT fk_applications_enrollment_id
            FOREIGN KEY(enrollment_id) REFERENCES enrollments (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_applications_created_by ON applications (created_by)",
    "CREATE INDEX idx_applications_decided_by ON applications (decided_by)",
    "CREATE INDEX idx_applications_enrollment_id ON applications (enrollment_id)",
    "CREATE INDEX idx_applications_program_id ON applications (program_id)",
    "CREATE INDEX idx_applications_state ON applications (state)",
    "CREATE INDEX idx_applications_user_id ON applications (user_id)",
    """
    CREATE UNIQUE INDEX uq_applications_open
        ON applications (user_id, program_id) WHERE state IN ('new', 'documents')
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    # What schools in Georgia ask for; they change and add kinds under Admissions.
    op.execute(
        """
        INSERT INTO admission_kinds (name, help, expires, position) VALUES
            ('High school diploma, GED or transcript', 'The diploma, the GED certificate or a transcript.', false, 1),
            ('Photo ID', 'A driver’s license, state ID or passport.', true, 2),
            ('Immunization record', 'The record of your doctor or of the Georgia registry (GRITS).', false, 3),
            ('CPR certification', 'The card of a course for healthcare providers.', true, 4),
            ('Background check', 'The report, no older than a year.', true, 5)
        """
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
