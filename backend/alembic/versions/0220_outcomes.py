"""Employment outcomes of graduates

Revision ID: 0220
Revises: 0210
"""

from alembic import op

revision = "0220"
down_revision = "0210"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE employment_outcomes (
        id SERIAL NOT NULL,
        enrollment_id INTEGER NOT NULL,
        status VARCHAR(20) NOT NULL,
        employer TEXT,
        title TEXT,
        since DATE,
        reason VARCHAR(30),
        evidence TEXT NOT NULL,
        recorded_by INTEGER,
        recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        supersedes_id INTEGER,
        CONSTRAINT pk_employment_outcomes PRIMARY KEY (id),
        CONSTRAINT uq_employment_outcomes_supersedes UNIQUE (supersedes_id),
        CONSTRAINT check_employment_outcomes_status
            CHECK (status IN ('in_field', 'out_of_field', 'unavailable', 'seeking')),
        CONSTRAINT check_employment_outcomes_employed
            CHECK (status NOT IN ('in_field', 'out_of_field')
                   OR (employer IS NOT NULL AND title IS NOT NULL AND since IS NOT NULL)),
        CONSTRAINT check_employment_outcomes_reason CHECK ((status = 'unavailable') = (reason IS NOT NULL)),
        CONSTRAINT check_employment_outcomes_self CHECK (supersedes_id <> id),
        CONSTRAINT fk_employment_outcomes_enrollment_id
            FOREIGN KEY(enrollment_id) REFERENCES enrollments (id) ON DELETE CASCADE,
        CONSTRAINT fk_employment_outcomes_recorded_by
            FOREIGN KEY(recorded_by) REFERENCES users (id) ON DELETE SET NULL,
        CONSTRAINT fk_employment_outcomes_supersedes_id
            FOREIGN KEY(supersedes_id) REFERENCES employment_outcomes (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX idx_employment_outcomes_enrollment_id ON employment_outcomes (enrollment_id)",
    "CREATE INDEX idx_employment_outcomes_recorded_by ON employment_outcomes (recorded_by)",
    """
    CREATE UNIQUE INDEX uq_employment_outcomes_first ON employment_outcomes (enrollment_id)
        WHERE supersedes_id IS NULL
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    # What was reported rests on it: a record is superseded, and never changed.
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON employment_outcomes FROM aada_app")


def downgrade() -> None:
    op.drop_table("employment_outcomes")
