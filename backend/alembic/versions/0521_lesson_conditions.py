"""Lessons that are optional, open later or after another, or need a check in person

Revision ID: 0521
Revises: 0520
"""

from alembic import op

revision = "0521"
down_revision = "0520"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE lessons
            ADD COLUMN optional boolean NOT NULL DEFAULT false,
            ADD COLUMN opens_on date,
            ADD COLUMN after_lesson_id integer,
            ADD COLUMN needs_check boolean NOT NULL DEFAULT false
        """
    )
    op.execute("CREATE INDEX idx_lessons_after_lesson_id ON lessons (after_lesson_id)")
    op.execute(
        """
        ALTER TABLE lessons
            ADD CONSTRAINT check_lessons_after_lesson_id CHECK (after_lesson_id <> id),
            ADD CONSTRAINT fk_lessons_after_lesson_id FOREIGN KEY (after_lesson_id)
                REFERENCES lessons (id) ON DELETE SET NULL
        """
    )


def downgrade() -> None:
    """Every lesson counts and is open; progress follows with the next change of a program’s lessons."""
    op.execute(
        """
        ALTER TABLE lessons
            DROP COLUMN optional, DROP COLUMN opens_on, DROP COLUMN after_lesson_id, DROP COLUMN needs_check
        """
    )
