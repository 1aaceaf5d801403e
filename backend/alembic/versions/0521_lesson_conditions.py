"""Lessons that are optional, open later or after another, or need a check in person

What the older schema cannot hold is kept in the schema `migration_stash`, and comes back on the way up.

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
    op.execute(
        """
        DO $$
        BEGIN
            IF to_regclass('migration_stash.lessons_0521') IS NOT NULL THEN
                UPDATE lessons l SET optional = s.optional, opens_on = s.opens_on, needs_check = s.needs_check,
                    after_lesson_id = (SELECT f.id FROM lessons f WHERE f.id = s.after_lesson_id)
                FROM migration_stash.lessons_0521 s WHERE s.id = l.id;
                DROP TABLE migration_stash.lessons_0521;
                IF NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'migration_stash') THEN
                    DROP SCHEMA migration_stash;
                END IF;
            END IF;
        END
        $$
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
    op.execute("CREATE SCHEMA IF NOT EXISTS migration_stash")
    op.execute(
        """
        CREATE TABLE migration_stash.lessons_0521 AS
        SELECT id, optional, opens_on, after_lesson_id, needs_check FROM lessons
        WHERE optional OR needs_check OR opens_on IS NOT NULL OR after_lesson_id IS NOT NULL
        """
    )
    op.execute(
        """
        ALTER TABLE lessons
            DROP COLUMN optional, DROP COLUMN opens_on, DROP COLUMN after_lesson_id, DROP COLUMN needs_check
        """
    )
