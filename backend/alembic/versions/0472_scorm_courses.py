"""Where a student stands in a SCORM 2004 course as a whole

Revision ID: 0472
Revises: 0471
"""

from alembic import op

revision = "0472"
down_revision = "0471"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE scorm_courses (
            id bigserial,
            enrollment_id integer NOT NULL,
            package_id integer NOT NULL,
            status varchar(20) NOT NULL,
            state jsonb NOT NULL DEFAULT '{}'::jsonb,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_scorm_courses PRIMARY KEY (id),
            CONSTRAINT fk_scorm_courses_enrollment_id FOREIGN KEY (enrollment_id)
                REFERENCES enrollments (id) ON DELETE CASCADE,
            CONSTRAINT fk_scorm_courses_package_id FOREIGN KEY (package_id)
                REFERENCES content_packages (id) ON DELETE RESTRICT,
            CONSTRAINT check_scorm_courses_status
                CHECK (status IN ('not attempted', 'incomplete', 'failed', 'completed', 'passed'))
        )
        """
    )
    op.execute("CREATE UNIQUE INDEX uq_scorm_courses_enrollment ON scorm_courses (enrollment_id, package_id)")
    op.execute("CREATE INDEX idx_scorm_courses_package_id ON scorm_courses (package_id)")


def downgrade() -> None:
    """Each part’s attempts stay; students begin the order of the parts again."""
    op.execute("DROP TABLE scorm_courses")
