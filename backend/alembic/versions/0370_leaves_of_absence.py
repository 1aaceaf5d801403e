"""Leaves of absence, and the policy that limits them

Revision ID: 0370
Revises: 0360
"""

from alembic import op

revision = "0370"
down_revision = "0360"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE leaves_of_absence (
        id serial NOT NULL,
        request uuid NOT NULL,
        enrollment_id integer NOT NULL,
        user_id integer NOT NULL,
        state text NOT NULL,
        reason text NOT NULL,
        starts_on date NOT NULL,
        return_on date NOT NULL,
        returned_on date,
        requested_at timestamptz NOT NULL,
        entered_by integer,
        decided_at timestamptz,
        decided_by integer,
        decision_note text,
        ended_at timestamptz,
        ended_by integer,
        reminded_on date,
        created_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_leaves_of_absence PRIMARY KEY (id),
        CONSTRAINT uq_leaves_of_absence_request UNIQUE (request),
        CONSTRAINT check_leaves_of_absence_state CHECK
            (state IN ('requested', 'approved', 'declined', 'canceled', 'returned', 'withdrawn')),
        CONSTRAINT check_leaves_of_absence_days CHECK (starts_on < return_on),
        CONSTRAINT check_leaves_of_absence_returned_on CHECK (returned_on >= starts_on),
        CONSTRAINT check_leaves_of_absence_returned CHECK ((state = 'returned') = (returned_on IS NOT NULL)),
        CONSTRAINT check_leaves_of_absence_decided CHECK
            (state NOT IN ('approved', 'declined', 'returned') OR decided_at IS NOT NULL),
        CONSTRAINT ex_leaves_of_absence_days EXCLUDE USING gist
            (enrollment_id WITH =, daterange(starts_on, LEAST(return_on, returned_on)) WITH &&)
            WHERE (state IN ('requested', 'approved', 'returned')),
        CONSTRAINT fk_leaves_of_absence_enrollment_id FOREIGN KEY (enrollment_id)
            REFERENCES enrollments (id) ON DELETE CASCADE,
        CONSTRAINT fk_leaves_of_absence_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_leaves_of_absence_entered_by FOREIGN KEY (entered_by)
            REFERENCES users (id) ON DELETE SET NULL,
        CONSTRAINT fk_leaves_of_absence_decided_by FOREIGN KEY (decided_by)
            REFERENCES users (id) ON DELETE SET NULL,
        CONSTRAINT fk_leaves_of_absence_ended_by FOREIGN KEY (ended_by)
            REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_leaves_of_absence_enrollment_id ON leaves_of_absence (enrollment_id)",
    "CREATE INDEX idx_leaves_of_absence_user_id ON leaves_of_absence (user_id)",
    "CREATE INDEX idx_leaves_of_absence_entered_by ON leaves_of_absence (entered_by)",
    "CREATE INDEX idx_leaves_of_absence_decided_by ON leaves_of_absence (decided_by)",
    "CREATE INDEX idx_leaves_of_absence_ended_by ON leaves_of_absence (ended_by)",
    (
        "CREATE INDEX idx_leaves_of_absence_open ON leaves_of_absence (return_on, id)"
        " WHERE state IN ('requested', 'approved')"
    ),
    # What was asked for and decided is kept, whatever comes of it.
    "REVOKE DELETE, TRUNCATE ON leaves_of_absence FROM aada_app",
    """
    INSERT INTO school_policies (kind, version, effective_from, "values", approved_by, note)
    SELECT 'leave_of_absence', 1, DATE '2000-01-01',
        '{"longest_leave_days": 180, "leave_window_months": 12, "remind_before_return_days": 7}'::jsonb,
        'System default', 'What the system goes by until the school sets its own.'
    WHERE NOT EXISTS (SELECT FROM school_policies WHERE kind = 'leave_of_absence')
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """The policy stays: the older code asks for kinds by name."""
    op.drop_table("leaves_of_absence")
