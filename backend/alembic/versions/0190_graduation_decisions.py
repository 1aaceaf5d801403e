"""Decisions about graduation, with the checklist as it stood

Revision ID: 0190
Revises: 0180
"""

from alembic import op

revision = "0190"
down_revision = "0180"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE graduation_decisions (
            enrollment_id integer NOT NULL,
            checklist jsonb NOT NULL,
            exception text,
            decided_by integer,
            decided_at timestamptz DEFAULT now() NOT NULL,
            CONSTRAINT pk_graduation_decisions PRIMARY KEY (enrollment_id),
            CONSTRAINT fk_graduation_decisions_enrollment_id FOREIGN KEY (enrollment_id)
                REFERENCES enrollments (id) ON DELETE CASCADE,
            CONSTRAINT fk_graduation_decisions_decided_by FOREIGN KEY (decided_by)
                REFERENCES users (id) ON DELETE SET NULL
        )
        """
    )
    op.execute("CREATE INDEX idx_graduation_decisions_decided_by ON graduation_decisions (decided_by)")
    # It says what a diploma rests on.
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON graduation_decisions FROM aada_app")


def downgrade() -> None:
    op.drop_table("graduation_decisions")
