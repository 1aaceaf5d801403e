"""The school's own facts, signatories, calendar and dated policies

The first version of each policy holds what the system has gone by so far. The values of a policy never change; one
that something was computed with cannot be removed either, and the mark of its use cannot be taken back.

Revision ID: 0038
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

STAMP = sa.DateTime(timezone=True)
EMPTY = sa.text("''")
FIRST_POLICIES = {
    "attendance": '{"clock_hour_minutes": 60, "daily_maximum_minutes": 1440, "longest_entry_minutes": 960, '
    '"forgotten_clock_out": "counts_nothing", "rounding": "whole_minutes_down"}',
    "progress": '{"pace_days": 28, "full_time_hours_per_week": 24, "completion_threshold_pct": 100}',
    "password": '{"minimum_characters": 15, "maximum_bytes": 72}',
}


def upgrade() -> None:
    op.create_table(
        "school",
        sa.Column("id", sa.SmallInteger(), server_default=sa.text("1"), autoincrement=False, nullable=False),
        sa.Column("legal_name", sa.String(255), nullable=False),
        sa.Column("short_name", sa.String(60), nullable=False),
        sa.Column(
            "address_lines",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'::text[]"),
            nullable=False,
        ),
        *(
            sa.Column(name, sa.Text(), server_default=EMPTY, nullable=False)
            for name in ("city", "state", "zip_code", "phone", "website", "authorization_number")
        ),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("fiscal_year_month", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("fiscal_year_day", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("primary_color", sa.String(7), server_default=sa.text("'#1f4e79'"), nullable=False),
        sa.Column("accent_color", sa.String(7), server_default=sa.text("'#b8860b'"), nullable=False),
        sa.Column("logo_sha256", sa.String(64)),
        sa.Column("logo_media_type", sa.Text()),
        sa.Column("updated_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_school"),
        sa.CheckConstraint("id = 1", name="check_school_one_row"),
        sa.CheckConstraint(
            "fiscal_year_month BETWEEN 1 AND 12 AND fiscal_year_day BETWEEN 1 AND 31",
            name="check_school_fiscal_year",
        ),
        sa.CheckConstraint(
            "(logo_sha256 IS NULL) = (logo_media_type IS NULL)", name="check_school_logo_media_type"
        ),
    )
    op.create_table(
        "school_signatories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date()),
        sa.PrimaryKeyConstraint("id", name="pk_school_signatories"),
        sa.CheckConstraint("last_day IS NULL OR last_day >= first_day", name="check_school_signatories_days"),
    )
    for table in ("school_terms", "school_holidays"):
        op.create_table(
            table,
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column("name", sa.Text(), nullable=False),
            sa.Column("first_day", sa.Date(), nullable=False),
            sa.Column("last_day", sa.Date(), nullable=False),
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
            sa.CheckConstraint("last_day >= first_day", name=f"check_{table}_days"),
        )
    op.create_index("uq_school_terms_name", "school_terms", ["name"], unique=True)
    op.create_index("idx_school_terms_first_day", "school_terms", ["first_day"])
    op.create_index("uq_school_holidays_first_day", "school_holidays", ["first_day"], unique=True)
    op.create_table(
        "school_policies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("values", postgresql.JSONB(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default=EMPTY, nullable=False),
        sa.Column("created_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.Column("used_at", STAMP),
        sa.PrimaryKeyConstraint("id", name="pk_school_policies"),
    )
    op.create_index("uq_school_policies_kind_version", "school_policies", ["kind", "version"], unique=True)
    op.create_index("idx_school_policies_kind_effective", "school_policies", ["kind", "effective_from"])
    for kind, values in FIRST_POLICIES.items():
        op.execute(
            'INSERT INTO school_policies (kind, version, effective_from, "values", approved_by, note) '
            f"VALUES ('{kind}', 1, '2000-01-01', '{values}', 'System default', "
            "'What the system goes by until the school sets its own.')"
        )
    op.execute(
        """
        CREATE FUNCTION keep_used_school_policy() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.used_at IS NOT NULL THEN
                RAISE EXCEPTION 'policy % version % has been used and stays as it is', OLD.kind, OLD.version
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'check_school_policies_used',
                          TABLE = 'school_policies';
            END IF;
            RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER keep_used_school_policy BEFORE UPDATE OR DELETE ON school_policies "
        "FOR EACH ROW EXECUTE FUNCTION keep_used_school_policy()"
    )
    op.execute("REVOKE DELETE ON school FROM aada_app")
    op.execute("REVOKE UPDATE ON school_policies FROM aada_app")
    op.execute("GRANT UPDATE (used_at) ON school_policies TO aada_app")


def downgrade() -> None:
    for table in ("school_policies", "school_holidays", "school_terms", "school_signatories", "school"):
        op.drop_table(table)
    op.execute("DROP FUNCTION keep_used_school_policy()")
