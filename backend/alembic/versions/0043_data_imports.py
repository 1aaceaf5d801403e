"""Imports of people, enrollments and later records, which can be checked first and undone for a day

Revision ID: 0043
Revises: 0042
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

STAMP = sa.DateTime(timezone=True)
NOTHING = sa.text("0")


def upgrade() -> None:
    op.create_table(
        "data_imports",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'checked'"), nullable=False),
        sa.Column("headers", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("mapping", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("rows_total", sa.Integer(), server_default=NOTHING, nullable=False),
        sa.Column("rows_bad", sa.Integer(), server_default=NOTHING, nullable=False),
        sa.Column("faults", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("good_only", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("rows_done", sa.Integer(), server_default=NOTHING, nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.Column("imported_at", STAMP),
        sa.Column("undone_at", STAMP),
        sa.PrimaryKeyConstraint("id", name="pk_data_imports"),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name="fk_data_imports_created_by", ondelete="SET NULL"
        ),
        sa.CheckConstraint(
            "status IN ('checked', 'queued', 'imported', 'undone', 'discarded')",
            name="check_data_imports_status",
        ),
    )
    op.create_index("idx_data_imports_created_by", "data_imports", ["created_by"])
    op.create_index("idx_data_imports_created_at", "data_imports", ["created_at"])
    op.create_table(
        "data_import_records",
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "record_id", name="pk_data_import_records"),
        sa.ForeignKeyConstraint(
            ["import_id"], ["data_imports.id"], name="fk_data_import_records_import_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "data_import_mappings",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("headings", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "kind", name="pk_data_import_mappings"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_data_import_mappings_user_id", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_table("data_import_mappings")
    op.drop_table("data_import_records")
    op.drop_table("data_imports")
