"""Lessons written here, a bank of questions, and quizzes

Revision ID: 0460
Revises: 0410
"""

from alembic import op

revision = "0460"
down_revision = "0410"
branch_labels = None
depends_on = None

TABLES = (
    "lesson_texts",
    "lesson_media",
    "lesson_moves",
    "questions",
    "question_versions",
    "quiz_attempts",
    "quiz_answers",
    "quiz_accommodations",
)
STATEMENTS = (
    """
    CREATE TABLE lesson_texts (
        id SERIAL NOT NULL,
        lesson_id INTEGER NOT NULL,
        version INTEGER NOT NULL,
        body TEXT NOT NULL,
        quiz JSONB DEFAULT '{}'::jsonb NOT NULL,
        saved_by INTEGER,
        saved_at timestamptz NOT NULL,
        CONSTRAINT pk_lesson_texts PRIMARY KEY (id),
        CONSTRAINT uq_lesson_texts_version UNIQUE (lesson_id, version),
        CONSTRAINT check_lesson_texts_version CHECK (version >= 1),
        CONSTRAINT fk_lesson_texts_lesson_id FOREIGN KEY(lesson_id) REFERENCES lessons (id) ON DELETE CASCADE,
        CONSTRAINT fk_lesson_texts_saved_by FOREIGN KEY(saved_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_lesson_texts_saved_by ON lesson_texts (saved_by)",
    """
    CREATE TABLE lesson_media (
        id SERIAL NOT NULL,
        lesson_id INTEGER NOT NULL,
        name VARCHAR(120) NOT NULL,
        sha256 VARCHAR(64) NOT NULL,
        size_bytes BIGINT NOT NULL,
        media_type VARCHAR(255) NOT NULL,
        uploaded_by INTEGER,
        uploaded_at timestamptz NOT NULL,
        CONSTRAINT pk_lesson_media PRIMARY KEY (id),
        CONSTRAINT uq_lesson_media_name UNIQUE (lesson_id, name),
        CONSTRAINT fk_lesson_media_lesson_id FOREIGN KEY(lesson_id) REFERENCES lessons (id) ON DELETE CASCADE,
        CONSTRAINT fk_lesson_media_uploaded_by FOREIGN KEY(uploaded_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_lesson_media_sha256 ON lesson_media (sha256)",
    "CREATE INDEX idx_lesson_media_uploaded_by ON lesson_media (uploaded_by)",
    """
    CREATE TABLE lesson_moves (
        id SERIAL NOT NULL,
        enrollment_id INTEGER NOT NULL,
        lesson_id INTEGER NOT NULL,
        package_id INTEGER NOT NULL,
        moved_by INTEGER,
        moved_at timestamptz NOT NULL,
        CONSTRAINT pk_lesson_moves PRIMARY KEY (id),
        CONSTRAINT fk_lesson_moves_enrollment_id FOREIGN KEY(enrollment_id)
            REFERENCES enrollments (id) ON DELETE CASCADE,
        CONSTRAINT fk_lesson_moves_lesson_id FOREIGN KEY(lesson_id) REFERENCES lessons (id) ON DELETE CASCADE,
        CONSTRAINT fk_lesson_moves_package_id FOREIGN KEY(package_id)
            REFERENCES content_packages (id) ON DELETE CASCADE,
        CONSTRAINT fk_lesson_moves_moved_by FOREIGN KEY(moved_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_lesson_moves_enrollment_id ON lesson_moves (enrollment_id, lesson_id)",
    "CREATE INDEX idx_lesson_moves_lesson_id ON lesson_moves (lesson_id)",
    "CREATE INDEX idx_lesson_moves_moved_by ON lesson_moves (moved_by)",
    "CREATE INDEX idx_lesson_moves_package_id ON lesson_moves (package_id)",
    """
    CREATE TABLE questions (
        id SERIAL NOT NULL,
        program_id INTEGER NOT NULL,
        module_id INTEGER,
        kind VARCHAR(20) NOT NULL,
        created_by INTEGER,
        created_at timestamptz DEFAULT now() NOT NULL,
        retired_at timestamptz,
        CONSTRAINT pk_questions PRIMARY KEY (id),
        CONSTRAINT check_questions_kind
            CHECK (kind IN ('choice', 'multiple', 'numeric', 'match', 'order', 'hotspot')),
        CONSTRAINT fk_questions_program_id FOREIGN KEY(program_id) REFERENCES programs (id) ON DELETE CASCADE,
        CONSTRAINT fk_questions_module_id FOREIGN KEY(module_id) REFERENCES modules (id) ON DELETE SET NULL,
        CONSTRAINT fk_questions_created_by FOREIGN KEY(created_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_questions_created_by ON questions (created_by)",
    "CREATE INDEX idx_questions_module_id ON questions (module_id)",
    "CREATE INDEX idx_questions_program_id ON questions (program_id)",
    """
    CREATE TABLE question_versions (
        id SERIAL NOT NULL,
        question_id INTEGER NOT NULL,
        version INTEGER NOT NULL,
        prompt TEXT NOT NULL,
        points NUMERIC(6, 2) NOT NULL,
        content JSONB NOT NULL,
        key JSONB NOT NULL,
        feedback TEXT DEFAULT '' NOT NULL,
        image_sha256 VARCHAR(64),
        image_type VARCHAR(255),
        corrects INTEGER,
        reason TEXT,
        saved_by INTEGER,
        saved_at timestamptz NOT NULL,
        CONSTRAINT pk_question_versions PRIMARY KEY (id),
        CONSTRAINT uq_question_versions_version UNIQUE (question_id, version),
        CONSTRAINT check_question_versions_version CHECK (version >= 1),
        CONSTRAINT check_question_versions_points CHECK (points > 0),
        CONSTRAINT check_question_versions_reason CHECK ((corrects IS NULL) = (reason IS NULL)),
        CONSTRAINT fk_question_versions_question_id FOREIGN KEY(question_id)
            REFERENCES questions (id) ON DELETE CASCADE,
        CONSTRAINT fk_question_versions_corrects FOREIGN KEY(corrects)
            REFERENCES question_versions (id) ON DELETE CASCADE,
        CONSTRAINT fk_question_versions_saved_by FOREIGN KEY(saved_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_question_versions_corrects ON question_versions (corrects)",
    "CREATE INDEX idx_question_versions_saved_by ON question_versions (saved_by)",
    """
    CREATE TABLE quiz_attempts (
        id SERIAL NOT NULL,
        user_id INTEGER NOT NULL,
        enrollment_id INTEGER NOT NULL,
        lesson_id INTEGER NOT NULL,
        package_id INTEGER NOT NULL,
        launch_id VARCHAR(36) NOT NULL,
        number INTEGER NOT NULL,
        seed VARCHAR(32) NOT NULL,
        drawn JSONB NOT NULL,
        started_at timestamptz NOT NULL,
        deadline_at timestamptz,
        submitted_at timestamptz,
        ended_by VARCHAR(20),
        points NUMERIC,
        points_possible NUMERIC,
        CONSTRAINT pk_quiz_attempts PRIMARY KEY (id),
        CONSTRAINT uq_quiz_attempts_number UNIQUE (enrollment_id, package_id, number),
        CONSTRAINT check_quiz_attempts_number CHECK (number >= 1),
        CONSTRAINT check_quiz_attempts_ended_by CHECK (ended_by IN ('student', 'time limit')),
        CONSTRAINT check_quiz_attempts_submitted
            CHECK (num_nonnulls(submitted_at, ended_by, points, points_possible) IN (0, 4)),
        CONSTRAINT check_quiz_attempts_points CHECK (points BETWEEN 0 AND points_possible),
        CONSTRAINT fk_quiz_attempts_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_quiz_attempts_enrollment_id FOREIGN KEY(enrollment_id)
            REFERENCES enrollments (id) ON DELETE CASCADE,
        CONSTRAINT fk_quiz_attempts_lesson_id FOREIGN KEY(lesson_id) REFERENCES lessons (id) ON DELETE RESTRICT,
        CONSTRAINT fk_quiz_attempts_package_id FOREIGN KEY(package_id)
            REFERENCES content_packages (id) ON DELETE RESTRICT,
        CONSTRAINT fk_quiz_attempts_launch_id FOREIGN KEY(launch_id) REFERENCES launches (id) ON DELETE CASCADE
    )
    """,
    (
        "CREATE INDEX idx_quiz_attempts_deadline ON quiz_attempts (deadline_at)"
        " WHERE submitted_at IS NULL AND deadline_at IS NOT NULL"
    ),
    "CREATE INDEX idx_quiz_attempts_launch_id ON quiz_attempts (launch_id)",
    "CREATE INDEX idx_quiz_attempts_lesson_id ON quiz_attempts (lesson_id)",
    "CREATE INDEX idx_quiz_attempts_package_id ON quiz_attempts (package_id)",
    "CREATE INDEX idx_quiz_attempts_user_id ON quiz_attempts (user_id)",
    (
        "CREATE UNIQUE INDEX uq_quiz_attempts_open ON quiz_attempts (enrollment_id, package_id)"
        " WHERE submitted_at IS NULL"
    ),
    """
    CREATE TABLE quiz_answers (
        id BIGSERIAL NOT NULL,
        attempt_id INTEGER NOT NULL,
        position INTEGER NOT NULL,
        question_version_id INTEGER NOT NULL,
        answer JSONB NOT NULL,
        seq BIGINT NOT NULL,
        checked BOOLEAN DEFAULT false NOT NULL,
        answered_at timestamptz NOT NULL,
        points NUMERIC,
        CONSTRAINT pk_quiz_answers PRIMARY KEY (id),
        CONSTRAINT uq_quiz_answers_position UNIQUE (attempt_id, position),
        CONSTRAINT check_quiz_answers_position CHECK (position >= 1),
        CONSTRAINT fk_quiz_answers_attempt_id FOREIGN KEY(attempt_id)
            REFERENCES quiz_attempts (id) ON DELETE CASCADE,
        CONSTRAINT fk_quiz_answers_question_version_id FOREIGN KEY(question_version_id)
            REFERENCES question_versions (id) ON DELETE RESTRICT
    )
    """,
    "CREATE INDEX idx_quiz_answers_question_version_id ON quiz_answers (question_version_id)",
    """
    CREATE TABLE quiz_accommodations (
        id SERIAL NOT NULL,
        enrollment_id INTEGER NOT NULL,
        lesson_id INTEGER,
        extra_time_percent INTEGER DEFAULT 0 NOT NULL,
        extra_attempts INTEGER DEFAULT 0 NOT NULL,
        reason TEXT NOT NULL,
        granted_by INTEGER,
        granted_at timestamptz NOT NULL,
        ended_by INTEGER,
        ended_at timestamptz,
        CONSTRAINT pk_quiz_accommodations PRIMARY KEY (id),
        CONSTRAINT check_quiz_accommodations_time CHECK (extra_time_percent BETWEEN 0 AND 300),
        CONSTRAINT check_quiz_accommodations_attempts CHECK (extra_attempts BETWEEN 0 AND 20),
        CONSTRAINT check_quiz_accommodations_ended CHECK (ended_at IS NOT NULL OR ended_by IS NULL),
        CONSTRAINT fk_quiz_accommodations_enrollment_id FOREIGN KEY(enrollment_id)
            REFERENCES enrollments (id) ON DELETE CASCADE,
        CONSTRAINT fk_quiz_accommodations_lesson_id FOREIGN KEY(lesson_id)
            REFERENCES lessons (id) ON DELETE CASCADE,
        CONSTRAINT fk_quiz_accommodations_granted_by FOREIGN KEY(granted_by)
            REFERENCES users (id) ON DELETE SET NULL,
        CONSTRAINT fk_quiz_accommodations_ended_by FOREIGN KEY(ended_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_quiz_accommodations_enrollment_id ON quiz_accommodations (enrollment_id)",
    "CREATE INDEX idx_quiz_accommodations_ended_by ON quiz_accommodations (ended_by)",
    "CREATE INDEX idx_quiz_accommodations_granted_by ON quiz_accommodations (granted_by)",
    "CREATE INDEX idx_quiz_accommodations_lesson_id ON quiz_accommodations (lesson_id)",
    (
        "CREATE UNIQUE INDEX uq_quiz_accommodations_in_force ON quiz_accommodations (enrollment_id, lesson_id)"
        " NULLS NOT DISTINCT WHERE ended_at IS NULL"
    ),
    # What was saved stays as it was saved; a change is a row of its own.
    "REVOKE UPDATE, DELETE ON lesson_texts, lesson_moves, question_versions FROM aada_app",
    "REVOKE DELETE ON questions, quiz_attempts, quiz_answers, quiz_accommodations FROM aada_app",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """What was written and answered is lost; a lesson’s published version and its results stay."""
    for table in reversed(TABLES):
        op.drop_table(table)
