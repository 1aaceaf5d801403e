"""Documents are signed with certificates of the school's own, which are kept for good

Revision ID: 0040
Revises: 0039
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

STAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("issuer_id", sa.Integer()),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("certificate_pem", sa.Text(), nullable=False),
        sa.Column("key_sealed", sa.Text()),
        sa.Column("not_before", STAMP, nullable=False),
        sa.Column("not_after", STAMP, nullable=False),
        sa.Column("created_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.Column("retired_at", STAMP),
        sa.Column("revoked_at", STAMP),
        sa.PrimaryKeyConstraint("id", name="pk_signing_keys"),
        sa.ForeignKeyConstraint(
            ["issuer_id"], ["signing_keys.id"], name="fk_signing_keys_issuer_id", ondelete="RESTRICT"
        ),
        sa.UniqueConstraint("fingerprint", name="uq_signing_keys_fingerprint"),
        sa.CheckConstraint("role IN ('root', 'registrar')", name="check_signing_keys_role"),
        sa.CheckConstraint("(role = 'root') = (issuer_id IS NULL)", name="check_signing_keys_issuer"),
        sa.CheckConstraint("not_after > not_before", name="check_signing_keys_validity"),
    )
    op.create_index("idx_signing_keys_issuer_id", "signing_keys", ["issuer_id"])
    op.create_index(
        "uq_signing_keys_one_current",
        "signing_keys",
        ["role"],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "signing_crls",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("issuer_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("crl_pem", sa.Text(), nullable=False),
        sa.Column("this_update", STAMP, nullable=False),
        sa.Column("next_update", STAMP, nullable=False),
        sa.Column("created_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signing_crls"),
        sa.ForeignKeyConstraint(
            ["issuer_id"], ["signing_keys.id"], name="fk_signing_crls_issuer_id", ondelete="RESTRICT"
        ),
        sa.UniqueConstraint("issuer_id", "number", name="uq_signing_crls_number"),
    )
    # A certificate that is gone can prove nothing: the program may add, retire, revoke and re-seal, never remove.
    op.execute("REVOKE UPDATE, DELETE ON signing_keys FROM aada_app")
    op.execute("GRANT UPDATE (key_sealed, retired_at, revoked_at) ON signing_keys TO aada_app")
    op.execute("REVOKE UPDATE, DELETE ON signing_crls FROM aada_app")


def downgrade() -> None:
    op.drop_table("signing_crls")
    op.drop_table("signing_keys")
