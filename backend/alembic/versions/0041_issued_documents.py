"""Documents have numbers without a gap, and a register in which only the status changes

Revision ID: 0041
Revises: 0040
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

STAMP = sa.DateTime(timezone=True)
TABLE = "issued_documents"

# The words of the register: what was issued never changes, whoever asks.
GUARD = """
CREATE FUNCTION guard_issued_documents() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept_before issued_documents;
    kept_after issued_documents;
BEGIN
    IF NOT (OLD.status = 'reserved' AND NEW.status IN ('issued', 'void')
            OR OLD.status = 'issued' AND NEW.status IN ('replaced', 'void')) THEN
        RAISE EXCEPTION 'document % is %, and cannot become %', OLD.number, OLD.status, NEW.status
            USING ERRCODE = 'restrict_violation';
    END IF;
    kept_before := OLD;
    kept_after := NEW;
    kept_after.status := kept_before.status;
    kept_after.ended_at := kept_before.ended_at;
    kept_after.void_reason := kept_before.void_reason;
    kept_after.replaced_by := kept_before.replaced_by;
    IF OLD.status = 'reserved' THEN
        kept_after.issued_at := kept_before.issued_at;
        kept_after.sha256 := kept_before.sha256;
        kept_after.size_bytes := kept_before.size_bytes;
        kept_after.facts_sha256 := kept_before.facts_sha256;
        kept_after.signing_key_id := kept_before.signing_key_id;
    END IF;
    IF kept_after IS DISTINCT FROM kept_before THEN
        RAISE EXCEPTION 'document % is permanent: only its status may change', OLD.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "document_counters",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "year", name="pk_document_counters"),
    )
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'reserved'"), nullable=False),
        sa.Column("student_id", sa.Integer(), nullable=False),
        sa.Column("enrollment_id", sa.Integer()),
        sa.Column("issued_by", sa.Integer()),
        sa.Column("request", sa.Uuid(), nullable=False),
        sa.Column("created_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.Column("issued_at", STAMP),
        sa.Column("sha256", sa.Text()),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("facts_sha256", sa.Text()),
        sa.Column("signing_key_id", sa.Integer()),
        sa.Column("ended_at", STAMP),
        sa.Column("void_reason", sa.Text()),
        sa.Column("replaced_by", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name=f"pk_{TABLE}"),
        sa.UniqueConstraint("number", name=f"uq_{TABLE}_number"),
        sa.UniqueConstraint("kind", "year", "serial", name=f"uq_{TABLE}_serial"),
        sa.UniqueConstraint("request", name=f"uq_{TABLE}_request"),
        *(
            sa.ForeignKeyConstraint([column], [target], name=f"fk_{TABLE}_{column}", ondelete="RESTRICT")
            for column, target in (
                ("student_id", "users.id"),
                ("enrollment_id", "enrollments.id"),
                ("issued_by", "users.id"),
                ("signing_key_id", "signing_keys.id"),
                ("replaced_by", f"{TABLE}.id"),
            )
        ),
        sa.CheckConstraint(
            "status IN ('reserved', 'issued', 'replaced', 'void')", name=f"check_{TABLE}_status"
        ),
        sa.CheckConstraint(
            "status NOT IN ('issued', 'replaced') OR (issued_at IS NOT NULL AND sha256 IS NOT NULL"
            " AND facts_sha256 IS NOT NULL AND size_bytes IS NOT NULL AND signing_key_id IS NOT NULL)",
            name=f"check_{TABLE}_complete",
        ),
        sa.CheckConstraint(
            "(status = 'void') = (void_reason IS NOT NULL)", name=f"check_{TABLE}_void_reason"
        ),
        sa.CheckConstraint(
            "(status = 'replaced') = (replaced_by IS NOT NULL)", name=f"check_{TABLE}_replaced"
        ),
    )
    for column in ("student_id", "enrollment_id", "issued_by", "signing_key_id", "replaced_by", "sha256"):
        op.create_index(f"idx_{TABLE}_{column}", TABLE, [column])
    op.create_index(
        f"idx_{TABLE}_reserved", TABLE, ["created_at"], postgresql_where=sa.text("status = 'reserved'")
    )
    op.execute(GUARD)
    op.execute(
        f"CREATE TRIGGER guard_{TABLE} BEFORE UPDATE ON {TABLE}"
        " FOR EACH ROW EXECUTE FUNCTION guard_issued_documents()"
    )
    op.execute(f"REVOKE DELETE ON {TABLE} FROM aada_app")
    op.execute("REVOKE DELETE ON document_counters FROM aada_app")


def downgrade() -> None:
    op.drop_table(TABLE)
    op.execute("DROP FUNCTION guard_issued_documents()")
    op.drop_table("document_counters")
