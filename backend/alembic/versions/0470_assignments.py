"""Assignments: what students hand in for a lesson, and how it is graded

Versions, hand-ins and grades are never changed or removed by the system, but for the release of a grade: what was
asked, what came and how it was judged is asked for years later.

Revision ID: 0470
Revises: 0460
"""

from alembic import op

revision = "0470"
down_revision = "0460"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE assignments (
        id serial NOT NULL,
        lesson_id integer NOT NULL,
        created_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_assignments PRIMARY KEY (id),
        CONSTRAINT fk_assignments_lesson_id FOREIGN KEY (lesson_id) REFERENCES lessons (id) ON DELETE CASCADE
    )
    """,
    "CREATE UNIQUE INDEX uq_assignments_lesson_id ON assignments (lesson_id)",
    """
    CREATE TABLE assignment_versions (
        id serial NOT NULL,
        assignment_id integer NOT NULL,
        version integer NOT NULL,
        instructions text NOT NULL,
        criteria jsonb NOT NULL,
        kinds jsonb NOT NULL,
        max_bytes bigint NOT NULL,
        max_files smallint NOT NULL,
        late varchar(20) NOT NULL,
        late_pct smallint NOT NULL,
        late_days smallint,
        several boolean NOT NULL,
        completes varchar(20) NOT NULL,
        pass_pct smallint NOT NULL,
        created_by integer,
        created_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_assignment_versions PRIMARY KEY (id),
        CONSTRAINT check_assignment_versions_version CHECK (version >= 1),
        CONSTRAINT check_assignment_versions_criteria CHECK
            (jsonb_typeof(criteria) = 'array' AND jsonb_array_length(criteria) > 0),
        CONSTRAINT check_assignment_versions_kinds CHECK
            (jsonb_typeof(kinds) = 'array' AND jsonb_array_length(kinds) > 0),
        CONSTRAINT check_assignment_versions_max_bytes CHECK (max_bytes > 0),
        CONSTRAINT check_assignment_versions_max_files CHECK (max_files BETWEEN 1 AND 20),
        CONSTRAINT check_assignment_versions_late CHECK (late IN ('accept', 'reduce', 'refuse')),
        CONSTRAINT check_assignment_versions_late_pct CHECK (late_pct BETWEEN 0 AND 100),
        CONSTRAINT check_assignment_versions_late_days CHECK (late_days > 0),
        CONSTRAINT check_assignment_versions_completes CHECK (completes IN ('graded', 'passed')),
        CONSTRAINT check_assignment_versions_pass_pct CHECK (pass_pct BETWEEN 1 AND 100),
        CONSTRAINT fk_assignment_versions_assignment_id FOREIGN KEY (assignment_id)
            REFERENCES assignments (id) ON DELETE CASCADE,
        CONSTRAINT fk_assignment_versions_created_by FOREIGN KEY (created_by)
            REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE UNIQUE INDEX uq_assignment_versions_version ON assignment_versions (assignment_id, version)",
    "CREATE INDEX idx_assignment_versions_created_by ON assignment_versions (created_by)",
    """
    CREATE TABLE assignment_dues (
        assignment_id integer NOT NULL,
        class_id integer NOT NULL,
        due_at timestamptz NOT NULL,
        set_by integer,
        CONSTRAINT pk_assignment_dues PRIMARY KEY (assignment_id, class_id),
        CONSTRAINT fk_assignment_dues_assignment_id FOREIGN KEY (assignment_id)
            REFERENCES assignments (id) ON DELETE CASCADE,
        CONSTRAINT fk_assignment_dues_class_id FOREIGN KEY (class_id) REFERENCES classes (id) ON DELETE CASCADE,
        CONSTRAINT fk_assignment_dues_set_by FOREIGN KEY (set_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_assignment_dues_class_id ON assignment_dues (class_id)",
    "CREATE INDEX idx_assignment_dues_set_by ON assignment_dues (set_by)",
    """
    CREATE TABLE assignment_allowances (
        assignment_id integer NOT NULL,
        enrollment_id integer NOT NULL,
        due_at timestamptz,
        again_after integer,
        reason text NOT NULL,
        granted_by integer,
        granted_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_assignment_allowances PRIMARY KEY (assignment_id, enrollment_id),
        CONSTRAINT check_assignment_allowances_something CHECK (due_at IS NOT NULL OR again_after IS NOT NULL),
        CONSTRAINT fk_assignment_allowances_assignment_id FOREIGN KEY (assignment_id)
            REFERENCES assignments (id) ON DELETE CASCADE,
        CONSTRAINT fk_assignment_allowances_enrollment_id FOREIGN KEY (enrollment_id)
            REFERENCES enrollments (id) ON DELETE CASCADE,
        CONSTRAINT fk_assignment_allowances_granted_by FOREIGN KEY (granted_by)
            REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_assignment_allowances_enrollment_id ON assignment_allowances (enrollment_id)",
    "CREATE INDEX idx_assignment_allowances_granted_by ON assignment_allowances (granted_by)",
    """
    CREATE TABLE hand_ins (
        id bigserial NOT NULL,
        assignment_id integer NOT NULL,
        version_id integer NOT NULL,
        enrollment_id integer NOT NULL,
        number integer NOT NULL,
        request uuid NOT NULL,
        note text,
        due_at timestamptz,
        late_days integer DEFAULT 0 NOT NULL,
        deduction_pct smallint DEFAULT 0 NOT NULL,
        waits boolean DEFAULT true NOT NULL,
        handed_in_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_hand_ins PRIMARY KEY (id),
        CONSTRAINT check_hand_ins_number CHECK (number >= 1),
        CONSTRAINT check_hand_ins_late_days CHECK (late_days >= 0),
        CONSTRAINT check_hand_ins_deduction_pct CHECK (deduction_pct BETWEEN 0 AND 100),
        CONSTRAINT fk_hand_ins_assignment_id FOREIGN KEY (assignment_id)
            REFERENCES assignments (id) ON DELETE RESTRICT,
        CONSTRAINT fk_hand_ins_version_id FOREIGN KEY (version_id)
            REFERENCES assignment_versions (id) ON DELETE RESTRICT,
        CONSTRAINT fk_hand_ins_enrollment_id FOREIGN KEY (enrollment_id)
            REFERENCES enrollments (id) ON DELETE CASCADE
    )
    """,
    "CREATE UNIQUE INDEX uq_hand_ins_request ON hand_ins (request)",
    "CREATE UNIQUE INDEX uq_hand_ins_number ON hand_ins (assignment_id, enrollment_id, number)",
    "CREATE INDEX idx_hand_ins_enrollment_id ON hand_ins (enrollment_id)",
    "CREATE INDEX idx_hand_ins_version_id ON hand_ins (version_id)",
    "CREATE INDEX idx_hand_ins_waiting ON hand_ins (handed_in_at) WHERE waits",
    """
    CREATE TABLE hand_in_files (
        id bigserial NOT NULL,
        hand_in_id bigint NOT NULL,
        place smallint NOT NULL,
        name text NOT NULL,
        media_type text NOT NULL,
        sha256 varchar(64) NOT NULL,
        size_bytes bigint NOT NULL,
        CONSTRAINT pk_hand_in_files PRIMARY KEY (id),
        CONSTRAINT check_hand_in_files_sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$'),
        CONSTRAINT fk_hand_in_files_hand_in_id FOREIGN KEY (hand_in_id) REFERENCES hand_ins (id) ON DELETE CASCADE
    )
    """,
    "CREATE UNIQUE INDEX uq_hand_in_files_place ON hand_in_files (hand_in_id, place)",
    """
    CREATE TABLE hand_in_grades (
        id bigserial NOT NULL,
        hand_in_id bigint NOT NULL,
        request uuid NOT NULL,
        marks jsonb NOT NULL,
        points integer NOT NULL,
        points_possible integer NOT NULL,
        score_pct numeric(5, 2) NOT NULL,
        passed boolean NOT NULL,
        comment text,
        file_name text,
        file_type text,
        file_sha256 varchar(64),
        file_bytes bigint,
        graded_by integer,
        graded_by_name text NOT NULL,
        graded_at timestamptz DEFAULT now() NOT NULL,
        released_at timestamptz,
        CONSTRAINT pk_hand_in_grades PRIMARY KEY (id),
        CONSTRAINT check_hand_in_grades_marks CHECK
            (jsonb_typeof(marks) = 'array' AND jsonb_array_length(marks) > 0),
        CONSTRAINT check_hand_in_grades_points CHECK (points BETWEEN 0 AND points_possible),
        CONSTRAINT check_hand_in_grades_score_pct CHECK (score_pct BETWEEN 0 AND 100),
        CONSTRAINT check_hand_in_grades_file CHECK
            (num_nonnulls(file_name, file_type, file_sha256, file_bytes) IN (0, 4)),
        CONSTRAINT fk_hand_in_grades_hand_in_id FOREIGN KEY (hand_in_id)
            REFERENCES hand_ins (id) ON DELETE CASCADE,
        CONSTRAINT fk_hand_in_grades_graded_by FOREIGN KEY (graded_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE UNIQUE INDEX uq_hand_in_grades_request ON hand_in_grades (request)",
    "CREATE INDEX idx_hand_in_grades_hand_in_id ON hand_in_grades (hand_in_id)",
    "CREATE INDEX idx_hand_in_grades_graded_by ON hand_in_grades (graded_by)",
    """
    CREATE TRIGGER release_files AFTER DELETE ON hand_ins
        FOR EACH ROW EXECUTE FUNCTION release_file_claims('content.hand_ins', 'id')
    """,
    """
    CREATE TRIGGER release_files AFTER DELETE ON hand_in_grades
        FOR EACH ROW EXECUTE FUNCTION release_file_claims('content.hand_in_grades', 'id')
    """,
    "REVOKE UPDATE, DELETE, TRUNCATE ON assignment_versions, hand_ins, hand_in_files, hand_in_grades FROM aada_app",
    "GRANT UPDATE (waits) ON hand_ins TO aada_app",
    "GRANT UPDATE (released_at) ON hand_in_grades TO aada_app",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for table in (
        "hand_in_grades",
        "hand_in_files",
        "hand_ins",
        "assignment_allowances",
        "assignment_dues",
        "assignment_versions",
        "assignments",
    ):
        op.drop_table(table)
