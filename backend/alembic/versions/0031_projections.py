"""What follows from the history is derived by subscribers; the school's identity in statements is fixed

An installation that has statements of its own keeps the address they name it by, and nothing from before is derived
again. An hours entry's statement was named in `attendance`; the history's entry names it now, so that a later
correction still finds it. `history_cursors` says how far each subscriber has come.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

STAMP = sa.DateTime(timezone=True)
HOURS = (
    "('attendance.clocked_out', 'attendance.clock_out_missing', 'attendance.entered', 'attendance.corrected')"
)


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("home_page", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
        sa.CheckConstraint("id = 1", name="check_installation_one"),
    )
    op.execute("REVOKE UPDATE, DELETE ON installation FROM aada_app")
    op.execute("GRANT UPDATE (generation) ON installation TO aada_app")
    op.execute(
        "CREATE OR REPLACE FUNCTION history_generation() RETURNS integer LANGUAGE sql STABLE AS"
        " 'SELECT coalesce((SELECT i.generation FROM public.installation i), 1)'"
    )
    op.create_table(
        "history_cursors",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("first_entry_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failed_entry_id", sa.BigInteger()),
        sa.Column("last_error", sa.Text()),
        sa.Column("retry_at", STAMP),
        sa.Column("updated_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_history_cursors"),
    )
    op.execute("ALTER TABLE history_cursors ADD COLUMN xid xid8 DEFAULT '0'::xid8 NOT NULL")
    op.execute("REVOKE DELETE ON history_cursors FROM aada_app")
    op.execute(
        """
        INSERT INTO installation (home_page)
        SELECT agent -> 'account' ->> 'homePage' FROM xapi_actors
        WHERE agent -> 'account' ->> 'name' = 'aada-lms' AND agent -> 'account' ? 'homePage' ORDER BY id LIMIT 1
        """
    )
    op.execute(
        """
        INSERT INTO history_cursors (name, xid, entry_id, first_entry_id)
        SELECT known.name, last.xid, last.id, last.id
        FROM (VALUES ('statements'), ('notices')) known (name),
             (SELECT coalesce(max(xid), '0'::xid8) AS xid, coalesce(max(id), 0) AS id FROM audit_log) last
        WHERE known.name = 'notices' OR EXISTS (SELECT FROM installation)
        """
    )
    op.execute(
        f"""
        UPDATE audit_log a SET details = a.details || jsonb_build_object('statement_id', t.statement_id)
        FROM attendance t
        WHERE t.statement_id IS NOT NULL AND a.id = (
            SELECT max(h.id) FROM audit_log h
            WHERE h.target = 'attendance' AND h.target_id = t.id::text AND h.action IN {HOURS})
        """
    )
    op.execute("-- squawk-ignore ban-drop-column\nALTER TABLE attendance DROP COLUMN statement_id")
    op.execute(
        "-- squawk-ignore renaming-column\nALTER TABLE launches RENAME COLUMN end_told TO end_recorded"
    )
    op.execute(
        "-- squawk-ignore renaming-object\n"
        "ALTER INDEX idx_launches_end_untold RENAME TO idx_launches_end_unrecorded"
    )


def downgrade() -> None:
    op.execute("ALTER INDEX idx_launches_end_unrecorded RENAME TO idx_launches_end_untold")
    op.execute("ALTER TABLE launches RENAME COLUMN end_recorded TO end_told")
    op.add_column("attendance", sa.Column("statement_id", sa.Uuid()))
    op.execute(
        f"""
        UPDATE attendance t SET statement_id = (a.details ->> 'statement_id')::uuid
        FROM audit_log a
        WHERE a.target = 'attendance' AND a.target_id = t.id::text AND a.action IN {HOURS}
              AND a.details ? 'statement_id'
        """
    )
    op.drop_table("history_cursors")
    op.execute(
        "CREATE OR REPLACE FUNCTION history_generation() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1'"
    )
    op.drop_table("installation")
