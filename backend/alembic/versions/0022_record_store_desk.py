"""The record store's desk: when a credential was last used, what a target is sent, files being imported

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

STAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("xapi_credentials", sa.Column("last_used_at", STAMP))
    table = "xapi_forwarders"
    op.add_column(table, sa.Column("version", sa.Text(), server_default=sa.text("'1.0.3'"), nullable=False))
    op.add_column(table, sa.Column("verb", sa.Text()))
    op.add_column(table, sa.Column("activity", sa.Text()))
    op.add_column(table, sa.Column("sent", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint("check_xapi_forwarders_version", table, "version IN ('1.0.3', '2.0.0')")
    zero = sa.text("0")
    op.create_table(
        "xapi_imports",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("bytes_read", sa.BigInteger(), server_default=zero, nullable=False),
        sa.Column("stored", sa.BigInteger(), server_default=zero, nullable=False),
        sa.Column("known", sa.BigInteger(), server_default=zero, nullable=False),
        sa.Column("refused", sa.BigInteger(), server_default=zero, nullable=False),
        sa.Column("faults", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.Column("started_at", STAMP),
        sa.Column("finished_at", STAMP),
        sa.PrimaryKeyConstraint("id", name="pk_xapi_imports"),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name="fk_xapi_imports_created_by", ondelete="SET NULL"
        ),
        sa.CheckConstraint(
            "status IN ('waiting', 'running', 'done', 'failed')", name="check_xapi_imports_status"
        ),
    )
    op.create_index("idx_xapi_imports_created_by", "xapi_imports", ["created_by"])


def downgrade() -> None:
    op.drop_table("xapi_imports")
    op.drop_constraint("check_xapi_forwarders_version", "xapi_forwarders")
    for column in ("sent", "activity", "verb", "version"):
        op.drop_column("xapi_forwarders", column)
    op.drop_column("xapi_credentials", "last_used_at")
