"""The history says whom an entry concerns, why, and when it happened, and in which order transactions wrote it

The rows there are get what their details say of it. That takes a while on a large table, so it is done in slices,
each a transaction of its own, after the columns are there: nobody waits for it, and a run that was broken off goes
on where it stopped.

`aada_app` may no longer set an entry's number, moment or place in the order.

Revision ID: 0030
Revises: 0025
"""

from alembic import op

revision = "0030"
down_revision = "0025"
branch_labels = None
depends_on = None

GIVEN = (
    "actor_id, actor_name, action, target, target_id, student_id, enrollment_id, reason, occurred_at, details,"
    " request_id, ip"
)
INDEXES = {
    "idx_audit_log_action": "(action, at)",
    "idx_audit_log_student_id": "(student_id, occurred_at, id) WHERE student_id IS NOT NULL",
    "idx_audit_log_enrollment_id": "(enrollment_id, occurred_at, id) WHERE enrollment_id IS NOT NULL",
    "idx_audit_log_order": "(generation, xid, id)",
}
SLICES = """
    DO $$
    DECLARE
        low bigint := 0;
        high bigint := (SELECT coalesce(max(id), 0) FROM audit_log);
    BEGIN
        WHILE low < high LOOP
            {update} AND a.id > low AND a.id <= low + 10000;
            COMMIT;
            low := low + 10000;
        END LOOP;
    END $$
"""
WHOM = """
    UPDATE audit_log a SET
        occurred_at = a.at,
        reason = a.details ->> 'reason',
        enrollment_id = coalesce(
            CASE WHEN jsonb_typeof(a.details -> 'enrollment_id') = 'number'
                 THEN (a.details ->> 'enrollment_id')::integer END,
            CASE WHEN a.target = 'enrollments' AND a.target_id ~ '^[0-9]{1,9}$' THEN a.target_id::integer END,
            (SELECT l.enrollment_id FROM launches l WHERE a.target = 'launches' AND l.id = a.target_id)),
        student_id = (
            SELECT u.id FROM users u WHERE u.role = 'student' AND u.id = coalesce(
                CASE WHEN jsonb_typeof(a.details -> 'user_id') = 'number'
                     THEN (a.details ->> 'user_id')::integer END,
                CASE WHEN a.target = 'users' AND a.target_id ~ '^[0-9]{1,9}$' THEN a.target_id::integer END,
                (SELECT e.user_id FROM enrollments e
                 WHERE e.id = CASE WHEN a.target = 'enrollments' AND a.target_id ~ '^[0-9]{1,9}$'
                                   THEN a.target_id::integer
                                   WHEN jsonb_typeof(a.details -> 'enrollment_id') = 'number'
                                   THEN (a.details ->> 'enrollment_id')::integer END),
                a.actor_id))
    WHERE a.xid = '0'::xid8"""


def upgrade() -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION history_generation() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1'"
    )
    op.execute(
        """
        ALTER TABLE audit_log
            ADD COLUMN IF NOT EXISTS student_id integer,
            ADD COLUMN IF NOT EXISTS enrollment_id integer,
            ADD COLUMN IF NOT EXISTS reason text,
            ADD COLUMN IF NOT EXISTS occurred_at timestamptz DEFAULT now() NOT NULL,
            ADD COLUMN IF NOT EXISTS generation integer DEFAULT 1 NOT NULL,
            ADD COLUMN IF NOT EXISTS xid xid8 DEFAULT '0'::xid8 NOT NULL
        """
    )
    op.execute(
        "-- squawk-ignore prefer-robust-stmts\n"
        "ALTER TABLE audit_log ALTER COLUMN generation SET DEFAULT history_generation()"
    )
    op.execute(
        "-- squawk-ignore prefer-robust-stmts\n"
        "ALTER TABLE audit_log ALTER COLUMN xid SET DEFAULT pg_current_xact_id()"
    )
    op.execute("REVOKE INSERT ON audit_log FROM aada_app")
    op.execute(f"GRANT INSERT ({GIVEN}) ON audit_log TO aada_app")
    with op.get_context().autocommit_block():
        op.execute(SLICES.format(update=WHOM))
    for name, columns in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON audit_log {columns}")


def downgrade() -> None:
    # The older system finds in the details what it knows by these names.
    op.execute(
        """
        UPDATE audit_log SET details = details || jsonb_strip_nulls(jsonb_build_object(
            'user_id', student_id, 'enrollment_id', enrollment_id, 'reason', reason))
        WHERE student_id IS NOT NULL OR enrollment_id IS NOT NULL OR reason IS NOT NULL
        """
    )
    op.execute("REVOKE ALL ON audit_log FROM aada_app")
    op.execute("GRANT SELECT, INSERT ON audit_log TO aada_app")
    op.execute(
        """
        ALTER TABLE audit_log
            DROP COLUMN student_id,
            DROP COLUMN enrollment_id,
            DROP COLUMN reason,
            DROP COLUMN occurred_at,
            DROP COLUMN generation,
            DROP COLUMN xid
        """
    )
    op.execute("DROP INDEX idx_audit_log_action")
    op.execute("DROP FUNCTION history_generation()")
