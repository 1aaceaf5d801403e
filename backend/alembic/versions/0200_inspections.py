"""Inspections, with the students whose complete files they were given

Revision ID: 0200
Revises: 0192
"""

from alembic import op

revision = "0200"
down_revision = "0192"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE inspection_packets (
        id SERIAL NOT NULL,
        inspector TEXT NOT NULL,
        agency TEXT NOT NULL,
        reference TEXT,
        made_on DATE NOT NULL,
        seed VARCHAR(64),
        drawn_among VARCHAR(10),
        drawn_from INTEGER,
        asked_by INTEGER,
        asked_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        finished_at TIMESTAMP WITH TIME ZONE,
        problem TEXT,
        packet_sha256 VARCHAR(64),
        packet_bytes BIGINT,
        expires_at TIMESTAMP WITH TIME ZONE,
        disclosure_id INTEGER,
        CONSTRAINT pk_inspection_packets PRIMARY KEY (id),
        CONSTRAINT check_inspection_packets_draw
            CHECK ((seed IS NULL) = (drawn_from IS NULL) AND (seed IS NULL) = (drawn_among IS NULL)),
        CONSTRAINT check_inspection_packets_among CHECK (drawn_among IN ('everyone', 'active', 'left')),
        CONSTRAINT check_inspection_packets_drawn_from CHECK (drawn_from > 0),
        CONSTRAINT check_inspection_packets_sha256 CHECK (packet_sha256 ~ '^[0-9a-f]{64}$'),
        CONSTRAINT check_inspection_packets_packet
            CHECK ((packet_sha256 IS NULL) = (packet_bytes IS NULL) AND (packet_sha256 IS NULL) = (expires_at IS NULL)
                   AND (packet_sha256 IS NULL) = (disclosure_id IS NULL)),
        CONSTRAINT check_inspection_packets_outcome
            CHECK ((finished_at IS NULL AND packet_sha256 IS NULL AND problem IS NULL)
                   OR (finished_at IS NOT NULL AND (packet_sha256 IS NULL) <> (problem IS NULL))),
        CONSTRAINT fk_inspection_packets_asked_by FOREIGN KEY(asked_by) REFERENCES users (id) ON DELETE SET NULL,
        CONSTRAINT fk_inspection_packets_disclosure_id
            FOREIGN KEY(disclosure_id) REFERENCES disclosures (id) ON DELETE RESTRICT
    )
    """,
    "CREATE INDEX idx_inspection_packets_asked_by ON inspection_packets (asked_by)",
    "CREATE INDEX idx_inspection_packets_disclosure_id ON inspection_packets (disclosure_id)",
    """
    CREATE TABLE inspected_students (
        inspection_id INTEGER NOT NULL,
        student_id INTEGER NOT NULL,
        place INTEGER NOT NULL,
        drawn BOOLEAN DEFAULT false NOT NULL,
        done_at TIMESTAMP WITH TIME ZONE,
        files INTEGER,
        problem TEXT,
        CONSTRAINT pk_inspected_students PRIMARY KEY (inspection_id, student_id),
        CONSTRAINT check_inspected_students_outcome
            CHECK ((done_at IS NULL AND files IS NULL AND problem IS NULL)
                   OR (done_at IS NOT NULL AND (files IS NULL) <> (problem IS NULL))),
        CONSTRAINT fk_inspected_students_inspection_id
            FOREIGN KEY(inspection_id) REFERENCES inspection_packets (id) ON DELETE CASCADE,
        CONSTRAINT fk_inspected_students_student_id FOREIGN KEY(student_id) REFERENCES users (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX idx_inspected_students_student_id ON inspected_students (student_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    # Who was given what is evidence; how far a packet is changes while it is made.
    op.execute("REVOKE DELETE, TRUNCATE ON inspection_packets, inspected_students FROM aada_app")


def downgrade() -> None:
    op.drop_table("inspected_students")
    op.drop_table("inspection_packets")
