"""Absences that students report, and whether they are excused

Revision ID: 0380
Revises: 0370
"""

from alembic import op

revision = "0380"
down_revision = "0370"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE absence_requests (
        id serial NOT NULL,
        request uuid NOT NULL,
        user_id integer NOT NULL,
        enrollment_id integer NOT NULL,
        starts_on date NOT NULL,
        ends_on date NOT NULL,
        class_id integer,
        meeting_at timestamptz,
        reason text NOT NULL,
        evidence_sha256 varchar(64),
        evidence_type text,
        evidence_bytes bigint,
        state text DEFAULT 'requested' NOT NULL,
        requested_at timestamptz NOT NULL,
        decided_at timestamptz,
        decided_by integer,
        note text,
        withdrawn_at timestamptz,
        CONSTRAINT pk_absence_requests PRIMARY KEY (id),
        CONSTRAINT uq_absence_requests_request UNIQUE (request),
        CONSTRAINT check_absence_requests_state CHECK
            (state IN ('requested', 'excused', 'not_excused', 'withdrawn')),
        CONSTRAINT check_absence_requests_days CHECK (starts_on <= ends_on),
        CONSTRAINT check_absence_requests_meeting CHECK
            ((class_id IS NULL) = (meeting_at IS NULL) AND (class_id IS NULL OR starts_on = ends_on)),
        CONSTRAINT check_absence_requests_decided CHECK
            ((state IN ('excused', 'not_excused')) = (decided_at IS NOT NULL)),
        CONSTRAINT check_absence_requests_two_people CHECK (decided_by <> user_id),
        CONSTRAINT check_absence_requests_note CHECK (state <> 'not_excused' OR note IS NOT NULL),
        CONSTRAINT check_absence_requests_withdrawn CHECK ((state = 'withdrawn') = (withdrawn_at IS NOT NULL)),
        CONSTRAINT check_absence_requests_evidence CHECK
            (num_nonnulls(evidence_sha256, evidence_type, evidence_bytes) IN (0, 3)),
        CONSTRAINT fk_absence_requests_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_absence_requests_enrollment_id FOREIGN KEY (enrollment_id)
            REFERENCES enrollments (id) ON DELETE CASCADE,
        CONSTRAINT fk_absence_requests_class_id FOREIGN KEY (class_id) REFERENCES classes (id) ON DELETE RESTRICT,
        CONSTRAINT fk_absence_requests_decided_by FOREIGN KEY (decided_by)
            REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_absence_requests_user_id ON absence_requests (user_id, id)",
    "CREATE INDEX idx_absence_requests_enrollment_id ON absence_requests (enrollment_id, starts_on)",
    "CREATE INDEX idx_absence_requests_class_id ON absence_requests (class_id)",
    "CREATE INDEX idx_absence_requests_decided_by ON absence_requests (decided_by)",
    "CREATE INDEX idx_absence_requests_waiting ON absence_requests (requested_at) WHERE state = 'requested'",
    "CREATE INDEX idx_absence_requests_excused ON absence_requests (ends_on) WHERE state = 'excused'",
    # What was reported and decided is kept, whatever comes of it.
    "REVOKE DELETE, TRUNCATE ON absence_requests FROM aada_app",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("absence_requests")
