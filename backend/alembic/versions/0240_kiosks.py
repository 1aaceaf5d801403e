"""Kiosks: shared tablets that students clock in and out at, their PINs and cards, every punch that arrived

Revision ID: 0240
Revises: 0230
"""

import sqlalchemy as sa
from alembic import op

revision = "0240"
down_revision = "0230"
branch_labels = None
depends_on = None

STAMP = sa.DateTime(timezone=True)
TABLES = ("kiosk_punches", "kiosk_cards", "kiosk_pins", "kiosks")


def _fk(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}", ondelete=ondelete)


def upgrade() -> None:
    table = "kiosks"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("code_hash", sa.String(64)),
        sa.Column("code_expires_at", STAMP),
        sa.Column("public_key", sa.Text()),
        sa.Column("sealed_key", sa.Text()),
        sa.Column("registered_at", STAMP),
        sa.Column("browser", sa.String(200)),
        sa.Column("last_seen_at", STAMP),
        sa.Column("skew_ms", sa.BigInteger()),
        sa.Column("next_counter", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("chain", sa.String(64)),
        sa.Column("latest_at", STAMP),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.Column("revoked_by", sa.Integer()),
        sa.Column("revoked_at", STAMP),
        sa.PrimaryKeyConstraint("id", name="pk_kiosks"),
        _fk(table, "created_by", "users.id", "SET NULL"),
        _fk(table, "revoked_by", "users.id", "SET NULL"),
        sa.CheckConstraint(
            "num_nonnulls(registered_at, public_key, sealed_key, chain) IN (0, 4)",
            name="check_kiosks_registered",
        ),
        sa.CheckConstraint("next_counter >= 1", name="check_kiosks_next_counter"),
    )
    op.create_index(
        "uq_kiosks_name",
        table,
        [sa.text("lower(name)")],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_index("uq_kiosks_code_hash", table, ["code_hash"], unique=True)
    op.create_index("idx_kiosks_created_by", table, ["created_by"])
    op.create_index("idx_kiosks_revoked_by", table, ["revoked_by"])
    table = "kiosk_pins"
    op.create_table(
        table,
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("sealed_hash", sa.Text(), nullable=False),
        sa.Column("set_at", STAMP, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_kiosk_pins"),
        _fk(table, "user_id", "users.id", "CASCADE"),
    )
    table = "kiosk_cards"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("issued_by", sa.Integer()),
        sa.Column("issued_at", STAMP, nullable=False),
        sa.Column("revoked_by", sa.Integer()),
        sa.Column("revoked_at", STAMP),
        sa.PrimaryKeyConstraint("id", name="pk_kiosk_cards"),
        _fk(table, "user_id", "users.id", "CASCADE"),
        _fk(table, "issued_by", "users.id", "SET NULL"),
        _fk(table, "revoked_by", "users.id", "SET NULL"),
    )
    op.create_index(
        "uq_kiosk_cards_user_id",
        table,
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    for column in ("user_id", "issued_by", "revoked_by"):
        op.create_index(f"idx_kiosk_cards_{column}", table, [column])
    _punches()
    # What arrived stays as it arrived; a kiosk that was in use is never forgotten.
    op.execute("REVOKE DELETE ON kiosks, kiosk_cards, kiosk_punches FROM aada_app")


def _punches() -> None:
    table = "kiosk_punches"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kiosk_id", sa.Integer(), nullable=False),
        sa.Column("counter", sa.Integer()),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("signature", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(3), nullable=False),
        sa.Column("made_at", STAMP, nullable=False),
        sa.Column("offset_ms", sa.BigInteger(), nullable=False),
        sa.Column("measured_ms", sa.BigInteger(), nullable=False),
        sa.Column("punched_at", STAMP, nullable=False),
        sa.Column("received_at", STAMP, nullable=False),
        sa.Column("method", sa.String(4)),
        sa.Column("user_id", sa.Integer()),
        sa.Column("attendance_id", sa.Integer()),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(20)),
        sa.Column("sentence", sa.Text()),
        sa.Column("waits", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("decided_by", sa.Integer()),
        sa.Column("decided_at", STAMP),
        sa.Column("outcome", sa.String(10)),
        sa.Column("note", sa.Text()),
        sa.Column("correction_id", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_kiosk_punches"),
        _fk(table, "kiosk_id", "kiosks.id", "RESTRICT"),
        _fk(table, "user_id", "users.id", "CASCADE"),
        _fk(table, "attendance_id", "attendance.id", "SET NULL"),
        _fk(table, "decided_by", "users.id", "SET NULL"),
        _fk(table, "correction_id", "attendance_corrections.id", "SET NULL"),
        sa.CheckConstraint("kind IN ('in', 'out')", name="check_kiosk_punches_kind"),
        sa.CheckConstraint("state IN ('held', 'recorded', 'refused')", name="check_kiosk_punches_state"),
        sa.CheckConstraint("outcome IN ('requested', 'dismissed')", name="check_kiosk_punches_outcome"),
        sa.CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", name="check_kiosk_punches_decided"),
    )
    op.create_index("uq_kiosk_punches_kiosk_id_digest", table, ["kiosk_id", "digest"], unique=True)
    op.create_index(
        "uq_kiosk_punches_kiosk_id_counter",
        table,
        ["kiosk_id", "counter"],
        unique=True,
        postgresql_where=sa.text("counter IS NOT NULL"),
    )
    op.create_index("idx_kiosk_punches_user_id", table, ["user_id", "id"])
    for column in ("attendance_id", "correction_id", "decided_by"):
        op.create_index(f"idx_kiosk_punches_{column}", table, [column])
    op.create_index(
        "idx_kiosk_punches_waiting",
        table,
        ["received_at"],
        postgresql_where=sa.text("waits AND decided_at IS NULL"),
    )
    op.create_index(
        "idx_kiosk_punches_held",
        table,
        ["kiosk_id", "counter"],
        postgresql_where=sa.text("state = 'held'"),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
