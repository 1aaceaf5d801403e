"""Notes about students, each for the duties named in it, and never changed

Revision ID: 0092
Revises: 0091
"""

from alembic import op

revision = "0092"
down_revision = "0091"
branch_labels = None
depends_on = None

TABLES = ("student_notes",)
STATEMENTS = (
    """
    CREATE TABLE student_notes (
        id SERIAL NOT NULL,
        user_id INTEGER NOT NULL,
        author_id INTEGER,
        author_name TEXT NOT NULL,
        audience TEXT[] NOT NULL,
        body TEXT NOT NULL,
        supersedes_id INTEGER,
        written_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_student_notes PRIMARY KEY (id),
        CONSTRAINT check_student_notes_audience CHECK (cardinality(audience) > 0),
        CONSTRAINT check_student_notes_duties
            CHECK (audience <@ ARRAY['administrator', 'registrar', 'admissions', 'bursar', 'instructor',
                'evaluator', 'content_author', 'auditor']::text[]),
        CONSTRAINT check_student_notes_supersedes CHECK (supersedes_id <> id),
        CONSTRAINT fk_student_notes_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_student_notes_author_id FOREIGN KEY(author_id) REFERENCES users (id) ON DELETE SET NULL,
        CONSTRAINT fk_student_notes_supersedes_id
            FOREIGN KEY(supersedes_id) REFERENCES student_notes (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX idx_student_notes_author_id ON student_notes (author_id)",
    "CREATE INDEX idx_student_notes_user_id ON student_notes (user_id)",
    "CREATE UNIQUE INDEX uq_student_notes_supersedes_id ON student_notes (supersedes_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    # A note is evidence of what somebody knew and when.
    op.execute("REVOKE UPDATE, DELETE ON student_notes FROM aada_app")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
