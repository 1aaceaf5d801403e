"""Closure archives: the records of the whole school, made by a worker

Revision ID: 0230
Revises: 0220
"""

from alembic import op

revision = "0230"
down_revision = "0220"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE closure_archives (
        id SERIAL NOT NULL,
        asked_by INTEGER,
        asked_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        students_done INTEGER DEFAULT 0 NOT NULL,
        students_total INTEGER DEFAULT 0 NOT NULL,
        finished_at TIMESTAMP WITH TIME ZONE,
        problem TEXT,
        missing JSONB DEFAULT '[]'::jsonb NOT NULL,
        sha256 VARCHAR(64),
        size_bytes BIGINT,
        files INTEGER,
        expires_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_closure_archives PRIMARY KEY (id),
        CONSTRAINT check_closure_archives_sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$'),
        CONSTRAINT check_closure_archives_file
            CHECK ((sha256 IS NULL) = (size_bytes IS NULL) AND (sha256 IS NULL) = (files IS NULL)
                   AND (sha256 IS NULL) = (expires_at IS NULL)),
        CONSTRAINT check_closure_archives_outcome
            CHECK ((finished_at IS NULL AND sha256 IS NULL AND problem IS NULL)
                   OR (finished_at IS NOT NULL AND (sha256 IS NULL) <> (problem IS NULL))),
        CONSTRAINT fk_closure_archives_asked_by FOREIGN KEY(asked_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_closure_archives_asked_by ON closure_archives (asked_by)",
    """
    CREATE UNIQUE INDEX uq_closure_archives_under_way ON closure_archives ((finished_at IS NULL))
        WHERE finished_at IS NULL
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    # Who took everybody's records out is evidence; how far an archive is changes while it is made.
    op.execute("REVOKE DELETE, TRUNCATE ON closure_archives FROM aada_app")


def downgrade() -> None:
    op.drop_table("closure_archives")
